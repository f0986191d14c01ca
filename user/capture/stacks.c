// SPDX-License-Identifier: BSD-2-Clause
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "array.h"
#include "hash.h"
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
	table__init(&s->told, STACKS_MAX);
}

void stacks__free(struct stacks *s)
{
	unwinding__stop(s->unwinding);
	table__free(&s->code);
	table__free(&s->by_hash);
	table__free(&s->told);
	free(s->checks);
	free(s->pending);
	*s = (struct stacks){ 0 };
}

/* ---- what is known of the code at an address ---- */

static uint64_t pack(const struct runtime_code *code)
{
	return 1 | code->known << 1 | code->has_frame << 2 | code->is_call << 3 | (uint64_t)code->base << 4 |
	       code->foreign << 6 | code->resumes << 7 | code->two_links << 8 | (uint64_t)(code->return_at + 1) << 16;
}

static struct runtime_code unpack(uint64_t packed)
{
	return (struct runtime_code){
		.known = packed & 2,
		.has_frame = packed & 4,
		.is_call = packed & 8,
		.base = packed >> 4 & 3,
		.foreign = packed & 1 << 6,
		.resumes = packed & 1 << 7,
		.two_links = packed & 1 << 8,
		.return_at = (int)(packed >> 16) - 1,
	};
}

struct walk {
	struct stacks *s;
	const struct tare_stack *raw;
	uint64_t ts_ns, program_ns;
	const uint64_t *user, *parked, *words; /* .words: from the stack pointer on */
	unsigned nr_words;
	const uint64_t *links; /* what the frame pointers lead to: of .nr_links, the next is at .next */
	unsigned nr_links, next;
	uint64_t sp; /* of the current function, from where .words begin, while .has_sp */
	bool has_sp;
	bool left, resumes; /* seen: the change to the goroutine's stack, a function that goes on with one */
	uint64_t frames[FRAMES_MAX];
	unsigned nr, nr_sure;
	uint16_t flags;
};

static struct runtime_code code_at(const struct walk *w, uint64_t ip)
{
	/* the next program has other code there */
	uint64_t other = hash__add(HASH_BEGIN, &w->program_ns, WORD) >> 1;
	uint64_t *slot = table__add(&w->s->code, table__address_key(w->raw->tgid, ip) ^ other);
	struct runtime_code code = { .return_at = -1 };

	if (slot && *slot)
		return unpack(*slot);
	w->s->opts.code(w->raw->tgid, ip, w->ts_ns, &code, w->s->opts.ctx);
	/* a program that is not looked at yet will be known by and by */
	if (slot && code.known)
		*slot = pack(&code);
	return code;
}

/* ---- from frame pointers and memory to a stack ---- */

/* The word at @at bytes above the current function's stack pointer; 0: not copied. */
static uint64_t word_at(const struct walk *w, int at)
{
	uint64_t from = w->sp + at;

	return !w->has_sp || at < 0 || from % WORD || from / WORD >= w->nr_words ? 0 : w->words[from / WORD];
}

/*
 * If the current function has left the goroutine's stack for the runtime's own: go on with the former, of which only
 * the word on top was copied. Returns where it was left, if the function is not to be followed itself; else 0.
 */
static uint64_t walk__leave(struct walk *w, const struct runtime_code *code)
{
	if (w->left || !w->raw->nr_parked)
		return 0;
	w->left = w->has_sp = true;
	w->words = w->parked + 1;
	w->nr_words = 1;
	w->sp = 0;
	if (code->base == RUNTIME_BASE_CROSSED)
		return 0;
	w->links = w->parked;
	w->nr_links = w->raw->nr_parked;
	w->next = 2;
	return w->parked[0];
}

static uint64_t walk__by_memory(struct walk *w, int return_at)
{
	uint64_t ret = word_at(w, return_at);

	if (!ret)
		return 0;
	w->sp += return_at + WORD;
	if (w->next < w->nr_links && w->links[w->next] == ret)
		w->next++;
	return ret;
}

static uint64_t walk__by_links(struct walk *w, const struct runtime_code *code)
{
	w->has_sp = false;
	w->next += code->two_links;
	if (w->next >= w->nr_links || (code->known && !code->has_frame)) {
		w->flags |= code->known || w->nr_links >= TARE_STACK_FRAMES ? TARE_STACK_CUT : 0;
		return 0;
	}
	return w->links[w->next++];
}

/*
 * The first function's return address. In the kernel, on the way into a probe, the program counter is past the
 * breakpoint, but its instruction, which may change the stack pointer, has not run yet.
 */
static uint64_t walk__first(struct walk *w, uint64_t pc, int return_at)
{
	struct runtime_code before = { .return_at = return_at };

	if (w->raw->nr_kernel)
		before = code_at(w, pc - 1);
	if (before.return_at != return_at && code_at(w, word_at(w, before.return_at) - 1).is_call)
		return_at = before.return_at;
	return walk__by_memory(w, return_at);
}

/* What called the function at @pc, the last frame; 0: nothing that is known. */
static uint64_t walk__caller(struct walk *w, uint64_t pc, const struct runtime_code *code)
{
	uint64_t ret = 0;

	if (code->base == RUNTIME_BASE_SWITCHED || code->base == RUNTIME_BASE_CROSSED)
		ret = walk__leave(w, code);
	if (!ret)
		ret = w->nr == 1 && !w->left ? walk__first(w, pc, code->return_at) :
					       walk__by_memory(w, code->return_at);
	return ret ?: walk__by_links(w, code);
}

/* Does the stack end with the last frame? If there was a goroutine, it is another thread's by now, or nobody's. */
static bool walk__is_outermost(const struct walk *w, const struct runtime_code *code)
{
	if (code->base == RUNTIME_BASE_SWITCHED)
		return !w->left && (w->raw->nr_parked ? w->resumes : w->nr > 1);
	return code->base == RUNTIME_BASE_OUTERMOST;
}

/*
 * Follow callers until the outermost function, or as far as they are known. The return address is where the code itself
 * says, as long as that part of the stack was copied: also in a function that has not set up its frame, or uses the
 * frame pointer for something else. Beyond that the frame pointers lead on.
 */
static void walk__run(struct walk *w)
{
	struct runtime_code callee = { 0 };
	bool sure = true;
	uint64_t pc = w->next < w->nr_links ? w->links[w->next++] : 0;

	while (pc && w->nr < FRAMES_MAX) {
		struct runtime_code code = code_at(w, w->nr ? pc - 1 : pc);

		if (w->nr && ((code.known && !code.is_call && code.base != RUNTIME_BASE_OUTERMOST) ||
			      (code.known != callee.known && !code.foreign && !callee.foreign))) {
			w->flags |= TARE_STACK_CUT; /* that is no caller */
			return;
		}
		w->frames[w->nr++] = pc;
		sure = sure && code.known;
		if (sure || w->nr == 1)
			w->nr_sure = w->nr;
		if (walk__is_outermost(w, &code)) {
			w->flags |= TARE_STACK_WHOLE;
			return;
		}
		w->resumes = w->resumes || code.resumes;
		pc = walk__caller(w, pc, &code);
		callee = code;
	}
	w->flags |= pc ? TARE_STACK_CUT : 0;
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
	const uint64_t head[] = { (uint64_t)w->raw->tgid << 32 | w->raw->nr_kernel << 16 | w->nr_sure << 3 | w->flags,
				  w->program_ns };
	uint64_t h = hash__add(HASH_BEGIN, head, sizeof(head)), check = hash__add(~HASH_BEGIN, head, sizeof(head));
	uint64_t *slot;
	bool known;

	/* not in the same order: two stacks with one hash hardly have the other one too */
	h = hash__add(hash__add(h, kernel, w->raw->nr_kernel * WORD), w->frames, w->nr * WORD);
	check = hash__add(hash__add(check, w->frames, w->nr * WORD), kernel, w->raw->nr_kernel * WORD);
	slot = table__add(w->flags & TARE_STACK_TOLD ? &s->told : &s->by_hash,
			  h & ~(1ull << 63)); /* never TABLE_NO_KEY */
	known = slot && *slot;

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
	w->nr_words = raw->nr_words - raw->nr_below;
	w->links = w->user;
	w->nr_links = raw->nr_user;
	w->has_sp = true;
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

uint32_t stacks__told(struct stacks *s, uint32_t pid, const uint64_t *returns, size_t nr, uint64_t ts_ns,
		      uint64_t program_ns, struct writer *to)
{
	struct tare_stack raw = { .tgid = pid };
	struct walk w;

	walk__init(&w, s, &raw, ts_ns, program_ns);
	w.nr = w.nr_sure = nr < FRAMES_MAX ? nr : FRAMES_MAX;
	memcpy(w.frames, returns, w.nr * WORD);
	w.frames[0] -= w.nr > 0;
	w.flags = TARE_STACK_TOLD | (nr > FRAMES_MAX ? TARE_STACK_CUT : TARE_STACK_WHOLE);
	return stacks__intern(s, &w, 0, to);
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
