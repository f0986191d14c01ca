// SPDX-License-Identifier: BSD-2-Clause
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "array.h"
#include "stacks.h"
#include "util.h"

#define WORD	    sizeof(uint64_t)
#define FRAMES_MAX  192 /* of a walked user stack */
#define NUMBERS_MAX (1u << 23)
#define SETTLE_MS   5000
#define BATCH_BYTES 65536 /* of pending stacks, before they are written */

void stacks__init(struct stacks *s, const struct stacks_opts *opts)
{
	*s = (struct stacks){ .opts = *opts };
	table__init(&s->code, CODE_MAX);
	table__init(&s->by_hash, STACKS_MAX);
}

void stacks__free(struct stacks *s)
{
	unwinding__stop(s->unwinding);
	table__free(&s->code);
	table__free(&s->by_hash);
	free(s->checks);
	free(s->pending);
	*s = (struct stacks){ 0 };
}

/* ---- what is known of the code at an address ---- */

static uint64_t hash(uint64_t h, const void *data, size_t words)
{
	const unsigned char *p = data;
	uint64_t word;

	for (size_t i = 0; i < words; i++) {
		memcpy(&word, p + i * WORD, WORD);
		h = (h ^ word) * 0x9e3779b97f4a7c15ull;
		h ^= h >> 29;
	}
	return h;
}

static uint64_t pack(const struct runtime_code *code)
{
	return 1 | code->known << 1 | code->has_frame << 2 | code->is_call << 3 | (uint64_t)code->base << 4 |
	       (uint64_t)(code->return_at + 1) << 16;
}

static struct runtime_code unpack(uint64_t packed)
{
	return (struct runtime_code){
		.known = packed & 2,
		.has_frame = packed & 4,
		.is_call = packed & 8,
		.base = packed >> 4 & 3,
		.return_at = (int)(packed >> 16) - 1,
	};
}

struct walk {
	struct stacks *s;
	const struct tare_stack *raw;
	uint64_t ts_ns, program_ns;
	const uint64_t *user, *parked, *words;
	unsigned next; /* of .user: what the frame pointers have next */
	uint64_t frames[FRAMES_MAX];
	unsigned nr, nr_sure;
	uint16_t flags;
};

static struct runtime_code code_at(const struct walk *w, uint64_t ip)
{
	/* the next program has other code there */
	uint64_t other = hash(0, &w->program_ns, 1) >> 1;
	uint64_t *slot = table__add(&w->s->code, table__address_key(w->raw->tgid, ip) ^ other);
	struct runtime_code code = { .return_at = -1 };

	if (slot && *slot)
		return unpack(*slot);
	w->s->opts.code(w->raw->tgid, ip, w->ts_ns, &code, w->s->opts.ctx);
	if (slot)
		*slot = pack(&code);
	return code;
}

/* ---- from frame pointers and memory to a stack ---- */

/* The word @at bytes above where the stack pointer was; 0: not copied. */
static uint64_t word_at(const struct walk *w, uint64_t at)
{
	unsigned nr = w->raw->nr_words - w->raw->nr_below;

	return at % WORD || at / WORD >= nr ? 0 : w->words[at / WORD];
}

/*
 * Follow callers until the outermost function, or as far as they are known. The return address is where the code itself
 * says, as long as that part of the stack was copied: also in a function that has not set up its frame, or uses the
 * frame pointer for something else. Beyond that the frame pointers lead on.
 */
static void walk__user(struct walk *w)
{
	uint64_t sp = 0; /* of the current function, from where the stack pointer was */
	bool has_sp = true, sure = true;

	if (!w->raw->nr_user)
		return;
	w->frames[w->nr++] = w->user[w->next++];
	w->nr_sure = 1;
	while (w->nr < FRAMES_MAX) {
		uint64_t pc = w->frames[w->nr - 1], ret = 0;
		struct runtime_code code = code_at(w, w->nr > 1 ? pc - 1 : pc);

		if (w->nr > 1 && code.known && !code.is_call && code.base != RUNTIME_BASE_OUTERMOST) {
			w->nr--; /* that was no caller */
			w->flags |= TARE_STACK_CUT;
			return;
		}
		sure = sure && code.known;
		if (sure)
			w->nr_sure = w->nr;
		if (code.base == RUNTIME_BASE_OUTERMOST)
			w->flags |= TARE_STACK_WHOLE;
		if (code.base != RUNTIME_BASE_NONE)
			return;
		if (has_sp && code.return_at >= 0)
			ret = word_at(w, sp + code.return_at);
		if (ret) {
			sp += code.return_at + WORD;
			if (w->next < w->raw->nr_user && w->user[w->next] == ret)
				w->next++;
		} else {
			has_sp = false;
			if (w->next == w->raw->nr_user || (code.known && !code.has_frame)) {
				w->flags |= code.known ? TARE_STACK_CUT : 0;
				return;
			}
			ret = w->user[w->next++];
			if (!ret)
				return;
		}
		w->frames[w->nr++] = ret;
	}
	w->flags |= TARE_STACK_CUT;
}

/* The thread was on a stack of the runtime's own, below it is that of the goroutine that it serves. */
static void walk__parked(struct walk *w)
{
	for (unsigned i = 0; i < w->raw->nr_parked && w->nr < FRAMES_MAX; i++)
		w->frames[w->nr++] = w->parked[i];
}

static void walk__run(struct walk *w)
{
	struct runtime_code code;

	walk__user(w);
	if (w->flags & TARE_STACK_WHOLE || !w->nr)
		return;
	code = code_at(w, w->frames[w->nr - 1] - (w->nr > 1));
	if (code.base == RUNTIME_BASE_NONE)
		return;
	walk__parked(w);
	code = code_at(w, w->frames[w->nr - 1] - 1);
	w->flags = code.base == RUNTIME_BASE_NONE ? TARE_STACK_CUT : TARE_STACK_WHOLE;
}

/* ---- stored once ---- */

static void pend(struct stacks *s, const struct walk *w, uint32_t number, const uint64_t *kernel)
{
	struct tare_call_stack head = {
		.pid = w->raw->tgid,
		.number = number,
		.nr_kernel = w->raw->nr_kernel,
		.nr_user = w->nr,
		.nr_sure = w->nr_sure,
		.flags = w->flags,
	};
	unsigned char *to;

	head.size = sizeof(head) + (head.nr_kernel + head.nr_user) * WORD;
	if (ARRAY_GROW(s->pending, s->pending_room, s->pending_bytes + head.size))
		return;
	to = s->pending + s->pending_bytes;
	memcpy(to, &head, sizeof(head));
	memcpy(to + sizeof(head), kernel, head.nr_kernel * WORD);
	memcpy(to + sizeof(head) + head.nr_kernel * WORD, w->frames, head.nr_user * WORD);
	s->pending_bytes += head.size;
	s->pending_pid = head.pid;
	for (unsigned i = 0; i < w->nr; i++)
		s->opts.note(head.pid, w->frames[i] - (i > 0), w->ts_ns, s->opts.ctx);
	for (unsigned i = 0; i < head.nr_kernel; i++)
		s->opts.note(0, kernel[i] - (i > 0), w->ts_ns, s->opts.ctx);
}

static void stacks__flush(struct stacks *s, struct writer *w)
{
	struct iovec iov = { s->pending, s->pending_bytes };

	if (s->pending_bytes)
		writer__frame(w, TARE_FRAME_STACKS, 0, now_ns(), &iov, 1);
	s->pending_bytes = 0;
}

/* @number is the stack that another number has already. */
static void pend_same(struct stacks *s, const struct walk *w, uint32_t number, uint32_t same_as)
{
	struct tare_call_stack head = {
		.pid = w->raw->tgid, .size = sizeof(head), .number = number, .same_as = same_as
	};

	if (ARRAY_GROW(s->pending, s->pending_room, s->pending_bytes + sizeof(head)))
		return;
	memcpy(s->pending + s->pending_bytes, &head, sizeof(head));
	s->pending_bytes += sizeof(head);
	s->pending_pid = head.pid;
}

/* A number that nothing has yet; 0: there are no more. */
static uint32_t stacks__new_number(struct stacks *s)
{
	if (s->nr == NUMBERS_MAX || ARRAY_GROW(s->checks, s->room, s->nr + 1ul))
		return 0;
	s->checks[s->nr++] = 0;
	return s->nr;
}

/* The number of @w, under which it is or will be written. @number: the one that it was promised; 0: none. */
static uint32_t stacks__intern(struct stacks *s, const struct walk *w, uint32_t number, struct writer *to)
{
	const uint64_t *kernel = w->user + w->raw->nr_user;
	uint64_t seed = (uint64_t)w->raw->tgid << 32 | w->raw->nr_kernel << 16 | w->nr_sure << 2 | w->flags;
	uint64_t h = hash(hash(hash(seed, &w->program_ns, 1), kernel, w->raw->nr_kernel), w->frames, w->nr);
	uint64_t check = hash(hash(hash(~seed, &w->program_ns, 1), w->frames, w->nr), kernel, w->raw->nr_kernel);
	uint64_t *slot = table__add(&s->by_hash, h & ~(1ull << 63)); /* never TABLE_NO_KEY */
	bool known = slot && *slot;

	if (!slot || (known && s->checks[*slot - 1] != check))
		return 0;
	if (s->pending_bytes && (s->pending_pid != w->raw->tgid || s->pending_bytes > BATCH_BYTES))
		stacks__flush(s, to);
	if (known) {
		if (number)
			pend_same(s, w, number, *slot);
		return *slot;
	}
	number = number ?: stacks__new_number(s);
	if (!number)
		return 0;
	s->checks[number - 1] = check;
	*slot = number;
	pend(s, w, number, kernel);
	return number;
}

static void walk__init(struct walk *w, struct stacks *s, const struct tare_stack *raw, uint64_t ts_ns,
		       uint64_t program_ns)
{
	*w = (struct walk){ s, raw, ts_ns, program_ns, .user = (const uint64_t *)raw->at };
	w->parked = w->user + raw->nr_user + raw->nr_kernel;
	w->words = w->parked + raw->nr_parked + raw->nr_below;
}

uint32_t stacks__number(struct stacks *s, const struct tare_stack *raw, size_t size, uint64_t ts_ns,
			uint64_t program_ns, struct writer *to)
{
	struct unwound later = { .ts_ns = ts_ns, .program_ns = program_ns };
	struct walk w;

	/* the kernel side wrote both: never */
	if (raw->nr_below > raw->nr_words ||
	    size < sizeof(*raw) +
			    (raw->nr_user + raw->nr_kernel + raw->nr_parked + raw->nr_words + raw->nr_regs) * WORD)
		return 0;
	walk__init(&w, s, raw, ts_ns, program_ns);
	walk__run(&w);
	if (s->unwinding && raw->nr_regs && !(w.flags & TARE_STACK_WHOLE)) {
		later.number = stacks__new_number(s);
		if (later.number && unwinding__add(s->unwinding, raw, size, &later))
			return later.number;
		s->dropped++;
	}
	later.number = stacks__intern(s, &w, 0, to);
	s->dropped += !later.number;
	return later.number;
}

/* ---- stacks found by the thread ---- */

static void stacks__found(struct stacks *s, const struct unwound *u, struct writer *to)
{
	struct walk w;

	walk__init(&w, s, &u->raw, u->ts_ns, u->program_ns);
	w.nr = u->nr < FRAMES_MAX ? u->nr : FRAMES_MAX;
	memcpy(w.frames, u->frames, w.nr * WORD);
	w.nr_sure = w.nr;
	w.flags = u->end == UNWIND_OUTERMOST ? TARE_STACK_WHOLE : TARE_STACK_CUT;
	s->dropped += !stacks__intern(s, &w, u->number, to);
}

static void stacks__collect(struct stacks *s, struct writer *to)
{
	struct unwound *u = s->unwinding ? unwinding__take(s->unwinding) : NULL;

	while (u) {
		struct unwound *next = u->next;

		stacks__found(s, u, to);
		free(u);
		u = next;
	}
}

int stacks__unwind(struct stacks *s)
{
	return unwinding__start(&s->unwinding);
}

void stacks__changed(struct stacks *s, uint32_t pid)
{
	if (s->unwinding)
		unwinding__changed(s->unwinding, pid);
}

void stacks__settle(struct stacks *s)
{
	if (s->unwinding)
		unwinding__settle(s->unwinding, SETTLE_MS);
}

void stacks__write(struct stacks *s, struct writer *w)
{
	stacks__collect(s, w);
	stacks__flush(s, w);
}
