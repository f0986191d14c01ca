// SPDX-License-Identifier: BSD-2-Clause
/*
 * One thread serves all rings: it only copies (some 10 ns per record), so it keeps up with far more than the target's
 * switches produce, and a second one would take another CPU from the target.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "event.h"
#include "rest.h"
#include "rings.h"
#include "util.h"

#define FRAME_BYTES (256u << 10)

struct cpu_ring {
	struct rings *all;
	uint16_t cpu;
	int fd;		  /* -1: the CPU is offline */
	uint64_t last_ns; /* of the last record taken */
	uint64_t base_ns; /* .last_ns when .frame was begun */
	uint32_t used;
	unsigned char *frame; /* records not yet written */
};

struct rings {
	struct ring_buffer *rb;
	struct writer *w; /* of the drain in progress */
	int epoll_fd;
	unsigned nr_cpus;
	uint64_t records;
	bool quiet; /* the last round had no records */
	uint64_t complete_ns;
	rings_watch_fn *watch;
	void *watch_ctx;
	struct cpu_ring cpus[];
};

static void cpu_ring__flush(struct cpu_ring *c)
{
	struct iovec iov = { c->frame, c->used };

	if (c->used)
		writer__frame(c->all->w, TARE_FRAME_EVENTS, c->cpu, c->base_ns, &iov, 1);
	c->used = 0;
}

/* The full time of a record, as a reader of the file will find it. */
static void cpu_ring__advance(struct cpu_ring *c, const struct tare_rec *rec)
{
	if (rec->kind == TARE_REC_SYNC)
		c->last_ns = (uint64_t)((const struct tare_sync *)rec)->ts_hi << 32 | rec->ts_lo;
	else
		c->last_ns += (int32_t)(rec->ts_lo - (uint32_t)c->last_ns);
}

static int on_record(void *ctx, void *data, size_t size)
{
	const struct tare_rec *rec = data;
	struct cpu_ring *c = ctx;
	uint64_t before_ns = c->last_ns;
	size_t len;

	cpu_ring__advance(c, rec);
	c->all->records++;
	if (rec->kind != TARE_REC_SWITCH && c->all->watch)
		rec = c->all->watch(rec, size, c->last_ns, c->all->watch_ctx);
	len = record__len(rec);
	if (len > size) /* impossible: the kernel side wrote both */
		return -EBADMSG;
	if (c->used + len > FRAME_BYTES)
		cpu_ring__flush(c);
	if (!c->used)
		c->base_ns = before_ns;
	memcpy(c->frame + c->used, rec, len);
	c->used += len;
	return 0;
}

int rings__drain(struct rings *r, struct writer *w)
{
	uint64_t began = now_ns(), before = r->records;
	int n;

	r->w = w;
	n = ring_buffer__consume(r->rb);
	for (unsigned i = 0; i < r->nr_cpus; i++)
		cpu_ring__flush(&r->cpus[i]);
	/* two idle rounds in a row tell a following reader nothing new */
	if (r->records != before || !r->quiet)
		writer__frame(w, TARE_FRAME_ROUND, 0, began, NULL, 0);
	r->quiet = r->records == before;
	r->complete_ns = began;
	return n < 0 ? n : 0;
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

static int cpu_ring__open(struct cpu_ring *c, int rings_fd, uint64_t ring_bytes)
{
	/* edge-triggered: level-triggered would return at once while a ring holds anything, and one always does */
	struct epoll_event ev = { .events = EPOLLIN | EPOLLET };
	uint32_t cpu = c->cpu;

	c->frame = malloc(FRAME_BYTES);
	if (!c->frame)
		return -ENOMEM;
	c->fd = bpf_map_create(BPF_MAP_TYPE_RINGBUF, "tare_ring", 0, 0, ring_bytes, NULL);
	if (c->fd < 0)
		return -errno;
	if (bpf_map_update_elem(rings_fd, &cpu, &c->fd, BPF_ANY))
		return -errno;
	if (epoll_ctl(c->all->epoll_fd, EPOLL_CTL_ADD, c->fd, &ev))
		return -errno;
	if (!c->all->rb) {
		c->all->rb = ring_buffer__new(c->fd, on_record, c, NULL);
		return c->all->rb ? 0 : -errno;
	}
	return ring_buffer__add(c->all->rb, c->fd, on_record, c);
}

int rings__new(int rings_fd, unsigned nr_cpus, uint64_t ring_bytes, struct rings **out)
{
	struct rings *r = calloc(1, sizeof(*r) + nr_cpus * sizeof(r->cpus[0]));
	int ret = 0;

	if (!r)
		return -ENOMEM;
	r->nr_cpus = nr_cpus;
	r->quiet = true;
	for (unsigned i = 0; i < nr_cpus; i++)
		r->cpus[i] = (struct cpu_ring){ .all = r, .cpu = i, .fd = -1 };
	r->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (r->epoll_fd < 0)
		ret = -errno;
	for (unsigned i = 0; !ret && i < nr_cpus; i++) {
		if (cpu_is_online(i))
			ret = cpu_ring__open(&r->cpus[i], rings_fd, ring_bytes);
		rest__take(); /* some thousand pages of memory each */
	}
	if (ret) {
		err("cannot make a ring buffer of %llu bytes for each CPU: %s; try a smaller --ring-size",
		    (unsigned long long)ring_bytes, strerror(-ret));
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
	ring_buffer__free(r->rb);
	for (unsigned i = 0; i < r->nr_cpus; i++) {
		free(r->cpus[i].frame);
		if (r->cpus[i].fd >= 0)
			close(r->cpus[i].fd);
	}
	if (r->epoll_fd >= 0)
		close(r->epoll_fd);
	free(r);
}
