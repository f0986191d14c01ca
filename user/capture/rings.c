// SPDX-License-Identifier: BSD-2-Clause
/*
 * One thread serves all rings: it only copies (some 10 ns per record), so it keeps up with far more than the target's
 * switches produce, and a second one would take another CPU from the target.
 */
#include <bpf/bpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <unistd.h>

#include "event.h"
#include "rest.h"
#include "ring.h"
#include "no_memory.h"
#include "rings.h"
#include "shared.h"
#include "util.h"

#define FRAME_BYTES (256u << 10)

/* Made in a millisecond or two at worst, and not so many that descriptors run out. */
#define RING_BYTES (1ull << 20)
#define MAX_RINGS  16

struct cpu_rings {
	struct rings *all;
	uint16_t cpu;
	struct ring *rings; /* NULL: the CPU is offline */
	struct cpu_state *state;
	uint64_t last_ns; /* of the last record taken */
};

struct rings {
	struct writer *w; /* of the drain in progress */
	uint64_t base_ns; /* .last_ns of the CPU being drained when .frame was begun */
	uint32_t used;
	unsigned char *frame; /* its records, not yet written */
	int epoll_fd;
	unsigned nr_cpus, nr_rings; /* of each CPU */
	uint64_t records;
	bool quiet; /* the last round had no records */
	uint64_t complete_ns;
	rings_watch_fn *watch;
	void *watch_ctx;
	struct cpu_rings cpus[];
};

static void cpu_rings__flush(struct cpu_rings *c)
{
	struct rings *r = c->all;
	struct iovec iov = { r->frame, r->used };

	if (r->used)
		writer__frame(r->w, TARE_FRAME_EVENTS, c->cpu, r->base_ns, &iov, 1);
	r->used = 0;
}

/* The full time of a record, as a reader of the file will find it. */
static void cpu_rings__advance(struct cpu_rings *c, const struct tare_rec *rec)
{
	if (rec->kind == TARE_REC_SYNC)
		c->last_ns = (uint64_t)((const struct tare_sync *)rec)->ts_hi << 32 | rec->ts_lo;
	else
		c->last_ns += (int32_t)(rec->ts_lo - (uint32_t)c->last_ns);
}

static int on_record(void *ctx, const void *data, size_t size)
{
	const struct tare_rec *rec = data;
	struct cpu_rings *c = ctx;
	struct rings *r = c->all;
	uint64_t before_ns = c->last_ns;
	size_t len;

	cpu_rings__advance(c, rec);
	r->records++;
	if (rec->kind != TARE_REC_SWITCH && r->watch)
		rec = r->watch(rec, size, c->last_ns, r->watch_ctx);
	if (!rec)
		return 0;
	len = record__len(rec);
	if (len > size) /* impossible: the kernel side wrote both */
		return -EBADMSG;
	if (r->used + len > FRAME_BYTES)
		cpu_rings__flush(c);
	if (!r->used)
		r->base_ns = before_ns;
	memcpy(r->frame + r->used, rec, len);
	r->used += len;
	return 0;
}

/* Up to the ring being filled; a ring that the kernel side left takes no more, so once it is empty it is done with. */
static int cpu_rings__drain(struct cpu_rings *c)
{
	uint32_t at = c->state->draining, filling;
	struct ring *ring;
	int ret;

	for (;; __atomic_store_n(&c->state->draining, ++at, __ATOMIC_RELEASE)) {
		filling = __atomic_load_n(&c->state->filling, __ATOMIC_ACQUIRE);
		ring = &c->rings[at & (c->all->nr_rings - 1)];
		ret = ring__consume(ring, on_record, c);
		if (ret || (int32_t)(filling - at) <= 0 || !ring__is_empty(ring))
			return ret;
	}
}

int rings__drain(struct rings *r, struct writer *w)
{
	uint64_t began = now_ns(), before = r->records;
	int ret = 0, one;

	r->w = w;
	for (unsigned i = 0; i < r->nr_cpus; i++) {
		if (!r->cpus[i].rings)
			continue;
		one = cpu_rings__drain(&r->cpus[i]);
		ret = ret ?: one;
		cpu_rings__flush(&r->cpus[i]);
	}
	/* two idle rounds in a row tell a following reader nothing new */
	if (r->records != before || !r->quiet)
		writer__frame(w, TARE_FRAME_ROUND, 0, began, NULL, 0);
	r->quiet = r->records == before;
	r->complete_ns = began;
	return ret;
}

uint64_t rings__complete_ns(const struct rings *r)
{
	return r->complete_ns;
}

int rings__poll_fd(struct rings *r, int fd)
{
	struct epoll_event ev = { .events = EPOLLIN };

	return epoll_ctl(r->epoll_fd, EPOLL_CTL_ADD, fd, &ev) ? -errno : 0;
}

int rings__wait(struct rings *r, int timeout_ms)
{
	struct epoll_event ev;

	return epoll_wait(r->epoll_fd, &ev, 1, timeout_ms) < 0 && errno != EINTR ? -errno : 0;
}

void rings__watch(struct rings *r, rings_watch_fn *watch, void *ctx)
{
	r->watch = watch;
	r->watch_ctx = ctx;
}

static bool cpu_is_online(unsigned cpu)
{
	char path[64], c = '1';
	FILE *f;

	snprintf(path, sizeof(path), "/sys/devices/system/cpu/cpu%u/online", cpu);
	f = fopen(path, "re");
	if (!f) { /* the first CPU often lacks this file, and is always online */
		snprintf(path, sizeof(path), "/sys/devices/system/cpu/cpu%u", cpu);
		return !access(path, F_OK);
	}
	if (fread(&c, 1, 1, f) != 1)
		c = '1';
	fclose(f);
	return c == '1';
}

unsigned rings__of_cpu(uint64_t bytes)
{
	if (bytes <= RING_BYTES)
		return 1;
	return bytes / RING_BYTES < MAX_RINGS ? bytes / RING_BYTES : MAX_RINGS;
}

static int open_kernels(struct ring *r, uint64_t bytes, unsigned cpu, void *ctx)
{
	struct rings *all = ctx;
	/* edge-triggered: level-triggered would return at once while a ring holds anything, and one always does */
	struct epoll_event ev = { .events = EPOLLIN | EPOLLET };
	int ret = ring__open(r, bytes);

	return ret ?: epoll_ctl(all->epoll_fd, EPOLL_CTL_ADD, r->fd, &ev) ? -errno : 0;
}

static int cpu_rings__open(struct cpu_rings *c, uint64_t bytes, rings_open_fn *open, void *ctx)
{
	unsigned nr = c->all->nr_rings;
	int ret = 0;

	c->rings = calloc(nr, sizeof(*c->rings));
	if (!c->rings)
		return -ENOMEM;
	for (unsigned i = 0; !ret && i < nr; i++) {
		ret = open(&c->rings[i], bytes / nr, c->cpu, ctx);
		rest__take();
	}
	return ret;
}

/*
 * Hand all rings to the kernel side. The kernel waits for a grace period of RCU (20 ms) after each change of a map of
 * maps, but only for one after a batch (Linux 6.0; before that there are no batches for these).
 */
static int rings__install(struct rings *r, int rings_fd)
{
	LIBBPF_OPTS(bpf_map_batch_opts, opts);
	/* one more: there may be none, for all that the analyzer knows */
	uint32_t nr = 0, done, *at = calloc(r->nr_cpus * r->nr_rings + 1, sizeof(*at));
	int ret = 0, *fds = calloc(r->nr_cpus * r->nr_rings + 1, sizeof(*fds));

	if (!at || !fds)
		ret = -ENOMEM;
	for (unsigned i = 0; !ret && i < r->nr_cpus * r->nr_rings; i++) {
		const struct cpu_rings *c = &r->cpus[i / r->nr_rings];

		if (!c->rings)
			continue;
		at[nr] = i;
		fds[nr++] = c->rings[i % r->nr_rings].fd;
	}
	done = nr;
	if (!ret && bpf_map_update_batch(rings_fd, at, fds, &done, &opts))
		for (unsigned i = 0; !ret && i < nr; i++)
			ret = bpf_map_update_elem(rings_fd, &at[i], &fds[i], BPF_ANY) ? -errno : 0;
	free(at);
	free(fds);
	return ret;
}

/* A descriptor for each ring may be more than this process may have by default. */
static void allow_descriptors(uint64_t nr)
{
	struct rlimit limit;

	nr += 256; /* and whatever else is open */
	if (getrlimit(RLIMIT_NOFILE, &limit) || limit.rlim_cur >= nr)
		return;
	limit.rlim_cur = limit.rlim_max < nr ? limit.rlim_max : nr;
	setrlimit(RLIMIT_NOFILE, &limit); /* if that fails, opening says so */
}

static int rings__init(struct cpu_state *cpus, unsigned nr_cpus, uint64_t bytes, struct rings **out)
{
	struct rings *r = calloc(1, sizeof(*r) + nr_cpus * sizeof(r->cpus[0]));

	if (!r)
		return -ENOMEM;
	r->nr_cpus = nr_cpus;
	r->nr_rings = rings__of_cpu(bytes);
	r->quiet = true;
	for (unsigned i = 0; i < nr_cpus; i++)
		r->cpus[i] = (struct cpu_rings){ .all = r, .cpu = i, .state = &cpus[i] };
	r->frame = malloc(FRAME_BYTES);
	r->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	*out = r;
	if (r->frame && r->epoll_fd >= 0)
		return 0;
	rings__free(r);
	return -ENOMEM;
}

int rings__of(rings_open_fn *open, void *ctx, struct cpu_state *cpus, unsigned nr_cpus, uint64_t bytes,
	      struct rings **out)
{
	int ret = rings__init(cpus, nr_cpus, bytes, out);

	if (ret)
		return ret;
	for (unsigned i = 0; !ret && i < nr_cpus; i++)
		ret = cpu_rings__open(&(*out)->cpus[i], bytes, open, ctx);
	if (ret)
		rings__free(*out);
	return ret;
}

int rings__new(int rings_fd, struct cpu_state *cpus, unsigned nr_cpus, uint64_t bytes, struct rings **out)
{
	struct rings *r;
	int ret = rings__init(cpus, nr_cpus, bytes, &r);

	if (ret)
		return ret;
	allow_descriptors((uint64_t)nr_cpus * r->nr_rings);
	for (unsigned i = 0; !ret && i < nr_cpus; i++)
		if (cpu_is_online(i))
			ret = cpu_rings__open(&r->cpus[i], bytes, open_kernels, r);
	if (!ret)
		ret = rings__install(r, rings_fd);
	if (ret) {
		if (!no_memory__explain("make ring buffers", ret))
			err("cannot make ring buffers of %llu bytes for each CPU: %s; try a smaller --memory",
			    (unsigned long long)bytes, strerror(-ret));
		rings__free(r);
		return ret;
	}
	*out = r;
	return 0;
}

void rings__free(struct rings *r)
{
	if (!r)
		return;
	for (unsigned i = 0; i < r->nr_cpus; i++) {
		for (unsigned j = 0; r->cpus[i].rings && j < r->nr_rings; j++) {
			ring__close(&r->cpus[i].rings[j]);
			rest__take();
		}
		free(r->cpus[i].rings);
	}
	free(r->frame);
	if (r->epoll_fd >= 0)
		close(r->epoll_fd);
	free(r);
}
