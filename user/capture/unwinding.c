// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "unwinding.h"
#include "pthreads.h"
#include "util.h"

/* Of stacks that wait: some 2,000 of --call-graph dwarf, or 8,000 of a burst of --alloc-sites. */
#define WAITING_BYTES (32ull << 20)
#define TABLES_BYTES  (256ull << 20) /* of all files' call frame information */

struct list {
	struct unwound *first, **end;
	unsigned nr;
	size_t bytes;
};

struct unwinding {
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t changed;	  /* something was added, or .stop set; or all is found */
	struct list asked, found; /* one of .nr -1 has no stack: its process changed */
	bool busy, stop;
};

static void list__add(struct list *l, struct unwound *w)
{
	w->next = NULL;
	if (!l->nr++)
		l->end = &l->first;
	*l->end = w;
	l->end = &w->next;
	l->bytes += w->bytes;
}

static void list__free(struct unwound *w)
{
	while (w) {
		struct unwound *next = w->next;

		free(w);
		w = next;
	}
}

static void find(struct unwinder *u, struct unwound *w)
{
	const struct tare_stack *raw = &w->raw;
	const uint64_t *words = (const uint64_t *)raw->at + raw->nr_user + raw->nr_kernel + raw->nr_parked;
	struct unwind_sample sample = {
		.pid = raw->tgid,
		.tid = raw->tid,
		.stack_at = raw->sp - raw->nr_below * sizeof(*words),
		.stack = words,
		.stack_bytes = raw->nr_words * sizeof(*words),
	};
	unsigned nr = raw->nr_regs < UNWIND_REGS ? raw->nr_regs : UNWIND_REGS;

	memcpy(sample.regs, words + raw->nr_words, nr * sizeof(*words));
	w->nr = unwinder__frames(u, &sample, w->frames, UNWINDING_FRAMES, &w->end);
}

static struct unwound *unwinding__next(struct unwinding *u)
{
	struct unwound *w = NULL;

	pthread_mutex_lock(&u->lock);
	u->busy = false;
	while (!u->asked.first && !u->stop) {
		pthread_cond_broadcast(&u->changed);
		pthread_cond_wait(&u->changed, &u->lock);
	}
	if (!u->stop) {
		w = u->asked.first;
		u->asked.first = w->next;
		u->asked.nr--;
		u->asked.bytes -= w->bytes;
		u->busy = true;
	}
	pthread_mutex_unlock(&u->lock);
	return w;
}

static void say_refused(const char *path, const char *why, void *ctx)
{
	info("the callers of what is in %s are not found: %s", path, why);
}

static void *run(void *arg)
{
	struct unwinding *u = arg;
	struct unwinder *unwinder = unwinder__new(TABLES_BYTES, say_refused, NULL);
	struct unwound *w;

	while ((w = unwinding__next(u))) {
		if (w->nr < 0) {
			if (unwinder)
				unwinder__forget(unwinder, w->raw.tgid);
			free(w);
			continue;
		}
		if (unwinder)
			find(unwinder, w);
		pthread_mutex_lock(&u->lock);
		list__add(&u->found, w);
		pthread_mutex_unlock(&u->lock);
	}
	unwinder__free(unwinder);
	return NULL;
}

int unwinding__start(struct unwinding **out)
{
	struct unwinding *u = calloc(1, sizeof(*u));
	int ret;

	if (!u)
		return -ENOMEM;
	pthread_mutex_init(&u->lock, NULL);
	pthread_cond_init(&u->changed, NULL);
	ret = pthreads__start(&u->thread, run, u);
	if (ret) {
		free(u);
		return ret;
	}
	*out = u;
	return 0;
}

static void unwinding__ask(struct unwinding *u, struct unwound *w)
{
	pthread_mutex_lock(&u->lock);
	list__add(&u->asked, w);
	pthread_cond_broadcast(&u->changed);
	pthread_mutex_unlock(&u->lock);
}

bool unwinding__add(struct unwinding *u, const struct tare_stack *raw, size_t bytes, const struct unwound *like)
{
	struct unwound *w;

	pthread_mutex_lock(&u->lock);
	w = u->asked.bytes < WAITING_BYTES ? malloc(sizeof(*w) + bytes) : NULL;
	pthread_mutex_unlock(&u->lock);
	if (!w)
		return false;
	w->bytes = sizeof(*w) + bytes;
	w->number = like->number;
	w->ts_ns = like->ts_ns;
	w->program_ns = like->program_ns;
	w->nr = 0;
	w->end = UNWIND_UNKNOWN;
	memcpy(&w->raw, raw, bytes);
	unwinding__ask(u, w);
	return true;
}

void unwinding__changed(struct unwinding *u, uint32_t pid)
{
	struct unwound *w = calloc(1, sizeof(*w));

	if (!w)
		return;
	w->nr = -1;
	w->raw.tgid = pid;
	unwinding__ask(u, w);
}

struct unwound *unwinding__take(struct unwinding *u)
{
	struct unwound *first;

	pthread_mutex_lock(&u->lock);
	first = u->found.nr ? u->found.first : NULL;
	u->found = (struct list){ 0 };
	pthread_mutex_unlock(&u->lock);
	return first;
}

void unwinding__settle(struct unwinding *u, int timeout_ms)
{
	struct timespec until;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += timeout_ms / 1000;
	until.tv_nsec += timeout_ms % 1000 * 1000000l;
	if (until.tv_nsec >= 1000000000l) {
		until.tv_sec++;
		until.tv_nsec -= 1000000000l;
	}
	pthread_mutex_lock(&u->lock);
	while ((u->asked.first || u->busy) && !pthread_cond_timedwait(&u->changed, &u->lock, &until))
		;
	pthread_mutex_unlock(&u->lock);
}

void unwinding__stop(struct unwinding *u)
{
	if (!u)
		return;
	pthread_mutex_lock(&u->lock);
	u->stop = true;
	pthread_cond_broadcast(&u->changed);
	pthread_mutex_unlock(&u->lock);
	pthread_join(u->thread, NULL);
	list__free(u->asked.first);
	list__free(u->found.nr ? u->found.first : NULL);
	pthread_mutex_destroy(&u->lock);
	pthread_cond_destroy(&u->changed);
	free(u);
}
