// SPDX-License-Identifier: BSD-2-Clause
#include <inttypes.h>
#include <string.h>

#include "place.h"
#include "util.h"

#define NAME_LEN 96

/* The key that segments are counted by. */
struct spot {
	char name[NAME_LEN]; /* "": unknown, or a segment of another kind */
	const char *file;    /* "": unknown */
	uint32_t line;	     /* 0: unknown */
	uint64_t ns;
	bool firm;
	bool own; /* a function in the program's own code */
	uint32_t stack;
};

struct spots {
	struct spot at[PAUSE_MAX_SEGS];
	uint32_t n;
};

static void spot__name(struct spot *s, const char *name, const char *file, uint32_t line)
{
	sanitize(name, strlen(name), s->name, NAME_LEN);
	s->file = file;
	s->line = file[0] ? line : 0;
}

/* A time in @seg: its end may be that of the program. */
static uint64_t time_in(const struct pause_seg *seg)
{
	return seg->end_ns - 1;
}

/* The function that contains @seg's address. */
static void spot__function(struct spot *s, const struct model *m, const struct pause *p, const struct pause_seg *seg,
			   const struct pauses_opts *opts)
{
	uint64_t ip = seg->ip;
	const char *name = ip && opts->symbol ? opts->symbol(p->tgid, ip) : NULL;
	const struct model_symbol *symbol = ip ? model_symbols__at(&m->symbols, p->tgid, ip, time_in(seg)) : NULL;

	if (name || symbol)
		spot__name(s, name ? name : symbol->name, symbol ? symbol->file : "", symbol ? symbol->line : 0);
	else if (ip)
		snprintf(s->name, NAME_LEN, "%#" PRIx64, ip);
	s->own = symbol && symbol->owner == TARE_OWNER_PROGRAM;
}

/* The program's own call on @seg's stack. */
static void spot__caller(struct spot *s, const struct model *m, const struct pause_seg *seg)
{
	const struct model_symbol *own = model_stacks__own(&m->profile.stacks, seg->stack, &m->symbols, time_in(seg));

	if (own && own->owner != TARE_OWNER_PROGRAM && own->own_name[0])
		spot__name(s, own->own_name, own->own_file, own->own_line);
	else if (own)
		spot__name(s, own->name, own->file, own->line);
}

static bool same_line(const struct spot *a, const struct spot *b)
{
	return a->line == b->line && !strcmp(a->file, b->file);
}

/* The name with the most time; NULL: none. *@ns: that time. */
static const struct spot *spots__top(const struct spots *s, uint64_t *ns)
{
	const struct spot *top = NULL;

	*ns = 0;
	for (uint32_t i = 0; i < s->n; i++) {
		uint64_t sum = 0;

		for (uint32_t j = i; s->at[i].name[0] && j < s->n; j++)
			sum += strcmp(s->at[i].name, s->at[j].name) ? 0 : s->at[j].ns;
		if (sum <= *ns)
			continue;
		*ns = sum;
		top = &s->at[i];
	}
	return top;
}

/* Append " (file.go:12)" to @buf: the line where @top spent at least half of @ns, if there is one. */
static void spots__add_line(const struct spots *s, const struct spot *top, uint64_t ns, char buf[PLACE_LEN])
{
	const struct spot *best = NULL;
	const char *base;
	size_t len = strlen(buf);
	char safe[64];

	for (uint32_t i = 0; i < s->n && !best; i++) {
		uint64_t seen = 0;

		for (uint32_t j = i; !strcmp(s->at[i].name, top->name) && j < s->n; j++) {
			const struct spot *at = &s->at[j];

			if (at->firm && !strcmp(at->name, top->name) && same_line(&s->at[i], at))
				seen += at->ns;
		}
		if (seen && seen >= ns / 2)
			best = &s->at[i];
	}
	if (!best || !best->line)
		return;
	base = strrchr(best->file, '/');
	base = base ? base + 1 : best->file;
	snprintf(buf + len, PLACE_LEN - len, " (%s:%u)", sanitize(base, strlen(base), safe, sizeof(safe)), best->line);
}

/* The name with the most time, with its line, into @buf. */
static const struct spot *spots__tell(const struct spots *s, char buf[PLACE_LEN], uint64_t *ns)
{
	const struct spot *top = spots__top(s, ns);

	if (!top)
		return NULL;
	snprintf(buf, PLACE_LEN, "%.*s", NAME_LEN, top->name);
	spots__add_line(s, top, *ns, buf);
	return top;
}

/* The callers of @function (NULL: any), by time. */
static void tell_caller(const struct model *m, const struct pause *p, enum pause_cause cause,
			const struct spots *functions, const struct spot *function, struct pause_place *place)
{
	static struct spots callers;
	uint64_t all = 0, best = 0;
	const struct spot *top;

	callers.n = functions->n;
	for (uint32_t i = 0; i < functions->n; i++) {
		const struct pause_seg *seg = &p->chain.at[i];
		bool counts = function ? !strcmp(functions->at[i].name, function->name) : seg->cause == cause;

		callers.at[i] = (struct spot){
			.ns = seg->end_ns - seg->start_ns, .firm = seg->firm, .file = "", .stack = seg->stack
		};
		if (!counts)
			continue;
		all += callers.at[i].ns;
		spot__caller(&callers.at[i], m, seg);
	}
	top = spots__tell(&callers, place->caller, &place->caller_ns);
	if (!top || place->caller_ns < all / 2 || (function && !strcmp(top->name, function->name))) {
		place->caller[0] = '\0';
		place->caller_ns = 0;
	}
	for (uint32_t i = 0; top && i < callers.n; i++) {
		if (!strcmp(callers.at[i].name, top->name) && callers.at[i].stack && callers.at[i].ns > best) {
			best = callers.at[i].ns;
			place->stack = callers.at[i].stack;
			place->stack_ns = time_in(&p->chain.at[i]);
		}
	}
}

void pause_place(const struct model *m, const struct pause *p, enum pause_cause cause, const struct pauses_opts *opts,
		 struct pause_place *place)
{
	static struct spots functions;
	bool has_function = cause == PAUSE_USER || cause == PAUSE_SIGNAL;
	const struct spot *function;

	memset(place, 0, sizeof(*place));
	if (!has_function && cause != PAUSE_KERNEL && cause != PAUSE_RUNTIME)
		return;
	functions.n = p->chain.n < PAUSE_MAX_SEGS ? p->chain.n : PAUSE_MAX_SEGS;
	for (uint32_t i = 0; i < functions.n; i++) {
		const struct pause_seg *seg = &p->chain.at[i];

		functions.at[i] = (struct spot){ .ns = seg->end_ns - seg->start_ns, .firm = seg->firm, .file = "" };
		if (has_function && seg->cause == cause)
			spot__function(&functions.at[i], m, p, seg, opts);
	}
	function = spots__tell(&functions, place->function, &place->function_ns);
	/* the program's own code needs no further name */
	if (!function || !function->own)
		tell_caller(m, p, cause, &functions, function, place);
}
