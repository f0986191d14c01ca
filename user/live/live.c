// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <stdlib.h>

#include "live.h"
#include "stream.h"
#include "util.h"

struct live {
	struct live_opts opts;
	struct model *model;
	struct stream *stream;
	uint64_t complete_ns; /* of the analysis thread alone */
	bool wants_end;	      /* atomic; set once these are: */
	uint64_t begin_ns, end_ns;
};

/* Returns whether the model is to count it. */
static bool live__on_pause(void *ctx, const struct pause *p)
{
	struct live *l = ctx;

	/* what was left out may have been its end */
	if (p->lost && stream__left_out(l->stream))
		return false;
	if (l->opts.on_pause(l->opts.ctx, l->model, p) && !l->wants_end) {
		l->begin_ns = p->request_ns;
		l->end_ns = p->end_ns;
		__atomic_store_n(&l->wants_end, true, __ATOMIC_RELEASE);
	}
	return l->opts.keep;
}

static int fold_event(void *ctx, const struct event *ev)
{
	struct live *l = ctx;

	return model__event(l->model, ev);
}

static void fold_rest(void *ctx, uint64_t complete_ns)
{
	struct live *l = ctx;

	l->complete_ns = complete_ns;
	if (l->opts.on_rest)
		l->opts.on_rest(l->opts.ctx, l->model, complete_ns);
}

static void fold_idle(void *ctx, uint64_t now_ns)
{
	struct live *l = ctx;

	pauses__settle_due(&l->model->pauses, now_ns);
}

static void fold_finish(void *ctx)
{
	struct live *l = ctx;

	model__finish(l->model);
	if (l->model->end_ns > l->complete_ns)
		l->complete_ns = l->model->end_ns;
	fold_rest(l, l->complete_ns);
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
	ret = stream__start(&(struct stream_fold){ fold_event, fold_rest, fold_idle, fold_finish, l }, &l->stream);
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
	return stream__end(l->stream);
}

static int listener__frame(void *ctx, const struct tare_frame *head, const struct iovec *iov, int nr)
{
	struct live *l = ctx;

	return stream__feed(l->stream, head, iov, nr);
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
	return (struct session_listener){ listener__frame, listener__wants_end, listener__finish, l };
}

void live__free(struct live *l)
{
	if (!l)
		return;
	stream__free(l->stream);
	model__free(l->model);
	free(l);
}
