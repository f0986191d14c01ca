// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <zlib.h>

#include "pthreads.h"
#include "reader.h"
#include "stream.h"
#include "util.h"

#define QUEUE_MAX (64ull << 20)
#define IDLE_NS	  300000000ull /* three times the longest that a recorder waits between rounds */

struct chunk {
	struct chunk *next;
	size_t len, pos;
	unsigned char bytes[];
};

struct stream {
	struct stream_fold fold;
	struct reader *reader; /* of the stream's thread alone, like .complete_ns */
	uint64_t complete_ns;
	pthread_t thread;
	bool joined;
	pthread_mutex_t lock;
	pthread_cond_t more;

	/* under the lock */
	struct chunk *first, *last;
	uint64_t fed_ns;
	uint64_t queued; /* bytes */
	bool ended, failed, skipping;
	uint64_t left_out; /* frames */
	uint64_t round_ns; /* of the last ROUND */
	bool has_more;	   /* frames came after the last ROUND */
};

/* ---- the recorder's side, under the lock ---- */

static void stream__push(struct stream *s, const struct tare_frame *head, const struct iovec *iov, int nr)
{
	struct chunk *c = malloc(sizeof(*c) + sizeof(*head) + head->len);

	if (!c) {
		s->skipping = true;
		s->left_out++;
		return;
	}
	*c = (struct chunk){ .len = sizeof(*head) };
	memcpy(c->bytes, head, sizeof(*head));
	for (int i = 0; i < nr; i++) {
		if (iov[i].iov_len)
			memcpy(c->bytes + c->len, iov[i].iov_base, iov[i].iov_len);
		c->len += iov[i].iov_len;
	}
	if (s->last)
		s->last->next = c;
	else
		s->first = c;
	s->last = c;
	s->queued += c->len;
	pthread_cond_signal(&s->more);
}

/* A frame that only the analysis gets. */
static void stream__push_own(struct stream *s, int type, uint64_t ts_ns, const void *payload, size_t len)
{
	struct tare_frame head = { .magic = TARE_FRAME_MAGIC, .type = type, .len = len, .ts_ns = ts_ns };
	struct iovec iov = { (void *)payload, len };

	head.crc = crc32(crc32(0, NULL, 0), (const Bytef *)&head, sizeof(head));
	if (payload)
		head.crc = crc32(head.crc, payload, len);
	stream__push(s, &head, &iov, payload ? 1 : 0);
}

/* The analysis goes on, with what is missing counted as loss, so that no verdict rests on it. */
static void stream__resume(struct stream *s, uint64_t ts_ns)
{
	struct {
		struct tare_array array;
		struct tare_loss loss;
	} lost = {
		{ sizeof(lost.loss), 1 },
		{ TARE_LOST_OUT, UINT32_MAX, s->left_out },
	};

	s->skipping = false;
	stream__push_own(s, TARE_FRAME_LOSS, ts_ns, &lost, sizeof(lost));
}

int stream__feed(void *ctx, const struct tare_frame *head, const struct iovec *iov, int nr)
{
	struct stream *s = ctx;
	bool is_events = head->type == TARE_FRAME_EVENTS;
	uint64_t now = now_ns();

	pthread_mutex_lock(&s->lock);
	s->fed_ns = now;
	if (s->skipping && s->queued < QUEUE_MAX / 2)
		stream__resume(s, head->ts_ns);
	if (is_events && s->queued + head->len > QUEUE_MAX)
		s->skipping = true;
	if (s->failed || (is_events && s->skipping)) {
		s->left_out++;
	} else {
		stream__push(s, head, iov, nr);
		s->has_more = true;
	}
	if (head->type == TARE_FRAME_ROUND)
		s->round_ns = head->ts_ns;
	pthread_mutex_unlock(&s->lock);
	return 0;
}

/* ---- the analysis ---- */

/* Returns false if nothing came for IDLE_NS. */
static bool stream__wait(struct stream *s)
{
	struct timespec until = wait_until(IDLE_NS);

	while (!s->first && !s->ended) {
		if (pthread_cond_timedwait(&s->more, &s->lock, &until) == ETIMEDOUT)
			break;
	}
	return s->first || s->ended;
}

static void stream__rest(struct stream *s)
{
	if (s->fold.rest && s->complete_ns)
		s->fold.rest(s->fold.ctx, s->complete_ns);
}

/*
 * The target is idle: no record comes to advance time. The reader still holds the last records; an empty round releases
 * them. After that a pause lacks only time to be over.
 */
static void stream__idle(struct stream *s)
{
	if (s->has_more && s->round_ns) {
		s->has_more = false;
		stream__push_own(s, TARE_FRAME_ROUND, s->round_ns, NULL, 0);
		return;
	}
	pthread_mutex_unlock(&s->lock);
	s->complete_ns = now_ns() - IDLE_NS;
	s->fold.idle(s->fold.ctx, s->complete_ns);
	stream__rest(s);
	pthread_mutex_lock(&s->lock);
}

static ssize_t stream__read(void *ctx, void *buf, size_t len)
{
	struct stream *s = ctx;
	size_t n = 0;

	if (s->reader && reader__complete_ns(s->reader) > s->complete_ns)
		s->complete_ns = reader__complete_ns(s->reader);
	stream__rest(s);
	pthread_mutex_lock(&s->lock);
	while (!stream__wait(s))
		stream__idle(s);
	while (s->first && n < len) {
		struct chunk *c = s->first;
		size_t part = c->len - c->pos < len - n ? c->len - c->pos : len - n;

		memcpy((char *)buf + n, c->bytes + c->pos, part);
		n += part;
		c->pos += part;
		if (c->pos < c->len)
			break;
		s->first = c->next;
		if (!s->first)
			s->last = NULL;
		s->queued -= c->len;
		free(c);
	}
	pthread_mutex_unlock(&s->lock);
	return n;
}

/* Wait for the first frame. Returns false if there will be none. */
static bool stream__begins(struct stream *s)
{
	bool begins;

	pthread_mutex_lock(&s->lock);
	while (!s->first && !s->ended)
		pthread_cond_wait(&s->more, &s->lock);
	begins = s->first;
	pthread_mutex_unlock(&s->lock);
	return begins;
}

static void *stream__run(void *ctx)
{
	struct stream *s = ctx;
	struct event ev;
	int ret;

	/* a session that fails before it has anything to tell says why itself */
	if (!stream__begins(s))
		return NULL;
	ret = reader__open_fn(stream__read, s, &s->reader);
	if (!ret) {
		while ((ret = reader__next(s->reader, &ev)) > 0 && !(ret = s->fold.event(s->fold.ctx, &ev)))
			;
		reader__close(s->reader);
		s->reader = NULL;
	}
	if (!ret)
		s->fold.finish(s->fold.ctx);
	else
		err("the analysis beside the recording failed: %s; the recording goes on without", strerror(-ret));
	pthread_mutex_lock(&s->lock);
	s->failed = ret;
	pthread_mutex_unlock(&s->lock);
	return NULL;
}

int stream__start(const struct stream_fold *fold, struct stream **out)
{
	struct stream *s = calloc(1, sizeof(*s));
	int ret;

	if (!s)
		return -ENOMEM;
	s->fold = *fold;
	pthread_mutex_init(&s->lock, NULL);
	pthreads__cond(&s->more);
	ret = pthreads__start(&s->thread, stream__run, s);
	if (ret) {
		free(s);
		return ret;
	}
	*out = s;
	return 0;
}

uint64_t stream__left_out(struct stream *s)
{
	uint64_t left_out;

	pthread_mutex_lock(&s->lock);
	left_out = s->failed ? UINT64_MAX : s->left_out;
	pthread_mutex_unlock(&s->lock);
	return left_out;
}

uint64_t stream__fed_ns(struct stream *s)
{
	uint64_t fed_ns;

	pthread_mutex_lock(&s->lock);
	fed_ns = s->fed_ns;
	pthread_mutex_unlock(&s->lock);
	return fed_ns;
}

uint64_t stream__end(struct stream *s)
{
	pthread_mutex_lock(&s->lock);
	s->ended = true;
	pthread_cond_signal(&s->more);
	pthread_mutex_unlock(&s->lock);
	if (!s->joined)
		pthread_join(s->thread, NULL);
	s->joined = true;
	return s->failed ? UINT64_MAX : s->left_out;
}

void stream__free(struct stream *s)
{
	if (!s)
		return;
	stream__end(s);
	while (s->first) {
		struct chunk *c = s->first;

		s->first = c->next;
		free(c);
	}
	pthread_cond_destroy(&s->more);
	pthread_mutex_destroy(&s->lock);
	free(s);
}
