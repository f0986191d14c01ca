/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The processes whose world is being stopped, or is stopped: the evidence of
 * bpf/evidence.bpf.c is wanted only for them. A process leaves the set when its
 * world restarts, and also when it ends or calls exec in mid-stop.
 */
#ifndef TARE_STOPPING_BPF_H
#define TARE_STOPPING_BPF_H

#include "tare.bpf.h"

struct stopping_map {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, MAX_STOPPING);
	__type(key, __u32); /* tgid: exec keeps it, whichever thread calls it */
	__type(value, __u8);
};
extern struct stopping_map stopping SEC(".maps");

/* Their number, so that one check is enough at other times. */
extern __s32 nr_stopping;

static __always_inline void stopping__begin(__u32 tgid)
{
	__u8 yes = 1;

	if (!bpf_map_update_elem(&stopping, &tgid, &yes, BPF_NOEXIST))
		__sync_fetch_and_add(&nr_stopping, 1);
}

static __always_inline void stopping__end(__u32 tgid)
{
	if (nr_stopping > 0 && !bpf_map_delete_elem(&stopping, &tgid))
		__sync_fetch_and_add(&nr_stopping, -1);
}

static __always_inline bool stopping__has(__u32 tgid)
{
	return nr_stopping > 0 && bpf_map_lookup_elem(&stopping, &tgid);
}

#endif /* TARE_STOPPING_BPF_H */
