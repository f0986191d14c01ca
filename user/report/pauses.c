// SPDX-License-Identifier: BSD-2-Clause
#include <inttypes.h>
#include <string.h>

#include "pauses.h"
#include "process.h"
#include "untold.h"
#include "util.h"

#define COLUMNS	       100
#define INDENT	       4
#define ROW	       "%12s %s %8s %8s %8s %8s  %-11s %5s%s\n"
#define BESIDES_REASON 70 /* columns of a row without the reason, including the mark for lost events */
#define REASON_MIN     12

static double percent(uint64_t part, uint64_t whole)
{
	return whole ? 100.0 * part / whole : 0;
}

/* Print @text in lines of at most COLUMNS, broken at spaces. */
static void print_wrapped(const char *text, FILE *to)
{
	while (*text) {
		int room = COLUMNS - INDENT, len = 0, cut = 0, columns = 0;

		for (; text[len] && columns < room; len++) {
			columns += (text[len + 1] & 0xc0) != 0x80;
			if (text[len] == ' ')
				cut = len;
		}
		if (!text[len] || !cut)
			cut = len;
		fprintf(to, "%*s%.*s\n", INDENT, "", cut, text);
		text += cut;
		while (*text == ' ')
			text++;
	}
}

static void print_own(const struct pause *p, FILE *to)
{
	char t[3][16];

	if (p->own_total_ns == TARE_UNKNOWN)
		return;
	fprintf(to, "%*sthe runtime's own account: %s", INDENT, "", fmt_ns(p->own_total_ns, t[0]));
	if (p->own_stopping_ns != TARE_UNKNOWN)
		fprintf(to, ", %s of it to stop", fmt_ns(p->own_stopping_ns, t[1]));
	if (pause__world_ns(p) > p->own_total_ns)
		fprintf(to, "; it leaves out %s", fmt_ns(pause__world_ns(p) - p->own_total_ns, t[2]));
	fputc('\n', to);
}

static int columns(const char *s)
{
	int n = 0;

	for (; *s; s++)
		n += (*s & 0xc0) != 0x80;
	return n;
}

/* Width of the longest reason of the first @n pauses, or what the other columns leave. */
static int reason_columns(const struct pauses *ps, uint32_t n)
{
	int width = REASON_MIN;
	char reason[64];

	for (uint32_t i = 0; i < n; i++) {
		const struct pause *p = ps->kept[i];
		int own = columns(pause_reason_name(p->reason_name, p->reason, reason));

		width = own > width ? own : width;
	}
	return width < COLUMNS - BESIDES_REASON ? width : COLUMNS - BESIDES_REASON;
}

/* @reason in exactly @width columns; ".." marks a cut. */
static const char *fit(const char *reason, int width, char buf[128])
{
	int own = columns(reason), room = own > width ? width - 2 : width, used = 0, len = 0;

	for (; len < 64 && reason[len]; len++) {
		used += (reason[len] & 0xc0) != 0x80;
		if (used > room)
			break;
	}
	snprintf(buf, 128, "%.*s%*s", len, reason, own > width ? 2 : width - own, own > width ? ".." : "");
	return buf;
}

static void print_pause(const struct model *m, const struct pause *p, const struct pauses_opts *opts, int width,
			FILE *to)
{
	uint64_t world = pause__world_ns(p), begin = m->begin_ns;
	char reason[64], sentence[640], fitted[128], t[4][16], start[24], share[16];
	struct pause_verdict v;

	pause__verdict(p, &v);
	snprintf(start, sizeof(start), "%.6f", (p->request_ns > begin ? p->request_ns - begin : 0) / 1e9);
	snprintf(share, sizeof(share), "%.0f %%", percent(v.ns, world));
	fprintf(to, ROW, start, fit(pause_reason_name(p->reason_name, p->reason, reason), width, fitted),
		fmt_ns(world, t[0]), fmt_ns(p->part_ns[PAUSE_STOPPING], t[1]), fmt_ns(p->part_ns[PAUSE_STOPPED], t[2]),
		fmt_ns(p->part_ns[PAUSE_RESTART], t[3]), pause_cause_name(v.cause), share, p->lost ? " !" : "");
	if (model__many_pause(m)) {
		const char *comm = model__process_name(m, p->process);

		fprintf(to, "%*sof %s (pid %u)\n", INDENT, "", sanitize(comm, strlen(comm), reason, sizeof(reason)),
			p->tgid);
	}
	print_wrapped(pause_sentence(m, p, opts, sentence), to);
	print_own(p, to);
	if (p->turn_ns != TARE_UNKNOWN && p->turn_ns >= world / 10)
		fprintf(to, "%*sbefore that, it waited %s for its turn to stop the world\n", INDENT, "",
			fmt_ns(p->turn_ns, t[0]));
}

static void print_causes(const struct pauses *ps, FILE *to)
{
	bool shown[PAUSE_NR_CAUSES] = { false };
	char t[16], n[32];

	fprintf(to, "\n%-26s %10s %9s %22s\n", "why, over all pauses", "time", "share", "main cause of");
	for (int best; (best = pause_cause__next(ps->cause_ns, shown)) >= 0;)
		fprintf(to, "  %-24s %10s %7.1f %% %22s\n", pause_cause_name(best), fmt_ns(ps->cause_ns[best], t),
			percent(ps->cause_ns[best], ps->world.total), fmt_count(ps->cause_count[best], n));
}

void report__pauses(const struct model *m, FILE *to, const struct pauses_opts *opts)
{
	const struct pauses *ps = &m->pauses;
	uint32_t shown = opts->longest && opts->longest < ps->nr_kept ? opts->longest : ps->nr_kept;
	int width = reason_columns(ps, shown);
	char n[3][32], t[2][16], fitted[128];

	untold__print(m, to);
	if (!ps->runtime_events) {
		fprintf(to, "no pauses: nothing that the target's runtime tells is in this recording\n");
		return;
	}
	fprintf(to, "%s stop-the-world pause%s, %s in all", fmt_count(ps->count, n[0]), ps->count == 1 ? "" : "s",
		fmt_ns(ps->world.total, t[0]));
	if (shown < ps->count)
		fprintf(to, "; the %s longest", fmt_count(shown, n[1]));
	fputc('\n', to);
	if (ps->lost)
		fprintf(to, "! events were lost during %s of them, marked with ! below\n", fmt_count(ps->lost, n[2]));
	if (ps->unfinished)
		fprintf(to, "! %s more pause%s not seen to end and %s left out\n", fmt_count(ps->unfinished, n[2]),
			ps->unfinished == 1 ? " was" : "s were", ps->unfinished == 1 ? "is" : "are");
	if (ps->count) {
		fputc('\n', to);
		fprintf(to, ROW, "at second", fit("reason", width, fitted), "world", "stopping", "stopped", "restart",
			"main cause", "share", "");
	}
	for (uint32_t i = 0; i < shown; i++)
		print_pause(m, ps->kept[i], opts, width, to);
	if (ps->count)
		print_causes(ps, to);
}
