// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <stdio.h>

#include "golayout.h"
#include "gopattern.h"
#include "goversion.h"
#include "probe_site.h"
#include "symtab.h"
#include "util.h"

#define VERSION_MIN 5 /* "go1.9" */
#define VERSION_MAX 200

/* ---- by the string ---- */

struct search {
	struct image *img;
	char *version;
	size_t size;
};

/* Is there a Go string at @addr, or with its length at @addr, that is a version? */
static int is_version(uint64_t addr, void *ctx)
{
	struct search *s = ctx;
	uint64_t string[2];
	const char *p;

	for (int back = 0; back <= 8; back += 8) {
		if (image__words(s->img, addr - back, string, 2) || string[1] < VERSION_MIN || string[1] > VERSION_MAX)
			continue;
		p = image__at(s->img, string[0], string[1]);
		if (!p || (memcmp(p, "go1.", 4) && memcmp(p, "devel", 5)))
			continue;
		snprintf(s->version, s->size, "%.*s", (int)string[1], p);
		return 1;
	}
	return 0;
}

/* It sets runtime.buildVersion if that is empty, so that the linker keeps it (runtime/proc.go, 1.19 to 1.27). */
static int by_string(struct image *img, struct pclntab *t, char *version, size_t size)
{
	struct search s = { img, version, size };
	struct go_func f;
	struct code code;
	int ret = pclntab__find_func(t, "runtime.schedinit", &f);

	if (!ret)
		ret = code__of_function(img, f.entry, f.end, &code);
	if (!ret)
		ret = gopattern__touched(&code, is_version, &s);
	return ret > 0 ? 0 : ret ? ret : -ENOENT;
}

/* ---- by the functions ---- */

/*
 * Functions of the scheduler, the collector and startup, which every program has, with the first and last minor
 * version that has them: as left by the linker, not inlined, in a build of each (src/runtime of 1.19.13, 1.20.14,
 * 1.21.13, 1.22.12, 1.23.12, 1.24.12, 1.25.5, 1.26.8 and 1.27.4).
 */
static const struct {
	const char *function;
	int from, to;
} marks[] = {
	{ "runtime.schedinit", GO_OLDEST, GO_NEWEST },
	{ "runtime.epollwait", GO_OLDEST, 19 },
	{ "runtime.pidlegetSpinning", 20, GO_NEWEST },
	{ "runtime.gentraceback", GO_OLDEST, 20 },
	{ "runtime.traceback2", 21, GO_NEWEST },
	{ "runtime.forEachP", GO_OLDEST, 21 },
	{ "runtime.forEachPInternal", 22, GO_NEWEST },
	{ "runtime.checkTimers", GO_OLDEST, 22 },
	{ "runtime.(*timers).check", 23, GO_NEWEST },
	{ "runtime.mallocgcLarge", 24, GO_NEWEST },
	{ "runtime.parsedebugvars", GO_OLDEST, 24 },
	{ "runtime.finishDebugVarsSetup", 25, GO_NEWEST },
	{ "runtime.entersyscall_gcwait", GO_OLDEST, 25 },
	{ "runtime.entersyscallHandleGCWait", 26, GO_NEWEST },
	{ "runtime.alginit", GO_OLDEST, 26 },
	{ "runtime.addModuleItabs", 27, GO_NEWEST },
};

/* The version that has all it should have, and nothing it should not have, if exactly one does. */
static int by_functions(struct pclntab *t, char *version, size_t size)
{
	struct go_wanted wanted[ARRAY_SIZE(marks)] = { { 0 } };
	int minor = 0, found;

	for (size_t i = 0; i < ARRAY_SIZE(marks); i++)
		wanted[i].name = marks[i].function;
	found = pclntab__find_funcs(t, wanted, ARRAY_SIZE(marks));
	if (found < 1)
		return found ?: -ENOENT;
	for (int m = GO_OLDEST; m <= GO_NEWEST; m++) {
		bool fits = true;

		for (size_t i = 0; i < ARRAY_SIZE(marks) && fits; i++)
			fits = !wanted[i].matches == !(m >= marks[i].from && m <= marks[i].to);
		if (fits && minor)
			return -ERANGE;
		minor = fits ? m : minor;
	}
	if (minor)
		snprintf(version, size, "go1.%d%s (by its functions)", minor, minor == GO_NEWEST ? " or newer" : "");
	return minor ? 0 : -ERANGE;
}

int goversion__find(struct image *img, struct pclntab *table, char *version, size_t size)
{
	int ret = by_string(img, table, version, size);

	return ret == -ENOENT ? by_functions(table, version, size) : ret;
}

/* ---- is it Go at all? ---- */

/* The linker puts this only into plugins (cmd/link/internal/ld/lib.go); "." in place of ":" until Go 1.20. */
static bool is_plugin(struct image *img)
{
	uint64_t unused;

	return !symtab__dynamic(img, "go:link.thispluginpath", &unused) ||
	       !symtab__dynamic(img, "go.link.thispluginpath", &unused);
}

bool goversion__has_runtime(struct image *img, char *version, size_t size)
{
	static const char *const sections[] = { ".gopclntab", ".data.rel.ro.gopclntab", ".go.buildinfo" };
	struct image_section sec;
	struct pclntab *t;
	uint64_t unused;

	version[0] = '\0';
	if (!pclntab__open(img, 0, &t, NULL)) {
		if (goversion__find(img, t, version, size))
			version[0] = '\0';
		pclntab__close(t);
		return !is_plugin(img);
	}
	for (size_t i = 0; i < ARRAY_SIZE(sections); i++) {
		if (!image__section(img, sections[i], &sec))
			return !is_plugin(img);
	}
	return !image__symbol(img, "runtime.text", &unused, NULL);
}
