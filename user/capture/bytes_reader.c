// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/param.h>
#include <unistd.h>

#include "bytes_reader.h"
#include "bytes_classes.h"
#include "proc.h"
#include "smaps.h"
#include "util.h"

#define SHARE	      100	   /* of one CPU, 1/SHARE is spent on it */
#define FIRST_STEP_NS 100000000ull /* often at first: it may not run for long */
#define AT_ONCE_NS    5000000ull   /* the rings wait meanwhile; a single large process may take longer */
#define AGAIN_NS      20000000ull  /* what takes no longer is read again if it changes much meanwhile */
#define TRIES	      3
#define LAST_NS	      500000000ull

struct reading {
	pid_t pid;
	int pagemap;
};

static ssize_t pages(uint64_t start, uint64_t *entries, size_t nr, void *ctx)
{
	const struct reading *r = ctx;

	return r->pagemap < 0 ? r->pagemap : pagemap__read(r->pagemap, start, entries, nr);
}

static int peek(uint64_t address, void *to, size_t len, void *ctx)
{
	const struct reading *r = ctx;

	return proc__peek(r->pid, address, to, len);
}

static int sum(struct reading *r, const struct runtime_memory *memory, uint64_t *classes)
{
	struct bytes_source from = { .memory = memory, .pages = pages, .peek = peek, .ctx = r };
	int ret;

	from.smaps = smaps__open(r->pid);
	if (!from.smaps)
		return -errno;
	ret = bytes_classes__sum(&from, classes);
	smaps__close(from.smaps);
	return ret;
}

static uint64_t sum_of(const uint64_t *classes)
{
	uint64_t all = 0;

	for (unsigned i = 0; i < TARE_NR_BYTES; i++)
		all += classes[i];
	return all;
}

/* It had both @before and @after, and so everything in between: take what the classes come to, or the nearest. */
static uint64_t rss_of(const uint64_t *classes, uint64_t before, uint64_t after)
{
	return MAX(MIN(before, after), MIN(sum_of(classes), MAX(before, after)));
}

/* Returns 0 or a negative errno; -EAGAIN, with @to filled: it changed too much meanwhile. */
static int read_once(struct reading *r, struct runtimes *runtimes, struct tare_bytes *to)
{
	struct runtime_memory memory = { 0 };
	struct memory_sizes before, after;
	uint64_t classes[TARE_NR_BYTES];
	int64_t unexplained;
	bool told;
	int ret;

	told = r->pagemap >= 0 && runtimes && !runtimes__memory(runtimes, r->pid, &memory);
	if (told)
		runtime_memory__sort(&memory);
	to->ts_ns = now_ns();
	ret = memory_sizes__read(r->pid, &before) ?: sum(r, told ? &memory : NULL, classes);
	ret = ret ?: memory_sizes__read(r->pid, &after);
	runtime_memory__free(&memory);
	if (ret)
		return ret;
	to->rss = rss_of(classes, before.rss, after.rss);
	to->rss_max = MAX(before.rss_max, after.rss_max);
	to->swapped = after.swapped;
	memcpy(to->classes, classes, sizeof(classes));
	unexplained = to->rss - sum_of(classes);
	return (uint64_t)llabs(unexplained) > to->rss / 100 ? -EAGAIN : 0;
}

int bytes_reader__one(pid_t pid, struct runtimes *runtimes, struct tare_bytes *to)
{
	struct reading r = { .pid = pid };
	uint64_t cpu_ns = thread_cpu_ns();
	int ret;

	memset(to, 0, sizeof(*to));
	to->pid = pid;
	r.pagemap = pagemap__open(pid);
	ret = read_once(&r, runtimes, to);
	/* better luck next time, if it does not hold everything up */
	for (int tries = 1; ret == -EAGAIN && tries < TRIES && thread_cpu_ns() - cpu_ns < AGAIN_NS; tries++)
		ret = read_once(&r, runtimes, to);
	if (r.pagemap >= 0)
		close(r.pagemap);
	to->cost_ns = thread_cpu_ns() - cpu_ns;
	return ret == -EAGAIN ? 0 : ret;
}

/* Returns the CPU time that it took. */
static uint64_t read_one(struct bytes_reader *b, struct runtimes *r, struct writer *w)
{
	struct tare_bytes bytes;
	pid_t pid = b->round.pids[b->at++];

	if (!bytes_reader__one(pid, r, &bytes))
		writer__array(w, TARE_FRAME_BYTES, bytes.ts_ns, &bytes, sizeof(bytes), 1);
	return bytes.cost_ns;
}

static void begin_round(struct bytes_reader *b, struct runtimes *r, uint64_t now)
{
	b->round.nr = b->at = 0;
	b->round_ns = now;
	runtimes__processes(r, &b->round);
}

void bytes_reader__tick(struct bytes_reader *b, struct runtimes *r, struct writer *w, uint64_t now)
{
	uint64_t spent = 0;

	if (now < b->next_ns)
		return;
	if (b->at == b->round.nr)
		begin_round(b, r, now);
	while (b->at < b->round.nr && spent < AT_ONCE_NS)
		spent += read_one(b, r, w);
	b->next_ns = now + SHARE * spent;
	if (b->at < b->round.nr)
		return;
	b->step_ns = b->step_ns ? MIN(2 * b->step_ns, NSEC_PER_SEC) : FIRST_STEP_NS;
	b->next_ns = MAX(b->next_ns, b->round_ns + b->step_ns);
}

void bytes_reader__last(struct bytes_reader *b, struct runtimes *r, struct writer *w)
{
	uint64_t spent = 0;

	begin_round(b, r, now_ns());
	while (b->at < b->round.nr && spent < LAST_NS)
		spent += read_one(b, r, w);
}

void bytes_reader__free(struct bytes_reader *b)
{
	free(b->round.pids);
}
