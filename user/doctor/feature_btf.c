// SPDX-License-Identifier: BSD-2-Clause
/* What the kernel's own type information says. */
#include <bpf/btf.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "feature_probes.h"
#include "util.h"

#define BTF_PATH "/sys/kernel/btf/vmlinux"

static struct btf *kernel_btf;

static int load_btf(void)
{
	if (!kernel_btf)
		kernel_btf = btf__parse(BTF_PATH, NULL);
	return kernel_btf ? 0 : -errno;
}

void feature__release(void)
{
	btf__free(kernel_btf);
	kernel_btf = NULL;
}

int kernel_btf__id(const char *prefix, const char *name, int kind)
{
	char full[128];
	int id;

	id = load_btf();
	if (id)
		return id;
	snprintf(full, sizeof(full), "%s%s", prefix, name);
	id = btf__find_by_name_kind(kernel_btf, full, kind);
	return id < 0 ? -ENODATA : id;
}

bool feature__knows_tp_btf(const char *tracepoint)
{
	return kernel_btf__id("btf_trace_", tracepoint, BTF_KIND_TYPEDEF) > 0;
}

bool feature__knows_function(const char *name)
{
	return kernel_btf__id("", name, BTF_KIND_FUNC) > 0;
}

/* Where the per-CPU variable @name lies in its section, in bytes; negative where the kernel's BTF does not say. */
static int64_t percpu_offset(const char *name)
{
	int id = kernel_btf__id("", ".data..percpu", BTF_KIND_DATASEC), var = kernel_btf__id("", name, BTF_KIND_VAR);
	const struct btf_type *section;
	const struct btf_var_secinfo *info;

	if (id <= 0 || var <= 0)
		return -ENODATA;
	section = btf__type_by_id(kernel_btf, id);
	info = btf_var_secinfos(section);
	for (int i = 0; i < btf_vlen(section); i++) {
		if (info[i].type == (__u32)var)
			return info[i].offset;
	}
	return -ENODATA;
}

/* In bytes from @t's start, also within its nameless structs and unions; negative where it has no such member. */
static int64_t member_offset(const struct btf_type *t, const char *name)
{
	for (int i = 0; i < btf_vlen(t); i++) {
		const char *member = btf__name_by_offset(kernel_btf, btf_members(t)[i].name_off);
		const struct btf_type *type = btf__type_by_id(kernel_btf, btf_members(t)[i].type);
		int64_t at = btf_member_bit_offset(t, i) / 8, in;

		if (!strcmp(member, name))
			return at;
		in = *member || !btf_is_composite(type) ? -ENODATA : member_offset(type, name);
		if (in >= 0)
			return at + in;
	}
	return -ENODATA;
}

int64_t feature__preempt_count_at(void)
{
	int64_t from = percpu_offset("runqueues"), at = percpu_offset("__preempt_count"), in = 0;
	int hot = kernel_btf__id("", "pcpu_hot", BTF_KIND_STRUCT);

	if (at < 0 && hot > 0) { /* 6.2 .. 6.14, arch/x86/include/asm/current.h */
		at = percpu_offset("pcpu_hot");
		in = member_offset(btf__type_by_id(kernel_btf, hot), "preempt_count");
	}
	return from < 0 || at < 0 || in < 0 ? 0 : at + in - from;
}

void result__no_btf_id(struct feature_result *result, int err, const char *missing)
{
	if (err == -ENODATA)
		result__set(result, FEATURE_MISSING, "%s", missing);
	else
		result__failed(result, BTF_PATH, -err);
}

void probe_btf(const char *arg, struct feature_result *result)
{
	int id = kernel_btf__id("", "task_struct", BTF_KIND_STRUCT);

	if (id == -ENOENT)
		result__set(result, FEATURE_MISSING, "no " BTF_PATH " (CONFIG_DEBUG_INFO_BTF)");
	else if (id < 0)
		result__no_btf_id(result, id, BTF_PATH " does not describe task_struct");
	else
		result__set(result, FEATURE_WORKS, "%u types", btf__type_cnt(kernel_btf));
}

/* What @id is behind typedefs and qualifiers, or what it points to. */
static const struct btf_type *resolve(__u32 id)
{
	const struct btf_type *t = btf__type_by_id(kernel_btf, id);

	while (t && (btf_is_mod(t) || btf_is_typedef(t) || btf_is_ptr(t)))
		t = btf__type_by_id(kernel_btf, t->type);
	return t;
}

/* The type of member @name (@len bytes) of @t, also within its nameless structs and unions; NULL where it has none. */
static const struct btf_type *find_member(const struct btf_type *t, const char *name, size_t len)
{
	const struct btf_member *m;
	const struct btf_type *type;

	if (!t || !btf_is_composite(t))
		return NULL;
	m = btf_members(t);
	for (int i = 0; i < btf_vlen(t); i++, m++) {
		const char *member = btf__name_by_offset(kernel_btf, m->name_off);

		type = resolve(m->type);
		if (!member || !member[0])
			type = find_member(type, name, len);
		else if (strlen(member) != len || memcmp(member, name, len))
			type = NULL;
		if (type)
			return type;
	}
	return NULL;
}

/* @path: "struct.member.member", @len bytes. Returns 0, -ENODATA, or another negative errno where there is no BTF. */
static int find_field(const char *path, size_t len)
{
	const char *end = path + len, *part = path;
	const struct btf_type *t;
	char name[64];
	int id;

	snprintf(name, sizeof(name), "%.*s", (int)strcspn(path, "."), path);
	id = kernel_btf__id("", name, BTF_KIND_STRUCT);
	if (id < 0)
		return id;
	t = btf__type_by_id(kernel_btf, id);
	for (part += strlen(name); t && part < end; part += strcspn(part, ".|")) {
		part++;
		t = find_member(t, part, strcspn(part, ".|"));
	}
	return t ? 0 : -ENODATA;
}

/* @arg: fields that serve the same end, the best first: "struct.member|struct.member.member" */
void probe_field(const char *arg, struct feature_result *result)
{
	int len, err = -ENODATA;

	for (const char *path = arg; *path; path += len + (path[len] == '|')) {
		len = strcspn(path, "|");
		err = find_field(path, len);
		if (!err)
			return result__set(result, FEATURE_WORKS, "%.*s", len, path);
	}
	if (err == -ENODATA)
		result__set(result, FEATURE_MISSING, "this kernel has no %.*s", (int)strcspn(arg, "|"), arg);
	else
		result__no_btf_id(result, err, "");
}
