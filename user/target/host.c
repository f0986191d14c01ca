// SPDX-License-Identifier: BSD-2-Clause
#include <elf.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "host.h"

const char *host__kernel_text(char *buf, size_t size)
{
	FILE *f = fopen("/proc/kallsyms", "re");
	char line[512], name[256];
	uint64_t address;

	buf[0] = '\0';
	/* among the first, if not the first */
	for (int i = 0; f && i < 1000 && fgets(line, sizeof(line), f); i++) {
		if (sscanf(line, "%" SCNx64 " %*c %255s", &address, name) != 2 || strcmp(name, "_text"))
			continue;
		if (address) /* else hidden from this process */
			snprintf(buf, size, "%" PRIx64, address);
		break;
	}
	if (f)
		fclose(f);
	return buf;
}

#define NOTE_ALIGN(n) (((n) + 3) & ~3u)

const char *host__kernel_build_id(char *buf, size_t size)
{
	FILE *f = fopen("/sys/kernel/notes", "re");
	uint8_t notes[4096];
	size_t len = f ? fread(notes, 1, sizeof(notes), f) : 0, at = 0;
	Elf64_Nhdr n;

	if (f)
		fclose(f);
	buf[0] = '\0';
	while (at + sizeof(n) <= len) {
		memcpy(&n, notes + at, sizeof(n));
		at += sizeof(n);
		if (n.n_namesz > len - at || n.n_descsz > len - at || NOTE_ALIGN(n.n_namesz) + n.n_descsz > len - at)
			break;
		if (n.n_type == NT_GNU_BUILD_ID && n.n_namesz == sizeof(ELF_NOTE_GNU) &&
		    !memcmp(notes + at, ELF_NOTE_GNU, n.n_namesz)) {
			for (unsigned i = 0; i < n.n_descsz && i * 2 + 2 < size; i++)
				snprintf(buf + i * 2, 3, "%02x", notes[at + NOTE_ALIGN(n.n_namesz) + i]);
			break;
		}
		at += NOTE_ALIGN(n.n_namesz) + NOTE_ALIGN(n.n_descsz);
	}
	return buf;
}

const char *host__cpu_id(char *buf, size_t size)
{
	static const char path[] = "/proc/cpuinfo";
	char vendor[32], family[16], model[16], stepping[16];

	buf[0] = '\0';
	if (*host__field(path, "vendor_id", vendor, sizeof(vendor)) &&
	    *host__field(path, "cpu family", family, sizeof(family)) &&
	    *host__field(path, "model", model, sizeof(model)) &&
	    *host__field(path, "stepping", stepping, sizeof(stepping)))
		snprintf(buf, size, "%s,%s,%s,%s", vendor, family, model, stepping);
	return buf;
}

const char *host__field(const char *path, const char *field, char *buf, size_t size)
{
	FILE *f = fopen(path, "re");
	char line[512], *value;

	buf[0] = '\0';
	while (f && fgets(line, sizeof(line), f)) {
		value = strchr(line, ':');
		if (!value || strncmp(line, field, strlen(field)) ||
		    line + strlen(field) + strspn(line + strlen(field), " \t") != value)
			continue;
		value += 1 + strspn(value + 1, " \t");
		value[strcspn(value, "\n")] = '\0';
		if (strlen(value) > 3 && !strcmp(value + strlen(value) - 3, " kB"))
			value[strlen(value) - 3] = '\0';
		snprintf(buf, size, "%s", value);
		break;
	}
	if (f)
		fclose(f);
	return buf;
}
