// SPDX-License-Identifier: BSD-2-Clause
/* What a process has mapped besides its program: libraries with a runtime in them. */
#include <elf.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "array.h"
#include "modules.h"
#include "pid_ns.h"
#include "proc.h"
#include "rest.h"
#include "runtimes_impl.h"

/* What a file with code is: examined once, however many processes have it mapped. */
struct kind {
	struct file_id file;
	const struct runtime *runtime;
};

#define MAX_KINDS 4096

static struct kind *find_kind(const struct runtimes *r, const struct file_id *file)
{
	for (size_t i = 0; i < r->nr_kinds; i++)
		if (file_id__equal(&r->kinds[i].file, file))
			return &r->kinds[i];
	return NULL;
}

bool runtimes__is_native(const struct runtimes *r, const struct file_id *file)
{
	const struct kind *kind = find_kind(r, file);

	return kind && kind->runtime == &runtime_native;
}

void runtimes__remember(struct runtimes *r, const struct instance *i)
{
	if (find_kind(r, &i->file))
		return;
	if (r->nr_kinds == MAX_KINDS) /* they are examined again, once each */
		r->nr_kinds = 0;
	if (ARRAY_GROW(r->kinds, r->room_kinds, r->nr_kinds + 1))
		return; /* it is asked again */
	r->kinds[r->nr_kinds++] = (struct kind){ i->file, i->runtime };
}

struct look {
	struct runtimes *r;
	pid_t pid;
	bool new_born; /* what is found was just loaded */
	uint64_t since_ns;
};

/* Does process @pid run @file by now? Then it has called exec, which its record will tell: that is no library. */
static bool is_its_program(pid_t pid, const struct file_id *file)
{
	struct file_id exe;
	struct stat st;
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/exe", pid_ns__here(proc__living(pid)));
	if (stat(path, &st))
		return false;
	exe = file_id__of(&st);
	return file_id__equal(&exe, file);
}

static int on_mapping(const struct mapping *m, void *ctx)
{
	struct look *look = ctx;
	struct runtimes *r = look->r;
	struct file_id file;
	struct instance *i;
	struct stat st;
	int fd;

	if (!m->code || m->name[0] != '/' || mapping__stat(look->pid, m, &st))
		return 0;
	file = file_id__of(&st);
	i = runtimes__find_file(r, look->pid, &file);
	if (i && !i->prog.placed)
		instance__place(i, m->start, m->end, m->offset);
	if (i || runtimes__is_native(r, &file) || is_its_program(look->pid, &file))
		return 0;
	fd = mapping__open(look->pid, m);
	i = fd < 0 ? NULL : instance__open(look->pid, fd, &st, m->name, false);
	if (i)
		runtimes__remember(r, i);
	if (i && i->runtime == &runtime_native) {
		instance__close(r->bpf, i);
		return 0;
	}
	i = runtimes__keep(r, i);
	if (!i)
		return 0;
	instance__place(i, m->start, m->end, m->offset);
	i->new_born = look->new_born;
	if (runtimes__since(r, look->pid) == look->since_ns)
		i->since_ns = look->since_ns;
	runtimes__attach(r, i);
	r->changed = look->pid;
	return 0;
}

void runtimes__look(struct runtimes *r, pid_t pid, bool new_born)
{
	struct look look = { r, pid, new_born, runtimes__since(r, pid) };

	mappings__for_each(pid, on_mapping, &look);
}

/* Libraries appear once the dynamic linker runs, which may have been before it was probed. */
#define FIRST_LOOKS 2

static bool linker_tells(const struct runtimes *r, const struct instance *program)
{
	for_each_of(r, program->prog.pid, i)
		if (i->runtime->tells_nothing && i->probes.nr_sites)
			return true;
	return false;
}

void runtimes__look_again(struct runtimes *r, bool all)
{
	struct image_segment unused;

	/* what is found is added at the end */
	for (size_t i = 0, nr = r->nr; i < nr; i++) {
		struct instance *in = r->instances[i];

		if (in->path || in->gone || !in->prog.placed || image__header(in->prog.img, PT_INTERP, &unused))
			continue;
		if (!all && in->looks >= FIRST_LOOKS && linker_tells(r, in))
			continue;
		rest__take();
		in->looks += in->looks < FIRST_LOOKS;
		r->fresh = NULL;
		runtimes__look(r, in->prog.pid, true);
		if (!all)
			runtimes__tell_late(r, 0, "it was loaded");
	}
}
