// SPDX-License-Identifier: BSD-2-Clause
/*
 * The analysis beside a recording: pauses are reported meanwhile, even if nothing follows, and never at the
 * recording's expense.
 */
#include <pthread.h>

#include "live.h"
#include "recording.h"

#define BEGIN begin_ns
#define MS    1000000ull
#define BIG   (200u << 10)

static uint64_t begin_ns; /* of the recording: a while ago */

struct seen {
	pthread_mutex_t lock; /* held: the analysis is to wait */
	uint64_t world_ns[8];
	unsigned called, nr; /* atomic */
	uint64_t limit_ns;
	struct live *live;
	struct writer *w;
};

static bool on_pause(void *ctx, const struct model *m, const struct pause *p)
{
	struct seen *s = ctx;

	__atomic_add_fetch(&s->called, 1, __ATOMIC_SEQ_CST);
	pthread_mutex_lock(&s->lock);
	s->world_ns[s->nr % 8] = pause__world_ns(p);
	__atomic_add_fetch(&s->nr, 1, __ATOMIC_SEQ_CST);
	pthread_mutex_unlock(&s->lock);
	return s->limit_ns && pause__world_ns(p) > s->limit_ns;
}

static int nowhere(void *ctx, const struct tare_frame *head, const struct iovec *iov, int nr)
{
	return 0;
}

static void listen_to(struct writer *w, struct live *live)
{
	struct session_listener listener = live__listener(live);

	writer__tee(w, listener.frame, listener.ctx);
}

static void begin(struct seen *s)
{
	struct tare_task task;

	begin_ns = now_ns() - 10000 * MS;
	task = (struct tare_task){ .ts_ns = BEGIN, .tid = 1, .tgid = 1, .on_cpu = 1 };

	pthread_mutex_init(&s->lock, NULL);
	assert_int_equal(live__start(&(struct live_opts){ .on_pause = on_pause, .ctx = s }, &s->live), 0);
	assert_int_equal(writer__to(nowhere, NULL, &s->w), 0);
	listen_to(s->w, s->live);
	header(s->w);
	assert_int_equal(writer__array(s->w, TARE_FRAME_TASKS, BEGIN, &task, sizeof(task), 1), 0);
}

static void tell(struct bytes *b, uint64_t ts_ns, enum tare_runtime_event event)
{
	struct tare_runtime r = { rec_head(TARE_REC_RUNTIME, ts_ns, sizeof(r), event), 1, 1, 0, { 0 } };

	for (int i = 0; i < TARE_RT_MAX_ARGS; i++)
		r.args[i] = TARE_UNKNOWN;
	bytes__add(b, &r, sizeof(r));
}

/* A pause of @ns, in a round of its own. */
static void pause_of(struct seen *s, uint64_t at_ns, uint64_t ns)
{
	struct bytes b = { 0 };

	add_sync(&b, at_ns);
	tell(&b, at_ns, TARE_RT_STW_REQUEST);
	tell(&b, at_ns + ns / 4, TARE_RT_STW_STOPPED);
	tell(&b, at_ns + ns / 2, TARE_RT_STW_RESTART);
	tell(&b, at_ns + ns, TARE_RT_STW_STARTED);
	events(s->w, 0, at_ns, &b);
	round_at(s->w, at_ns + ns);
	free(b.data);
}

static void wait_for(unsigned *count, unsigned nr)
{
	while (__atomic_load_n(count, __ATOMIC_SEQ_CST) < nr)
		usleep(1000);
}

static void done(struct seen *s)
{
	writer__close(s->w);
	live__free(s->live);
	pthread_mutex_destroy(&s->lock);
}

static void a_pause_is_told_though_nothing_follows(void **unused)
{
	struct seen s = { .limit_ns = 5 * MS };
	uint64_t at, end;

	begin(&s);
	pause_of(&s, BEGIN + 10 * MS, 7 * MS);
	wait_for(&s.nr, 1);
	assert_true(s.world_ns[0] == 7 * MS);
	assert_int_equal(live__end(s.live), 0);
	assert_true(live__wants_end(s.live, &at, &end));
	assert_true(at == BEGIN + 10 * MS && end == BEGIN + 17 * MS);
	done(&s);
}

static void only_a_long_one_ends_the_recording(void **unused)
{
	struct seen s = { .limit_ns = 5 * MS };
	uint64_t at, end;

	begin(&s);
	pause_of(&s, BEGIN + 10 * MS, 4 * MS);
	pause_of(&s, BEGIN + 2000 * MS, 3 * MS);
	/* these are known only at the end */
	assert_int_equal(live__end(s.live), 0);
	assert_int_equal(s.nr, 2);
	assert_true(s.world_ns[0] == 4 * MS && s.world_ns[1] == 3 * MS);
	assert_false(live__wants_end(s.live, &at, &end));
	done(&s);
}

static void it_is_the_analysis_that_is_left_behind(void **unused)
{
	struct seen s = { 0 };
	struct bytes b = { 0 };
	uint64_t left_out;

	begin(&s);
	pthread_mutex_lock(&s.lock);
	pause_of(&s, BEGIN + 10 * MS, 4 * MS);
	pause_of(&s, BEGIN + 2000 * MS, 3 * MS);
	wait_for(&s.called, 1);
	/* more than it buffers: each call returns although nothing is read */
	for (int i = 0; i < 1000; i++) {
		add_sync(&b, BEGIN + 3000 * MS);
		while (b.len < BIG)
			add_unknown(&b, BEGIN + 3000 * MS, 200);
		events(s.w, 0, BEGIN + 3000 * MS, &b);
	}
	pthread_mutex_unlock(&s.lock);
	wait_for(&s.nr, 2);
	pause_of(&s, BEGIN + 9000 * MS, 9 * MS);
	left_out = live__end(s.live);
	assert_in_range(left_out, 1000 - (64u << 20) / BIG - 20, 999);
	assert_int_equal(s.nr, 3);
	assert_true(s.world_ns[2] == 9 * MS);
	free(b.data);
	done(&s);
}

static void one_that_fails_is_said_and_harms_nobody(void **unused)
{
	static const char garbage[] = "key without value";
	struct seen s = { 0 };
	struct capture c;

	pthread_mutex_init(&s.lock, NULL);
	capture__begin(&c);
	assert_int_equal(live__start(&(struct live_opts){ .on_pause = on_pause, .ctx = &s }, &s.live), 0);
	assert_int_equal(writer__to(nowhere, NULL, &s.w), 0);
	listen_to(s.w, s.live);
	struct tare_header later = { .version = TARE_FORMAT_VERSION + 1 };
	frame(s.w, TARE_FRAME_HEADER, 0, 1, &later, sizeof(later));
	frame(s.w, TARE_FRAME_INFO, 0, 1, garbage, sizeof(garbage));
	assert_true(live__end(s.live) == UINT64_MAX);
	assert_non_null(strstr(capture__end(&c), "the recording goes on without"));
	done(&s);
}

static void on_rest(void *ctx, const struct model *m, uint64_t complete_ns)
{
	struct seen *s = ctx;

	/* never back, and never ahead of what is folded */
	assert_true(complete_ns >= s->world_ns[0]);
	s->world_ns[0] = complete_ns;
	if (m->finished)
		s->nr++;
	if (m->pauses.count && complete_ns >= BEGIN + 17 * MS)
		__atomic_store_n(&s->called, 1, __ATOMIC_SEQ_CST);
}

static bool count_all(void *ctx, const struct model *m, const struct pause *p)
{
	return false;
}

static void whoever_looks_finds_the_model_at_rest(void **unused)
{
	struct live_opts opts = { .on_pause = count_all, .on_rest = on_rest, .keep = 1 };
	struct seen s = { 0 };
	uint64_t at, end;

	begin(&s);
	live__free(s.live);
	opts.ctx = &s;
	assert_int_equal(live__start(&opts, &s.live), 0);
	listen_to(s.w, s.live);
	header(s.w);
	pause_of(&s, BEGIN + 10 * MS, 7 * MS);
	wait_for(&s.called, 1); /* though nothing follows */
	assert_false(live__wants_end(s.live, &at, &end));
	live__stop(s.live);
	assert_true(live__wants_end(s.live, &at, &end));
	assert_int_equal(live__end(s.live), 0);
	assert_int_equal(s.nr, 1); /* a last time, when it is finished */
	done(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_pause_is_told_though_nothing_follows),
		cmocka_unit_test(only_a_long_one_ends_the_recording),
		cmocka_unit_test(it_is_the_analysis_that_is_left_behind),
		cmocka_unit_test(one_that_fails_is_said_and_harms_nobody),
		cmocka_unit_test(whoever_looks_finds_the_model_at_rest),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
