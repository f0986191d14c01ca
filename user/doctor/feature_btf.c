// SPDX-License-Identifier: BSD-2-Clause
/* What the kernel's own type information says. */
#include <bpf/btf.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "feature_trials.h"
#include "kernel_btf.h"
#include "util.h"

void result__no_btf_id(struct feature_result *result, int err, const char *missing)
{
	if (err == -ENODATA)
		result__set(result, FEATURE_MISSING, "%s", missing);
	else
		result__failed(result, BTF_PATH, -err);
}

void try_btf(const char *arg, struct feature_result *result)
{
	int id = kernel_btf__id("", "task_struct", BTF_KIND_STRUCT);

	if (id == -ENOENT)
		result__set(result, FEATURE_MISSING, "no " BTF_PATH " (CONFIG_DEBUG_INFO_BTF)");
	else if (id < 0)
		result__no_btf_id(result, id, BTF_PATH " does not describe task_struct");
	else
		result__set(result, FEATURE_WORKS, "%u types", btf__type_cnt(kernel_btf__get()));
}

/* What @id is behind typedefs and qualifiers, or what it points to. */
static const struct btf_type *resolve(__u32 id)
{
	const struct btf_type *t = btf__type_by_id(kernel_btf__get(), id);

	while (t && (btf_is_mod(t) || btf_is_typedef(t) || btf_is_ptr(t)))
		t = btf__type_by_id(kernel_btf__get(), t->type);
	return t;
}

/* The type of member @name (@len bytes) of @t, also in its anonymous structs and unions; NULL if it has none. */
static const struct btf_type *find_member(const struct btf_type *t, const char *name, size_t len)
{
	const struct btf_member *m;
	const struct btf_type *type;

	if (!t || !btf_is_composite(t))
		return NULL;
	m = btf_members(t);
	for (int i = 0; i < btf_vlen(t); i++, m++) {
		const char *member = btf__name_by_offset(kernel_btf__get(), m->name_off);

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

/* @path: "struct.member.member", @len bytes. Returns 0, -ENODATA, or another negative errno if there is no BTF. */
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
	t = btf__type_by_id(kernel_btf__get(), id);
	for (part += strlen(name); t && part < end; part += strcspn(part, ".|")) {
		part++;
		t = find_member(t, part, strcspn(part, ".|"));
	}
	return t ? 0 : -ENODATA;
}

/* @arg: alternative fields, the best first: "struct.member|struct.member.member" */
void try_field(const char *arg, struct feature_result *result)
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
