// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "points.h"
#include "pthreads.h"
#include "push.h"
#include "util.h"

/* Enough for an hour at one a minute; and what a few hundred sets of labels take. */
#define WAITING_MAX	  64
#define WAITING_BYTES_MAX (8u << 20)
#define SEND_NS		  (10 * NSEC_PER_SEC)
#define LAST_NS		  (3 * NSEC_PER_SEC) /* for all that is left at the end */
#define RETRY_FIRST_NS	  NSEC_PER_SEC
#define RETRY_MAX_NS	  (60 * NSEC_PER_SEC)

struct push {
	struct post *post;
	uint64_t interval_ns;
	push_source_fn *source;
	void *ctx;
	pthread_t thread;
	bool started;
	atomic_bool stop;

	/* of the thread alone */
	struct pb waiting[WAITING_MAX]; /* a ring; the oldest is at .first */
	unsigned first, nr;
	size_t bytes;
	uint64_t next_ns, retry_ns; /* when the next figures are due, and when sending may be tried */
	uint64_t pause_ns;	    /* before the next attempt; 0: the last one worked */
	unsigned said;		    /* bits of the results that were told of since it worked last */

	pthread_mutex_t lock; /* for all below */
	pthread_cond_t wake;
	struct push_figures figures;
};

static void count(struct push *p, uint64_t *figure, uint64_t n)
{
	pthread_mutex_lock(&p->lock);
	*figure += n;
	pthread_mutex_unlock(&p->lock);
}

/* ---- what waits ---- */

static void remove_first(struct push *p)
{
	p->bytes -= p->waiting[p->first].len;
	pb__free(&p->waiting[p->first]);
	p->waiting[p->first] = (struct pb){ 0 };
	p->first = (p->first + 1) % WAITING_MAX;
	p->nr--;
}

static void drop_first(struct push *p)
{
	remove_first(p);
	count(p, &p->figures.dropped, 1);
}

static void take_figures(struct push *p)
{
	struct pb pb = { 0 };

	if (p->source(p->ctx, &pb)) {
		pb__free(&pb);
		count(p, &p->figures.dropped, 1);
		return;
	}
	while (p->nr && (p->nr == WAITING_MAX || p->bytes + pb.len > WAITING_BYTES_MAX))
		drop_first(p);
	p->waiting[(p->first + p->nr++) % WAITING_MAX] = pb;
	p->bytes += pb.len;
}

/* ---- sending ---- */

/* Each trouble once, until all works again: the figures say how often. */
static void say(struct push *p, enum post_result result, const char *why)
{
	static const char *const then[] = {
		[POST_OK] = "the others were taken; tare_otlp_rejected_points_total counts them",
		[POST_LATER] = "it is tried again, and counted in tare_otlp_pushes_total",
		[POST_REFUSED] = "what it refuses is given up, and counted in tare_otlp_pushes_total",
	};

	if (!(p->said & 1u << result))
		warn("cannot push to %s: %s; %s", post__url(p->post), why, then[result]);
	p->said |= 1u << result;
}

/* Growing pauses that differ from one machine to another, so that a server is not met by all at once. */
static void pause_for(struct push *p, uint64_t wait_ns)
{
	uint64_t now = now_ns();

	p->pause_ns = !p->pause_ns ? RETRY_FIRST_NS : 2 * p->pause_ns < RETRY_MAX_NS ? 2 * p->pause_ns : RETRY_MAX_NS;
	p->retry_ns = now + (wait_ns > p->pause_ns ? wait_ns : p->pause_ns - now % (p->pause_ns / 2));
}

static void was_taken(struct push *p, const struct post_answer *answer)
{
	char why[160];
	uint64_t refused = points__refused(answer->body, answer->len, why, sizeof(why));

	if (refused) {
		count(p, &p->figures.rejected_points, refused);
		say(p, POST_OK, why[0] ? why : "some figures are refused");
	} else if (p->said) {
		warn("pushing to %s works again", post__url(p->post));
		p->said = 0;
	}
	p->pause_ns = 0;
	remove_first(p);
	count(p, &p->figures.sent, 1);
}

/* The oldest that waits. Returns false if it still does. */
static bool send_first(struct push *p, uint64_t limit_ns, const atomic_bool *stop)
{
	const struct pb *pb = &p->waiting[p->first];
	struct post_answer answer;

	switch (post__send(p->post, pb->data, pb->len, limit_ns, stop, &answer)) {
	case POST_OK:
		was_taken(p, &answer);
		return true;
	case POST_REFUSED:
		say(p, POST_REFUSED, answer.why);
		drop_first(p);
		return true;
	case POST_LATER:
		break;
	}
	if (stop && atomic_load(stop))
		return false;
	count(p, &p->figures.failed, 1);
	say(p, POST_LATER, answer.why);
	pause_for(p, answer.wait_ns);
	return false;
}

/* ---- the thread ---- */

/* Until something is due. */
static void wait_for_due(struct push *p)
{
	uint64_t due = p->nr && p->retry_ns < p->next_ns ? p->retry_ns : p->next_ns, now;
	struct timespec until;

	pthread_mutex_lock(&p->lock);
	while (!atomic_load(&p->stop) && (now = now_ns()) < due) {
		until = wait_until(due - now);
		pthread_cond_timedwait(&p->wake, &p->lock, &until);
	}
	pthread_mutex_unlock(&p->lock);
}

static void push_last(struct push *p)
{
	uint64_t end = now_ns() + LAST_NS, now;

	take_figures(p);
	while (p->nr && (now = now_ns()) < end && send_first(p, end - now, NULL))
		;
	while (p->nr)
		drop_first(p);
}

static void *push__run(void *arg)
{
	struct push *p = arg;
	uint64_t now;

	p->next_ns = now_ns() + p->interval_ns;
	while (!atomic_load(&p->stop)) {
		now = now_ns();
		if (now >= p->next_ns) {
			take_figures(p);
			/* what was missed while a server was slow stays missed: sums lose nothing by that */
			p->next_ns += (now - p->next_ns) / p->interval_ns * p->interval_ns + p->interval_ns;
		}
		if (p->nr && now >= p->retry_ns)
			send_first(p, SEND_NS, &p->stop);
		wait_for_due(p);
	}
	push_last(p);
	return NULL;
}

struct push *push__new(struct post *post, uint64_t interval_ns, push_source_fn *source, void *ctx)
{
	struct push *p = calloc(1, sizeof(*p));

	if (!p) {
		post__free(post);
		return NULL;
	}
	*p = (struct push){ .post = post, .interval_ns = interval_ns, .source = source, .ctx = ctx };
	pthread_mutex_init(&p->lock, NULL);
	pthreads__cond(&p->wake);
	return p;
}

int push__start(struct push *p)
{
	int ret = pthreads__start(&p->thread, push__run, p);

	p->started = !ret;
	return ret;
}

void push__figures(struct push *p, struct push_figures *to)
{
	pthread_mutex_lock(&p->lock);
	*to = p->figures;
	pthread_mutex_unlock(&p->lock);
}

static void end(struct push *p)
{
	pthread_mutex_lock(&p->lock);
	atomic_store(&p->stop, true);
	pthread_cond_signal(&p->wake);
	pthread_mutex_unlock(&p->lock);
	pthread_join(p->thread, NULL);
}

void push__free(struct push *p)
{
	if (!p)
		return;
	if (p->started)
		end(p);
	post__free(p->post);
	pthread_cond_destroy(&p->wake);
	pthread_mutex_destroy(&p->lock);
	free(p);
}
