// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "golayout.h"
#include "util.h"

/* attaching to a 100 MB program should take 300 ms in all */
enum { DWARF_BUDGET_NS = 120000000 };

/* One column each, from that version on. Two patch releases backported a field of a later version. */
static const struct {
	int minor, patch;
} columns[] = {
	{ 19, 0 }, { 20, 0 }, { 21, 0 }, { 22, 0 }, { 23, 0 }, { 23, 12 },
	{ 24, 0 }, { 24, 6 }, { 25, 0 }, { 26, 0 }, { 27, 0 },
};

#define ALL(n) n, n, n, n, n, n, n, n, n, n, n

/* -1: that version has none. Left out: work, which the architecture's cache line pads. */
static const int32_t table[GO_NR_FIELDS][ARRAY_SIZE(columns)] = {
	[G_M] = { ALL(48) },
	[G_ATOMICSTATUS] = { 144, 144, 144, 144, 152, 152, 152, 152, 144, 144, 144 },
	[G_GOID] = { 152, 152, 152, 152, 160, 160, 160, 160, 152, 152, 152 },
	[G_WAITREASON] = { 176, 176, 176, 176, 184, 184, 184, 184, 176, 176, 176 },
	[G_SP] = { ALL(56) },
	[G_PC] = { ALL(64) },
	[G_BP] = { 104, 104, 104, 104, 104, 104, 104, 104, 96, 96, 96 },
	[G_STACKLO] = { ALL(0) },
	[G_STACKHI] = { ALL(8) },
	[G_SYSCALLSP] = { 112, 112, 112, 112, 112, 112, 112, 112, 104, 104, 104 },
	[G_SYSCALLPC] = { 120, 120, 120, 120, 120, 120, 120, 120, 112, 112, 112 },
	[G_WAITSINCE] = { 168, 168, 168, 168, 176, 176, 176, 176, 168, 168, 168 },
	[G_TRACKINGSEQ] = { 189, 189, 188, 191, 199, 199, 199, 199, 191, 191, 191 },
	[G_PARENTGOID] = { -1, -1, 272, 272, 280, 280, 280, 280, 272, 280, 280 },
	[G_GOPC] = { 296, 296, 280, 280, 288, 288, 288, 288, 280, 288, 288 },
	[G_STARTPC] = { 312, 312, 296, 296, 304, 304, 304, 304, 296, 304, 304 },
	[M_G0] = { ALL(0) },
	[M_PROCID] = { 72, 72, 72, 72, 72, 72, 72, 72, 64, 64, 64 },
	[M_CURG] = { 192, 192, 192, 192, 192, 192, 192, 192, 184, 184, 184 },
	[M_P] = { 208, 208, 208, 208, 208, 208, 208, 208, 200, 208, 208 },
	[M_ID] = { 232, 232, 232, 232, 232, 232, 232, 232, 224, 232, 232 },
	[M_PREEMPTOFF] = { 248, 248, 248, 248, 248, 248, 248, 248, 240, 248, 248 },
	[M_ALLLINK] = { 336, 336, 336, 328, 328, 352, 328, 352, 344, 352, 352 },
	[P_ID] = { ALL(0) },
	[P_STATUS] = { ALL(4) },
	[P_SCHEDTICK] = { ALL(16) },
	[P_SYSCALLTICK] = { ALL(20) },
	[P_MCACHE] = { 64, 64, 64, 64, 56, 56, 56, 56, 56, 56, 56 },
	[P_GOIDCACHE] = { 384, 384, 384, 384, 376, 376, 376, 376, 376, 384, 384 },
	[P_GOIDCACHEEND] = { 392, 392, 392, 392, 384, 384, 384, 384, 384, 392, 392 },
	[P_GOROUTINESCREATED] = { -1, -1, -1, -1, -1, -1, -1, -1, -1, 13792, 13792 },
	[P_LIMITEREVENT] = { 4648, 4640, 4648, 4680, 4656, 4656, 4656, 4656, 4656, 4664, 4664 },
	[SCHED_GOIDGEN] = { ALL(0) },
	[SCHED_MIDLE] = { 32, 32, 32, 32, 32, 32, 32, 32, 40, 40, 40 },
	[SCHED_NMIDLE] = { 40, 40, 40, 40, 40, 40, 40, 40, 48, 64, 64 },
	[SCHED_MNEXT] = { 48, 48, 48, 48, 48, 48, 48, 48, 56, 72, 72 },
	[SCHED_MAXMCOUNT] = { 56, 56, 56, 56, 56, 56, 56, 56, 64, 80, 80 },
	[SCHED_PIDLE] = { 80, 80, 80, 80, 80, 80, 80, 80, 88, 104, 104 },
	[SCHED_NPIDLE] = { 88, 88, 88, 88, 88, 88, 88, 88, 96, 112, 112 },
	[SCHED_NMSPINNING] = { 92, 92, 92, 92, 92, 92, 92, 92, 100, 116, 116 },
	[SCHED_STOPWAIT] = { 228, 236, 236, 236, 236, 236, 236, 236, 252, 268, 268 },
	[SCHED_PROCRESIZETIME] = { 288, 296, 296, 296, 296, 296, 296, 296, 312, 328, 328 },
	[SCHED_TOTALTIME] = { 296, 304, 304, 304, 304, 304, 304, 304, 320, 336, 336 },
	[SCHED_TIMETORUN] = { 312, 320, 320, 320, 320, 320, 320, 320, 344, 360, 360 },
	[SCHED_IDLETIME] = { -1, 1616, 1616, 1616, 1616, 1616, 1616, 1616, 1640, 1656, 1656 },
	[SCHED_STWTOTALGC] = { -1, -1, -1, 4224, 4224, 4224, 4224, 4224, 4248, 4264, 4264 },
	[SCHED_GOROUTINESCREATED] = { -1, -1, -1, -1, -1, -1, -1, -1, -1, 6864, 6864 },
	[SCHED_SIZE] = { 6080, 1632, 1632, 6824, 6824, 6824, 6824, 6824, 6848, 6872, 6872 },
	[MCACHE_TINYALLOCS] = { 32, 32, 32, 32, 32, 32, 40, 40, 40, 40, 40 },
	[MCACHE_ALLOC] = { 40, 40, 40, 40, 40, 40, 48, 48, 48, 48, 48 },
	[MSPAN_NELEMS] = { 56, 56, 56, 50, 50, 50, 50, 50, 50, 50, 50 },
	[MSPAN_ALLOCCOUNT] = { 96, 96, 104, 96, 96, 96, 96, 96, 96, 96, 96 },
	[MSPAN_BEFORECACHE] = { 102, 102, 110, 102, 102, 102, 102, 102, 102, 102, 102 },
	[MSPAN_ELEMSIZE] = { 104, 104, 112, 104, 104, 104, 104, 104, 104, 104, 104 },
	[MSPAN_STARTADDR] = { ALL(24) },
	[MSPAN_NPAGES] = { ALL(32) },
	[MSPAN_STATE] = { 99, 99, 107, 99, 99, 99, 99, 99, 99, 99, 99 },
	[MSPAN_ALLOCBITS] = { 72, 72, 72, 64, 64, 64, 64, 64, 64, 64, 64 },
	[MHEAP_SUMMARY] = { 16, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8 },
	[MHEAP_INUSE] = { 65696, 65688, 65688, 65688, 65688, 65688, 65688, 65688, 65688, 65688, 65688 },
	[MHEAP_ALLSPANS] = { 65856, 65824, 65864, 65864, 65864, 65864, 65864, 65864, 65864, 65864, 65864 },
	[MHEAP_ARENAS] = { 65936, 65904, 65944, 66008, 66008, 66008, 66008, 66008, 66008, 66008, 66008 },
	[GC_GCPERCENT] = { ALL(0) },
	[GC_MEMORYLIMIT] = { ALL(8) },
	[GC_HEAPGOAL] = { 104, 48, 72, 72, 72, 72, 72, 72, 72, 72, 72 },
	[GC_TRIGGERED] = { 120, 64, 88, 88, 88, 88, 88, 88, 88, 88, 88 },
	[GC_HEAPLIVE] = { 136, 80, 104, 104, 104, 104, 104, 104, 104, 104, 104 },
	[GC_LASTSTACKSCAN] = { 160, 104, 128, 128, 128, 128, 128, 128, 128, 128, 128 },
	[GC_GLOBALSSCAN] = { 176, 120, 144, 144, 144, 144, 144, 144, 144, 144, 144 },
	[GC_HEAPMARKED] = { 184, 128, 152, 152, 152, 152, 152, 152, 152, 152, 152 },
	[GC_ASSISTTIME] = { 224, 168, 192, 192, 192, 192, 192, 192, 192, 192, 192 },
	[GC_DEDICATEDTIME] = { 232, 176, 200, 200, 200, 200, 200, 200, 200, 200, 200 },
	[GC_FRACTIONALTIME] = { 240, 184, 208, 208, 208, 208, 208, 208, 208, 208, 208 },
	[GC_IDLETIME] = { 248, 192, 216, 216, 216, 216, 216, 216, 216, 216, 216 },
	[GC_HEAPINUSE] = { 304, 248, 272, 272, 272, 272, 272, 272, 272, 272, 272 },
	[GC_HEAPFREE] = { 320, 264, 288, 288, 288, 288, 288, 288, 288, 288, 288 },
	[GC_TOTALALLOC] = { 328, 272, 296, 296, 296, 296, 296, 296, 296, 296, 296 },
	[GC_TOTALFREE] = { 336, 280, 304, 304, 304, 304, 304, 304, 304, 304, 304 },
	[GC_MAPPEDREADY] = { 344, 288, 312, 312, 312, 312, 312, 312, 312, 312, 312 },
	[DELTA_RELEASED] = { ALL(8) },
	[DELTA_INHEAP] = { ALL(16) },
	[DELTA_INSTACKS] = { ALL(24) },
	[DELTA_INWORKBUFS] = { ALL(32) },
	[DELTA_INPTRSCALARBITS] = { 40, 40, 40, 40, 40, 40, 40, 40, -1, -1, -1 },
	[DELTA_TINYALLOCCOUNT] = { 48, 48, 48, 48, 48, 48, 48, 48, 40, 40, 40 },
	[DELTA_LARGEALLOC] = { 56, 56, 56, 56, 56, 56, 56, 56, 48, 48, 48 },
	[DELTA_LARGEALLOCCOUNT] = { 64, 64, 64, 64, 64, 64, 64, 64, 56, 56, 56 },
	[DELTA_SMALLALLOCCOUNT] = { 72, 72, 72, 72, 72, 72, 72, 72, 64, 64, 64 },
	[DELTA_LARGEFREE] = { 616, 616, 616, 616, 616, 616, 616, 616, 608, 608, 608 },
	[DELTA_LARGEFREECOUNT] = { 624, 624, 624, 624, 624, 624, 624, 624, 616, 616, 616 },
	[DELTA_SMALLFREECOUNT] = { 632, 632, 632, 632, 632, 632, 632, 632, 624, 624, 624 },
	[DELTA_SIZE] = { 1176, 1176, 1176, 1176, 1176, 1176, 1176, 1176, 1168, 1168, 1168 },
	[MSTATS_HEAPSTATS] = { ALL(0) },
	[MSTATS_GEN] = { 3528, 3528, 3528, 3528, 3528, 3528, 3528, 3528, 3504, 3504, 3504 },
	[MSTATS_STACKSSYS] = { 3544, 3544, 3544, 3544, 3544, 3544, 3544, 3544, 3520, 3520, 3520 },
	[MSTATS_LASTGCUNIX] = { 3592, 3592, 3592, 3592, 3592, 3592, 3592, 3592, 3568, 3568, 3568 },
	[MSTATS_PAUSETOTALNS] = { 3600, 3600, 3600, 3600, 3600, 3600, 3600, 3600, 3576, 3576, 3576 },
	[MSTATS_PAUSENS] = { 3608, 3608, 3608, 3608, 3608, 3608, 3608, 3608, 3584, 3584, 3584 },
	[MSTATS_PAUSEEND] = { 5656, 5656, 5656, 5656, 5656, 5656, 5656, 5656, 5632, 5632, 5632 },
	[MSTATS_NUMGC] = { 7704, 7704, 7704, 7704, 7704, 7704, 7704, 7704, 7680, 7680, 7680 },
	[MSTATS_LASTGCNANO] = { 7720, 7720, 7720, 7720, 7720, 7720, 7720, 7720, 7696, 7696, 7696 },
	[MSTATS_GCPAUSEDIST] = { 7744, 7744, 7744, -1, -1, -1, -1, -1, -1, -1, -1 },
	[MSTATS_SIZE] = { 13512, 9040, 9040, 7744, 7744, 7744, 7744, 7744, 8264, 10440, 10440 },
	[HIST_SIZE] = { 5768, 1296, 1296, 1296, 1296, 1296, 1296, 1296, 1296, 1296, 1296 },
	[WORK_CPUSTATS] = { ALL(-1) },
};

/* An experiment changes the size of a struct nested in another. */
static const struct {
	const char *experiment;
	int from, to; /* minor versions in which it is not the default */
	enum go_field field;
	int add;
} experiments[] = {
	{ "greenteagc", 25, 25, MSTATS_SIZE, 2176 },
	{ "nogreenteagc", 26, 99, P_GOROUTINESCREATED, -4256 },
	{ "nogreenteagc", 26, 99, MSTATS_SIZE, -2176 },
};

/* Is @name in the comma-separated list? */
static bool listed(const char *list, const char *name)
{
	size_t len = strlen(name);

	for (const char *p = list; (p = strstr(p, name)); p += len) {
		if ((p == list || p[-1] == ',') && (p[len] == ',' || p[len] == ' ' || !p[len]))
			return true;
	}
	return false;
}

/* "go1.24.6 X:nospinbitmutex", "go1.26.10-X:a,b", "devel go1.28-3f2a ...", "go1.27rc1" */
static int parse(const char *version, int *minor, int *patch, bool *release)
{
	const char *p = strstr(version, "go1.");
	char *end;

	if (!p)
		return -EINVAL;
	*minor = strtol(p + 4, &end, 10);
	if (end == p + 4 || *minor < 0 || *minor > 9999)
		return -EINVAL;
	*patch = *end == '.' ? strtol(end + 1, &end, 10) : 0;
	*release = p == version && *end != '-';
	/* a release's experiments follow a dash, too; what has no patch yet may still be any */
	if (p == version && !strncmp(end, "-X:", 3))
		*release = true;
	return 0;
}

int go_layout__by_version(struct go_layout *l, const char *version)
{
	const char *ex = strstr(version, "X:");
	int minor, patch, column = -1;
	bool release;

	if (parse(version, &minor, &patch, &release))
		return -EINVAL;
	for (size_t i = 0; i < ARRAY_SIZE(columns); i++) {
		if (minor > columns[i].minor || (minor == columns[i].minor && (patch >= columns[i].patch || !release)))
			column = i;
	}
	if (column < 0)
		return -EOPNOTSUPP;
	memset(l, 0, sizeof(*l));
	l->minor = minor;
	l->source = GO_LAYOUT_TABLE;
	l->guessed = minor > GO_NEWEST || !release;
	for (enum go_field f = 0; f < GO_NR_FIELDS; f++)
		l->at[f] = table[f][column];
	for (size_t i = 0; ex && i < ARRAY_SIZE(experiments); i++) {
		if (minor >= experiments[i].from && minor <= experiments[i].to &&
		    listed(ex + 2, experiments[i].experiment) && l->at[experiments[i].field] >= 0)
			l->at[experiments[i].field] += experiments[i].add;
	}
	return 0;
}

int go_layout__find(struct go_layout *l, int fd, const char *version)
{
	struct go_layout by_table, by_dwarf = { 0 };
	const char *why = "no file";
	bool release;
	int err = go_layout__by_version(&by_table, version), patch;

	if (parse(version, &by_dwarf.minor, &patch, &release))
		by_dwarf.minor = GO_NEWEST;
	if (fd < 0 || go_layout__by_dwarf(&by_dwarf, fd, DWARF_BUDGET_NS, &why)) {
		if (!err) {
			*l = by_table;
			l->no_dwarf = why;
		}
		return err;
	}
	for (enum go_field f = 0; !err && f < GO_NR_FIELDS; f++) {
		if (by_dwarf.at[f] != by_table.at[f] && by_table.at[f] >= 0 && !by_dwarf.differ++)
			by_dwarf.first_differ = f;
	}
	*l = by_dwarf;
	return 0;
}

const char *const go_struct_names[GO_NR_STRUCTS] = {
#define STRUCT(id, name) [id] = name,
	GO_STRUCTS(STRUCT)
};

const struct go_field_place go_fields[GO_NR_FIELDS] = {
#define FIELD(id, of, path) [id] = { of, path },
	GO_FIELDS(FIELD)
};

const char *go_field__name(enum go_field field, char buf[64])
{
	const char *path = field < GO_NR_FIELDS ? go_fields[field].path : "?";

	snprintf(buf, 64, "%s.%.*s",
		 field < GO_NR_FIELDS ? go_struct_names[go_fields[field].of] + strlen("runtime.") : "?",
		 *path ? (int)strcspn(path, "|") : 4, *path ? path : "size");
	return buf;
}
