// SPDX-License-Identifier: BSD-2-Clause
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "drive.h"
#include "http.h"
#include "load.h"

struct load {
	struct sockaddr_in addr;
	struct options options;
	pthread_t thread;
	struct drive_result result;
};

static bool right(void *arg, int status, uint64_t sum, uint64_t seed)
{
	const struct load *l = arg;

	return status == 200 && sum == http__expected(l->options.block_bytes, seed);
}

static void *load__run(void *arg)
{
	struct load *l = arg;
	struct drive_http http = { http__request, right, l };
	struct drive_load load = { .rate = l->options.rate, .duration_ns = l->options.duration_ns };
	struct drive *d;

	pthread_setname_np(pthread_self(), "load");
	d = drive__connect(&l->addr, l->options.tasks, &http);
	drive__run(d, &load, &l->result);
	drive__close(d);
	return NULL;
}

struct load *load__start(const struct sockaddr_in *addr, const struct options *options)
{
	struct load *l = calloc(1, sizeof(*l));
	int err;

	if (!l)
		scenario__die("no memory for the load");
	l->addr = *addr;
	l->options = *options;
	err = pthread_create(&l->thread, NULL, load__run, l);
	if (err)
		scenario__die("the load's thread cannot start: %s", strerror(err));
	return l;
}

void load__wait(struct load *l)
{
	pthread_join(l->thread, NULL);
}

int load__report(struct load *l)
{
	const struct drive_result *r = &l->result;
	int code;

	result__int("n", r->n);
	result__int("duration_ns", l->options.duration_ns);
	result__elapsed(&r->span, r->answered);
	result__int("connections", l->options.tasks);
	result__real("rate_per_s", l->options.rate);
	result__int("block_bytes", l->options.block_bytes);
	result__int("answered", r->answered);
	result__int("errors", r->errors);
	histogram__print(&r->latency, "latency");
	histogram__print(&r->service, "service");
	histogram__print(&r->late, "late");
	result__memory();
	code = result__end();
	code = r->errors ? 1 : code;
	free(l);
	return code;
}
