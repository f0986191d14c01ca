// SPDX-License-Identifier: BSD-2-Clause
/* `tare serve`: leave it running. Sums as metrics over HTTP; and, if asked for, recordings of bad moments. */
#include <errno.h>
#include <stdlib.h>

#include "cmd.h"
#include "flight.h"
#include "fold.h"
#include "http.h"
#include "metrics.h"
#include "options.h"
#include "points.h"
#include "push.h"
#include "serve_options.h"
#include "stream.h"
#include "util.h"

#define STALE_NS (10 * NSEC_PER_SEC) /* a frame comes ten times a second */

struct serve {
	struct serve_opts opts;
	struct session_listener listener;
	struct flight_series series;
	struct fold *fold;
	struct stream *stream;
	struct http *http;
	struct keep *keep; /* NULL: nothing is written */
	struct push *push; /* NULL: nothing is pushed */
};

/* ---- what the parts ask of each other ---- */

static struct families_self get_self(struct serve *s)
{
	struct families_self self = { .cpu_ns = self_cpu_ns(),
				      .left_out = stream__left_out(s->stream),
				      .recordings = TARE_UNKNOWN,
				      .sent = TARE_UNKNOWN };
	struct push_figures pushed;

	if (s->keep)
		keep__figures(s->keep, &self.recordings, &self.recorded_bytes);
	if (s->push) {
		push__figures(s->push, &pushed);
		self.sent = pushed.sent;
		self.failed = pushed.failed;
		self.dropped = pushed.dropped;
		self.rejected_points = pushed.rejected_points;
	}
	return self;
}

static char *get_metrics(void *ctx, enum metrics_format format, uint64_t scraper, size_t *len)
{
	struct serve *s = ctx;
	struct families_self self = get_self(s);

	return metrics__text(s->fold, &self, format, scraper, len);
}

static int get_request(void *ctx, struct pb *to)
{
	struct serve *s = ctx;
	struct families_self self = get_self(s);

	return points__request(s->fold, &self, to);
}

static const char *get_problem(void *ctx)
{
	struct serve *s = ctx;
	uint64_t fed_ns = stream__fed_ns(s->stream);

	if (stream__left_out(s->stream) == UINT64_MAX)
		return "the figures are no longer kept up to date: see the log";
	if (!fed_ns)
		return "it does not measure yet";
	return now_ns() - fed_ns > STALE_NS ? "the recorder has told nothing for ten seconds" : NULL;
}

static void on_pause(void *ctx, const struct served *process, const struct pause *p)
{
	struct serve *s = ctx;

	if (s->opts.trigger_ns && pause__world_ns(p) > s->opts.trigger_ns)
		keep__ask(s->keep, p->request_ns, p->end_ns);
}

static int on_frame(void *ctx, const struct tare_frame *frame, const struct iovec *iov, int nr)
{
	struct serve *s = ctx;

	return stream__feed(s->stream, frame, iov, nr);
}

static bool wants_end(const void *ctx, uint64_t *begin_ns, uint64_t *end_ns)
{
	const struct serve *s = ctx;

	return s->keep && keep__is_asked(s->keep, begin_ns, end_ns);
}

static void finish(void *ctx)
{
	struct serve *s = ctx;

	stream__end(s->stream);
}

/* ---- */

/* Returns an exit code. */
static int prepare_push(struct serve *s)
{
	struct post *post;
	int ret = post__new(s->opts.otlp, &post);

	if (ret)
		return ret == -EINVAL ? EXIT_USAGE : EXIT_FAILED;
	s->push = push__new(post, s->opts.push_ns, get_request, s);
	return s->push ? EXIT_OK : EXIT_FAILED;
}

/* Returns an exit code. */
static int start(struct serve *s)
{
	const struct http_source source = { get_metrics, get_problem, s };
	struct stream_fold fold;
	int ret;

	ret = s->opts.otlp ? prepare_push(s) : EXIT_OK;
	if (ret)
		return ret;
	s->opts.keep.apart_ns = s->opts.session.flight_ns;
	if (s->opts.keep.dir && keep__new(&s->opts.keep, &s->keep))
		return EXIT_FAILED;
	s->fold = fold__new(s->opts.limit, s->opts.label_pid);
	if (!s->fold) {
		err("no memory");
		return EXIT_FAILED;
	}
	if (s->opts.otlp)
		s->fold->processes.series.audiences |= 1u << AUDIENCE_PUSH;
	if (s->keep)
		s->fold->on_pause = on_pause;
	s->fold->ctx = s;
	fold = fold__stream(s->fold);
	if (stream__start(&fold, &s->stream)) {
		err("cannot start a thread for the figures");
		return EXIT_FAILED;
	}
	ret = http__start(s->opts.listen, &source, &s->http);
	if (ret)
		return ret == -EINVAL ? EXIT_USAGE : EXIT_FAILED;
	fprintf(stderr, "tare: serving http://%s/metrics; hit Ctrl-C to end\n", http__address(s->http));
	if (!s->push || !push__start(s->push))
		return EXIT_OK;
	err("cannot start a thread for --otlp");
	return EXIT_FAILED;
}

static int serve(struct serve *s)
{
	struct session_result result = { .wait_status = -1 };
	int ret = start(s);

	if (ret)
		return ret;
	s->listener = (struct session_listener){ on_frame, wants_end, finish, s };
	s->opts.session.listener = &s->listener;
	s->opts.session.sums_only = !s->keep;
	if (s->keep) {
		s->series = keep__series(s->keep);
		s->opts.session.series = &s->series;
		s->opts.session.flight_waits = true;
	}
	return session_exit_code(session__record(&s->opts.session, &result));
}

int cmd_serve(int argc, char **argv)
{
	struct serve s = { 0 };
	int ret = serve_options__parse(argc, argv, &s.opts);

	if (ret < 0)
		ret = serve(&s);
	http__stop(s.http);
	push__free(s.push);
	stream__free(s.stream);
	fold__free(s.fold);
	keep__free(s.keep);
	free(s.opts.session.pids.pids);
	return ret;
}
