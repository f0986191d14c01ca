// SPDX-License-Identifier: BSD-2-Clause
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>

#include "pid_ns.h"

static struct {
	int (*list)(void *ctx, struct pid_pair **pairs, size_t *nr);
	void *ctx;
	struct pid_pair *pairs; /* sorted by .kernel */
	size_t nr;
} ns;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* on .pairs: who draws asks, too */

static void forget_all(void)
{
	free(ns.pairs);
	ns.pairs = NULL;
	ns.nr = 0;
}

void pid_ns__init(int (*list)(void *ctx, struct pid_pair **pairs, size_t *nr), void *ctx)
{
	forget_all();
	ns.list = list;
	ns.ctx = ctx;
}

static int by_kernel(const void *a, const void *b)
{
	const struct pid_pair *x = a, *y = b;

	return x->kernel < y->kernel ? -1 : x->kernel > y->kernel;
}

static void refresh(void)
{
	forget_all();
	if (ns.list(ns.ctx, &ns.pairs, &ns.nr))
		forget_all();
	if (ns.nr)
		qsort(ns.pairs, ns.nr, sizeof(*ns.pairs), by_kernel);
}

static struct pid_pair *find(pid_t kernel)
{
	struct pid_pair key = { .kernel = kernel };

	return ns.nr ? bsearch(&key, ns.pairs, ns.nr, sizeof(key), by_kernel) : NULL;
}

pid_t pid_ns__here(pid_t kernel)
{
	struct pid_pair *pair;
	pid_t here;

	if (!ns.list)
		return kernel;
	pthread_mutex_lock(&lock);
	pair = find(kernel);
	if (!pair || !pair->here) {
		refresh();
		pair = find(kernel);
	}
	here = pair ? pair->here : PID_NS_NONE;
	pthread_mutex_unlock(&lock);
	return here;
}

pid_t pid_ns__kernel(pid_t here)
{
	pid_t kernel = 0;

	if (!ns.list || here <= 0)
		return here > 0 ? here : 0;
	/* known ones may have ended since: of two with that id the listed one is right */
	pthread_mutex_lock(&lock);
	refresh();
	for (size_t i = 0; i < ns.nr && !kernel; i++)
		if (ns.pairs[i].here == (uint32_t)here)
			kernel = ns.pairs[i].kernel;
	pthread_mutex_unlock(&lock);
	return kernel;
}

void pid_ns__forget(pid_t kernel)
{
	struct pid_pair *pair;

	pthread_mutex_lock(&lock);
	pair = find(kernel);
	if (pair)
		pair->here = 0;
	pthread_mutex_unlock(&lock);
}
