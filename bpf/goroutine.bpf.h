/* SPDX-License-Identifier: GPL-2.0-only */
/* The goroutine that a thread runs, read from the runtime's memory: no probe is needed. */
#ifndef TARE_GOROUTINE_BPF_H
#define TARE_GOROUTINE_BPF_H

#include "kernel.bpf.h"
#include "tare.bpf.h"

struct path_map {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, MAX_RUNTIMES);
	__type(key, __u32); /* tgid */
	__type(value, struct goroutine_path);
};
extern struct path_map goroutine_paths SEC(".maps");

/* False while the map is empty: then there is no lookup. */
extern bool any_goroutines;

static __always_inline const struct goroutine_path *goroutine_path(struct task_struct *p)
{
	__u32 tgid = p->tgid;

	return any_goroutines ? bpf_map_lookup_elem(&goroutine_paths, &tgid) : NULL;
}

/* The runtime's structure for the current task @p; 0 if unavailable. */
static __always_inline __u64 runtime_thread(const struct goroutine_path *path, struct task_struct *p)
{
	__u64 noted = peek(thread_pointer(p) + path->noted_at);

	return noted ? peek(noted + path->thread) : 0;
}

/* The id of the goroutine that the current task @p runs; 0: none, or its process has none. */
static __always_inline __u64 current_goroutine(struct task_struct *p)
{
	const struct goroutine_path *path = goroutine_path(p);
	__u64 thread = path ? runtime_thread(path, p) : 0, g = thread ? peek(thread + path->current) : 0;

	return g ? peek(g + path->id) : 0;
}

/*
 * What is wanted of the runtime's structures at a switch. A read of user memory costs as much as a record, so
 * neighbours are read as one: they lie like this in every Go so far.
 */
struct thread_words {
	__u64 number, between[14], current, after[2], p;
};
struct goroutine_words {
	__u32 status, lock;
	__u64 id, link, since;
	__u8 wait_reason, rest[7];
};

static __always_inline void read_thread(const struct goroutine_path *path, __u64 thread, struct thread_words *w)
{
	__s32 p = path->p - path->current;

	if (path->number >= 0 && path->current - path->number == __builtin_offsetof(struct thread_words, current) &&
	    (p == 16 || p == 24)) {
		if (bpf_probe_read_user(w, sizeof(*w), (void *)thread + path->number))
			w->current = 0;
		if (p == 16)
			w->p = w->after[1];
		return;
	}
	w->number = path->number >= 0 ? peek(thread + path->number) : 0;
	w->current = peek(thread + path->current);
	w->p = path->p >= 0 ? peek(thread + path->p) : 0;
}

static __always_inline void read_goroutine(const struct goroutine_path *path, __u64 g, struct goroutine_words *w)
{
	__builtin_memset(w, 0, sizeof(*w));
	if (path->id - path->status == __builtin_offsetof(struct goroutine_words, id) &&
	    path->wait_reason - path->status == __builtin_offsetof(struct goroutine_words, wait_reason)) {
		bpf_probe_read_user(w, sizeof(*w), (void *)g + path->status);
		return;
	}
	w->id = peek(g + path->id);
	if (path->status >= 0)
		bpf_probe_read_user(&w->status, sizeof(w->status), (void *)g + path->status);
	if (path->wait_reason >= 0)
		bpf_probe_read_user(&w->wait_reason, sizeof(w->wait_reason), (void *)g + path->wait_reason);
}

/*
 * What the current task runs, by the runtime's thread that it had last. False: it may have another one now. Not while
 * that still has this task's number, and either no goroutine or one in use: a task that the runtime made keeps its
 * thread for life, and where C code made it and gave the thread back, an unused goroutine is left there until the next
 * one puts its own number in.
 */
static __always_inline bool read_last(const struct goroutine_path *path, const struct task_state *t,
				      struct thread_words *w, struct goroutine_words *g)
{
	if (!t->runtime_thread || path->number < 0 || path->status < 0)
		return false;
	read_thread(path, t->runtime_thread, w);
	if (!w->number || w->number != t->runtime_number)
		return false;
	if (!w->current)
		return true;
	read_goroutine(path, w->current, g);
	return !(path->unused >> (g->status & 31) & 1);
}

/* Likewise, by what the task itself notes. */
static __always_inline void read_noted(const struct goroutine_path *path, struct task_state *t, struct task_struct *p,
				       struct thread_words *w, struct goroutine_words *g)
{
	__u64 thread = runtime_thread(path, p);

	w->current = 0;
	if (!thread)
		return;
	read_thread(path, thread, w);
	t->runtime_thread = thread;
	t->runtime_number = w->number;
	if (w->current)
		read_goroutine(path, w->current, g);
}

/* The number of the P at @owned: the runtime never frees one, nor gives it another number. */
static __always_inline __s16 p_number(const struct goroutine_path *path, struct task_state *t, __u64 owned)
{
	if (!owned || path->p_id < 0)
		return -1;
	if (owned != t->p_at) {
		t->p_number = peek(owned + path->p_id);
		t->p_at = owned;
	}
	return t->p_number;
}

/* What the current task runs, as a record without its time. False: no goroutine. */
static __always_inline bool goroutine_of_current(struct tare_goroutine *r)
{
	struct task_struct *p = bpf_get_current_task_btf();
	const struct goroutine_path *path = goroutine_path(p);
	struct task_state *t = path ? target(p) : NULL;
	struct thread_words w;
	struct goroutine_words g;

	if (!t)
		return false;
	if (!read_last(path, t, &w, &g))
		read_noted(path, t, p, &w, &g);
	if (!w.current)
		return false;
	r->rec.kind = TARE_REC_GOROUTINE;
	r->rec.flags = g.status;
	r->tid = p->pid;
	r->wait_reason = g.wait_reason;
	r->p = p_number(path, t, w.p);
	r->goroutine = g.id;
	return true;
}

/*
 * Emit what the current task runs, before the record that it belongs to. Emits nothing if it runs no goroutine. Always
 * 0. Verified apart: otherwise sched_switch takes the verifier ten times as long.
 */
APART int tell_goroutine(__u64 now)
{
	struct cpu_state *c = this_cpu();
	struct tare_goroutine r = {};

	if (c && goroutine_of_current(&r) && emit(c, now, &r.rec, sizeof(r)))
		__sync_fetch_and_add(&c->lost[TARE_LOST_EVIDENCE], 1);
	return 0;
}

#endif /* TARE_GOROUTINE_BPF_H */
