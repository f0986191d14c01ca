// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "alloc_plan.h"
#include "allocs_impl.h"
#include "array.h"
#include "pid_ns.h"
#include "probe_room.h"
#include "proc.h"
#include "pthreads.h"
#include "trap_cost.h"
#include "uprobe_multi.h"
#include "util.h"

#define AT_ONCE 16     /* files that a burst attaches to: more of them take turns */
#define LOOK_NS 100000 /* between two looks whether a burst is over */

/* Waits until @until_ns, or until all is over. With the lock held. */
static void allocs__wait(struct allocs *a, uint64_t until_ns)
{
	uint64_t now = now_ns();
	struct timespec at;

	clock_gettime(CLOCK_MONOTONIC, &at); /* in a time namespace it is not the kernel's */
	if (until_ns > now) {
		at.tv_sec += (until_ns - now) / NSEC_PER_SEC;
		at.tv_nsec += (until_ns - now) % NSEC_PER_SEC;
		at.tv_sec += at.tv_nsec / NSEC_PER_SEC;
		at.tv_nsec %= NSEC_PER_SEC;
	}
	while (!a->stop && now_ns() < until_ns)
		if (pthread_cond_timedwait(&a->changed, &a->lock, &at) == ETIMEDOUT)
			break;
}

/* Each probe takes one page at most. A process that is at its limit now may have room again later. */
static bool allocs__has_room(struct alloc_place *p)
{
	struct cgroup_memory m;
	uint64_t need;

	if (probe_room__is_there(p->pid, p->nr, &need, &m))
		return true;
	if (!p->said)
		warn("process %d: its memory cgroup is full, so who allocates is not seen: the kernel needs %llu KB of it for probes",
		     p->pid, (unsigned long long)need >> 10);
	p->said = true;
	return false;
}

/* Attach to what is not attached yet, to @most files at most. With the lock held. Returns how many are. */
static size_t allocs__attach(struct allocs *a, size_t most)
{
	size_t nr = 0, first = a->nr ? rand_r(&a->seed) % a->nr : 0;

	for (size_t i = 0; i < a->nr && nr < most; i++) {
		struct alloc_place *p = &a->places[(first + i) % a->nr];
		struct uprobe_multi at = { p->nr, p->offsets, NULL, p->cookies };
		char path[64];

		/* the kernel finds the process by its first thread; without a process it would be everyone's */
		if (p->link < 0 && proc__living(p->pid) == p->pid && allocs__has_room(p)) {
			snprintf(path, sizeof(path), "/proc/self/fd/%d", p->fd);
			p->link = uprobe_multi__attach(bpf__alloc_prog_fd(a->bpf), path, pid_ns__here(p->pid), &at);
		}
		nr += p->link >= 0;
	}
	return nr;
}

static void allocs__detach(struct allocs *a)
{
	int *links = NULL;
	size_t nr = 0, room = 0;

	pthread_mutex_lock(&a->lock);
	for (size_t i = 0; i < a->nr; i++) {
		if (a->places[i].link < 0 || ARRAY_GROW(links, room, nr + 1))
			continue;
		links[nr++] = a->places[i].link;
		a->places[i].link = -1;
	}
	pthread_mutex_unlock(&a->lock);
	for (size_t i = 0; i < nr; i++) /* takes the kernel some 20 ms: see allocs.bpf.c */
		close(links[i]);
	free(links);
}

static void allocs__begin(struct allocs *a, const struct alloc_plan *plan, uint32_t number)
{
	/*
	 * Where allocations are frequent it begins after some by chance: threads go on where they were preempted, and
	 * that is mostly at a system call, so always at the same place of a loop.
	 */
	a->burst->skip = plan->skip_below ? rand_r(&a->seed) % plan->skip_below : 0;
	a->burst->max_hits = plan->max_hits;
	a->burst->max_told = plan->max_told;
	a->burst->least = plan->least;
	a->burst->per_byte = plan->per_byte;
	a->number = number;
	__atomic_store_n(&a->burst->number, number, __ATOMIC_RELEASE);
}

static const struct alloc_yield *allocs__yield(const struct allocs *a, unsigned cpu)
{
	const struct alloc_yield *y = &a->bpf->cpus[cpu].alloc;

	return __atomic_load_n(&y->number, __ATOMIC_ACQUIRE) == a->number ? y : NULL;
}

/* Has one CPU had all that it may have? The others' time is over then, too. */
static bool allocs__is_over(const struct allocs *a)
{
	return __atomic_load_n(&a->burst->over, __ATOMIC_ACQUIRE);
}

/*
 * The last burst stands for the time up to @until_ns; what came before, others stood for. Now that this is known it can
 * be written. With the lock held.
 */
static void allocs__cover(struct allocs *a, uint64_t until_ns)
{
	if (a->in_vain) /* those before and after it stand for its time */
		return;
	for (size_t i = a->nr_covered; i < a->nr_told; i++) {
		struct tare_alloc_burst *b = &a->told[i];

		b->covered_ns = (until_ns - a->covered_ns) * a->share_of_files;
	}
	a->nr_covered = a->nr_told;
	a->covered_ns = until_ns;
}

/* The burst that began at @begin_ns has ended. With the lock held. */
static struct alloc_sum allocs__conclude(struct allocs *a, uint64_t begin_ns)
{
	struct alloc_sum sum = { .wall_ns = now_ns() - begin_ns };
	uint64_t skipped = 0;

	for (unsigned i = 0; i < a->bpf->nr_cpus; i++) {
		const struct alloc_yield *y = allocs__yield(a, i);
		uint64_t wall, spent, all, exposed;

		skipped += y ? y->skipped : 0;
		if (!y || !y->hits)
			continue;
		wall = y->end_ns > begin_ns ? y->end_ns - begin_ns : sum.wall_ns;
		wall -= y->apart_ns < wall ? y->apart_ns : wall;
		all = y->hits + y->skipped;
		spent = y->programs_ns + (all - y->stepped) * a->trap_ns[0] + y->stepped * a->trap_ns[1];
		sum.hits += y->hits;
		sum.bytes += y->bytes;
		sum.spent_ns += spent;
		if (y->hits > sum.most_hits)
			sum.most_hits = y->hits;
		exposed = alloc_exposed_ns(wall, all, spent);
		if (y->end_ns)
			exposed = alloc_paces__exposed_ns(&a->paces, exposed, all);
		if (!ARRAY_GROW(a->told, a->room_told, a->nr_told + 1))
			a->told[a->nr_told++] = (struct tare_alloc_burst){
				.number = y->number,
				.cpu = i,
				.begin_ns = begin_ns,
				.exposed_ns = exposed,
				.allocations = all,
				.bytes = (double)y->bytes / y->hits * all,
				.told_allocations = y->told_hits_q16 >> 16,
				.told_bytes = y->told_bytes,
				.spent_ns = spent,
			};
	}
	/* none at all is a result; none because it was over before it could begin is not */
	a->in_vain = skipped && !sum.hits;
	return sum;
}

/* One burst, with the lock held but while it lasts. Returns the plan for the next one. */
static struct alloc_plan allocs__one(struct allocs *a, const struct alloc_plan *plan)
{
	struct alloc_plan next = *plan;
	uint64_t before_ns = a->begin_ns;
	struct alloc_sum sum;
	size_t attached;

	__atomic_store_n(&a->burst->over, 0, __ATOMIC_RELEASE);
	attached = allocs__attach(a, AT_ONCE);
	a->begin_ns = now_ns();
	allocs__begin(a, plan, a->number + 1 == TARE_ALLOC_ALL ? 1 : a->number + 1);
	if (attached) {
		allocs__cover(a, before_ns + (a->begin_ns - before_ns) / 2);
		a->share_of_files = (double)a->nr / attached;
		pthread_mutex_unlock(&a->lock);
		while (now_ns() < a->begin_ns + plan->wall_ns && !allocs__is_over(a) &&
		       !__atomic_load_n(&a->stop, __ATOMIC_RELAXED))
			nanosleep(&(struct timespec){ .tv_nsec = LOOK_NS }, NULL);
		pthread_mutex_lock(&a->lock);
		sum = allocs__conclude(a, a->begin_ns);
		next = alloc_plan__next(plan, &sum);
	}
	__atomic_store_n(&a->burst->number, 0, __ATOMIC_RELEASE);
	/* where it had all that it may have, its probes are being taken out already */
	if (!next.stays || allocs__is_over(a)) {
		__atomic_store_n(&a->burst->over, 1, __ATOMIC_RELEASE);
		pthread_mutex_unlock(&a->lock);
		allocs__detach(a);
		pthread_mutex_lock(&a->lock);
	}
	return next;
}

static void allocs__all(struct allocs *a)
{
	const struct alloc_plan plan = { .max_hits = UINT64_MAX, .max_told = UINT64_MAX, .least = 1ull << 32 };

	allocs__begin(a, &plan, TARE_ALLOC_ALL);
	while (!a->stop) {
		allocs__attach(a, SIZE_MAX);
		pthread_cond_wait(&a->changed, &a->lock);
	}
}

static void allocs__bursts(struct allocs *a)
{
	struct alloc_plan plan = alloc_plan__first();

	a->begin_ns = a->covered_ns = now_ns();
	while (!a->stop) {
		if (!plan.stays) /* at random: not in step with what the target does */
			allocs__wait(a, now_ns() + plan.wait_ns / 2 + rand_r(&a->seed) % plan.wait_ns);
		plan = allocs__one(a, &plan);
	}
	allocs__cover(a, now_ns());
}

static void *allocs__run(void *arg)
{
	struct allocs *a = arg;

	for (int stepped = 0; stepped < 2 && !a->always; stepped++)
		a->trap_ns[stepped] = trap_cost__ns(bpf__alloc_prog_fd(a->bpf), stepped);
	pthread_mutex_lock(&a->lock);
	(a->always ? allocs__all : allocs__bursts)(a);
	pthread_mutex_unlock(&a->lock);
	__atomic_store_n(&a->burst->number, 0, __ATOMIC_RELEASE);
	allocs__detach(a);
	return NULL;
}

int allocs__start(struct bpf *bpf, enum alloc_mode mode, struct allocs **out)
{
	struct allocs *a;
	int ret;

	*out = NULL;
	if (mode == ALLOC_OFF || bpf__alloc_prog_fd(bpf) < 0)
		return 0;
	a = calloc(1, sizeof(*a));
	if (!a)
		return -ENOMEM;
	a->bpf = bpf;
	a->always = mode == ALLOC_ALL;
	a->burst = bpf__alloc_burst(bpf);
	a->seed = now_ns();
	alloc_places__init(a);
	pthread_mutex_init(&a->lock, NULL);
	pthreads__cond(&a->changed);
	ret = pthreads__start(&a->thread, allocs__run, a);
	if (ret)
		free(a);
	else
		*out = a;
	return ret;
}

void allocs__write(struct allocs *a, struct writer *w)
{
	if (!a)
		return;
	pthread_mutex_lock(&a->lock);
	if (a->nr_covered) {
		writer__array(w, TARE_FRAME_ALLOC_BURSTS, now_ns(), a->told, sizeof(*a->told), a->nr_covered);
		memmove(a->told, a->told + a->nr_covered, (a->nr_told - a->nr_covered) * sizeof(*a->told));
		a->nr_told -= a->nr_covered;
		a->nr_covered = 0;
	}
	pthread_mutex_unlock(&a->lock);
}

void allocs__stop(struct allocs *a, struct writer *w)
{
	if (!a)
		return;
	pthread_mutex_lock(&a->lock);
	a->stop = true;
	pthread_cond_signal(&a->changed);
	pthread_mutex_unlock(&a->lock);
	pthread_join(a->thread, NULL);
	if (w)
		allocs__write(a, w);
	alloc_places__free(a);
	pthread_cond_destroy(&a->changed);
	pthread_mutex_destroy(&a->lock);
	free(a);
}
