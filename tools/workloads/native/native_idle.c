// SPDX-License-Identifier: BSD-2-Clause
/*
 * idle: N threads that wait for a condition, and what that costs in resident memory of the process. The kernel's own
 * memory for each thread, its kernel stack above all, is not in that.
 */
#include "native.h"
#include "report.h"

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER, all_started = PTHREAD_COND_INITIALIZER;
static int64_t to_start;
static bool over;

static void *park(void *arg)
{
	pthread_mutex_lock(&mutex);
	if (!--to_start)
		pthread_cond_signal(&all_started);
	while (!over)
		pthread_cond_wait(&changed, &mutex);
	pthread_mutex_unlock(&mutex);
	return NULL;
}

int run_idle(const struct options *options)
{
	pthread_t *threads = native__alloc_zeroed(options->n, sizeof(*threads));
	struct idle_report r = {
		.stack_bytes = native__stack_bytes(options),
		.before_bytes = result__resident_bytes(),
	};
	int64_t start_ns = scenario__now_ns();

	to_start = options->n;
	for (int64_t i = 0; i < options->n; i++)
		threads[i] = native__thread(park, NULL, r.stack_bytes);
	pthread_mutex_lock(&mutex);
	while (to_start)
		pthread_cond_wait(&all_started, &mutex);
	pthread_mutex_unlock(&mutex);
	r.start_ns = scenario__now_ns() - start_ns;
	native__sleep(options->duration_ns);
	r.resident_bytes = result__resident_bytes();
	pthread_mutex_lock(&mutex);
	over = true;
	pthread_cond_broadcast(&changed);
	pthread_mutex_unlock(&mutex);
	for (int64_t i = 0; i < options->n; i++)
		native__join(threads[i]);
	free(threads);
	r.elapsed_ns = scenario__now_ns() - start_ns;
	return report__idle(options, &r);
}
