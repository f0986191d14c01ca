// SPDX-License-Identifier: BSD-2-Clause
/* The ways into a BPF program that are calibrated: how to attach an empty one, and how to hit it. */
#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <errno.h>
#include <linux/perf_event.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

#include "entry_ways.h"
#include "kernel_btf.h"
#include "modules.h"
#include "uprobe_multi.h"
#include "util.h"

#define SPIN_TURNS 20000 /* of an empty loop: some 10 us */
#define SAMPLE_NS  100000
#define PAGES	   32 /* touched in each round */

/*
 * What uprobes are put on. As a target's first instructions, by which the kernel chooses what it does there: it
 * emulates the push, steps over a copy of the comparison, and makes a call of the no-op of five bytes, where it can.
 * Aligned: of one that crosses a page it does not.
 */
void entry__trap(void);
void entry__step(void);
void entry__call(void);
#if defined(__x86_64__)
#define INSNS_TRAP "push %rbp\n\tpop %rbp"
#define INSNS_STEP "cmp $0x1000, %rdi"
#define INSNS_CALL ".byte 0x0f, 0x1f, 0x44, 0x00, 0x00"
#else
#define INSNS_TRAP "nop"
#define INSNS_STEP "add x9, x9, x9"
#define INSNS_CALL "nop"
#endif
#define PROBED(name, insns)                                                                                           \
	__asm__(".pushsection .text\n.balign 16\n.hidden " name "\n.globl " name "\n.type " name ", %function\n" name \
		":\n\t" insns "\n\tret\n.size " name ", . - " name "\n.popsection\n")
PROBED("entry__trap", INSNS_TRAP);
PROBED("entry__step", INSNS_STEP);
PROBED("entry__call", INSNS_CALL);

/* ---- programs ---- */

static int load(enum bpf_prog_type type, int attach_type, int btf_id)
{
	static const struct bpf_insn return_0[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0 },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	LIBBPF_OPTS(bpf_prog_load_opts, opts, .expected_attach_type = attach_type, .attach_btf_id = btf_id);

	return bpf_prog_load(type, "tare_empty", "GPL", return_0, ARRAY_SIZE(return_0), &opts);
}

static int load_tracepoint(void)
{
	int id = kernel_btf__id("btf_trace_", "itimer_state", BTF_KIND_TYPEDEF);

	return id < 0 ? id : load(BPF_PROG_TYPE_TRACING, BPF_TRACE_RAW_TP, id);
}

/* For one link of many probes, as a recording has them; before Linux 6.6 for the only kind there is. */
static int load_uprobe(void)
{
	int fd = load(BPF_PROG_TYPE_KPROBE, TRACE_UPROBE_MULTI, 0);

	return fd < 0 ? load(BPF_PROG_TYPE_KPROBE, 0, 0) : fd;
}

static int load_perf_event(void)
{
	return load(BPF_PROG_TYPE_PERF_EVENT, 0, 0);
}

/* ---- attaching to the calling thread, or to what only it does ---- */

static int attach_tracepoint(int prog)
{
	int fd = bpf_raw_tracepoint_open(NULL, prog);

	return fd < 0 ? -errno : fd;
}

static int attach_event(int prog, struct perf_event_attr *attr)
{
	int fd, ret;

	attr->size = sizeof(*attr);
	attr->disabled = 1;
	fd = syscall(SYS_perf_event_open, attr, 0, -1, -1, PERF_FLAG_FD_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (!ioctl(fd, PERF_EVENT_IOC_SET_BPF, prog) && !ioctl(fd, PERF_EVENT_IOC_ENABLE, 0))
		return fd;
	ret = -errno;
	close(fd);
	return ret;
}

static int uprobe_type(void)
{
	FILE *f = fopen("/sys/bus/event_source/devices/uprobe/type", "re");
	int type = -ENOTSUP;

	if (f && fscanf(f, "%d", &type) != 1)
		type = -ENOTSUP;
	if (f)
		fclose(f);
	return type;
}

static int attach_uprobe(int prog, void (*function)(void))
{
	uint64_t offset = 0;
	struct uprobe_multi at = { 1, &offset, NULL, NULL };
	struct perf_event_attr attr = { .config1 = (uintptr_t) "/proc/self/exe" };
	int fd, type = mapping__own_offset(function, &offset);

	if (type)
		return type;
	fd = uprobe_multi__attach(prog, "/proc/self/exe", getpid(), &at);
	if (fd >= 0)
		return fd;
	type = uprobe_type();
	if (type < 0)
		return type;
	attr.type = type;
	attr.config2 = offset;
	return attach_event(prog, &attr);
}

static int attach_trap(int prog)
{
	return attach_uprobe(prog, entry__trap);
}

static int attach_step(int prog)
{
	return attach_uprobe(prog, entry__step);
}

static int attach_call(int prog)
{
	return attach_uprobe(prog, entry__call);
}

static int attach_sample(int prog)
{
	struct perf_event_attr attr = { .type = PERF_TYPE_SOFTWARE,
					.config = PERF_COUNT_SW_CPU_CLOCK,
					.sample_period = SAMPLE_NS };

	return attach_event(prog, &attr);
}

static int attach_fault(int prog)
{
	struct perf_event_attr attr = { .type = PERF_TYPE_SOFTWARE,
					.config = PERF_COUNT_SW_PAGE_FAULTS_MIN,
					.sample_period = 1,
					.exclude_kernel = 1 };

	return attach_event(prog, &attr);
}

/* ---- hits ---- */

/* No timer again: a tracepoint that hardly anyone hits, and where a recording that begins meanwhile has no program. */
static void hit_tracepoint(unsigned nr)
{
	static const struct itimerval none;

	while (nr--)
		setitimer(ITIMER_VIRTUAL, &none, NULL);
}

static void hit_trap(unsigned nr)
{
	while (nr--)
		entry__trap();
}

static void hit_step(unsigned nr)
{
	while (nr--)
		entry__step();
}

static void hit_call(unsigned nr)
{
	while (nr--)
		entry__call();
}

static void hit_sample(unsigned nr)
{
	for (unsigned i = 0; i < nr * SPIN_TURNS; i++)
		__asm__ volatile("");
}

static void hit_fault(unsigned nr)
{
	static volatile char *memory;
	size_t page = sysconf(_SC_PAGESIZE);

	if (!memory) {
		memory = mmap(NULL, PAGES * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		madvise((void *)memory, PAGES * page, MADV_NOHUGEPAGE);
	}
	if (memory == MAP_FAILED || madvise((void *)memory, PAGES * page, MADV_DONTNEED))
		return;
	for (unsigned i = 0; i < nr; i++)
		memory[i % PAGES * page] = 1;
}

const struct entry_way entry_ways[NR_ENTRIES] = {
	[ENTRY_TRACEPOINT] = { "tracepoint", "a tracepoint of the kernel", 100, 100, 0, load_tracepoint,
			       attach_tracepoint, hit_tracepoint },
	[ENTRY_TRAP] = { "uprobe", "a uprobe on what the kernel emulates", 50, 100, 0, load_uprobe, attach_trap,
			 hit_trap },
	[ENTRY_STEP] = { "uprobe-stepped", "a uprobe on what it steps over", 40, 4, 0, load_uprobe, attach_step,
			 hit_step },
	[ENTRY_CALL] = { "uprobe-nop5", "a uprobe on a no-op of five bytes", 50, 100, 0, load_uprobe, attach_call,
			 hit_call },
	[ENTRY_SAMPLE] = { "sample", "a tick of the CPU clock", 10, 100, SAMPLE_NS, load_perf_event, attach_sample,
			   hit_sample },
	[ENTRY_FAULT] = { "page-fault", "a page fault that is told", 100, PAGES, 0, load_perf_event, attach_fault,
			  hit_fault },
};

uint64_t entry_way__round_ns(const struct entry_way *way, unsigned rounds, unsigned nr)
{
	uint64_t least = UINT64_MAX;

	while (rounds--) {
		uint64_t began = thread_cpu_ns(), ns;

		way->hit(nr);
		ns = thread_cpu_ns() - began;
		least = ns < least ? ns : least;
	}
	return least;
}
