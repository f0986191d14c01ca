// SPDX-License-Identifier: BSD-2-Clause
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "keep.h"
#include "util.h"

#define PREFIX "tare-"
#define SUFFIX ".data"

struct keep {
	struct keep_opts opts;
	char path[4096];
	pthread_mutex_t lock; /* for all below */
	bool asked;
	uint64_t begin_ns, end_ns;
	uint64_t last_ns; /* when one was written last; 0: none was */
	uint64_t written, bytes;
};

/* "tare-20261130T231500.123Z.data": by name they are by time. Others are not ours to delete. */
static bool is_ours(const char *name)
{
	size_t len = strlen(name);

	return len > strlen(PREFIX SUFFIX) && !strncmp(name, PREFIX, strlen(PREFIX)) &&
	       !strcmp(name + len - strlen(SUFFIX), SUFFIX);
}

static int filter(const struct dirent *d)
{
	return is_ours(d->d_name);
}

/* Delete the oldest until the rest is within the limit; the newest stays. Returns the bytes of the rest. */
static uint64_t keep__trim(struct keep *k)
{
	struct dirent **list;
	uint64_t total = 0;
	int dir = open(k->opts.dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC), nr;
	struct stat st;

	nr = dir < 0 ? -1 : scandirat(dir, ".", &list, filter, alphasort);
	if (nr < 0) {
		warn("cannot read %s: %s; its recordings are not deleted", k->opts.dir, strerror(errno));
		if (dir >= 0)
			close(dir);
		return 0;
	}
	for (int i = nr - 1; i >= 0; i--) {
		const char *name = list[i]->d_name;
		bool is_file = !fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) && S_ISREG(st.st_mode);
		uint64_t size = is_file ? st.st_size : 0;

		if (is_file && i < nr - 1 && total + size > k->opts.limit_bytes && !unlinkat(dir, name, 0))
			size = 0;
		total += size;
		free(list[i]);
	}
	free(list);
	close(dir);
	return total;
}

int keep__new(const struct keep_opts *opts, struct keep **out)
{
	struct keep *k;
	struct stat st;

	if (stat(opts->dir, &st) || !S_ISDIR(st.st_mode) || access(opts->dir, W_OK)) {
		err("%s is no folder that can be written to; --dir takes one that exists", opts->dir);
		return -ENOTDIR;
	}
	k = calloc(1, sizeof(*k));
	if (!k)
		return -ENOMEM;
	k->opts = *opts;
	pthread_mutex_init(&k->lock, NULL);
	k->bytes = keep__trim(k);
	*out = k;
	return 0;
}

void keep__ask(struct keep *k, uint64_t begin_ns, uint64_t end_ns)
{
	pthread_mutex_lock(&k->lock);
	if (!k->asked && (!k->last_ns || end_ns > k->last_ns + k->opts.apart_ns)) {
		k->asked = true;
		k->begin_ns = begin_ns;
		k->end_ns = end_ns;
	}
	pthread_mutex_unlock(&k->lock);
}

bool keep__is_asked(struct keep *k, uint64_t *begin_ns, uint64_t *end_ns)
{
	bool asked;

	pthread_mutex_lock(&k->lock);
	asked = k->asked;
	if (asked) {
		*begin_ns = k->begin_ns;
		*end_ns = k->end_ns;
	}
	pthread_mutex_unlock(&k->lock);
	return asked;
}

static const char *next(void *ctx)
{
	struct keep *k = ctx;
	uint64_t now = real_now_ns();
	time_t seconds = now / NSEC_PER_SEC;
	struct tm tm;
	char text[32];

	gmtime_r(&seconds, &tm);
	strftime(text, sizeof(text), "%Y%m%dT%H%M%S", &tm);
	if (snprintf(k->path, sizeof(k->path), "%s/" PREFIX "%s.%03uZ" SUFFIX, k->opts.dir, text,
		     (unsigned)(now % NSEC_PER_SEC / 1000000)) < (int)sizeof(k->path))
		return k->path;
	err("the path of %s is too long", k->opts.dir);
	return NULL;
}

static void written(void *ctx, int error)
{
	struct keep *k = ctx;
	uint64_t bytes = keep__trim(k);

	pthread_mutex_lock(&k->lock);
	k->asked = false;
	k->last_ns = now_ns();
	k->written += !error;
	k->bytes = bytes;
	pthread_mutex_unlock(&k->lock);
}

struct flight_series keep__series(struct keep *k)
{
	return (struct flight_series){ next, written, k };
}

void keep__figures(struct keep *k, uint64_t *count, uint64_t *bytes)
{
	pthread_mutex_lock(&k->lock);
	*count = k->written;
	*bytes = k->bytes;
	pthread_mutex_unlock(&k->lock);
}

void keep__free(struct keep *k)
{
	if (!k)
		return;
	pthread_mutex_destroy(&k->lock);
	free(k);
}
