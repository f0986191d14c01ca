/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The maps, by name, in which the recorder tells the kernel side about a process for its runtime (struct runtime,
 * .install).
 */
#ifndef TARE_RUNTIME_MAPS_BPF_H
#define TARE_RUNTIME_MAPS_BPF_H

#include "goroutine.bpf.h"
#include "runtime/go_exit.h"

struct go_exit_map {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, MAX_RUNTIMES);
	__type(key, __u32); /* tgid */
	__type(value, struct go_exit);
};
extern struct go_exit_map go_exits SEC(".maps");

#define RUNTIME_MAPS(X)              \
	X(path_map, goroutine_paths) \
	X(go_exit_map, go_exits)

/* Process @tgid now runs another program. */
static __always_inline void runtimes__forget(__u32 tgid)
{
#define X(type, name) bpf_map_delete_elem(&name, &tgid);
	RUNTIME_MAPS(X)
#undef X
}

#endif /* TARE_RUNTIME_MAPS_BPF_H */
