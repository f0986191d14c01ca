// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

#include "pthreads.h"
#include "top_feed.h"
#include "util.h"

#define ENDED 256 /* rows of threads, and of processes */

struct top_feed {
	struct live *live;
	uint64_t interval_ns;
	uint64_t due_ns; /* of the analysis thread: when the next sums are taken */
	pthread_mutex_t lock;
	pthread_cond_t more;

	/* under the lock */
	struct top_sums sums;
	bool has_sums, closed;
	struct top_pauses pauses;
};

static bool top_feed__on_pause(void *ctx, const struct model *m, const struct pause *p)
{
	struct top_feed *f = ctx;

	pthread_mutex_lock(&f->lock);
	top_pauses__add(&f->pauses, m, p);
	pthread_mutex_unlock(&f->lock);
	return false;
}

static void top_feed__put(struct top_feed *f, const struct top_sums *sums, bool is_last)
{
	pthread_mutex_lock(&f->lock);
	if (f->has_sums)
		top_sums__free(&f->sums);
	f->sums = *sums;
	f->has_sums = true;
	f->closed |= is_last;
	pthread_cond_signal(&f->more);
	pthread_mutex_unlock(&f->lock);
}

static void top_feed__on_rest(void *ctx, const struct model *m, uint64_t complete_ns)
{
	struct top_feed *f = ctx;
	struct top_sums sums;
	uint64_t begin_ns = model__begin(m);

	/* while there is no target yet, or it is being attached to, nothing is known, which is not the same as 0 */
	if (begin_ns == UINT64_MAX || complete_ns < begin_ns || (!m->finished && complete_ns < f->due_ns))
		return;
	f->due_ns = (f->due_ns && complete_ns - f->due_ns < f->interval_ns ? f->due_ns : complete_ns) + f->interval_ns;
	if (!top_sums__take(&sums, m, complete_ns))
		top_feed__put(f, &sums, m->finished);
	else
		top_sums__free(&sums);
}

int top_feed__start(uint64_t interval_ns, struct top_feed **out)
{
	struct top_feed *f = calloc(1, sizeof(*f));
	int ret;

	if (!f)
		return -ENOMEM;
	f->interval_ns = interval_ns;
	pthread_mutex_init(&f->lock, NULL);
	pthreads__cond(&f->more);
	ret = live__start(&(struct live_opts){ top_feed__on_pause, top_feed__on_rest, f, .keep = 1, .ended = ENDED },
			  &f->live);
	if (ret) {
		free(f);
		return ret;
	}
	*out = f;
	return 0;
}

struct session_listener top_feed__listener(struct top_feed *f)
{
	return live__listener(f->live);
}

void top_feed__stop(struct top_feed *f)
{
	live__stop(f->live);
}

void top_feed__close(struct top_feed *f)
{
	pthread_mutex_lock(&f->lock);
	f->closed = true;
	pthread_cond_signal(&f->more);
	pthread_mutex_unlock(&f->lock);
}

int top_feed__next(struct top_feed *f, uint64_t timeout_ns, struct top_sums *sums)
{
	struct timespec until = wait_until(timeout_ns);
	int ret = 0;

	pthread_mutex_lock(&f->lock);
	while (!f->has_sums && !f->closed)
		if (pthread_cond_timedwait(&f->more, &f->lock, &until) == ETIMEDOUT)
			break;
	if (f->has_sums) {
		*sums = f->sums;
		f->sums = (struct top_sums){ 0 };
		f->has_sums = false;
		ret = 1;
	} else if (f->closed) {
		ret = -ENODATA;
	}
	pthread_mutex_unlock(&f->lock);
	return ret;
}

void top_feed__pauses(struct top_feed *f, struct top_pauses *to)
{
	pthread_mutex_lock(&f->lock);
	*to = f->pauses;
	pthread_mutex_unlock(&f->lock);
}

void top_feed__free(struct top_feed *f)
{
	if (!f)
		return;
	live__free(f->live);
	if (f->has_sums)
		top_sums__free(&f->sums);
	pthread_cond_destroy(&f->more);
	pthread_mutex_destroy(&f->lock);
	free(f);
}
