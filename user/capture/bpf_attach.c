// SPDX-License-Identifier: BSD-2-Clause
/* Probes in the target's program, and those in the kernel that matter only with them. */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/perf_event.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "array.h"
#include "bpf.h"
#include "pid_ns.h"
#include "proc.h"
#include "runtime.h"
#include "tare.skel.h"
#include "tracepoints.h"
#include "uprobe_multi.h"
#include "util.h"

/*
 * Where only pauses need samples. Each tick costs some 15 us in a virtual machine, where arming a timer is an exit: at
 * 1000 a second that slowed a Go program by 3 %. A prime: not in step with what the target does every ms.
 */
#define PAUSES_HZ 199

#define EVERY_PROCESS 0

/* @link belongs to @p from now on, or is no more: then -ENOMEM. */
static int keep(struct attached *p, struct bpf_link *link)
{
	if (ARRAY_GROW(p->links, p->room, p->nr + 1)) {
		bpf_link__destroy(link);
		return -ENOMEM;
	}
	p->links[p->nr++] = link;
	return 0;
}

struct software_event {
	struct bpf_program *prog;
	struct perf_event_attr attr;
};

/* Run its program on @cpu at each software event that @like describes. Returns 0 or a negative errno. */
static int attach_software_event(struct attached *to, const struct software_event *like, int cpu)
{
	struct perf_event_attr attr = like->attr;
	struct bpf_link *link;
	int fd, ret;

	attr.type = PERF_TYPE_SOFTWARE;
	attr.size = sizeof(attr);
	fd = syscall(SYS_perf_event_open, &attr, -1, cpu, -1, PERF_FLAG_FD_CLOEXEC);
	if (fd < 0)
		return -errno;
	link = bpf_program__attach_perf_event(like->prog, fd);
	if (link)
		return keep(to, link); /* it owns the descriptor */
	ret = -errno;
	close(fd);
	return ret;
}

static void attach_software_events(struct bpf *b, struct attached *to, const struct software_event *events, size_t nr)
{
	for (unsigned cpu = 0; cpu < b->nr_cpus; cpu++) {
		for (size_t i = 0; i < nr; i++) {
			int ret = attach_software_event(to, &events[i], cpu);

			if (ret && ret != -ENODEV) /* offline CPUs cannot be opened */
				info("nothing comes from %s on CPU %u: %s", bpf_program__name(events[i].prog), cpu,
				     strerror(-ret));
		}
	}
}

void bpf__attach_clock(struct bpf *b)
{
	const struct software_event clock = {
		b->skel->progs.cpu_clock,
		{ .config = PERF_COUNT_SW_CPU_CLOCK, .sample_freq = b->sample_hz ?: PAUSES_HZ, .freq = 1 },
	};

	const struct software_event faults[] = {
		{ b->skel->progs.page_fault,
		  { .config = PERF_COUNT_SW_PAGE_FAULTS_MIN, .sample_period = FAULT_PERIOD_MINOR } },
		{ b->skel->progs.page_fault,
		  { .config = PERF_COUNT_SW_PAGE_FAULTS_MAJ, .sample_period = FAULT_PERIOD_MAJOR } },
	};

	attach_software_events(b, &b->clock, &clock, 1);
	if (bpf_program__autoload(b->skel->progs.page_fault))
		attach_software_events(b, &b->clock, faults, ARRAY_SIZE(faults));
}

static void keep_tracepoint(struct bpf_link *link, void *ctx)
{
	keep(ctx, link);
}

static void attach_evidence(struct bpf *b)
{
	const struct software_event faults[] = {
		{ b->skel->progs.page_fault_end,
		  { .config = PERF_COUNT_SW_PAGE_FAULTS_MIN, .sample_period = 1, .exclude_kernel = 1 } },
		{ b->skel->progs.page_fault_end,
		  { .config = PERF_COUNT_SW_PAGE_FAULTS_MAJ, .sample_period = 1, .exclude_kernel = 1 } },
	};

	tracepoints__attach(b->skel->obj, TARE_EVIDENCE, keep_tracepoint, &b->evidence);
	attach_software_events(b, &b->evidence, faults, ARRAY_SIZE(faults));
	if (!b->sample_hz)
		bpf__attach_clock(b);
}

/* Put @site into an unused entry of the kernel side's table. Returns its index or a negative errno. */
static int site__new(struct bpf *b, struct attached *p, const struct site *site)
{
	uint32_t at = 0;

	if (!b->site_used)
		b->site_used = calloc(MAX_SITES, 1);
	if (!b->site_used || ARRAY_GROW(p->sites, p->room_sites, p->nr_sites + 1))
		return -ENOMEM;
	while (at < MAX_SITES && b->site_used[at])
		at++;
	if (at == MAX_SITES)
		return -ENOSPC;
	if (bpf_map_update_elem(bpf_map__fd(b->skel->maps.sites), &at, site, BPF_ANY))
		return -errno;
	b->site_used[at] = 1;
	p->sites[p->nr_sites++] = at;
	return at;
}

/* One link for all, if the kernel can; else one each. */
struct chosen {
	uint64_t *offsets, *semaphores, *cookies;
	uint32_t nr;
};

/* Of this one the kernel may make a call (Linux 6.18). */
static bool is_nop5(int fd, uint64_t offset)
{
	static const uint8_t nop5[] = { 0x0f, 0x1f, 0x44, 0x00, 0x00 }; /* x86-64; no instruction of arm64's */
	uint8_t insn[sizeof(nop5)];

	return pread(fd, insn, sizeof(insn), offset) == sizeof(insn) && !memcmp(insn, nop5, sizeof(insn));
}

static int choose(struct bpf *b, int fd, const struct runtime_probes *list, bool often, struct attached *p,
		  struct chosen *c)
{
	c->offsets = calloc(list->nr * 3 + 1, sizeof(*c->offsets));
	if (!c->offsets)
		return -ENOMEM;
	c->semaphores = c->offsets + list->nr;
	c->cookies = c->semaphores + list->nr;
	for (size_t i = 0; i < list->nr; i++) {
		const struct runtime_probe *probe = &list->probes[i];
		struct site site = probe->site;
		int at;

		if (probe->often && !often)
			continue;
		site.nop5 = is_nop5(fd, probe->offset);
		at = site__new(b, p, &site);
		if (at < 0)
			return at;
		c->offsets[c->nr] = probe->offset;
		c->semaphores[c->nr] = probe->semaphore;
		c->cookies[c->nr++] = at;
	}
	return 0;
}

static int attach_each(struct bpf *b, pid_t pid, const char *path, const struct chosen *c, struct attached *p)
{
	int ret = 0;

	for (uint32_t i = 0; i < c->nr && !ret; i++) {
		LIBBPF_OPTS(bpf_uprobe_opts, opts, .ref_ctr_offset = c->semaphores[i], .bpf_cookie = c->cookies[i]);
		struct bpf_link *link;

		link = bpf_program__attach_uprobe_opts(b->skel->progs.runtime_uprobe, pid == EVERY_PROCESS ? -1 : pid,
						       path, c->offsets[i], &opts);
		ret = link ? keep(p, link) : -errno;
	}
	return ret;
}

static int attach_all(struct bpf *b, pid_t pid, const char *path, const struct chosen *c, struct attached *p)
{
	struct uprobe_multi at = { c->nr, c->offsets, c->semaphores, c->cookies };
	int fd;

	if (!c->nr)
		return 0;
	if (!bpf_program__autoload(b->skel->progs.runtime_uprobe_multi))
		return attach_each(b, pid, path, c, p);
	fd = uprobe_multi__attach(bpf_program__fd(b->skel->progs.runtime_uprobe_multi), path, pid, &at);
	if (fd < 0)
		return fd;
	p->multi_fd = fd;
	p->has_multi = true;
	return 0;
}

int bpf__attach_probes(struct bpf *b, pid_t pid, int fd, const struct runtime_probes *list, bool often,
		       struct attached *probes)
{
	struct chosen c = { 0 };
	char path[64];
	int ret;

	/*
	 * The kernel finds a process's memory by its first thread (kernel/trace/bpf_trace.c,
	 * uprobe_multi_link_filter()): if that has ended, attach to the file for everyone, and the kernel side heeds
	 * only targets.
	 */
	pid = proc__living(pid) == pid ? pid_ns__here(pid) : EVERY_PROCESS;
	/* not by name: it may be in another mount namespace, or replaced since */
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	for (size_t i = 0; i < list->nr && !b->evidence.nr; i++)
		if (!list->probes[i].site.mapped)
			attach_evidence(b);
	ret = choose(b, fd, list, often, probes, &c);
	if (!ret)
		ret = attach_all(b, pid, path, &c, probes);
	free(c.offsets);
	if (ret)
		bpf__detach_probes(b, probes);
	return ret;
}

int bpf__tell(struct bpf *b, const char *map, pid_t pid, const void *value)
{
	int fd = bpf_object__find_map_fd_by_name(b->skel->obj, map);
	uint32_t tgid = pid;

	if (fd < 0 || bpf_map_update_elem(fd, &tgid, value, BPF_ANY))
		return fd < 0 ? fd : -errno;
	b->skel->bss->any_goroutines = true;
	return 0;
}

void bpf__forget(struct bpf *b, const char *map, pid_t pid)
{
	int fd = bpf_object__find_map_fd_by_name(b->skel->obj, map);
	uint32_t tgid = pid;

	if (fd >= 0)
		bpf_map_delete_elem(fd, &tgid);
}

void bpf__watch_signal(struct bpf *b, int signo)
{
	b->skel->bss->preempt_signals |= 1ull << signo;
}

static void destroy(struct attached *p)
{
	while (p->nr)
		bpf_link__destroy(p->links[--p->nr]);
	if (p->has_multi)
		close(p->multi_fd);
	free(p->links);
	free(p->sites);
}

static void attach_part_time(struct bpf *b, enum tare_when when, bool on, struct attached *to)
{
	if (on) {
		tracepoints__attach(b->skel->obj, when, keep_tracepoint, to);
		return;
	}
	destroy(to);
	*to = (struct attached){ 0 };
}

void bpf__time_switches(struct bpf *b, bool on)
{
	if (on == b->timing)
		return;
	b->timing = on;
	/* a switch in progress now has no start time */
	for (unsigned i = 0; i < b->nr_cpus && on; i++)
		b->cpus[i].entry_ts = 0;
	attach_part_time(b, TARE_TIMING, on, &b->timers);
}

bool bpf__can_watch_calls(const struct bpf *b)
{
	return bpf_program__autoload(b->skel->progs.call_enter) && bpf_program__autoload(b->skel->progs.call_exit);
}

void bpf__watch_calls(struct bpf *b, bool on)
{
	if (on == b->watching)
		return;
	b->watching = on;
	if (on)
		b->skel->bss->calls_since_ns = now_ns();
	attach_part_time(b, TARE_CALLS, on, &b->watchers);
}

int bpf__call_sums_fd(const struct bpf *b)
{
	return bpf_map__fd(b->skel->maps.call_sums);
}

void bpf__next_calls(struct bpf *b)
{
	b->skel->bss->calls_stretch++;
}

static void *destroy_apart(void *arg)
{
	destroy(arg);
	free(arg);
	return NULL;
}

/* A thread that nobody joins keeps its stack: with processes that come and go, there would be ever more. */
static void join_ended(struct bpf *b)
{
	for (size_t i = b->nr_detaching; i-- > 0;)
		if (!pthread_tryjoin_np(b->detaching[i], NULL))
			b->detaching[i] = b->detaching[--b->nr_detaching];
}

void bpf__detach_probes(struct bpf *b, struct attached *p)
{
	struct attached *apart = malloc(sizeof(*apart));
	bool room;

	join_ended(b);
	room = !ARRAY_GROW(b->detaching, b->room_detaching, b->nr_detaching + 1);
	/* an entry may be reused at once: a thread that hits the probe until then is no longer a target */
	for (size_t i = 0; i < p->nr_sites; i++)
		b->site_used[p->sites[i]] = 0;
	if (apart)
		*apart = *p;
	if ((p->nr || p->has_multi) && apart && room &&
	    !pthread_create(&b->detaching[b->nr_detaching], NULL, destroy_apart, apart)) {
		b->nr_detaching++;
	} else {
		free(apart);
		destroy(p);
	}
	*p = (struct attached){ 0 };
}

void bpf__finish_detaching(struct bpf *b)
{
	while (b->nr_detaching)
		pthread_join(b->detaching[--b->nr_detaching], NULL);
	free(b->detaching);
	b->detaching = NULL;
	b->room_detaching = 0;
}
