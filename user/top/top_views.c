// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "top_views.h"
#include "util.h"

/* clang-format off */
#define TEXT(t, w, k)		  { .title = t, .width = w, .kind = k }
#define FIGURE(t, w, k, f)	  { .title = t, .width = w, .kind = k, .figure = f }
#define FIGURE_PER(t, w, k, f, p) { .title = t, .width = w, .kind = k, .figure = f, .per = p }
#define COLUMNS(...) \
	.nr_columns = sizeof((struct top_column[]){ __VA_ARGS__ }) / sizeof(struct top_column), \
	.columns = { __VA_ARGS__ }

const struct top_view top_views[NR_TOP_VIEWS] = {
	[TOP_THREADS_VIEW] = { "threads", "each thread's CPU time, switches and waits for a CPU",
		.list = TOP_LIST_THREADS, .sort = 1, COLUMNS(
		TEXT("TID", 8, TOP_ID), FIGURE("CPU %", 7, TOP_LOAD, TOP_CPU), FIGURE("SWITCH/S", 10, TOP_RATE, TOP_SWITCHES),
		FIGURE("QUEUE %", 8, TOP_LOAD, TOP_RUN_QUEUE), FIGURE("THROT %", 8, TOP_LOAD, TOP_THROTTLED),
		TEXT("IS IN", 18, TOP_NOTE), TEXT("NAME", 0, TOP_NAME)) },
	[TOP_PROCESSES_VIEW] = { "processes", "the same for each process, and its pauses",
		.list = TOP_LIST_PROCESSES, .sort = 1, COLUMNS(
		TEXT("PID", 8, TOP_ID), FIGURE("CPU %", 7, TOP_LOAD, TOP_CPU), FIGURE("SWITCH/S", 10, TOP_RATE, TOP_SWITCHES),
		FIGURE("QUEUE %", 8, TOP_LOAD, TOP_RUN_QUEUE), FIGURE("THROT %", 8, TOP_LOAD, TOP_THROTTLED),
		FIGURE("THREADS", 8, TOP_LEVEL, TOP_THREADS), FIGURE("PAUSE/S", 8, TOP_RATE, TOP_PAUSES),
		FIGURE("PAUSE %", 8, TOP_LOAD, TOP_WORLD), TEXT("NAME", 0, TOP_NAME)) },
	[TOP_PAUSES_VIEW] = { "pauses", "stop-the-world pauses as they happen, and why each took so long", .list = -1 },
	[TOP_RIVALS_VIEW] = { "rivals", "who had the CPU while the target's threads waited for it",
		.list = TOP_LIST_RIVALS, .sort = 0, COLUMNS(
		FIGURE("WAIT %", 8, TOP_LOAD, TOP_TIME), FIGURE("SHARE %", 8, TOP_SHARE, TOP_TIME),
		FIGURE("WAITS/S", 10, TOP_RATE, TOP_COUNT), FIGURE_PER("MEAN", 9, TOP_MEAN, TOP_TIME, TOP_COUNT),
		TEXT("WHO HAD THE CPU", 0, TOP_NAME)) },
	[TOP_WAITS_VIEW] = { "waits", "what the target's threads were off CPU for",
		.list = TOP_LIST_WAITS, .sort = 0, COLUMNS(
		FIGURE("TIME %", 8, TOP_LOAD, TOP_TIME), FIGURE("SHARE %", 8, TOP_SHARE, TOP_TIME),
		FIGURE("WAITS/S", 10, TOP_RATE, TOP_COUNT), FIGURE_PER("MEAN", 9, TOP_MEAN, TOP_TIME, TOP_COUNT),
		TEXT("OFF CPU FOR", 0, TOP_NAME)) },
	[TOP_GOROUTINES_VIEW] = { "goroutines", "what goroutines wait for, read every few seconds",
		.list = -1, .sort = 0, COLUMNS(
		FIGURE("COUNT", 10, TOP_LEVEL, TOP_COUNT), FIGURE("SHARE %", 8, TOP_SHARE, TOP_COUNT),
		FIGURE("LONGEST", 9, TOP_NS_LEVEL, TOP_LONGEST), TEXT("WAIT FOR", 0, TOP_NAME)) },
	[TOP_ALLOCATION_VIEW] = { "alloc", "memory: allocation, page faults, the heap",
		.list = TOP_LIST_PROCESSES, .sort = 1, COLUMNS(
		TEXT("PID", 8, TOP_ID), FIGURE_PER("ALLOC/S", 9, TOP_BYTES_RATE, TOP_ALLOC_BYTES, TOP_COUNTED),
		FIGURE_PER("OBJECT/S", 10, TOP_RATE, TOP_ALLOC_OBJECTS, TOP_COUNTED),
		FIGURE_PER("GC/S", 6, TOP_RATE, TOP_COLLECTIONS, TOP_COUNTED),
		FIGURE("HEAP", 9, TOP_BYTES_LEVEL, TOP_HEAP_BYTES), FIGURE("RSS", 9, TOP_BYTES_LEVEL, TOP_RSS_BYTES),
		FIGURE_PER("FAULT/S", 9, TOP_RATE, TOP_MINOR_FAULTS, TOP_CHECKED),
		FIGURE_PER("MAJOR/S", 8, TOP_RATE, TOP_MAJOR_FAULTS, TOP_CHECKED),
		TEXT("NAME", 0, TOP_NAME)) },
};
/* clang-format on */

static uint64_t table_key(const struct top_item *it)
{
	return (it->key ^ it->born_ns << 22) & ~(1ull << 63); /* never TABLE_NO_KEY */
}

/* How much @figure grew; NAN: not known. All begin at 0 when they are first known. */
static double growth(const struct top_item *before, const struct top_item *now, enum top_figure figure)
{
	if (now->v[figure] == TARE_UNKNOWN)
		return NAN;
	if (!before || before->v[figure] == TARE_UNKNOWN)
		return now->v[figure];
	/* a wait that goes on counts for its reason; of how much of it was for a CPU is told only when it is over */
	return now->v[figure] > before->v[figure] ? now->v[figure] - before->v[figure] : 0;
}

double top_load(const struct top_item *before, const struct top_item *now, enum top_figure figure, uint64_t elapsed_ns)
{
	return elapsed_ns ? 100 * growth(before, now, figure) / elapsed_ns : NAN;
}

static double cell(const struct top_column *c, const struct top_item *before, const struct top_item *now,
		   uint64_t elapsed_ns)
{
	uint64_t level = now->v[c->figure];
	double ns;

	switch (c->kind) {
	case TOP_LOAD:
		return top_load(before, now, c->figure, elapsed_ns);
	case TOP_RATE:
	case TOP_BYTES_RATE:
		ns = c->per ? growth(before, now, c->per) : elapsed_ns;
		return ns > 0 ? growth(before, now, c->figure) * NSEC_PER_SEC / ns : NAN;
	case TOP_MEAN:
		return growth(before, now, c->per) > 0 ? growth(before, now, c->figure) / growth(before, now, c->per) :
							 NAN;
	case TOP_SHARE: /* of what, is known at the end */
		return growth(before, now, c->figure);
	case TOP_LEVEL:
	case TOP_BYTES_LEVEL:
	case TOP_NS_LEVEL:
		return level == TARE_UNKNOWN ? NAN : level;
	default:
		return NAN;
	}
}

static bool passes(const struct top_item *it, const char *filter)
{
	char id[16];

	snprintf(id, sizeof(id), "%u", it->id);
	return !*filter || strcasestr(it->name, filter) || strcasestr(it->note, filter) || strstr(id, filter);
}

/* What there is; or what has ended, or has no life of its own, but did something meanwhile. */
static bool is_worth_a_row(const struct top_view *v, const struct top_item *it, const struct top_row *row)
{
	bool lives = v->list == TOP_LIST_THREADS || v->list == TOP_LIST_PROCESSES || v->list < 0;

	/* the sum of ended processes without a row grows by a whole life at once: it is in the head's figures only */
	if (v->list == TOP_LIST_PROCESSES && !it->key)
		return false;
	if (lives && !it->ended)
		return true;
	for (unsigned i = 0; i < v->nr_columns; i++)
		if (v->columns[i].kind >= TOP_LOAD && v->columns[i].kind < TOP_LEVEL && row->cells[i] > 0)
			return true;
	return false;
}

static void to_shares(const struct top_view *v, struct top_row *rows, int n)
{
	for (unsigned c = 0; c < v->nr_columns; c++) {
		double sum = 0;

		if (v->columns[c].kind != TOP_SHARE)
			continue;
		for (int i = 0; i < n; i++)
			sum += rows[i].cells[c];
		for (int i = 0; i < n; i++)
			rows[i].cells[c] = sum > 0 ? 100 * rows[i].cells[c] / sum : 0;
	}
}

struct sorting {
	const struct top_column *column;
	struct top_order order;
};

static int in_order(const void *a, const void *b, void *ctx)
{
	const struct top_row *x = a, *y = b;
	const struct sorting *s = ctx;
	double dx = x->cells[s->order.column], dy = y->cells[s->order.column];
	int sign = s->order.reversed ? -1 : 1, by = 0;

	if (s->column->kind == TOP_NAME)
		by = strcmp(x->item->name, y->item->name);
	else if (s->column->kind == TOP_NOTE)
		by = strcmp(x->item->note, y->item->note);
	else if (s->column->kind == TOP_ID)
		by = x->item->id < y->item->id ? -1 : x->item->id > y->item->id;
	else if (isnan(dx) || isnan(dy))
		return isnan(dx) - isnan(dy) ?: strcmp(x->item->name, y->item->name); /* unknown ones last */
	else
		by = dx > dy ? -1 : dx < dy;
	by = by ?: x->item->id < y->item->id ? -1 : x->item->id > y->item->id;
	return sign * by ?: strcmp(x->item->name, y->item->name);
}

int top_rows(const struct top_view *view, const struct top_list *before, const struct top_list *now,
	     uint64_t elapsed_ns, const char *filter, struct top_order order, struct top_row **rows)
{
	struct sorting sorting = { &view->columns[order.column], order };
	struct table index;
	int n = 0;

	*rows = calloc(now->nr + 1, sizeof(**rows));
	if (!*rows)
		return -ENOMEM;
	table__init(&index, 1u << 30);
	for (size_t i = 0; before && i < before->nr; i++) {
		uint64_t *at = table__add(&index, table_key(&before->items[i]));

		if (at)
			*at = i;
	}
	for (size_t i = 0; i < now->nr; i++) {
		const struct top_item *it = &now->items[i];
		uint64_t *at = table__find(&index, table_key(it));
		struct top_row *row = &(*rows)[n];

		row->item = it;
		for (unsigned c = 0; c < view->nr_columns; c++)
			row->cells[c] =
				cell(&view->columns[c], before && at ? &before->items[*at] : NULL, it, elapsed_ns);
		n += passes(it, filter) && is_worth_a_row(view, it, row);
	}
	table__free(&index);
	to_shares(view, *rows, n);
	qsort_r(*rows, n, sizeof(**rows), in_order, &sorting);
	return n;
}

const char *top_fmt_rate(double rate, char buf[32])
{
	char count[32];

	if (isnan(rate))
		snprintf(buf, 32, "-");
	else if (rate < 10)
		snprintf(buf, 32, "%.1f", rate);
	else if (rate < 1e6)
		snprintf(buf, 32, "%s", fmt_count(llround(rate), count));
	else
		snprintf(buf, 32, "%.3g M", rate / 1e6);
	return buf;
}

const char *top_cell(const struct top_row *row, const struct top_column *column, double cell, char buf[128])
{
	char text[32];

	if (column->kind == TOP_NAME)
		snprintf(buf, 128, "%s%s", row->item->name, row->item->ended ? " (ended)" : "");
	else if (column->kind == TOP_NOTE)
		snprintf(buf, 128, "%s", row->item->note);
	else if (column->kind == TOP_ID)
		snprintf(buf, 128, "%u", row->item->id);
	else if (isnan(cell))
		snprintf(buf, 128, "-");
	else if (column->kind == TOP_LOAD || column->kind == TOP_SHARE)
		snprintf(buf, 128, cell < 1000 ? "%.1f" : "%.0f", cell);
	else if (column->kind == TOP_RATE)
		snprintf(buf, 128, "%s", top_fmt_rate(cell, text));
	else if (column->kind == TOP_LEVEL)
		snprintf(buf, 128, "%s", fmt_count(cell, text));
	else if (column->kind == TOP_MEAN || column->kind == TOP_NS_LEVEL)
		snprintf(buf, 128, "%s", fmt_ns(cell, text));
	else
		snprintf(buf, 128, "%s", fmt_bytes(cell, text));
	return buf;
}
