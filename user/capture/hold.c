// SPDX-License-Identifier: BSD-2-Clause
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "hold.h"
#include "kernel_btf.h"
#include "hold.skel.h"
#include "hold_impl.skel.h"
#include "util.h"

/* Kernel functions that both forms call. */
static const char *const functions[] = { "css_rstat_flush", "bpf_cgroup_from_id", "bpf_cgroup_release" };

static const struct {
	const char *schedule;
	const void *(*elf)(size_t *size);
} forms[] = {
	/* a kernel that has the first may list the second as well */
	{ "bpf_task_work_schedule_resume", hold_bpf__elf_bytes },
	{ "bpf_task_work_schedule_resume_impl", hold_impl_bpf__elf_bytes },
};

static int share_maps(struct bpf_object *obj, struct bpf_object *main)
{
	struct bpf_map *map, *theirs;
	int ret = 0;

	bpf_object__for_each_map(map, obj) {
		theirs = main ? bpf_object__find_map_by_name(main, bpf_map__name(map)) : NULL;
		if (theirs && !ret)
			ret = bpf_map__reuse_fd(map, bpf_map__fd(theirs));
	}
	return ret;
}

static int map_state(struct hold *h)
{
	void *at = mmap(NULL, sizeof(*h->state), PROT_READ | PROT_WRITE, MAP_SHARED,
			bpf_object__find_map_fd_by_name(h->obj, TARE_HOLD_STATE), 0);

	if (at == MAP_FAILED)
		return -errno;
	h->state = at;
	return 0;
}

static int load(struct hold *h, struct bpf_object *main, const void *elf, size_t size)
{
	LIBBPF_OPTS(bpf_object_open_opts, opts, .object_name = "tare_hold");
	int ret;

	h->obj = bpf_object__open_mem(elf, size, &opts);
	if (!h->obj)
		return -errno;
	h->prog = bpf_object__find_program_by_name(h->obj, "hold_at_exec");
	ret = share_maps(h->obj, main);
	if (!ret)
		ret = bpf_object__load(h->obj);
	if (!ret)
		ret = map_state(h);
	if (ret)
		hold__close(h);
	return ret;
}

int hold__load(struct hold *h, struct bpf_object *main)
{
	int ret = -ENODATA;
	size_t size;

	for (size_t i = 0; i < ARRAY_SIZE(functions); i++) {
		if (!kernel_btf__has_function(functions[i]))
			return -ENODATA;
	}
	for (size_t i = 0; i < ARRAY_SIZE(forms) && ret; i++) {
		const void *elf = forms[i].elf(&size);

		if (kernel_btf__has_function(forms[i].schedule))
			ret = load(h, main, elf, size);
	}
	return ret;
}

int hold__attach(struct hold *h)
{
	h->link = h->prog ? bpf_program__attach(h->prog) : NULL;
	return h->prog && !h->link ? -errno : 0;
}

void hold__activate(struct hold *h, bool active)
{
	if (h->state)
		__atomic_store_n(&h->state->active, active, __ATOMIC_SEQ_CST);
}

/* Change each place held by @tid. Returns whether there was one. */
static bool change(struct hold *h, pid_t tid, uint32_t to)
{
	bool found = false;

	for (unsigned i = 0; h->state && i < MAX_HOLDS; i++) {
		uint32_t *held = &h->state->held[i], now = __atomic_load_n(held, __ATOMIC_ACQUIRE);

		if ((now & ~HOLD_SEEN) == (uint32_t)tid)
			found |= __atomic_compare_exchange_n(held, &now, to, false, __ATOMIC_RELEASE, __ATOMIC_RELAXED);
	}
	return found;
}

bool hold__has(const struct hold *h, pid_t pid)
{
	for (unsigned i = 0; h->state && i < MAX_HOLDS; i++)
		if ((__atomic_load_n(&h->state->held[i], __ATOMIC_ACQUIRE) & ~HOLD_SEEN) == (uint32_t)pid)
			return true;
	return false;
}

void hold__keep(struct hold *h, pid_t pid)
{
	change(h, pid, pid | HOLD_SEEN);
	if (h->state)
		h->state->in_vain = false;
}

bool hold__end(struct hold *h, pid_t pid)
{
	return change(h, pid, 0);
}

void hold__close(struct hold *h)
{
	bpf_link__destroy(h->link);
	if (h->state)
		munmap(h->state, sizeof(*h->state));
	bpf_object__close(h->obj);
	*h = (struct hold){ 0 };
}
