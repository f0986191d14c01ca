// SPDX-License-Identifier: BSD-2-Clause
#include <bpf/btf.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "kernel_btf.h"

static struct btf *btf;

static int load_btf(void)
{
	if (!btf)
		btf = btf__parse(BTF_PATH, NULL);
	return btf ? 0 : -errno;
}

void kernel_btf__release(void)
{
	btf__free(btf);
	btf = NULL;
}

const struct btf *kernel_btf__get(void)
{
	return btf;
}

int kernel_btf__id(const char *prefix, const char *name, int kind)
{
	char full[128];
	int id;

	id = load_btf();
	if (id)
		return id;
	snprintf(full, sizeof(full), "%s%s", prefix, name);
	id = btf__find_by_name_kind(btf, full, kind);
	return id < 0 ? -ENODATA : id;
}

bool kernel_btf__has_tracepoint(const char *tracepoint)
{
	return kernel_btf__id("btf_trace_", tracepoint, BTF_KIND_TYPEDEF) > 0;
}

bool kernel_btf__has_function(const char *name)
{
	return kernel_btf__id("", name, BTF_KIND_FUNC) > 0;
}

/* Byte offset of the per-CPU variable @name in its section; negative if the kernel's BTF does not say. */
static int64_t percpu_offset(const char *name)
{
	int id = kernel_btf__id("", ".data..percpu", BTF_KIND_DATASEC), var = kernel_btf__id("", name, BTF_KIND_VAR);
	const struct btf_type *section;
	const struct btf_var_secinfo *info;

	if (id <= 0 || var <= 0)
		return -ENODATA;
	section = btf__type_by_id(btf, id);
	info = btf_var_secinfos(section);
	for (int i = 0; i < btf_vlen(section); i++) {
		if (info[i].type == (__u32)var)
			return info[i].offset;
	}
	return -ENODATA;
}

/* Byte offset of member @name in @t, also in its anonymous structs and unions; negative if it has no such member. */
static int64_t member_offset(const struct btf_type *t, const char *name)
{
	for (int i = 0; i < btf_vlen(t); i++) {
		const char *member = btf__name_by_offset(btf, btf_members(t)[i].name_off);
		const struct btf_type *type = btf__type_by_id(btf, btf_members(t)[i].type);
		int64_t at = btf_member_bit_offset(t, i) / 8, in;

		if (!strcmp(member, name))
			return at;
		in = *member || !btf_is_composite(type) ? -ENODATA : member_offset(type, name);
		if (in >= 0)
			return at + in;
	}
	return -ENODATA;
}

int64_t kernel_btf__preempt_count_at(void)
{
	int64_t from = percpu_offset("runqueues"), at = percpu_offset("__preempt_count"), in = 0;
	int hot = kernel_btf__id("", "pcpu_hot", BTF_KIND_STRUCT);

	if (at < 0 && hot > 0) { /* 6.2 .. 6.14, arch/x86/include/asm/current.h */
		at = percpu_offset("pcpu_hot");
		in = member_offset(btf__type_by_id(btf, hot), "preempt_count");
	}
	return from < 0 || at < 0 || in < 0 ? 0 : at + in - from;
}
