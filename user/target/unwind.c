// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "proc.h"
#include "unwind.h"
#include "unwind_code.h"
#include "unwind_maps.h"
#include "util.h"

#define SLOTS	    4096 /* a power of two: a megabyte at most */
#define BIT(reg)    (1ull << (reg))
#define ENTRY_BYTES 64 /* of what a program begins with, up to the call of its first function */

/* What is known of one address of a module, or of code in no file. */
struct slot {
	uint64_t at;	 /* as in the file */
	uint32_t module; /* 0: free */
	enum code_before before;
	const struct cfi_section *section; /* that .row is from, or NULL */
	enum { RULES_NONE, RULES_KNOWN, RULES_IF_EXACT } rules;
	bool entry; /* a program begins here */
	struct cfi_row row;
};

struct unwinder {
	struct unwind_maps maps;
	uint64_t now;
	struct slot *slots;
	struct slot apart; /* for code that is not kept: what is in no file may change */
};

struct unwinder *unwinder__new(size_t bytes_max, void (*refused)(const char *path, const char *why, void *ctx),
			       void *ctx)
{
	struct unwinder *u = calloc(1, sizeof(*u));

	if (!u)
		return NULL;
	u->slots = calloc(SLOTS, sizeof(*u->slots));
	if (!u->slots) {
		free(u);
		return NULL;
	}
	table__init(&u->maps.by_pid, 1u << 16);
	u->maps.modules.bytes_max = bytes_max;
	u->maps.modules.refused = refused;
	u->maps.modules.ctx = ctx;
	return u;
}

void unwinder__free(struct unwinder *u)
{
	if (!u)
		return;
	unwind_maps__free(&u->maps);
	free(u->slots);
	free(u);
}

void unwinder__mapped(struct unwinder *u, pid_t pid)
{
	unwind_maps__mapped(&u->maps, pid);
}

void unwinder__forget(struct unwinder *u, pid_t pid)
{
	unwind_maps__forget(&u->maps, pid);
}

size_t unwinder__bytes(const struct unwinder *u)
{
	return u->maps.modules.bytes;
}

/* ---- what is known of an address ---- */

static void look_up(struct slot *slot, struct unwind_module *mod, pid_t pid, const struct unwind_mapping *m,
		    uint64_t at)
{
	struct code_place place;

	slot->rules = RULES_NONE;
	slot->section = NULL;
	for (size_t i = 0; mod && !slot->rules && i < ARRAY_SIZE(mod->sections); i++) {
		if (!cfi__row(&mod->sections[i], at - m->bias, &slot->row))
			slot->rules = RULES_KNOWN;
		slot->section = &mod->sections[i];
	}
	code__look(pid, m->start, m->end, at, &place);
	slot->before = place.before;
	slot->entry = mod && at - m->bias - mod->entry < ENTRY_BYTES;
	if (slot->rules)
		return;
	if (place.signal_return) {
		code__signal_row(&slot->row);
		slot->rules = RULES_KNOWN;
	} else if (place.on_top || place.below_pointer) {
		code__prologue_row(&place, &slot->row);
		slot->rules = RULES_IF_EXACT;
	}
}

static struct slot *slot_of(struct unwinder *u, struct unwind_process *p, struct unwind_mapping *m, uint64_t at)
{
	struct unwind_module *mod = unwind_maps__module(&u->maps, p, m, u->now);
	struct slot *slot = &u->apart;
	uint64_t key = at - m->bias;

	if (mod) {
		slot = &u->slots[(key * 0x9e3779b97f4a7c15u ^ (uint64_t)mod->id * 0xc2b2ae3d27d4eb4fu) >> 52];
		if (slot->module == mod->id && slot->at == key && slot->before != CODE_UNREADABLE)
			return slot;
	}
	look_up(slot, mod, p->pid, m, at);
	slot->module = mod ? mod->id : 0;
	slot->at = key;
	return slot;
}

/* ---- frames ---- */

/* One frame further by the frame pointer. The other registers are lost. */
static int step_by_pointer(const struct cfi_stack *stack, struct cfi_regs *regs)
{
	uint64_t fp = regs->r[CFI_FP], caller, ra;
	int ret;

	if (!(regs->known & BIT(CFI_FP)) || fp % sizeof(fp) || fp < regs->r[CFI_SP])
		return -EINVAL;
	ret = cfi__load(stack, fp, &caller) ?: cfi__load(stack, fp + 8, &ra);
	if (ret)
		return -EINVAL; /* rather no frame pointer at all than one beyond the copy */
	regs->r[CFI_FP] = caller;
	regs->r[CFI_SP] = fp + 16;
	regs->r[CFI_PC] = ra;
	regs->known = BIT(CFI_FP) | BIT(CFI_SP) | BIT(CFI_PC);
	return 0;
}

/* A walk from frame to frame. */
struct walk {
	struct cfi_stack stack;
	struct cfi_regs regs;
	bool exact;	 /* the pc is that of the next instruction to run, not one after a call */
	bool by_pointer; /* the last step was */
};

/* Its row, or NULL. */
static const struct cfi_row *row_of(const struct slot *slot, bool exact)
{
	return slot->rules == RULES_KNOWN || (slot->rules == RULES_IF_EXACT && exact) ? &slot->row : NULL;
}

/* As the kernel leaves the stack to a program: the number of its arguments, and so many pointers before a NULL. */
static bool is_first_frame(const struct walk *w)
{
	uint64_t sp = w->regs.r[CFI_SP], argc, end;

	return !cfi__load(&w->stack, sp, &argc) && argc < 1u << 20 &&
	       !cfi__load(&w->stack, sp + 8 * (argc + 1), &end) && !end;
}

/* May a frame be here? */
static bool believable(const struct walk *w, const struct slot *slot)
{
	const struct cfi_row *row = row_of(slot, w->exact);

	if (w->exact || (row && (row->signal || row->regs[row->ra].kind == CFI_UNDEFINED)))
		return true;
	return slot->before == CODE_CALL || (slot->before == CODE_UNREADABLE && !w->by_pointer);
}

/*
 * Is this no return address of a call, but the one that the outermost function was given? Runtimes with threads of
 * their own let that be right after the first instruction of one that ends a thread; or there is none for frame
 * pointers.
 */
static bool is_made_up(const struct walk *w, const struct slot *slot)
{
	const struct cfi_row *row = row_of(slot, w->exact);

	return (row && row->first) || (w->by_pointer && !w->regs.r[CFI_FP]);
}

static enum unwind_end end_of(int error)
{
	if (error == -ENOENT)
		return UNWIND_OUTERMOST;
	return error == -ERANGE || error == -EFAULT ? UNWIND_CUT : UNWIND_DAMAGED;
}

/* To the caller of the frame that @slot is about. Returns whether there is one, else why not. */
static bool walk__step(struct walk *w, const struct slot *slot, enum unwind_end *end)
{
	const struct cfi_row *row = row_of(slot, w->exact);
	uint64_t sp = w->regs.r[CFI_SP];
	bool signal = row && row->signal;
	int ret;

	if (row) {
		ret = cfi__step(slot->section, row, &w->stack, &w->regs);
		*end = end_of(ret);
	} else if (slot->entry && is_first_frame(w)) {
		*end = UNWIND_OUTERMOST;
		return false;
	} else {
		ret = step_by_pointer(&w->stack, &w->regs);
		*end = w->by_pointer && !w->regs.r[CFI_FP] ? UNWIND_OUTERMOST : UNWIND_UNKNOWN;
	}
	if (ret)
		return false;
	w->by_pointer = !row;
	w->regs.r[CFI_PC] = code__without_signature(w->regs.r[CFI_PC]);
	*end = UNWIND_DAMAGED;
	/* stacks grow downwards, but a signal may have its own; on arm64 an innermost function may have no frame */
	if (!signal && (w->regs.r[CFI_SP] < sp || (w->regs.r[CFI_SP] == sp && !(w->exact && CFI_PC == 32))))
		return false;
	w->exact = signal;
	return true;
}

int unwinder__frames(struct unwinder *u, const struct unwind_sample *s, uint64_t *frames, int max, enum unwind_end *end)
{
	struct walk w = { .stack = { s->stack_at, s->stack, s->stack_bytes }, .exact = true };
	struct unwind_process *p;
	int nr = 0;

	u->now = now_ns();
	p = unwind_maps__of(&u->maps, s->pid, u->now);
	memcpy(w.regs.r, s->regs, sizeof(w.regs.r));
	w.regs.known = BIT(CFI_REGS) - 1;
	*end = UNWIND_FULL;
	while (nr < max) {
		uint64_t pc = w.regs.r[CFI_PC], at = pc - !w.exact;
		struct unwind_mapping *m = p ? unwind_maps__find(&u->maps, p, at, u->now) : NULL;
		struct slot *slot = m ? slot_of(u, p, m, at) : NULL;

		if (nr && (!slot || !believable(&w, slot))) {
			*end = slot && is_made_up(&w, slot) ? UNWIND_OUTERMOST : UNWIND_DAMAGED;
			break;
		}
		frames[nr] = pc + (nr && (w.exact || (slot->rules == RULES_KNOWN && slot->row.signal)));
		nr++;
		if (!slot)
			*end = UNWIND_UNKNOWN;
		if (!slot || !walk__step(&w, slot, end))
			break;
		*end = UNWIND_FULL;
	}
	return nr;
}
