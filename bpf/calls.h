/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* System calls that change what memory a process has. Part of the format; format.h includes this. */
#ifndef TARE_CALLS_H
#define TARE_CALLS_H

/*
 * X(ID, name, number on x86-64, number on arm64), from the kernel's tables of system calls. Only ever appended. Bytes
 * are what is asked for; of mremap, its new size; of brk, what the heap grew or shrank by.
 */
#define TARE_MEMORY_CALLS(X)           \
	X(MMAP, "mmap", 9, 222)        \
	X(MUNMAP, "munmap", 11, 215)   \
	X(MADVISE, "madvise", 28, 233) \
	X(BRK, "brk", 12, 214)         \
	X(MREMAP, "mremap", 25, 216)   \
	X(MPROTECT, "mprotect", 10, 226)

#define TARE_MEMORY_CALL(id, name, x86_64, arm64) TARE_CALL_##id,
enum tare_memory_call {
	TARE_CALL_ANY, /* of all system calls: see struct tare_memory_calls */
	TARE_MEMORY_CALLS(TARE_MEMORY_CALL) TARE_NR_MEMORY_CALLS
};

/*
 * Calls of one process that were seen to begin and to return in a stretch of time. They were looked for in .seen_ns of
 * .covered_ns, at its beginning: where system calls are very frequent, looking all the time would cost too much. Each
 * stretch has one more with .pid 0 and TARE_CALL_ANY, whose .count is of all system calls of all tasks in .seen_ns, and
 * nothing else. Those in which nothing was seen are left out.
 */
struct tare_memory_calls {
	__u32 pid;
	__u16 call; /* enum tare_memory_call */
	__u16 pad;
	__u64 begin_ns, covered_ns, seen_ns;
	__u64 count, failed;
	__u64 ns, max_ns; /* from entry to return, waits and all */
	__u64 bytes;	  /* of those that did not fail */
};

#endif /* TARE_CALLS_H */
