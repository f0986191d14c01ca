/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* The ledger of bytes: what a process's resident memory consists of. Part of the format; format.h includes this. */
#ifndef TARE_BYTES_H
#define TARE_BYTES_H

/*
 * X(ID, name, title): classes of resident bytes. Each resident page of a mapping is in one of them; of a runtime's
 * heap, parts of pages. Only ever appended.
 */
#define TARE_BYTES(X)                                                    \
	X(HEAP_LIVE, "heap_live", "live: found by the last collection")  \
	X(HEAP_NEW, "heap_new", "allocated since, or not known to live") \
	X(HEAP_DEAD, "heap_dead", "found dead, not swept yet")           \
	X(HEAP_UNUSED, "heap_unused", "room for objects, unused")        \
	X(HEAP_FREE, "heap_free", "free, not returned to the system")    \
	X(GREEN_STACKS, "green_stacks", "stacks of its green threads")   \
	X(RUNTIME, "runtime", "the runtime's own")                       \
	X(MALLOC, "malloc", "malloc's: heap, arenas, large blocks")      \
	X(STACKS, "stacks", "stacks of threads")                         \
	X(CODE, "code", "executable and libraries, with their data")     \
	X(FILES, "files", "other mapped files")                          \
	X(SHARED, "shared", "shared memory")                             \
	X(ANONYMOUS, "anonymous", "other anonymous mappings")            \
	X(KERNEL, "kernel", "the kernel's, for programs (vdso)")

#define TARE_BYTES_ENUM(id, name, title) TARE_BYTES_##id,
enum tare_bytes_class { TARE_BYTES(TARE_BYTES_ENUM) TARE_NR_BYTES };

/*
 * One reading of one process. VmRSS is not counted page by page, and a running process changes meanwhile: what .classes
 * do not sum up to is unexplained, of either sign.
 */
struct tare_bytes {
	__u64 ts_ns;
	__u32 pid;
	__u32 pad;
	__u64 rss;     /* VmRSS at some moment of the reading */
	__u64 rss_max; /* VmHWM: the most that it ever was */
	__u64 swapped; /* VmSwap */
	__u64 cost_ns; /* CPU time that the reading took */
	__u64 classes[TARE_NR_BYTES];
};

#endif /* TARE_BYTES_H */
