// SPDX-License-Identifier: BSD-2-Clause
/* BTF, maps, programs, tracepoints: each is created, loaded or attached for a moment. */
#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "feature_trials.h"
#include "hold.h"
#include "kernel_btf.h"
#include "util.h"

#define INSN(code_, dst, src, off_, imm_)                                                         \
	{                                                                                         \
		.code = (code_), .dst_reg = (dst), .src_reg = (src), .off = (off_), .imm = (imm_) \
	}
#define RETURN_0 INSN(BPF_ALU64 | BPF_MOV | BPF_K, BPF_REG_0, 0, 0, 0), INSN(BPF_JMP | BPF_EXIT, 0, 0, 0, 0)

static const struct bpf_insn return_0[] = { RETURN_0 };

/* These return a file descriptor or a negative errno, as libbpf does. */
static int load(enum bpf_prog_type type, int attach_type, int id, const struct bpf_insn *insns, size_t nr)
{
	LIBBPF_OPTS(bpf_prog_load_opts, opts, .expected_attach_type = attach_type, .attach_btf_id = id);

	return bpf_prog_load(type, "tare_try", "GPL", insns, nr, &opts);
}

static int create_ring(void)
{
	return bpf_map_create(BPF_MAP_TYPE_RINGBUF, "tare_try", 0, 0, sysconf(_SC_PAGESIZE), NULL);
}

/* ---- a program that counts its runs ---- */

int counter__open(struct counter *c, enum bpf_prog_type type, int attach_type, int id)
{
	int err;

	c->prog = -1;
	c->map = bpf_map_create(BPF_MAP_TYPE_ARRAY, "tare_hits", sizeof(__u32), sizeof(__u64), 1, NULL);
	if (c->map < 0)
		return c->map;

	struct bpf_insn insns[] = {
		INSN(BPF_LD | BPF_DW | BPF_IMM, BPF_REG_1, BPF_PSEUDO_MAP_VALUE, 0, c->map),
		INSN(0, 0, 0, 0, 0),
		INSN(BPF_ALU64 | BPF_MOV | BPF_K, BPF_REG_2, 0, 0, 1),
		INSN(BPF_STX | BPF_DW | BPF_ATOMIC, BPF_REG_1, BPF_REG_2, 0, BPF_ADD),
		RETURN_0,
	};

	c->prog = load(type, attach_type, id, insns, ARRAY_SIZE(insns));
	if (c->prog >= 0)
		return 0;
	err = c->prog;
	counter__close(c);
	return err;
}

int counter__hits(const struct counter *c, __u64 *hits)
{
	__u32 key = 0;

	return bpf_map_lookup_elem(c->map, &key, hits);
}

void counter__close(struct counter *c)
{
	if (c->prog >= 0)
		close(c->prog);
	if (c->map >= 0)
		close(c->map);
	c->prog = c->map = -1;
}

/* ---- trials ---- */

/* @fd: what was created (only that matters), or a negative errno. */
static void judge(struct feature_result *result, const char *what, int fd)
{
	if (fd < 0)
		return result__failed(result, what, -fd);
	close(fd);
	result__set(result, FEATURE_WORKS, "%s", "");
}

void try_bpf(const char *arg, struct feature_result *result)
{
	judge(result, "loading a program", load(BPF_PROG_TYPE_RAW_TRACEPOINT, 0, 0, return_0, ARRAY_SIZE(return_0)));
}

void try_read_kernel(const char *arg, struct feature_result *result)
{
	static const struct bpf_insn insns[] = {
		INSN(BPF_ALU64 | BPF_MOV | BPF_X, BPF_REG_1, BPF_REG_10, 0, 0),
		INSN(BPF_ALU64 | BPF_ADD | BPF_K, BPF_REG_1, 0, 0, -8),
		INSN(BPF_ALU64 | BPF_MOV | BPF_K, BPF_REG_2, 0, 0, 8),
		INSN(BPF_ALU64 | BPF_MOV | BPF_K, BPF_REG_3, 0, 0, 0),
		INSN(BPF_JMP | BPF_CALL, 0, 0, 0, BPF_FUNC_probe_read_kernel),
		RETURN_0,
	};

	judge(result, "loading a program that calls bpf_probe_read_kernel()",
	      load(BPF_PROG_TYPE_RAW_TRACEPOINT, 0, 0, insns, ARRAY_SIZE(insns)));
}

void try_ringbuf(const char *arg, struct feature_result *result)
{
	judge(result, "creating a ring buffer", create_ring());
}

void try_ring_shards(const char *arg, struct feature_result *result)
{
	LIBBPF_OPTS(bpf_map_create_opts, opts);
	int inner, outer, err = 0;
	__u32 key = 0;

	inner = create_ring();
	if (inner < 0)
		return result__failed(result, "creating a ring buffer", -inner);
	opts.inner_map_fd = inner;
	outer = bpf_map_create(BPF_MAP_TYPE_ARRAY_OF_MAPS, "tare_try", sizeof(key), sizeof(__u32), 1, &opts);
	if (outer >= 0)
		err = bpf_map_update_elem(outer, &key, &inner, BPF_ANY);
	if (err)
		close(outer);
	judge(result, "creating an array of ring buffers", err ?: outer);
	close(inner);
}

static int create_task_storage(void)
{
	LIBBPF_OPTS(bpf_map_create_opts, opts, .map_flags = BPF_F_NO_PREALLOC);
	int fd, key, value;
	struct btf *btf;

	btf = btf__new_empty();
	if (!btf)
		return -errno;
	key = btf__add_int(btf, "int", 4, BTF_INT_SIGNED);
	value = btf__add_int(btf, "long", 8, 0);
	fd = key < 0 ? key : value < 0 ? value : btf__load_into_kernel(btf);
	if (fd >= 0) {
		opts.btf_fd = btf__fd(btf);
		opts.btf_key_type_id = key;
		opts.btf_value_type_id = value;
		fd = bpf_map_create(BPF_MAP_TYPE_TASK_STORAGE, "tare_try", 4, 8, 0, &opts);
	}
	btf__free(btf); /* closes the kernel's too: the map holds its own reference */
	return fd;
}

void try_task_storage(const char *arg, struct feature_result *result)
{
	judge(result, "creating a task storage map", create_task_storage());
}

void try_task_iter(const char *arg, struct feature_result *result)
{
	int id, prog, link, iter;
	char byte;

	id = kernel_btf__id("bpf_iter_", "task", BTF_KIND_FUNC);
	if (id < 0)
		return result__no_btf_id(result, id, "this kernel has no bpf_iter_task");
	prog = load(BPF_PROG_TYPE_TRACING, BPF_TRACE_ITER, id, return_0, ARRAY_SIZE(return_0));
	if (prog < 0)
		return result__failed(result, "loading a task iterator", -prog);
	link = bpf_link_create(prog, 0, BPF_TRACE_ITER, NULL);
	iter = link < 0 ? link : bpf_iter_create(link);
	if (iter < 0)
		result__failed(result, "starting a task iterator", -iter);
	else if (read(iter, &byte, 1) < 0)
		result__failed(result, "reading a task iterator", errno);
	else
		result__set(result, FEATURE_WORKS, "%s", "");
	if (iter >= 0)
		close(iter);
	if (link >= 0)
		close(link);
	close(prog);
}

int tp_btf__try(const char *tracepoint)
{
	int id, prog, link;

	id = kernel_btf__id("btf_trace_", tracepoint, BTF_KIND_TYPEDEF);
	if (id < 0)
		return id;
	prog = load(BPF_PROG_TYPE_TRACING, BPF_TRACE_RAW_TP, id, return_0, ARRAY_SIZE(return_0));
	if (prog < 0)
		return prog;
	link = bpf_raw_tracepoint_open(NULL, prog);
	if (link >= 0)
		close(link);
	close(prog);
	return link < 0 ? link : 0;
}

void try_tp_btf(const char *arg, struct feature_result *result)
{
	int err = tp_btf__try(arg);

	if (err == -ENODATA)
		result__set(result, FEATURE_MISSING, "this kernel has no such tracepoint");
	else if (err)
		result__failed(result, "loading and attaching", -err);
	else
		result__set(result, FEATURE_WORKS, "%s", "");
}

void try_exec_hold(const char *arg, struct feature_result *result)
{
	struct hold h = { 0 };
	int err = hold__load(&h, NULL);

	hold__close(&h);
	if (err == -ENODATA)
		result__set(result, FEATURE_MISSING, "this kernel has no bpf_task_work_schedule_resume()");
	else if (err)
		result__failed(result, "loading the program that holds", -err);
	else
		result__set(result, FEATURE_WORKS, "%s", "");
}

void try_find_vma(const char *arg, struct feature_result *result)
{
	int can = libbpf_probe_bpf_helper(BPF_PROG_TYPE_PERF_EVENT, BPF_FUNC_find_vma, NULL);

	if (can < 0)
		result__failed(result, "loading", -can);
	else
		result__set(result, can ? FEATURE_WORKS : FEATURE_MISSING, "%s",
			    can ? "" : "this kernel has no bpf_find_vma()");
}

/* On a slow machine a short sleep is over before the thread has left its CPU for it: then a longer one is tried. */
#define LONGEST_SLEEP_NS 100000000

static void sleep_for(long ns)
{
	struct timespec ts = { .tv_nsec = ns };

	nanosleep(&ts, NULL);
}

/* Whether a counter attached as @attach_type to @id counts a short sleep. Fills @result unless it does. */
static bool counts_a_sleep(int attach_type, int id, struct bpf_prog_info *prog_info, struct feature_result *result)
{
	__u32 size = sizeof(*prog_info);
	struct counter c;
	__u64 hits = 0;
	int err, link;

	err = counter__open(&c, BPF_PROG_TYPE_TRACING, attach_type, id);
	if (err) {
		result__failed(result, "loading", -err);
		return false;
	}
	link = bpf_raw_tracepoint_open(NULL, c.prog);
	if (link < 0) {
		result__failed(result, "attaching", -link);
	} else {
		for (long ns = 1000; !err && !hits && ns <= LONGEST_SLEEP_NS; ns *= 10) {
			sleep_for(ns);
			err = counter__hits(&c, &hits);
		}
		close(link);
		err = err ?: bpf_obj_get_info_by_fd(c.prog, prog_info, &size);
		if (err)
			result__failed(result, "reading what was counted", -err);
		else if (!hits)
			result__set(result, FEATURE_MISSING, "attached, but it never ran");
	}
	counter__close(&c);
	return link >= 0 && !err && hits;
}

void try_bpf_stats(const char *arg, struct feature_result *result)
{
	struct bpf_prog_info prog_info = {};
	int fd, id;

	fd = bpf_enable_stats(BPF_STATS_RUN_TIME);
	if (fd < 0)
		return result__failed(result, "bpf(BPF_ENABLE_STATS)", -fd);
	id = kernel_btf__id("btf_trace_", "sched_switch", BTF_KIND_TYPEDEF);
	if (id < 0)
		result__no_btf_id(result, id, "nothing to try it on: no sched_switch");
	else if (!counts_a_sleep(BPF_TRACE_RAW_TP, id, &prog_info, result))
		result->state = FEATURE_UNKNOWN;
	else if (!prog_info.run_cnt || !prog_info.run_time_ns)
		result__set(result, FEATURE_MISSING, "switched on, but the kernel counted nothing");
	else
		result__set(result, FEATURE_WORKS, "%s", "");
	close(fd);
}
