// SPDX-License-Identifier: BSD-2-Clause
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "array.h"
#include "behind.h"
#include "bpf.h"
#include "capability.h"
#include "cgroup.h"
#include "huge_pages.h"
#include "kernel_btf.h"
#include "no_memory.h"
#include "pid_ns.h"
#include "rest.h"
#include "tare.skel.h"
#include "tracepoints.h"
#include "uprobe_multi.h"
#include "util.h"

#ifndef SYS_pidfd_open
#define SYS_pidfd_open 434
#endif

const char *const bpf__prog_names[NR_PROGS] = {
#define X(name, ...) [PROG_##name] = #name,
	TARE_PROGS(X)
#undef X
};

static int on_libbpf(enum libbpf_print_level level, const char *fmt, va_list ap)
{
	return verbose && level != LIBBPF_DEBUG ? vfprintf(stderr, fmt, ap) : 0;
}

/* Say what prevents loading. Returns -EPERM if something obtainable is missing, else -EIO. */
static int explain(const struct machine *machine, int error)
{
	bool said;

	/* first: with no memory everything that is tried fails */
	if (no_memory__explain("load the BPF programs", error))
		return -EIO;
	said = machine->explain();

	if (!said)
		err("the kernel refused tare's BPF programs: %s; tare -v says more, `tare doctor` what works here",
		    strerror(-error));
	return said || error == -EPERM ? -EPERM : -EIO;
}

/* Only one of the two kinds of uprobes is loaded. They are attached when a runtime is found: bpf_attach.c. */
static void configure_uprobes(struct tare_bpf *s, const struct machine *machine)
{
	bpf_program__set_autoload(machine->has_uprobe_multi() ? s->progs.runtime_uprobe_multi : s->progs.runtime_uprobe,
				  true);
	bpf_program__set_expected_attach_type(s->progs.runtime_uprobe_multi, TRACE_UPROBE_MULTI);
	bpf_program__set_autoattach(s->progs.runtime_uprobe_multi, false);
	bpf_program__set_autoattach(s->progs.runtime_uprobe, false);
}

static void configure_allocs(struct tare_bpf *s, bool wanted, const struct machine *machine)
{
	bpf_program__set_autoload(s->progs.alloc_site, wanted && machine->has_uprobe_multi());
	bpf_program__set_expected_attach_type(s->progs.alloc_site, TRACE_UPROBE_MULTI);
	bpf_program__set_autoattach(s->progs.alloc_site, false);
}

static void configure_cgroup(struct tare_bpf *s, const struct cgroup_place *place)
{
	if (!place) {
		bpf_program__set_autoload(s->progs.cgroup_attach_task, false);
		return;
	}
	s->rodata->follow_cgroup = true;
	s->rodata->follow_cgroup_hierarchy = place->hierarchy;
	s->rodata->follow_cgroup_above = place->above;
	_Static_assert(sizeof(s->rodata->follow_cgroup_name) == sizeof(place->name), "one is copied to the other");
	memcpy((char *)s->rodata->follow_cgroup_name, place->name, sizeof(place->name));
}

/* Samples of page faults need to find what is mapped at an address. */
static void configure_faults(struct tare_bpf *s, bool wanted)
{
	bool can = wanted && libbpf_probe_bpf_helper(BPF_PROG_TYPE_PERF_EVENT, BPF_FUNC_find_vma, NULL) == 1;

	s->rodata->huge_bytes = huge_pages__bytes();
	s->rodata->huge_always = huge_pages__are_default();
	bpf_program__set_autoload(s->progs.page_fault, can);
	bpf_program__set_autoattach(s->progs.page_fault, false);
}

static int configure(struct bpf *b, const struct bpf_opts *opts)
{
	struct tare_bpf *s = b->skel;

	s->rodata->follow = opts->follow;
	s->rodata->nr_rings = opts->nr_rings;
	s->rodata->ring_bytes = opts->ring_bytes;
	s->rodata->wake_at_bytes = opts->wake_at_bytes;
	s->rodata->sample_always = opts->sample_hz;
	s->rodata->off_cpu_min_ns = opts->off_cpu_min_ns;
	s->rodata->unwind_words = opts->unwind_bytes / sizeof(uint64_t);
	s->rodata->memory_unwind_words = opts->alloc_sites ? TARE_STACK_WORDS_ALLOC : 0;
	s->rodata->preempt_count_at = kernel_btf__preempt_count_at();
	if (opts->comm)
		strncpy((char *)s->rodata->follow_comm, opts->comm, sizeof(s->rodata->follow_comm) - 1);
	configure_uprobes(s, opts->machine);
	configure_allocs(s, opts->alloc_sites, opts->machine);
	tracepoints__configure(s->obj);
	/* one is enough at the end of a switch: off_cpu does what the other does, too */
	bpf_program__set_autoload(opts->off_cpu_min_ns ? s->progs.sched_exit : s->progs.off_cpu, false);
	bpf_program__set_autoattach(s->progs.cpu_clock, false);
	bpf_program__set_autoattach(s->progs.page_fault_end, false);
	configure_faults(s, opts->sample_hz);
	bpf_program__set_autoattach(s->progs.recorder_clocks, false);
	configure_cgroup(s, opts->cgroup);
	bpf_program__set_autoload(s->progs.pid_numbers, capability__in_pid_namespace());
	/* 92 KB for each CPU; who finds no room takes no stack */
	if (opts->no_stacks && bpf_map__set_max_entries(s->maps.stacks, 1))
		return -EINVAL;
	return bpf_map__set_max_entries(s->maps.cpus, b->nr_cpus) ?:
		       bpf_map__set_max_entries(s->maps.rings, b->nr_cpus * opts->nr_rings);
}

/* Everything that can be read from @fd. Returns its length or a negative errno. */
static ssize_t read_all(int fd, char **out)
{
	size_t have = 0, room = 0;
	char *buf = NULL;
	ssize_t n;

	for (;;) {
		if (room - have < 65536 && ARRAY_GROW(buf, room, room + (1 << 20))) {
			free(buf);
			return -ENOMEM;
		}
		n = read(fd, buf + have, room - have); /* 32 KB at most: some hundreds of threads */
		if (n < 0 && (errno == EINTR || errno == EAGAIN))
			continue;
		if (n < 0) {
			free(buf);
			return -errno;
		}
		if (!n) {
			*out = buf;
			return have;
		}
		have += n;
		rest__take();
	}
}

/* Everything that iterator @link lists. Returns its length or a negative errno. */
static ssize_t iterate(struct bpf_link *link, char **out)
{
	int fd = bpf_iter_create(bpf_link__fd(link));
	ssize_t len;

	if (fd < 0)
		return -errno;
	len = read_all(fd, out);
	close(fd);
	return len;
}

static int list_numbers(void *ctx, struct pid_pair **pairs, size_t *nr)
{
	struct bpf *b = ctx;
	ssize_t len = iterate(b->skel->links.pid_numbers, (char **)pairs);

	*nr = len < 0 ? 0 : len / sizeof(**pairs);
	return len < 0 ? len : 0;
}

/* In a time namespace the recorder's clocks differ from the kernel's, which events use. */
static void find_own_clocks(struct tare_bpf *s)
{
	LIBBPF_OPTS(bpf_test_run_opts, none);

	if (bpf_prog_test_run_opts(bpf_program__fd(s->progs.recorder_clocks), &none))
		warn("cannot tell whether tare is in a time namespace: %s; if it is, times are wrong", strerror(errno));
	else
		clock__set_offsets(s->bss->recorder_monotonic_ns, s->bss->recorder_boottime_ns);
}

static int load(struct bpf *b, const struct bpf_opts *opts)
{
	int ret;

	b->skel = tare_bpf__open();
	if (!b->skel)
		return -errno;
	ret = configure(b, opts);
	return ret ?: tare_bpf__load(b->skel);
}

/* After the program that records exec: a held thread has already been reported. */
static void load_hold(struct bpf *b)
{
	int ret = hold__load(&b->hold, b->skel->obj) ?: hold__attach(&b->hold);

	if (!ret)
		return;
	hold__close(&b->hold);
	info("nobody is held at exec: %s", ret == -ENODATA ? "this kernel cannot" : strerror(-ret));
}

static int attach(struct bpf *b, const struct bpf_opts *opts)
{
	int nr_cpus, ret;

	libbpf_set_print(on_libbpf);
	nr_cpus = libbpf_num_possible_cpus();
	if (nr_cpus < 0) {
		err("cannot tell how many CPUs there are: %s", strerror(-nr_cpus));
		return -EIO;
	}
	b->nr_cpus = nr_cpus;
	ret = load(b, opts);
	if (!b->skel) {
		err("cannot open the BPF programs: %s", strerror(-ret));
		return -EIO;
	}
	if (!ret)
		ret = tare_bpf__attach(b->skel);
	if (ret)
		return explain(opts->machine, ret);
	b->sample_hz = opts->sample_hz;
	if (b->sample_hz)
		bpf__attach_clock(b);
	load_hold(b);
	kernel_btf__release();
	find_own_clocks(b->skel);
	pid_ns__init(b->skel->links.pid_numbers ? list_numbers : NULL, b);
	b->cpus = mmap(NULL, nr_cpus * sizeof(*b->cpus), PROT_READ | PROT_WRITE, MAP_SHARED,
		       bpf_map__fd(b->skel->maps.cpus), 0);
	if (b->cpus == MAP_FAILED) {
		b->cpus = NULL;
		err("cannot map the probes' counters: %s", strerror(errno));
		return -EIO;
	}
	return 0;
}

int bpf__attach(struct bpf *b, const struct bpf_opts *opts)
{
	struct behind behind;
	int ret;

	/* mostly the kernel's verifier: over half a second of CPU time, while nothing is recorded yet */
	behind__begin(&behind);
	ret = attach(b, opts);
	behind__end(&behind);
	return ret;
}

int bpf__mark(struct bpf *b, pid_t pid)
{
	struct task_state marked = { 0 };
	int fd = syscall(SYS_pidfd_open, pid_ns__here(pid), 0), ret = 0;

	if (fd < 0)
		return -errno;
	if (bpf_map_update_elem(bpf_map__fd(b->skel->maps.tasks), &fd, &marked, BPF_NOEXIST))
		ret = errno == EEXIST ? 0 : -errno;
	close(fd);
	return ret;
}

int bpf__program_ns(const struct bpf *b, pid_t pid, uint64_t *ns)
{
	int fd = syscall(SYS_pidfd_open, pid_ns__here(pid), 0), ret;
	struct task_state state;

	if (fd < 0)
		return -errno;
	ret = bpf_map_lookup_elem(bpf_map__fd(b->skel->maps.tasks), &fd, &state) ? -errno : 0;
	close(fd);
	*ns = ret ? 0 : state.program_ns;
	return ret;
}

int bpf__snapshot(struct bpf *b, int phase, struct tare_task **tasks, uint32_t *nr)
{
	char *buf = NULL;
	ssize_t len;

	b->skel->bss->snapshot_phase = phase;
	len = iterate(b->skel->links.snapshot, &buf);
	if (len < 0)
		return len;
	*tasks = (struct tare_task *)buf;
	*nr = len / sizeof(**tasks);
	return 0;
}

void bpf__activate(struct bpf *b, bool active)
{
	__atomic_store_n(&b->skel->bss->active, active, __ATOMIC_SEQ_CST);
	hold__activate(&b->hold, active);
}

void bpf__launch(struct bpf *b, pid_t pid)
{
	b->skel->bss->launched = pid;
}

int bpf__alloc_prog_fd(const struct bpf *b)
{
	return bpf_program__autoload(b->skel->progs.alloc_site) ? bpf_program__fd(b->skel->progs.alloc_site) : -1;
}

struct alloc_burst *bpf__alloc_burst(struct bpf *b)
{
	return &b->skel->bss->alloc_burst;
}

int64_t bpf__live(const struct bpf *b)
{
	return __atomic_load_n(&b->skel->bss->nr_live, __ATOMIC_RELAXED);
}

int bpf__rings_fd(const struct bpf *b)
{
	return bpf_map__fd(b->skel->maps.rings);
}

void bpf__prog_fds(const struct bpf *b, int fds[NR_PROGS])
{
	struct bpf_program *progs[NR_PROGS];

	for (int i = 0; i < NR_PROGS; i++)
		progs[i] = bpf_object__find_program_by_name(b->skel->obj, bpf__prog_names[i]);
	progs[PROG_hold_at_exec] = b->hold.prog;
	/* only one of the two kinds of uprobes is loaded */
	if (!bpf_program__autoload(b->skel->progs.runtime_uprobe))
		progs[PROG_runtime_uprobe] = b->skel->progs.runtime_uprobe_multi;
	for (int i = 0; i < NR_PROGS; i++)
		fds[i] = progs[i] && bpf_program__autoload(progs[i]) ? bpf_program__fd(progs[i]) : -1;
}

void bpf__close(struct bpf *b)
{
	pid_ns__init(NULL, NULL);
	bpf__time_switches(b, false);
	bpf__watch_calls(b, false);
	bpf__detach_probes(b, &b->evidence);
	bpf__detach_probes(b, &b->clock);
	bpf__finish_detaching(b);
	free(b->site_used);
	b->site_used = NULL;
	if (b->cpus)
		munmap(b->cpus, b->nr_cpus * sizeof(*b->cpus));
	b->cpus = NULL;
	hold__close(&b->hold);
	tare_bpf__destroy(b->skel);
	b->skel = NULL;
}
