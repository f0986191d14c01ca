// SPDX-License-Identifier: BSD-2-Clause
/* The ledger of bytes: what VmRSS consists of, as text and as JSON. */
#include <stdlib.h>

#include "json_impl.h"
#include "process.h"
#include "report.h"

static double percent(double part, uint64_t whole)
{
	return whole ? 100.0 * part / whole : 0;
}

/* ---- text ---- */

static void print_row(const struct model_bytes *b, const char *indent, const char *title, int64_t last, int64_t peak,
		      FILE *to)
{
	char t[2][24];

	if (!last && !peak)
		return;
	fprintf(to, "%s%-*s%10s %8.1f %%   %10s %8.1f %%\n", indent, 44 - (int)strlen(indent), title,
		fmt_signed_bytes(last, false, t[0]), percent(last, b->last.rss), fmt_signed_bytes(peak, false, t[1]),
		percent(peak, b->peak.rss));
}

/* The runtime's heap is a sum of its own; the others stand alone. */
static void print_heap(const struct model_bytes *b, FILE *to)
{
	int64_t last = 0, peak = 0;

	for (unsigned i = 0; i <= TARE_BYTES_HEAP_FREE; i++) {
		last += b->last.classes[i];
		peak += b->peak.classes[i];
	}
	print_row(b, "  ", "the runtime's heap", last, peak, to);
	for (unsigned i = 0; i <= TARE_BYTES_HEAP_FREE; i++)
		print_row(b, "    ", bytes__title(i), b->last.classes[i], b->peak.classes[i], to);
}

/* What it holds, resident or not, in its own words. */
static void print_told(const struct model *m, FILE *to)
{
	struct tare_counters c;
	char t[5][16];

	runtime_counters__total(&m->counters, &c);
	if (c.span_bytes == TARE_UNKNOWN || c.own_bytes == TARE_UNKNOWN || c.free_bytes == TARE_UNKNOWN ||
	    c.returned_bytes == TARE_UNKNOWN || c.stack_bytes == TARE_UNKNOWN)
		return;
	fprintf(to, "  the runtime says, resident or not: %s for objects, %s free, %s returned,\n",
		fmt_bytes(c.span_bytes, t[0]), fmt_bytes(c.free_bytes, t[1]), fmt_bytes(c.returned_bytes, t[2]));
	fprintf(to, "    %s for stacks, %s for itself\n", fmt_bytes(c.stack_bytes, t[3]), fmt_bytes(c.own_bytes, t[4]));
}

/* When the last reading was, if that is not the end: processes end without asking. */
static void print_age(const struct model *m, FILE *to)
{
	uint64_t age = m->end_ns > m->bytes.last.ts_ns ? m->end_ns - m->bytes.last.ts_ns : 0;
	char t[16];

	if (age >= NSEC_PER_SEC / 100)
		fprintf(to, "  as last read, %s before the end\n", fmt_ns(age, t));
}

void report__bytes(const struct model *m, FILE *to)
{
	const struct model_bytes *b = &m->bytes;
	char t[4][16], n[32];

	if (!b->readings)
		return;
	fprintf(to, "\n%-44s%10s %10s   %10s %10s\n", "ledger of bytes: what is resident", "at the end", "of gross",
		"at peak", "of gross");
	print_heap(b, to);
	for (unsigned i = TARE_BYTES_HEAP_FREE + 1; i < TARE_NR_BYTES; i++)
		print_row(b, "  ", bytes__title(i), b->last.classes[i], b->peak.classes[i], to);
	fprintf(to, "  %-42s%10s %8.1f %%   %10s %8.1f %%\n", "unexplained",
		fmt_signed_bytes(bytes__unexplained(&b->last), false, (char[24]){ 0 }),
		percent(bytes__unexplained(&b->last), b->last.rss),
		fmt_signed_bytes(bytes__unexplained(&b->peak), false, (char[24]){ 0 }),
		percent(bytes__unexplained(&b->peak), b->peak.rss));
	fprintf(to, "  %-42s%10s %21s\n", "gross: VmRSS", fmt_bytes(b->last.rss, t[0]), fmt_bytes(b->peak.rss, t[1]));
	fprintf(to, "  from %s reading%s, %s of CPU time each", fmt_count(b->readings, n), b->readings == 1 ? "" : "s",
		fmt_ns(b->cost_ns / b->readings, t[2]));
	if (b->last.swapped)
		fprintf(to, "; besides, %s swapped out", fmt_bytes(b->last.swapped, t[3]));
	fputc('\n', to);
	print_age(m, to);
	if (b->nr == 1 && b->processes[0].last.rss_max > b->peak.rss)
		fprintf(to, "  the most that ever was: %s, by the kernel's VmHWM\n",
			fmt_bytes(b->processes[0].last.rss_max, t[3]));
	print_told(m, to);
}

/* ---- JSON ---- */

static json_t *reading_json(const struct tare_bytes *b)
{
	json_t *o = json_pack("{s:I, s:I, s:I, s:I}", "ts_ns", num(b->ts_ns), "rss_bytes", num(b->rss), "swapped_bytes",
			      num(b->swapped), "unexplained_bytes", (json_int_t)bytes__unexplained(b));
	char key[64];

	for (unsigned i = 0; o && i < TARE_NR_BYTES; i++) {
		snprintf(key, sizeof(key), "%s_bytes", bytes__name(i));
		json_object_set_new(o, key, json_integer(num(b->classes[i])));
	}
	return o;
}

static json_t *processes_json(const struct model_bytes *b)
{
	json_t *list = json_array();

	for (size_t i = 0; i < b->nr; i++) {
		const struct process_bytes *p = &b->processes[i];

		json_array_append_new(list,
				      json_pack("{s:I, s:I, s:I, s:o, s:o, s:o}", "pid",
						(json_int_t)process__pid(p->process), "readings", num(p->readings),
						"rss_max_bytes", num(p->last.rss_max), "first", reading_json(&p->first),
						"last", reading_json(&p->last), "peak", reading_json(&p->peak)));
	}
	return list;
}

json_t *json__bytes(const struct model *m, json_t *notes)
{
	const struct model_bytes *b = &m->bytes;
	struct tare_counters c;

	if (!b->readings) {
		json__note(notes, "bytes: the recording holds no reading of resident memory");
		return json_null();
	}
	if (b->left_out)
		json__note(notes, "bytes: readings of some processes were left out, there are too many");
	runtime_counters__total(&m->counters, &c);
	return json_pack("{s:o, s:o, s:I, s:I, s:{s:o, s:o, s:o, s:o, s:o}, s:o}", "at_end", reading_json(&b->last),
			 "at_peak", reading_json(&b->peak), "readings", num(b->readings), "cost_ns", num(b->cost_ns),
			 "told", "spans_bytes", counter(c.span_bytes), "free_bytes", counter(c.free_bytes),
			 "returned_bytes", counter(c.returned_bytes), "stacks_bytes", counter(c.stack_bytes),
			 "own_bytes", counter(c.own_bytes), "processes", processes_json(b));
}
