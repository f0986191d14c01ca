/* SPDX-License-Identifier: BSD-2-Clause */
/* One file with code in one process, the program itself or a library, and the runtime that is in it. */
#ifndef TARE_CAPTURE_INSTANCE_H
#define TARE_CAPTURE_INSTANCE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>
#include <time.h>

#include "bpf.h"
#include "runtime.h"

/* A file, and its contents as long as nobody writes to it. */
struct file_id {
	dev_t dev;
	ino_t ino;
	off_t bytes;
	struct timespec changed;
};

static inline struct file_id file_id__of(const struct stat *st)
{
	return (struct file_id){ st->st_dev, st->st_ino, st->st_size, st->st_mtim };
}

static inline bool file_id__equal(const struct file_id *a, const struct file_id *b)
{
	return a->dev == b->dev && a->ino == b->ino && a->bytes == b->bytes && a->changed.tv_sec == b->changed.tv_sec &&
	       a->changed.tv_nsec == b->changed.tv_nsec;
}

struct instance {
	struct program prog; /* .fd is held open: what is at its path may change */
	struct file_id file;
	const struct runtime *runtime;
	char version[64];
	char *path;   /* of a library, as the process sees it; NULL: the program itself */
	char *untold; /* why its pauses are not reported, as a sentence; NULL: they are, or it has none */
	void *self;
	struct attached probes;
	bool tells;		  /* its pauses are reported */
	uint8_t looks;		  /* the program: times that its process was searched for libraries */
	bool new_born;		  /* its counters begin at 0 */
	uint64_t start, end;	  /* where its code is mapped, once .prog.placed */
	bool said;		  /* already said that its counters cannot be read */
	bool installed;		  /* the kernel side knows something of it */
	bool final;		  /* its last counters are written */
	struct instance *sibling; /* the next one of the same process, or of those retired */
	/* events from .since_ns on, before .until_ns (0: not over), are of this file's program; UINT64_MAX: none are */
	uint64_t since_ns, until_ns;
	uint64_t start_ticks; /* when its process was born, see proc.h */
	bool gone;	      /* there was no such process at the last look */
};

/*
 * Open the file @fd, which it owns even on failure, in process @pid. @path: a library's, NULL for the program. @native:
 * it was examined before, and no runtime found. Returns the instance, or NULL if out of memory.
 */
struct instance *instance__open(pid_t pid, int fd, const struct stat *st, const char *path, bool native);
void instance__close(struct bpf *bpf, struct instance *i);

/* Is its process gone? Another may have its id already. */
bool instance__is_orphan(const struct instance *i);

/* The process no longer runs it: the kernel side must not read its memory by what this says. */
void instance__forget(struct bpf *bpf, struct instance *i);

/* The process has mapped its code at [@start, @end), from @offset of the file on. */
void instance__place(struct instance *i, uint64_t start, uint64_t end, uint64_t offset);

/*
 * Attach its probes, and tell the kernel side about its runtime. Unless it is the @first of its process, a runtime with
 * pauses is left out. Reports what does not work.
 */
void instance__attach(struct bpf *bpf, struct instance *i, bool goroutines, bool first);

/* Tell the kernel side what the runtime now knows: more once its memory has been read. */
void instance__install(struct bpf *bpf, struct instance *i);

/* Read its counters. Returns 0 or a negative errno; reports once what is wrong. */
int instance__counters(struct instance *i, struct tare_counters *c);

#endif /* TARE_CAPTURE_INSTANCE_H */
