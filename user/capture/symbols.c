// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "array.h"
#include "event.h"
#include "kernel_costs.h"
#include "pid_ns.h"
#include "runtime.h"
#include "symbol_bytes.h"
#include "symbols.h"
#include "util.h"

#define AGAIN_NS   (NSEC_PER_SEC / 20)
#define GIVE_UP_NS (10 * NSEC_PER_SEC) /* what is not known so long after it ran is not mapped either */

void symbols__init(struct symbols *s)
{
	*s = (struct symbols){ .naming.fd = -1 };
	table__init(&s->began, SYMBOLS_MAX);
	table__init(&s->seen, SYMBOLS_MAX);
}

/* A process is born, or becomes another program. */
static void note_begin(struct symbols *s, uint32_t pid, uint64_t ts_ns)
{
	uint64_t *began = table__add(&s->began, pid);

	if (began && *began < ts_ns)
		*began = ts_ns;
}

uint64_t symbols__program_ns(const struct symbols *s, uint32_t pid, uint64_t ts_ns)
{
	const uint64_t *began = table__find(&s->began, pid);

	return began && *began <= ts_ns ? *began : 0;
}

static int add_pending(struct symbols *s, uint32_t pid, uint64_t ip, uint64_t ts_ns, uint64_t again_ns)
{
	if (ARRAY_GROW(s->pending, s->room, s->nr + 1))
		return -ENOMEM;
	s->pending[s->nr++] = (struct pending){ pid, ip, ts_ns, again_ns };
	return 0;
}

void symbols__note(struct symbols *s, uint32_t pid, uint64_t ip, uint64_t ts_ns)
{
	/* a collision means a missing name, never a wrong one */
	uint64_t *seen = ip ? table__add(&s->seen, table__address_key(pid, ip)) : NULL;

	/* before and after an exec it is another one */
	if (!seen || (*seen && symbols__program_ns(s, pid, *seen) == symbols__program_ns(s, pid, ts_ns)))
		return;
	if (!add_pending(s, pid, ip, ts_ns, 0))
		*seen = ts_ns;
}

void symbols__on_record(struct symbols *s, const struct tare_rec *rec, uint64_t ts_ns)
{
	struct event ev;

	/* most records are switches: only those with addresses, or other ones, are worth decoding here */
	if (rec->kind != TARE_REC_SIGNAL && rec->kind != TARE_REC_SAMPLE && rec->kind != TARE_REC_FAULT &&
	    rec->kind != TARE_REC_EXEC && rec->kind != TARE_REC_FORK)
		return;
	if (event__decode(rec, record__len(rec), &ev) <= 0)
		return;
	switch (ev.kind) {
	case EVENT_SIGNAL:
		symbols__note(s, ev.signal.tgid, ev.signal.ip, ts_ns);
		break;
	case EVENT_SAMPLE:
		symbols__note(s, ev.sample.tgid, ev.sample.ip, ts_ns);
		break;
	case EVENT_FAULT:
		symbols__note(s, ev.fault.tgid, ev.fault.ip, ts_ns);
		break;
	case EVENT_EXEC:
		note_begin(s, ev.exec.tid, ts_ns);
		break;
	case EVENT_FORK:
		if (ev.fork.tid == ev.fork.tgid && ev.fork.tid != ev.fork.parent_tid)
			note_begin(s, ev.fork.tgid, ts_ns);
		break;
	default:
		break;
	}
}

/* ---- what a runtime knows itself ---- */

struct resolve {
	struct symbols *s;
	const struct runtimes *runtimes;
	struct writer *w;
	bool last; /* it is now or never */
};

static void write_frame(struct resolve *r, uint32_t type, uint64_t ts_ns, const void *bytes, size_t size)
{
	struct iovec iov = { (void *)bytes, size };

	writer__frame(r->w, type, 0, ts_ns, &iov, 1);
}

static void write_symbol(struct resolve *r, uint32_t pid, uint64_t ip, uint64_t ts_ns, const struct runtime_symbol *sym)
{
	unsigned char bytes[RUNTIME_INLINED_MAX * SYMBOL_BYTES_MAX];
	const struct runtime_frame *own = sym->own ? &sym->frames[sym->own] : NULL;
	size_t size = 0;

	for (int i = 0; i < sym->nr; i++) {
		const struct runtime_frame *f = &sym->frames[i];
		struct symbol_text text = { .name = f->name,
					    .file = f->file,
					    .line = f->line,
					    .owner = f->owner,
					    .cost = f->cost | f->heap,
					    .start = sym->start,
					    .inlined = i < sym->nr - 1 };

		if (own && !i) {
			text.own_name = own->name;
			text.own_file = own->file;
			text.own_line = own->line;
		}
		size += symbol_bytes(bytes + size, pid, ip, &text);
	}
	write_frame(r, TARE_FRAME_SYMBOLS, ts_ns, bytes, size);
}

/* ---- what another process finds out ---- */

/*
 * Was what it saw at @known_ns what ran at @ts_ns? Then no other program has begun since, or only after it had looked.
 */
static bool is_of_that_program(const struct resolve *r, const struct naming_answer *a)
{
	uint64_t since_ns;

	if (!a->wanted.pid || bpf__program_ns(r->runtimes->bpf, a->wanted.pid, &since_ns))
		return true; /* gone: its pid is not another's, see address_space.h */
	return since_ns <= a->wanted.ts_ns || a->known_ns < since_ns;
}

/*
 * Which of the functions are a cost of the runtime that they are in, or of the kernel; and which are of a library by
 * their source, though compiled into the program.
 */
static void set_costs(struct resolve *r, const struct naming_answer *a, unsigned char *bytes)
{
	const struct symbol_wanted *w = &a->wanted;
	const struct runtime_cost *costs =
		w->pid ? runtimes__costs(r->runtimes, w->pid, w->ip, a->wanted.ts_ns) : kernel_costs;
	char name[SYMBOL_TEXT_MAX + 1], file[SYMBOL_TEXT_MAX + 1];
	struct tare_symbol sym;

	for (uint32_t at = 0; at < a->bytes; at += sym.size) {
		memcpy(&sym, bytes + at, sizeof(sym));
		memcpy(name, bytes + at + sizeof(sym), sym.name_len);
		name[sym.name_len] = '\0';
		memcpy(file, bytes + at + sizeof(sym) + sym.name_len, sym.file_len);
		file[sym.file_len] = '\0';
		symbol_add_flags(bytes + at, (costs ? runtime_cost__find(costs, name) : 0) |
						     (native_is_library(name, file) ? TARE_SYMBOL_HEAP_INNER : 0));
	}
}

static bool is_sane(const struct naming_answer *a, const unsigned char *bytes)
{
	struct tare_symbol sym;

	for (uint32_t at = 0; at < a->bytes; at += sym.size) {
		if (a->bytes - at < sizeof(sym))
			return false;
		memcpy(&sym, bytes + at, sizeof(sym));
		if (!symbol_is_sane(&sym, a->bytes - at))
			return false;
	}
	return true;
}

static void on_answer(const struct naming_answer *a, void *payload, void *ctx)
{
	const struct symbol_wanted *w = &a->wanted;
	struct runtime_symbol sym;
	struct resolve *r = ctx;
	uint64_t now = now_ns();

	if (a->type == TARE_FRAME_MODULES) {
		write_frame(r, TARE_FRAME_MODULES, now, payload, a->bytes);
	} else if (a->again && !w->last && now < a->wanted.ts_ns + GIVE_UP_NS &&
		   !add_pending(r->s, w->pid, w->ip, a->wanted.ts_ns, now + AGAIN_NS)) {
		/* it is too early to say */
	} else if (a->bytes && is_sane(a, payload) && is_of_that_program(r, a)) {
		set_costs(r, a, payload);
		write_frame(r, TARE_FRAME_SYMBOLS, a->wanted.ts_ns, payload, a->bytes);
	} else if (w->pid && !runtimes__file_symbol(r->runtimes, w->pid, w->ip, a->wanted.ts_ns, &sym)) {
		/* its file is still open here */
		write_symbol(r, w->pid, w->ip, a->wanted.ts_ns, &sym);
	}
}

/* ---- */

static void resolve(struct resolve *r, const struct pending *p)
{
	struct symbol_wanted ask = { .pid = p->pid,
				     .here = p->pid ? pid_ns__here(p->pid) : 0,
				     .ip = p->ip,
				     .ts_ns = p->ts_ns,
				     .last = r->last };
	struct runtime_symbol sym;
	uint64_t since_ns;

	if (p->pid && !runtimes__symbol(r->runtimes, p->pid, p->ip, p->ts_ns, &sym)) {
		write_symbol(r, p->pid, p->ip, p->ts_ns, &sym);
		return;
	}
	ask.program = symbols__program_ns(r->s, p->pid, p->ts_ns);
	ask.runs = p->pid && !bpf__program_ns(r->runtimes->bpf, p->pid, &since_ns) && since_ns <= p->ts_ns;
	naming__ask(&r->s->naming, &ask);
}

static void ask(struct resolve *r, uint64_t complete_ns)
{
	struct symbols *s = r->s;
	size_t left = 0, nr = s->nr;
	uint64_t now = now_ns();

	for (size_t i = 0; i < nr; i++) {
		const struct pending *p = &s->pending[i];

		/* which program a record belongs to that came after @complete_ns is not known yet */
		if (p->ts_ns < complete_ns && (now >= p->again_ns || r->last)) {
			resolve(r, p);
			continue;
		}
		s->pending[left++] = *p;
	}
	s->nr = left;
}

/* Is any to be asked about again? */
static bool has_early_ones(const struct symbols *s)
{
	for (size_t i = 0; i < s->nr; i++)
		if (s->pending[i].again_ns)
			return true;
	return false;
}

void symbols__write(struct symbols *s, const struct runtimes *runtimes, struct writer *w, uint64_t complete_ns,
		    uint64_t wait_ns)
{
	struct resolve r = { s, runtimes, w, .last = wait_ns > 0 };
	uint64_t until = now_ns() + wait_ns, now;

	for (;;) {
		ask(&r, complete_ns);
		now = now_ns();
		naming__collect(&s->naming, now < until ? until - now : 0, on_answer, &r);
		if (!r.last || now_ns() >= until || !has_early_ones(s))
			return;
	}
}

bool symbols__are_awaited(const struct symbols *s)
{
	return s->naming.nr > 0;
}

void symbols__free(struct symbols *s)
{
	naming__end(&s->naming);
	table__free(&s->began);
	table__free(&s->seen);
	free(s->pending);
	*s = (struct symbols){ .naming.fd = -1 };
}
