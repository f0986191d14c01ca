/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The last words of a Go process: its counters, copied while the thread that ends it is at the probe. Each non-static
 * function here is verified once, however often it is called: so the loops are free.
 */
#ifndef TARE_GO_EXIT_BPF_H
#define TARE_GO_EXIT_BPF_H

#include "memory.bpf.h"
#include "runtime/maps.bpf.h"

static __always_inline struct go_exit *go_exit(void)
{
	__u32 tgid = bpf_get_current_task_btf()->tgid;

	return bpf_map_lookup_elem(&go_exits, &tgid);
}

static __always_inline int copy_field(const struct exit_field *f, __u64 base)
{
	return f->len ? copy(TARE_RT_EXIT, base + f->at, f->len) : 0;
}

/* Copy piece @nr of the globals. */
__noinline int exit_piece(__u64 nr, __u64 bias)
{
	struct go_exit *x = go_exit();

	if (!x || nr >= MAX_EXIT_PIECES || !x->pieces[nr].len)
		return 0;
	return copy(TARE_RT_EXIT, x->pieces[nr].address + bias, x->pieces[nr].len) ? 1 : 0;
}

/* Copy item @nr of a P: its own fields, its mcache's, then the mcache's spans. */
__noinline int exit_field(__u64 p, __u64 mcache, __u64 nr)
{
	struct go_exit *x = go_exit();
	__u64 span;

	if (!x)
		return 0;
	if (nr < MAX_EXIT_FIELDS)
		return copy_field(&x->p[nr], p) ? 1 : 0;
	nr -= MAX_EXIT_FIELDS;
	if (!mcache)
		return 0;
	if (nr < MAX_EXIT_FIELDS)
		return copy_field(&x->mcache[nr], mcache) ? 1 : 0;
	nr -= MAX_EXIT_FIELDS;
	span = peek(mcache + x->spans + nr * 8);
	if (!span || !peek(span + x->span_size))
		return 0;
	return copy_field(&x->span, span) ? 1 : 0;
}

__noinline int exit_p(__u64 at)
{
	struct go_exit *x = go_exit();
	__u64 p = peek(at), mcache;
	int failed = 0;

	if (!x || !p)
		return 0;
	mcache = peek(p + x->p_mcache);
	for (int i = 0; i < 2 * MAX_EXIT_FIELDS + MAX_EXIT_SPANS; i++)
		failed += exit_field(p, mcache, i);
	return failed;
}

/* All Ps of the slice @allp, including those beyond its length: they counted before GOMAXPROCS was lowered. */
__noinline int exit_ps(__u64 allp)
{
	__u64 ps = peek(allp), nr = peek(allp + 16);
	int failed = 0;

	if (!ps || nr > MAX_EXIT_PS)
		return 0; /* too many: the Ps' figures will be missing, the rest is recorded */
	for (__u64 i = 0; i < nr * 8 && i < MAX_EXIT_PS * 8; i += TARE_MEMORY_MAX)
		failed += copy(TARE_RT_EXIT, ps + i, nr * 8 - i) ? 1 : 0;
	for (__u64 i = 0; i < MAX_EXIT_PS; i++) {
		if (i >= nr)
			break;
		failed += exit_p(ps + i * 8);
	}
	return failed;
}

/* The current process is ending; the probe at @ip was hit. */
__noinline int go_exits__tell(__u64 ip)
{
	struct task_struct *p = bpf_get_current_task_btf();
	struct cpu_state *c = this_cpu();
	struct go_exit *x = go_exit();
	struct exit_end end = {};
	struct tare_memory *m;
	__u64 allp;

	if (!x || !c)
		return 0;
	end.bias = ip - x->site;
	allp = x->allp;
	for (int i = 0; i < MAX_EXIT_PIECES; i++)
		end.failed += exit_piece(i, end.bias);
	if (allp)
		end.failed += exit_ps(allp + end.bias);
	m = bpf_task_storage_get(&memory_scratch, p, NULL, BPF_LOCAL_STORAGE_GET_F_CREATE);
	if (!m)
		return 0;
	m->rec.kind = TARE_REC_MEMORY;
	m->rec.flags = TARE_RT_EXIT;
	m->tgid = p->tgid;
	m->address = 0;
	m->len = sizeof(end);
	__builtin_memcpy(m->bytes, &end, sizeof(end));
	if (emit(c, bpf_ktime_get_ns(), &m->rec, __builtin_offsetof(struct tare_memory, bytes) + sizeof(end)))
		__sync_fetch_and_add(&c->lost[TARE_LOST_RUNTIME], 1);
	return 0;
}

#endif /* TARE_GO_EXIT_BPF_H */
