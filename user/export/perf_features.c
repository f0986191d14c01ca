// SPDX-License-Identifier: BSD-2-Clause
#include <stdlib.h>
#include <string.h>

#include "model.h"
#include "perf_events.h"
#include "perf_file_impl.h"
#include "util.h"

#define BUILD_ID_HAS_SIZE (1 << 15) /* PERF_RECORD_MISC_BUILD_ID_SIZE, tools/perf/util/header.h */

/* tools/perf/util/header.h, Linux 6.1 */
enum feature {
	TRACING_DATA = 1,
	BUILD_ID,
	HOSTNAME,
	OSRELEASE,
	VERSION,
	ARCH,
	NRCPUS,
	CPUDESC,
	CPUID,
	TOTAL_MEM,
	CMDLINE,
	EVENT_DESC,
	SAMPLE_TIME = 21,
	CLOCKID = 23,
	CLOCK_DATA = 29,
	NR_FEATURES,
};

/* As perf writes strings in features: with their length, terminated and padded. */
static void put_string(FILE *to, const char *s)
{
	static const char pad[64];
	uint32_t len = (strlen(s) + 1 + sizeof(pad) - 1) / sizeof(pad) * sizeof(pad);

	put_u32(to, len);
	put(to, s, strlen(s));
	put(to, pad, len - strlen(s));
}

struct about {
	const struct export_opts *opts;
	const struct model *m;
	const struct mappings *mappings;
	uint64_t first_ns, last_ns;
};

static void put_event_desc(FILE *to, const struct about *a)
{
	uint32_t nr = 0;
	char name[64];

	for (unsigned i = 0; i < PERF_NR_KINDS; i++)
		nr += perf_events__has(a->opts, i);
	put_u32(to, nr);
	put_u32(to, PERF_ATTR_SIZE_VER5);
	for (unsigned i = 0; i < PERF_NR_KINDS; i++) {
		struct perf_kind k = perf_kind(i);
		struct perf_event_attr attr = perf_file__attr(i, &k);

		if (!perf_events__has(a->opts, i))
			continue;
		put(to, &attr, PERF_ATTR_SIZE_VER5);
		put_u32(to, 1);
		put_string(to, perf_kind__name(&k, name));
		put_u64(to, perf_file__id(i));
	}
}

/* Formats of one system's tracepoints, each after its length. */
static void put_formats(FILE *to, const struct about *a, const char *system)
{
	uint32_t nr = 0;

	for (unsigned i = PERF_SCHED_SWITCH; i < PERF_NR_KINDS; i++)
		nr += perf_events__has(a->opts, i) && !strcmp(perf_kind(i).system, system);
	put(to, system, strlen(system) + 1);
	put_u32(to, nr);
	for (unsigned i = PERF_SCHED_SWITCH; i < PERF_NR_KINDS; i++) {
		struct perf_kind k = perf_kind(i);
		char *text = NULL;
		size_t len = 0;
		FILE *format;

		if (!perf_events__has(a->opts, i) || strcmp(k.system, system))
			continue;
		format = open_memstream(&text, &len);
		if (format) {
			perf_kind__print_format(&k, format);
			fclose(format);
		}
		put_u64(to, len);
		put(to, text, len);
		free(text);
	}
}

/* As `trace-cmd` keeps what it found in tracefs: version 0.6, little-endian, 8 bytes in a long. */
static void put_tracing_data(FILE *to, const struct about *a)
{
	static const char head[] = "\x17\x08\x44tracing0.6\0\0\x08";
	static const char page[] = "header_page", event[] = "header_event";
	/* of ftrace's ring buffer; perf wants to find one, and takes the size of a long from it */
	static const char page_format[] = "\tfield: u64 timestamp;\toffset:0;\tsize:8;\tsigned:0;\n"
					  "\tfield: local_t commit;\toffset:8;\tsize:8;\tsigned:1;\n"
					  "\tfield: int overwrite;\toffset:8;\tsize:1;\tsigned:1;\n"
					  "\tfield: char data;\toffset:16;\tsize:4080;\tsigned:1;\n";

	put(to, head, sizeof(head) - 1);
	put_u32(to, a->m->header.page_size ?: 4096);
	put(to, page, sizeof(page));
	put_u64(to, sizeof(page_format) - 1);
	put(to, page_format, sizeof(page_format) - 1);
	put(to, event, sizeof(event));
	put_u64(to, 0);
	put_u32(to, 0); /* ftrace's own formats */
	put_u32(to, 2);
	put_formats(to, a, "sched");
	put_formats(to, a, "tare");
	put_u32(to, 0); /* kallsyms */
	put_u32(to, 0); /* printk formats */
	put_u64(to, 0); /* names of threads */
}

static void put_build_id(FILE *to, uint16_t misc, uint32_t pid, const uint8_t *id, unsigned len, const char *path,
			 size_t path_len)
{
	static const char pad[64];
	const uint16_t size = 8 + 4 + 24 + (path_len + 1 + 63) / 64 * 64;
	uint8_t bytes[24] = { 0 };

	if (len > 20)
		return;
	put_u32(to, 0); /* struct perf_event_header: no type */
	misc |= BUILD_ID_HAS_SIZE;
	put(to, &misc, 2);
	put(to, &size, 2);
	put_u32(to, pid);
	memcpy(bytes, id, len);
	bytes[20] = len;
	put(to, bytes, sizeof(bytes));
	put(to, path, path_len);
	put(to, pad, size - 8 - 4 - 24 - path_len);
}

/* Was the same file in an earlier mapping? */
static bool is_repeated(const struct mappings *m, size_t i)
{
	for (size_t k = i; k-- > 0;)
		if (!strcmp(m->all[k].path, m->all[i].path) && m->all[k].build_id_len == m->all[i].build_id_len &&
		    !memcmp(m->all[k].build_id, m->all[i].build_id, m->all[i].build_id_len))
			return true;
	return false;
}

#define FILES_MAX 4096 /* with build ids, of which each is compared with all before it */

/* The kernel's build id as recorded. Returns its length, 0 if it is not known. */
static unsigned kernel_build_id(const struct model *m, uint8_t id[20])
{
	const char *hex = model__info(m, TARE_INFO_KERNEL_BUILD_ID);
	unsigned len = 0, byte;

	for (; hex && len < 20 && sscanf(hex, "%2x", &byte) == 1; hex += strnlen(hex, 2))
		id[len++] = byte;
	return len;
}

static void put_build_ids(FILE *to, const struct about *a)
{
	static const char kernel[] = "[kernel.kallsyms]";
	uint8_t id[20];
	unsigned len = kernel_build_id(a->m, id);

	if (len)
		put_build_id(to, PERF_RECORD_MISC_KERNEL, -1, id, len, kernel, strlen(kernel));
	for (size_t i = 0; i < a->mappings->nr && i < FILES_MAX; i++) {
		const struct mapping *m = &a->mappings->all[i];

		if (m->build_id_len && strlen(m->path) < 4096 && !is_repeated(a->mappings, i))
			put_build_id(to, PERF_RECORD_MISC_USER, -1, m->build_id, m->build_id_len, m->path,
				     strlen(m->path));
	}
}

static void put_info(FILE *to, const struct about *a, const char *key)
{
	put_string(to, model__info(a->m, key) ?: "unknown");
}

static void put_hostname(FILE *to, const struct about *a)
{
	put_info(to, a, "hostname");
}
static void put_release(FILE *to, const struct about *a)
{
	put_info(to, a, "kernel");
}
static void put_version(FILE *to, const struct about *a)
{
	put_string(to, "tare " TARE_VERSION);
}
static void put_arch(FILE *to, const struct about *a)
{
	put_info(to, a, "machine");
}
static void put_cpu(FILE *to, const struct about *a)
{
	put_info(to, a, TARE_INFO_CPU);
}
static void put_cpu_id(FILE *to, const struct about *a)
{
	put_info(to, a, TARE_INFO_CPU_ID);
}

static void put_nr_cpus(FILE *to, const struct about *a)
{
	put_u32(to, a->m->header.nr_cpus);
	put_u32(to, a->m->header.nr_cpus);
}

static void put_memory(FILE *to, const struct about *a)
{
	const char *kb = model__info(a->m, TARE_INFO_MEMORY_KB);

	put_u64(to, kb ? strtoull(kb, NULL, 10) : 0);
}

static void put_command(FILE *to, const struct about *a)
{
	put_u32(to, 1);
	put_info(to, a, "cmdline");
}

static void put_sample_time(FILE *to, const struct about *a)
{
	put_u64(to, a->first_ns);
	put_u64(to, a->last_ns);
}

static void put_clock_id(FILE *to, const struct about *a)
{
	put_u64(to, 1);
}

static void put_clock_data(FILE *to, const struct about *a)
{
	put_u32(to, 1);
	put_u32(to, 1);
	put_u64(to, a->m->header.real_ns);
	put_u64(to, a->m->header.mono_ns);
}

static void (*const features[NR_FEATURES])(FILE *to, const struct about *a) = {
	[TRACING_DATA] = put_tracing_data,
	[BUILD_ID] = put_build_ids,
	[HOSTNAME] = put_hostname,
	[OSRELEASE] = put_release,
	[VERSION] = put_version,
	[ARCH] = put_arch,
	[NRCPUS] = put_nr_cpus,
	/* `perf data convert` fails without these */
	[CPUDESC] = put_cpu,
	[CPUID] = put_cpu_id,
	[TOTAL_MEM] = put_memory,
	[CMDLINE] = put_command,
	[EVENT_DESC] = put_event_desc,
	[SAMPLE_TIME] = put_sample_time,
	[CLOCKID] = put_clock_id,
	[CLOCK_DATA] = put_clock_data,
};

/* The table of features stands right after the data, and their contents after that. */
void perf_features__put(const struct perf_file *f, const struct export_opts *opts, const struct mappings *mappings,
			uint64_t first_ns, uint64_t last_ns, uint64_t *bits)
{
	const struct about about = { opts, opts->whole, mappings, first_ns, last_ns };
	struct section sections[NR_FEATURES];
	long table = ftell(f->to);
	unsigned nr = 0;

	for (unsigned i = 0; i < NR_FEATURES; i++)
		nr += features[i] != NULL;
	memset(sections, 0, sizeof(sections));
	put(f->to, sections, nr * sizeof(sections[0]));
	nr = 0;
	for (unsigned i = 0; i < NR_FEATURES; i++) {
		if (!features[i])
			continue;
		*bits |= 1ull << i;
		sections[nr].offset = ftell(f->to) - f->begin;
		features[i](f->to, &about);
		sections[nr].size = ftell(f->to) - f->begin - sections[nr].offset;
		nr++;
	}
	fseek(f->to, table, SEEK_SET);
	put(f->to, sections, nr * sizeof(sections[0]));
}
