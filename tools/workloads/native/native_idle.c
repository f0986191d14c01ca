// SPDX-License-Identifier: BSD-2-Clause
/*
 * idle: N threads that wait for a condition, and what that costs in resident memory of the process. The kernel's own
 * memory for each thread, its kernel stack above all, is not in that. Where the system allows fewer threads, as many as
 * there can be are measured.
 */
#include <string.h>

#include "native.h"
#include "report.h"

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER, one_more = PTHREAD_COND_INITIALIZER;
static int64_t parked;
static bool over;

static void *park(void *arg)
{
	pthread_mutex_lock(&mutex);
	parked++;
	pthread_cond_signal(&one_more);
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
		.before_virtual_bytes = result__virtual_bytes(),
		.start.begin_ns = scenario__now_ns(),
	};
	int err = 0;

	while (r.reached < options->n && !(err = native__try_thread(&threads[r.reached], park, NULL, r.stack_bytes)))
		r.reached++;
	if (!r.reached)
		scenario__die("idle: no thread can start: %s", strerror(err));
	pthread_mutex_lock(&mutex);
	while (parked < r.reached)
		pthread_cond_wait(&one_more, &mutex);
	pthread_mutex_unlock(&mutex);
	r.start.end_ns = scenario__now_ns();
	native__sleep(options->duration_ns);
	r.resident_bytes = result__resident_bytes();
	r.virtual_bytes = result__virtual_bytes();
	pthread_mutex_lock(&mutex);
	over = true;
	pthread_cond_broadcast(&changed);
	pthread_mutex_unlock(&mutex);
	for (int64_t i = 0; i < r.reached; i++)
		native__join(threads[i]);
	free(threads);
	r.elapsed_ns = scenario__now_ns() - r.start.begin_ns;
	return report__idle(options, &r);
}
