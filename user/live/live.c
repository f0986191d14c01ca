// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <zlib.h>

#include "live.h"
#include "reader.h"
#include "pthreads.h"
#include "util.h"

#define QUEUE_MAX (64ull << 20)
#define IDLE_NS	  300000000ull /* three times the longest that a recorder waits between rounds */

struct chunk {
	struct chunk *next;
	size_t len, pos;
	unsigned char bytes[];
};

struct live {
	struct live_opts opts;
	struct model *model;
	struct reader *reader; /* of the analysis thread alone, like .complete_ns */
	uint64_t complete_ns;
	pthread_t thread;
	bool joined;
	pthread_mutex_t lock;
	pthread_cond_t more;

	/* under the lock */
	struct chunk *first, *last;
	bool fed;	 /* a frame came */
	uint64_t queued; /* bytes */
	bool ended, failed, skipping;
	uint64_t left_out; /* frames */
	uint64_t round_ns; /* of the last ROUND */
	bool has_more;	   /* frames came after the last ROUND */

	bool wants_end; /* atomic; set once these are: */
	uint64_t begin_ns, end_ns;
};

/* ---- the recorder's side, under the lock ---- */

static void live__push(struct live *l, const struct tare_frame *head, const struct iovec *iov, int nr)
{
	struct chunk *c = malloc(sizeof(*c) + sizeof(*head) + head->len);

	if (!c) {
		l->skipping = true;
		l->left_out++;
		return;
	}
	*c = (struct chunk){ .len = sizeof(*head) };
	memcpy(c->bytes, head, sizeof(*head));
	for (int i = 0; i < nr; i++) {
		if (iov[i].iov_len)
			memcpy(c->bytes + c->len, iov[i].iov_base, iov[i].iov_len);
		c->len += iov[i].iov_len;
	}
	if (l->last)
		l->last->next = c;
	else
		l->first = c;
	l->last = c;
	l->queued += c->len;
	pthread_cond_signal(&l->more);
}

/* A frame that only the analysis gets. */
static void live__push_own(struct live *l, int type, uint64_t ts_ns, const void *payload, size_t len)
{
	struct tare_frame head = { .magic = TARE_FRAME_MAGIC, .type = type, .len = len, .ts_ns = ts_ns };
	struct iovec iov = { (void *)payload, len };

	head.crc = crc32(crc32(0, NULL, 0), (const Bytef *)&head, sizeof(head));
	if (payload)
		head.crc = crc32(head.crc, payload, len);
	live__push(l, &head, &iov, payload ? 1 : 0);
}

/* The analysis goes on, with what is missing counted as loss, so that no verdict rests on it. */
static void live__resume(struct live *l, uint64_t ts_ns)
{
	struct {
		struct tare_array array;
		struct tare_loss loss;
	} lost = {
		{ sizeof(lost.loss), 1 },
		{ TARE_LOST_OUT, UINT32_MAX, l->left_out },
	};

	l->skipping = false;
	live__push_own(l, TARE_FRAME_LOSS, ts_ns, &lost, sizeof(lost));
}

int live__feed(void *ctx, const struct tare_frame *head, const struct iovec *iov, int nr)
{
	struct live *l = ctx;
	bool is_events = head->type == TARE_FRAME_EVENTS;

	pthread_mutex_lock(&l->lock);
	if (l->skipping && l->queued < QUEUE_MAX / 2)
		live__resume(l, head->ts_ns);
	if (is_events && l->queued + head->len > QUEUE_MAX)
		l->skipping = true;
	if (l->failed || (is_events && l->skipping)) {
		l->left_out++;
	} else {
		live__push(l, head, iov, nr);
		l->has_more = true;
	}
	if (head->type == TARE_FRAME_ROUND)
		l->round_ns = head->ts_ns;
	pthread_mutex_unlock(&l->lock);
	return 0;
}

/* ---- the analysis ---- */

/* Returns false if nothing came for IDLE_NS. */
static bool live__wait(struct live *l)
{
	struct timespec until = wait_until(IDLE_NS);

	while (!l->first && !l->ended) {
		if (pthread_cond_timedwait(&l->more, &l->lock, &until) == ETIMEDOUT)
			break;
	}
	return l->first || l->ended;
}

static void live__rest(struct live *l)
{
	if (l->opts.on_rest && l->complete_ns)
		l->opts.on_rest(l->opts.ctx, l->model, l->complete_ns);
}

/*
 * The target is idle: no record comes to advance time. The reader still holds the last records; an empty round releases
 * them. After that a pause lacks only time to be over.
 */
static void live__idle(struct live *l)
{
	if (l->has_more && l->round_ns) {
		l->has_more = false;
		live__push_own(l, TARE_FRAME_ROUND, l->round_ns, NULL, 0);
		return;
	}
	pthread_mutex_unlock(&l->lock);
	l->complete_ns = now_ns() - IDLE_NS;
	pauses__settle_due(&l->model->pauses, l->complete_ns);
	live__rest(l);
	pthread_mutex_lock(&l->lock);
}

static ssize_t live__read(void *ctx, void *buf, size_t len)
{
	struct live *l = ctx;
	size_t n = 0;

	if (l->reader && reader__complete_ns(l->reader) > l->complete_ns)
		l->complete_ns = reader__complete_ns(l->reader);
	live__rest(l);
	pthread_mutex_lock(&l->lock);
	while (!live__wait(l))
		live__idle(l);
	while (l->first && n < len) {
		struct chunk *c = l->first;
		size_t part = c->len - c->pos < len - n ? c->len - c->pos : len - n;

		memcpy((char *)buf + n, c->bytes + c->pos, part);
		n += part;
		c->pos += part;
		if (c->pos < c->len)
			break;
		l->first = c->next;
		if (!l->first)
			l->last = NULL;
		l->queued -= c->len;
		free(c);
	}
	pthread_mutex_unlock(&l->lock);
	return n;
}

/* Returns whether the model is to count it. */
static bool live__on_pause(void *ctx, const struct pause *p)
{
	struct live *l = ctx;
	uint64_t left_out;

	pthread_mutex_lock(&l->lock);
	left_out = l->left_out;
	pthread_mutex_unlock(&l->lock);
	/* what was left out may have been its end */
	if (p->lost && left_out)
		return false;
	if (l->opts.on_pause(l->opts.ctx, l->model, p) && !l->wants_end) {
		l->begin_ns = p->request_ns;
		l->end_ns = p->end_ns;
		__atomic_store_n(&l->wants_end, true, __ATOMIC_RELEASE);
	}
	return l->opts.keep;
}

/* Wait for the first frame. Returns false if there will be none. */
static bool live__begins(struct live *l)
{
	bool begins;

	pthread_mutex_lock(&l->lock);
	while (!l->first && !l->ended)
		pthread_cond_wait(&l->more, &l->lock);
	begins = l->first;
	pthread_mutex_unlock(&l->lock);
	return begins;
}

static void *live__run(void *ctx)
{
	struct live *l = ctx;
	struct event ev;
	int ret;

	/* a session that fails before it has anything to tell says why itself */
	if (!live__begins(l))
		return NULL;
	ret = reader__open_fn(live__read, l, &l->reader);
	if (!ret) {
		while ((ret = reader__next(l->reader, &ev)) > 0 && !(ret = model__event(l->model, &ev)))
			;
		reader__close(l->reader);
		l->reader = NULL;
	}
	if (!ret) {
		model__finish(l->model);
		if (l->model->end_ns > l->complete_ns)
			l->complete_ns = l->model->end_ns;
		live__rest(l);
	} else {
		err("the analysis beside the recording failed: %s; the recording goes on without", strerror(-ret));
	}
	pthread_mutex_lock(&l->lock);
	l->failed = ret;
	pthread_mutex_unlock(&l->lock);
	return NULL;
}

int live__start(const struct live_opts *opts, struct live **out)
{
	struct live *l = calloc(1, sizeof(*l));
	int ret;

	if (!l || !(l->model = model__new())) {
		free(l);
		return -ENOMEM;
	}
	l->opts = *opts;
	l->model->pauses.accept = live__on_pause;
	l->model->pauses.accept_ctx = l;
	l->model->pauses.keep = opts->keep;
	if (opts->ended)
		l->model->switches.threads.max_exited = l->model->switches.threads.max_folds = opts->ended;
	pthread_mutex_init(&l->lock, NULL);
	pthreads__cond(&l->more);
	ret = pthreads__start(&l->thread, live__run, l);
	if (ret) {
		model__free(l->model);
		free(l);
		return ret;
	}
	*out = l;
	return 0;
}

bool live__wants_end(const struct live *l, uint64_t *begin_ns, uint64_t *end_ns)
{
	if (!__atomic_load_n(&l->wants_end, __ATOMIC_ACQUIRE))
		return false;
	*begin_ns = l->begin_ns;
	*end_ns = l->end_ns;
	return true;
}

void live__stop(struct live *l)
{
	if (l->wants_end)
		return;
	l->begin_ns = l->end_ns = now_ns();
	__atomic_store_n(&l->wants_end, true, __ATOMIC_RELEASE);
}

uint64_t live__end(struct live *l)
{
	pthread_mutex_lock(&l->lock);
	l->ended = true;
	pthread_cond_signal(&l->more);
	pthread_mutex_unlock(&l->lock);
	if (!l->joined)
		pthread_join(l->thread, NULL);
	l->joined = true;
	return l->failed ? UINT64_MAX : l->left_out;
}

static bool listener__wants_end(const void *ctx, uint64_t *begin_ns, uint64_t *end_ns)
{
	return live__wants_end(ctx, begin_ns, end_ns);
}

static void listener__finish(void *ctx)
{
	live__end(ctx);
}

struct session_listener live__listener(struct live *l)
{
	return (struct session_listener){ live__feed, listener__wants_end, listener__finish, l };
}

void live__free(struct live *l)
{
	if (!l)
		return;
	live__end(l);
	while (l->first) {
		struct chunk *c = l->first;

		l->first = c->next;
		free(c);
	}
	pthread_cond_destroy(&l->more);
	pthread_mutex_destroy(&l->lock);
	model__free(l->model);
	free(l);
}
