/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a probe costs whoever hits it beside its program's run time: getting there and back, by a trap, a call or the
 * tracepoint's own code, which the kernel's BPF statistics leave out. It depends on the CPU, the hypervisor and the
 * kernel, so it is measured on this machine, once a boot.
 */
#ifndef TARE_CALIBRATION_H
#define TARE_CALIBRATION_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

enum entry {
	ENTRY_TRACEPOINT, /* BTF tracepoints */
	ENTRY_TRAP,	  /* uprobes: where the kernel emulates the instruction, .. */
	ENTRY_STEP,	  /* .. steps over a copy of it, .. */
	ENTRY_CALL,	  /* .. or finds a no-op of five bytes, of which it makes a call (Linux 6.18, x86-64) */
	ENTRY_SAMPLE,	  /* perf events: the timer's interrupt of a CPU clock, .. */
	ENTRY_FAULT,	  /* .. and a page fault */
	NR_ENTRIES,
};

struct calibration {
	struct calibrated {
		bool known;
		double hit_ns;	/* what a hit of an empty program adds to whoever hits it: CPU time */
		double told_ns; /* what the kernel's statistics tell as that program's run time; with it, their own
				   clock's */
	} of[NR_ENTRIES];
	int64_t measured_s; /* CLOCK_REALTIME */
	bool cached;	    /* not measured now, but read from the file */
	pid_t child;	    /* that measures; 0: none does */
	int from;	    /* its answer */
};

/* What a hit costs beside its program's run time as told, ns; 0: not known. It may be slightly less than nothing. */
double calibration__entry_ns(const struct calibration *c, enum entry entry);

/* Short names, as in the file and in JSON, and what they mean. */
const char *calibration__name(enum entry entry);
const char *calibration__what(enum entry entry);

/*
 * Take the figures of this boot and kernel from the file, or where it has none (@again: in any case) have a child
 * process measure them, which takes some 80 ms of its CPU time. Returns 0 or a negative errno: -EPERM
 * and the like where no BPF program may be loaded. End it with calibration__end().
 */
int calibration__begin(struct calibration *c, bool again);

/*
 * Has it measured? Waits @wait_ms at most, then or with 0 not at all; writes the file, unless that cannot be written,
 * which is no error: the next one measures again. Returns 0 also where there was nothing to wait for; -ETIMEDOUT: not
 * yet; or another negative errno, with which all are unknown.
 */
int calibration__collect(struct calibration *c, int wait_ms);

void calibration__end(struct calibration *c);

/* Where they are kept: under $XDG_RUNTIME_DIR where that is set, else under /run. Returns @path, or NULL: nowhere. */
const char *calibration__path(char *path, int size);

#endif /* TARE_CALIBRATION_H */
