// SPDX-License-Identifier: BSD-2-Clause
/* Probes in user space: tare traces a function of its own and calls it. */
#include <bpf/bpf.h>
#include <errno.h>
#include <link.h>
#include <pthread.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "feature_trials.h"
#include "uprobe_multi.h"
#include "util.h"

#define NR_CALLS 3

/*
 * The traced functions. In assembly, since the first instruction decides how the kernel handles the probe; aligned,
 * since one that crosses a page is never optimised.
 */
void tare_probed_nop(void);
void tare_probed_usdt(void); /* its own: an address has one semaphore or none, for everyone who probes it */
void tare_probed_nop5(void);
extern volatile unsigned short tare_probed_semaphore;

#ifdef __x86_64__
#define NOP5 ".byte 0x0f, 0x1f, 0x44, 0x00, 0x00"
#else
#define NOP5 "nop"
#endif

#define PROBED_FUNCTION(name, instruction)                                              \
	asm(".pushsection .text\n"                                                      \
	    ".balign 16\n"                                                              \
	    ".hidden " name "\n.globl " name "\n.type " name ", %function\n" name ":\n" \
	    "	" instruction "\n"                                                      \
	    "	ret\n"                                                                    \
	    ".size " name ", . - " name "\n"                                            \
	    ".popsection\n")

PROBED_FUNCTION("tare_probed_nop", "nop");
PROBED_FUNCTION("tare_probed_usdt", "nop");
PROBED_FUNCTION("tare_probed_nop5", NOP5);

asm(".pushsection .probes, \"aw\", %progbits\n"
    ".balign 2\n"
    ".hidden tare_probed_semaphore\n.globl tare_probed_semaphore\n.type tare_probed_semaphore, %object\n"
    "tare_probed_semaphore:\n"
    "	.2byte 0\n"
    ".size tare_probed_semaphore, 2\n"
    ".popsection\n");

struct place {
	uintptr_t addr;
	uint64_t offset;
	bool found;
};

static int find_segment(struct dl_phdr_info *dl, size_t size, void *data)
{
	struct place *place = data;

	for (int i = 0; i < dl->dlpi_phnum; i++) {
		const ElfW(Phdr) *ph = &dl->dlpi_phdr[i];
		uintptr_t start = dl->dlpi_addr + ph->p_vaddr;

		if (ph->p_type == PT_LOAD && place->addr - start < ph->p_filesz) {
			place->offset = place->addr - start + ph->p_offset;
			place->found = true;
		}
	}
	return 1; /* the program itself comes first, and only it is wanted */
}

/* Where @addr is in /proc/self/exe, or UINT64_MAX. */
static uint64_t file_offset(const volatile void *addr)
{
	struct place place = { .addr = (uintptr_t)addr };

	dl_iterate_phdr(find_segment, &place);
	return place.found ? place.offset : UINT64_MAX;
}

/* Put @c on @fn of this process, with a semaphore unless @semaphore is NULL. Returns a file descriptor or -errno. */
static int attach_uprobe(const struct counter *c, void (*fn)(void), const volatile void *semaphore)
{
	struct perf_event_attr attr = { .config1 = (uintptr_t) "/proc/self/exe",
					.config2 = file_offset(fn),
					.disabled = 1 };
	int fd, err, type;

	type = pmu__type("uprobe");
	if (type < 0)
		return type;
	attr.type = type;
	attr.config = semaphore ? file_offset(semaphore) << 32 : 0;
	fd = perf_event__open(&attr);
	if (fd < 0)
		return fd;
	err = perf_event__attach(fd, c);
	if (err)
		close(fd);
	return err ?: fd;
}

static int attach_uprobe_multi(const struct counter *c, void (*fn)(void), const volatile void *semaphore)
{
	uint64_t offset = file_offset(fn), ref_ctr = semaphore ? file_offset(semaphore) : 0;
	struct uprobe_multi at = { .nr = 1, .offsets = &offset, .semaphores = semaphore ? &ref_ctr : NULL };

	return uprobe_multi__attach(c->prog, "/proc/self/exe", getpid(), &at);
}

struct uprobe_trial {
	int (*attach)(const struct counter *c, void (*fn)(void), const volatile void *semaphore);
	int attach_type;
	void (*fn)(void);
	const volatile unsigned short *semaphore;
	__u64 hits; /* of NR_CALLS */
	unsigned short semaphore_during;
	unsigned char byte_during; /* what the kernel made of the function's first byte */
};

/* A thread other than the one asked for: kernels before 6.10 miss all others (uprobe_multi_link_filter()). */
static void *call_it(void *arg)
{
	struct uprobe_trial *trial = arg;

	for (int i = 0; i < NR_CALLS; i++)
		trial->fn();
	return NULL;
}

/* Returns whether every call was counted; else @result has the reason. */
static bool uprobe_trial__run(struct uprobe_trial *trial, struct feature_result *result)
{
	struct counter c;
	pthread_t thread;
	int fd, err;

	err = counter__open(&c, BPF_PROG_TYPE_KPROBE, trial->attach_type, 0);
	if (err) {
		result__failed(result, "loading a program for uprobes", -err);
		return false;
	}
	fd = trial->attach(&c, trial->fn, trial->semaphore);
	if (fd < 0) {
		result__failed(result, "attaching to a function of tare's own", -fd);
		goto cleanup;
	}
	err = pthread_create(&thread, NULL, call_it, trial);
	if (!err)
		pthread_join(thread, NULL);
	trial->byte_during = *(const volatile unsigned char *)(uintptr_t)trial->fn;
	trial->semaphore_during = trial->semaphore ? *trial->semaphore : 0;
	close(fd);
	err = counter__hits(&c, &trial->hits);
	if (err)
		result__failed(result, "reading what was counted", -err);
	else if (trial->hits != NR_CALLS)
		result__set(result, FEATURE_MISSING, "attached, but counted %llu of %d calls",
			    (unsigned long long)trial->hits, NR_CALLS);
cleanup:
	counter__close(&c);
	return fd >= 0 && !err && trial->hits == NR_CALLS;
}

/* By the kind of link that needs fewer privileges, else by the one that older kernels have too. As record does it. */
static bool try_any_uprobe(struct uprobe_trial *trial, struct feature_result *result)
{
	trial->attach = attach_uprobe_multi;
	trial->attach_type = TRACE_UPROBE_MULTI;
	if (uprobe_trial__run(trial, result))
		return true;
	trial->attach = attach_uprobe;
	trial->attach_type = 0;
	return uprobe_trial__run(trial, result);
}

void try_uprobe(const char *arg, struct feature_result *result)
{
	struct uprobe_trial trial = { .fn = tare_probed_nop };

	if (try_any_uprobe(&trial, result))
		result__set(result, FEATURE_WORKS, "%s", trial.attach_type ? "one link for all" : "one by one");
}

void try_uprobe_multi(const char *arg, struct feature_result *result)
{
	struct uprobe_trial trial = { .attach = attach_uprobe_multi,
				      .attach_type = TRACE_UPROBE_MULTI,
				      .fn = tare_probed_nop };

	if (uprobe_trial__run(&trial, result))
		result__set(result, FEATURE_WORKS, "%s", "");
}

void try_usdt_semaphore(const char *arg, struct feature_result *result)
{
	struct uprobe_trial trial = { .fn = tare_probed_usdt, .semaphore = &tare_probed_semaphore };

	if (!try_any_uprobe(&trial, result))
		return;
	if (trial.semaphore_during != 1)
		result__set(result, FEATURE_MISSING, "attached, but the kernel set the semaphore to %d instead of 1",
			    trial.semaphore_during);
	else
		result__set(result, FEATURE_WORKS, "%s", "");
}

#define X86_INT3 0xcc
#define X86_CALL 0xe8

/* The kernel writes a breakpoint over the 5-byte nop, and a call over that on the first hit. */
void try_nop5(const char *arg, struct feature_result *result)
{
	struct uprobe_trial trial = { .fn = tare_probed_nop5 };

#ifndef __x86_64__
	return result__set(result, FEATURE_MISSING, "exists on x86-64 only");
#endif
	if (!try_any_uprobe(&trial, result))
		return;
	if (trial.byte_during == X86_CALL)
		result__set(result, FEATURE_WORKS, "the kernel made it a call");
	else if (trial.byte_during == X86_INT3)
		result__set(result, FEATURE_MISSING, "the probe works, but stays a breakpoint on this kernel");
	else
		result__set(result, FEATURE_UNKNOWN, "the probe works, but its first byte is %#x", trial.byte_during);
}
