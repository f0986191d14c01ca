// SPDX-License-Identifier: BSD-2-Clause
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "array.h"
#include "top_page.h"
#include "util.h"

#define LINE_MAX_BYTES 2048
#define INDENT	       4

/* How many bytes of @text fill @columns; *@used: how many columns that is. */
static int bytes_of(const char *text, int columns, int *used)
{
	int len = 0;

	for (*used = 0; text[len]; len++) {
		if ((text[len] & 0xc0) != 0x80 && ++*used > columns) {
			--*used;
			break;
		}
	}
	return len;
}

static __attribute__((format(printf, 4, 5))) void add(struct top_page *p, const struct top_screen *s,
						      enum top_style style, const char *fmt, ...)
{
	char text[LINE_MAX_BYTES];
	va_list args;
	int used;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	text[bytes_of(text, s->columns, &used)] = '\0';
	if (ARRAY_GROW(p->lines, p->room, p->nr + 1) || !(p->lines[p->nr].text = strdup(text))) {
		p->failed = true;
		return;
	}
	p->lines[p->nr++].style = style;
}

void top_page__free(struct top_page *p)
{
	for (size_t i = 0; i < p->nr; i++)
		free(p->lines[i].text);
	free(p->lines);
	*p = (struct top_page){ 0 };
}

/* ---- the head ---- */

static const struct top_sums *base_of(const struct top_screen *s, const struct top_data *d)
{
	return s->since_start ? d->first : d->before;
}

static uint64_t elapsed(const struct top_screen *s, const struct top_data *d)
{
	const struct top_sums *base = base_of(s, d);

	return d->now->at_ns > base->at_ns ? d->now->at_ns - base->at_ns : 0;
}

static const char *percent(double value, char buf[32])
{
	snprintf(buf, 32, isnan(value) ? "-" : "%.1f %%", value);
	return buf;
}

static uint64_t more(uint64_t now, uint64_t before)
{
	before = before == TARE_UNKNOWN ? 0 : before;
	return now > before && now != TARE_UNKNOWN ? now - before : 0;
}

static void add_title(struct top_page *p, const struct top_screen *s, const struct top_data *d)
{
	const struct top_sums *now = d->now;
	char took[16];

	add(p, s, TOP_TITLE, "tare top: %s, %s%s%s%s%s", now->target, now->runtime, now->runtime[0] ? ", " : "",
	    fmt_ns(more(now->at_ns, now->begin_ns), took), s->since_start ? " [since the beginning]" : "",
	    s->paused ? " [held: p goes on]" : "");
}

static void add_load(struct top_page *p, const struct top_screen *s, const struct top_data *d)
{
	const struct top_item *was = &base_of(s, d)->all, *is = &d->now->all;
	uint64_t ns = elapsed(s, d);
	char t[5][32];

	add(p, s, TOP_PLAIN, "CPU %s of %u00 %%  queue %s  throttled %s  %s switches/s  %s threads",
	    percent(top_load(was, is, TOP_CPU, ns), t[0]), d->now->cpus,
	    percent(top_load(was, is, TOP_RUN_QUEUE, ns), t[1]), percent(top_load(was, is, TOP_THROTTLED, ns), t[2]),
	    top_fmt_rate(top_load(was, is, TOP_SWITCHES, ns) / 100 * NSEC_PER_SEC, t[3]),
	    is->v[TOP_THREADS] == TARE_UNKNOWN ? "0" : fmt_count(is->v[TOP_THREADS], t[4]));
}

static void add_last_pause(struct top_page *p, const struct top_screen *s, const struct top_data *d)
{
	const struct top_item *was = &base_of(s, d)->all, *is = &d->now->all;
	const struct top_pause *last;
	char t[4][32];

	if (!d->now->tells_pauses) {
		add(p, s, TOP_PLAIN, "pauses: the target's runtime has told of none");
		return;
	}
	if (!d->pauses->nr) {
		add(p, s, TOP_PLAIN, "pauses: none yet");
		return;
	}
	last = top_pauses__get(d->pauses, false, 0);
	add(p, s, TOP_PLAIN, "pauses %s/s, %s; last %s, %s ago: %s (%s)",
	    top_fmt_rate(top_load(was, is, TOP_PAUSES, elapsed(s, d)) / 100 * NSEC_PER_SEC, t[0]),
	    percent(top_load(was, is, TOP_WORLD, elapsed(s, d)), t[1]), fmt_ns(last->world_ns, t[3]),
	    fmt_ns(more(d->now->at_ns, last->request_ns), t[2]), last->cause, last->reason);
}

static void add_scale(struct top_page *p, const struct top_screen *s, const struct top_data *d)
{
	const struct top_sums *was = base_of(s, d), *is = d->now;
	double ns = elapsed(s, d), probes = more(is->probes_ns, was->probes_ns);
	char t[2][32], n[32];

	add(p, s, is->lost ? TOP_WARNING : TOP_PLAIN, "lost %s%s   tare %s of a CPU   probes %s of one",
	    is->lost ? fmt_count(is->lost, n) : "none", is->lost ? " events: figures are too low by that" : "",
	    percent(ns > 0 ? 100 * more(is->self_cpu_ns, was->self_cpu_ns) / ns : NAN, t[0]),
	    percent(ns > 0 && is->probes_ns != TARE_UNKNOWN ? 100 * probes / ns : NAN, t[1]));
}

static void add_tabs(struct top_page *p, const struct top_screen *s)
{
	char text[256];
	int len = 0;

	for (int i = 0; i < NR_TOP_VIEWS; i++)
		len += snprintf(text + len, sizeof(text) - len, "%c%d %s%c", i == (int)s->view ? '[' : ' ', i + 1,
				top_views[i].name, i == (int)s->view ? ']' : ' ');
	add(p, s, TOP_TABS, "%.*s", len - (text[len - 1] == ' '), text);
}

/* ---- tables ---- */

/* Append @text to @line of @len bytes, in exactly @width columns and a space; names to the left, numbers to the right.
 */
static int put_cell(char *line, int len, const char *text, int width, bool left)
{
	int used, bytes = bytes_of(text, width, &used);

	return len + snprintf(line + len, LINE_MAX_BYTES - len, "%*s%.*s%*s", left ? 0 : width - used, "", bytes, text,
			      left ? width - used + 1 : 1, "");
}

static bool is_text(const struct top_column *c)
{
	return c->kind == TOP_NAME || c->kind == TOP_NOTE;
}

static int width_of(const struct top_column *c, const struct top_screen *s, int len)
{
	int left = s->columns - len - 1;

	return c->width ? c->width - 1 : left > 4 ? left : 4;
}

static void add_row(struct top_page *p, const struct top_screen *s, const struct top_row *row)
{
	const struct top_view *v = &top_views[s->view];
	char line[LINE_MAX_BYTES], text[128];
	int len = 0;

	for (unsigned c = 0; c < v->nr_columns; c++)
		len = put_cell(line, len,
			       row ? top_cell(row, &v->columns[c], row->cells[c], text) : v->columns[c].title,
			       width_of(&v->columns[c], s, len), is_text(&v->columns[c]));
	while (len && line[len - 1] == ' ')
		len--;
	line[len] = '\0';
	add(p, s, row ? TOP_PLAIN : TOP_HEADINGS, "%s", line);
}

static void add_table(struct top_page *p, struct top_screen *s, const struct top_list *before,
		      const struct top_list *now, uint64_t elapsed_ns, unsigned room)
{
	struct top_row *rows = NULL;
	int n = top_rows(&top_views[s->view], before, now, elapsed_ns, s->filter, s->order[s->view], &rows);

	add_row(p, s, NULL);
	if (n < 0)
		p->failed = true;
	if (!n)
		add(p, s, TOP_DETAIL, s->filter[0] ? "(no row contains '%s')" : "(nothing%s)", s->filter);
	if (s->scroll >= (unsigned)(n > 0 ? n : 1))
		s->scroll = n > 0 ? n - 1 : 0;
	for (int i = s->scroll; i < n && i - s->scroll < room; i++)
		add_row(p, s, &rows[i]);
	free(rows);
}

/* ---- pauses ---- */

static void add_wrapped(struct top_page *p, const struct top_screen *s, const char *text, size_t end)
{
	while (*text && p->nr < end) {
		int used, len = bytes_of(text, s->columns - INDENT > 20 ? s->columns - INDENT : 20, &used), cut = len;

		while (text[len] && cut && text[cut] != ' ')
			cut--;
		cut = cut ?: len;
		add(p, s, TOP_DETAIL, "%*s%.*s", INDENT, "", cut, text);
		for (text += cut; *text == ' '; text++)
			;
	}
}

static bool pause_passes(const struct top_pause *pause, const char *filter)
{
	char pid[16];

	snprintf(pid, sizeof(pid), "%u", pause->pid);
	return !*filter || strcasestr(pause->reason, filter) || strcasestr(pause->cause, filter) ||
	       strcasestr(pause->sentence, filter) || strstr(pid, filter);
}

static void add_pauses(struct top_page *p, struct top_screen *s, const struct top_data *d, size_t end)
{
	unsigned kept = top_pauses__kept(d->pauses), skip = s->scroll;
	char at[24], world[16];

	add(p, s, TOP_HEADINGS, "%12s %9s  %-12s %-7s  %s", "AT SECOND", "WORLD", "MAIN CAUSE", "PID",
	    s->by_length ? "REASON (longest first)" : "REASON (newest first)");
	for (unsigned i = 0; i < kept && p->nr < end; i++) {
		const struct top_pause *pause =
			top_pauses__get(d->pauses, s->by_length != s->order[s->view].reversed, i);

		if (!pause_passes(pause, s->filter) || (skip && skip--))
			continue;
		snprintf(at, sizeof(at), "%.6f", more(pause->request_ns, d->now->begin_ns) / 1e9);
		add(p, s, TOP_PLAIN, "%12s %9s  %-12s %-7u  %s%s", at, fmt_ns(pause->world_ns, world), pause->cause,
		    pause->pid, pause->reason, pause->lost ? " ! events were lost" : "");
		add_wrapped(p, s, pause->sentence, end);
	}
	if (!kept)
		add(p, s, TOP_DETAIL, "(none%s)",
		    d->now->tells_pauses ? " yet" : ": nothing that a runtime tells has come");
	s->scroll = s->scroll < kept ? s->scroll : kept ? kept - 1 : 0;
}

/* ---- the whole ---- */

static const char *order_text(const struct top_screen *s)
{
	const struct top_view *v = &top_views[s->view];

	if (!v->nr_columns)
		return s->by_length != s->order[s->view].reversed ? "length" : "time";
	return v->columns[s->order[s->view].column].title;
}

static void add_status(struct top_page *p, const struct top_screen *s, const struct top_data *d)
{
	if (s->typing)
		add(p, s, TOP_STATUS, "rows with: %s_", s->filter);
	else if (d->now->end_reason == TARE_END_TARGET_GONE)
		add(p, s, TOP_STATUS, "the target has ended: these are its last figures   q quits");
	else if (d->now->end_reason)
		add(p, s, TOP_STATUS, "the recording has ended: these are its last figures   q quits");
	else if (s->filter[0])
		add(p, s, TOP_STATUS, "by %s%s, only with '%s'   h help  q quit", order_text(s),
		    s->order[s->view].reversed ? " reversed" : "", s->filter);
	else
		add(p, s, TOP_STATUS, "by %s%s   h help  s sort  / filter  c since start  p hold  q quit",
		    order_text(s), s->order[s->view].reversed ? " reversed" : "");
}

static void add_view(struct top_page *p, struct top_screen *s, const struct top_data *d, size_t end)
{
	const struct top_view *v = &top_views[s->view];
	size_t room = end > p->nr + 1 ? end - p->nr - 1 : 0;

	if (s->view == TOP_PAUSES_VIEW)
		add_pauses(p, s, d, end);
	else if (v->list >= 0)
		add_table(p, s, &base_of(s, d)->lists[v->list], &d->now->lists[v->list], elapsed(s, d), room);
	else if (d->goroutines)
		add_table(p, s, NULL, d->goroutines, 0, room);
	else
		add(p, s, TOP_DETAIL, "(%s)", d->goroutines_problem ?: "being read");
}

void top_page__make(struct top_page *p, struct top_screen *s, const struct top_data *d, bool is_file)
{
	size_t end = is_file ? SIZE_MAX : (size_t)(s->rows > 1 ? s->rows - 1 : 0);

	*p = (struct top_page){ 0 };
	if (s->help && !is_file) {
		add(p, s, TOP_TITLE, "tare top: keys");
		for (const char *const *line = top_screen_help; *line; line++)
			add(p, s, TOP_PLAIN, "  %s", *line);
		return;
	}
	add_title(p, s, d);
	add_load(p, s, d);
	add_last_pause(p, s, d);
	add_scale(p, s, d);
	add_tabs(p, s);
	add_view(p, s, d, end);
	while (!is_file && p->nr < end)
		add(p, s, TOP_PLAIN, "%s", "");
	if (!is_file || d->now->end_reason)
		add_status(p, s, d);
}
