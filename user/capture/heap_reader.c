// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/param.h>

#include "array.h"
#include "describing_frames.h"
#include "heap_reader.h"
#include "util.h"

#define SHARE	      1000	  /* of one CPU, 1/SHARE is spent on a process */
#define SHARE_GROWN   200	  /* .. or 1/SHARE_GROWN as long as it grows */
#define FIRST_STEP_NS 50000000ull /* often at first: it may not run for long */
#define LOOK_NS	      50000000ull
#define GROWN	      8	    /* by 1/GROWN of its size */
#define TICK_SHARE    100   /* and 1/TICK_SHARE on looking after all of them */
#define MAX_STACKS    20000 /* of a process: to read and keep so many takes some 100 ms, in which the rings wait */
#define FRAME_STACKS  4096  /* written at once */

static void kept__write(struct heap_kept *k, struct writer *w, uint32_t flags)
{
	struct tare_heap head = k->head;

	head.flags |= flags;
	do {
		struct iovec iov[] = {
			{ &head, sizeof(head) },
			{ k->stacks + head.first, MIN(k->head.nr - head.first, FRAME_STACKS) * sizeof(*k->stacks) },
		};

		head.nr = iov[1].iov_len / sizeof(*k->stacks);
		writer__frame(w, TARE_FRAME_HEAP, 0, head.ts_ns, iov, 2);
		head.first += head.nr;
	} while (head.first < head.total);
	k->unwritten = false;
	k->written_cycles = k->head.cycles + 1;
}

static int keep(struct heap_kept *k, const struct heap_sources *from, const struct heap_profile *heap, uint64_t ts_ns)
{
	if (ARRAY_GROW(k->stacks, k->room, heap->nr + 1))
		return -ENOMEM;
	for (size_t i = 0; i < heap->nr; i++) {
		const struct heap_stack *s = &heap->stacks[i];

		k->stacks[i] = (struct tare_heap_stack){
			.stack = stacks__told(from->stacks, k->pid, heap->pcs + s->first, s->nr, ts_ns, k->program_ns,
					      from->writer),
			.size_bytes = s->size_bytes,
			.allocs = s->published.allocs,
			.frees = s->published.frees,
			.alloc_bytes = s->published.alloc_bytes,
			.free_bytes = s->published.free_bytes,
		};
	}
	k->head = (struct tare_heap){
		.ts_ns = ts_ns,
		.pid = k->pid,
		.elem_size = sizeof(*k->stacks),
		.nr = heap->nr,
		.total = heap->nr,
		.flags = heap->all_pending ? TARE_HEAP_PENDING : 0,
		.rate_bytes = heap->rate_bytes,
		.cycles = heap->cycles,
		.nr_torn = heap->nr_torn,
		.tries = heap->tries,
	};
	k->unwritten = true;
	return 0;
}

static uint64_t resident_pages(pid_t pid)
{
	unsigned long long pages;
	char statm[128];

	return proc__read(pid, "statm", statm, sizeof(statm)) > 0 && sscanf(statm, "%*u %llu", &pages) == 1 ? pages : 0;
}

/* Does it still run the program that @k is of? */
static bool kept__is_of(const struct heap_kept *k, const struct runtimes *r)
{
	uint64_t program_ns;

	return !bpf__program_ns(r->bpf, k->pid, &program_ns) && program_ns == k->program_ns;
}

static void refuse(struct heap_kept *k, const struct heap_sources *from, int error, const char *why)
{
	char key[64], text[400];

	k->refuses = true;
	snprintf(key, sizeof(key), "%s%u", TARE_INFO_NO_HEAP, k->pid);
	snprintf(text, sizeof(text), "%s%s", why,
		 error == -E2BIG ? ", which is too much to record; `tare heap -p' reads it" : "");
	describing_frames__info(from->writer, &(const char *const[2]){ key, text }, 1);
}

/* Read one. What is kept stays if it cannot be read any more: it is ending. */
static void kept__read(struct heap_kept *k, const struct heap_sources *from, uint64_t now)
{
	struct heap_profile heap = { .max = MAX_STACKS };
	uint64_t cpu_ns = thread_cpu_ns();
	int ret = runtimes__heap(from->runtimes, k->pid, &heap);

	if (kept__is_of(k, from->runtimes)) {
		if (ret && ret != -EFAULT && heap.problem[0]) /* what is not mapped yet, or any more */
			refuse(k, from, ret, heap.problem);
		else if (!ret && !keep(k, from, &heap, now_ns()))
			k->head.cost_ns = thread_cpu_ns() - cpu_ns;
	}
	heap_profile__free(&heap);
	k->step_ns = k->step_ns ? MIN(2 * k->step_ns, NSEC_PER_SEC) : FIRST_STEP_NS;
	k->pages = resident_pages(k->pid);
	cpu_ns = thread_cpu_ns() - cpu_ns;
	k->soon_ns = now + SHARE_GROWN * cpu_ns;
	k->next_ns = now + MAX(k->step_ns, SHARE * cpu_ns);
}

static bool kept__is_due(const struct heap_kept *k, uint64_t now)
{
	if (k->refuses || now < k->soon_ns)
		return false;
	return now >= k->next_ns || resident_pages(k->pid) > k->pages + k->pages / GROWN;
}

/* ---- all of them ---- */

static struct heap_kept *find(struct heap_reader *h, uint32_t pid)
{
	size_t at = ARRAY_FIRST_NOT(h->nr, i, h->all[i].pid < pid);

	if (at < h->nr && h->all[at].pid == pid)
		return &h->all[at];
	if (ARRAY_GROW(h->all, h->room, h->nr + 1))
		return NULL;
	memmove(&h->all[at + 1], &h->all[at], (h->nr++ - at) * sizeof(*h->all));
	h->all[at] = (struct heap_kept){ .pid = pid };
	return &h->all[at];
}

/* It runs another program now: that has nothing to do with what is kept. */
static void kept__replace(struct heap_kept *k, const struct heap_sources *from, uint64_t program_ns)
{
	if (k->unwritten)
		kept__write(k, from->writer, 0);
	*k = (struct heap_kept){ .pid = k->pid, .program_ns = program_ns, .stacks = k->stacks, .room = k->room };
}

/* See who is there. */
static void look(struct heap_reader *h, const struct heap_sources *from)
{
	struct pids there = { 0 };
	struct heap_kept *k;
	uint64_t program_ns;

	for (size_t i = 0; i < h->nr; i++)
		h->all[i].seen = false;
	runtimes__processes(from->runtimes, &there);
	for (size_t i = 0; i < there.nr; i++) {
		k = find(h, there.pids[i]);
		if (!k || bpf__program_ns(from->runtimes->bpf, k->pid, &program_ns))
			continue;
		if (k->program_ns != program_ns)
			kept__replace(k, from, program_ns);
		k->seen = true;
	}
	free(there.pids);
}

/* Those that have ended: what is kept of them is their last. */
static void drop_gone(struct heap_reader *h, const struct heap_sources *from)
{
	size_t left = 0;

	for (size_t i = 0; i < h->nr; i++) {
		struct heap_kept *k = &h->all[i];

		if (k->seen) {
			h->all[left++] = *k;
			continue;
		}
		if (k->unwritten)
			kept__write(k, from->writer, 0);
		free(k->stacks);
	}
	h->nr = left;
}

void heap_reader__begin(struct heap_reader *h, const struct heap_sources *from, uint64_t now)
{
	look(h, from);
	for (size_t i = 0; i < h->nr; i++) {
		struct heap_kept *k = &h->all[i];

		kept__read(k, from, now);
		if (k->unwritten)
			kept__write(k, from->writer, TARE_HEAP_BEGIN);
	}
}

void heap_reader__tick(struct heap_reader *h, const struct heap_sources *from, uint64_t now)
{
	uint64_t cpu_ns;

	if (now < h->next_ns)
		return;
	cpu_ns = thread_cpu_ns();
	look(h, from);
	drop_gone(h, from);
	for (size_t i = 0; i < h->nr; i++)
		if (kept__is_due(&h->all[i], now))
			kept__read(&h->all[i], from, now);
	h->next_ns = now + MAX(LOOK_NS, TICK_SHARE * (thread_cpu_ns() - cpu_ns));
}

void heap_reader__mark(struct heap_reader *h, struct writer *w)
{
	for (size_t i = 0; i < h->nr; i++)
		if (h->all[i].unwritten && h->all[i].written_cycles != h->all[i].head.cycles + 1)
			kept__write(&h->all[i], w, 0);
}

void heap_reader__write(struct heap_reader *h, const struct heap_sources *from, uint64_t now)
{
	look(h, from);
	for (size_t i = 0; i < h->nr; i++) {
		struct heap_kept *k = &h->all[i];

		if (k->seen && !k->refuses)
			kept__read(k, from, now);
		if (k->unwritten)
			kept__write(k, from->writer, 0);
	}
}

void heap_reader__free(struct heap_reader *h)
{
	for (size_t i = 0; i < h->nr; i++)
		free(h->all[i].stacks);
	free(h->all);
}
