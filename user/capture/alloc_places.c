// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "allocs_impl.h"
#include "array.h"
#include "modules.h"
#include "rest.h"
#include "util.h"

/* After that, a process's code is looked at again: then after twice as long, and so on. */
#define FIRST_NS (NSEC_PER_SEC / 20)
#define LAST_NS	 (10 * NSEC_PER_SEC)

static const struct allocators *allocs__of_file(struct allocs *a, const struct file_id *file, int fd)
{
	struct alloc_kind *kind;
	struct image *img;

	for (size_t i = 0; i < a->nr_kinds; i++)
		if (file_id__equal(&a->kinds[i].file, file))
			return &a->kinds[i].found;
	if (ARRAY_GROW(a->kinds, a->room_kinds, a->nr_kinds + 1))
		return NULL;
	kind = &a->kinds[a->nr_kinds];
	*kind = (struct alloc_kind){ .file = *file };
	if (!image__open(fd, &img, NULL)) {
		allocators__native(&kind->found, img);
		image__close(img);
		rest__take();
	}
	a->nr_kinds++;
	return &kind->found;
}

static bool allocs__has(const struct allocs *a, pid_t pid, uint64_t since_ns, const struct file_id *file)
{
	for (size_t i = 0; i < a->nr; i++)
		if (a->places[i].pid == pid && a->places[i].since_ns == since_ns &&
		    file_id__equal(&a->places[i].file, file))
			return true;
	return false;
}

void alloc_place__free(struct alloc_place *p)
{
	if (p->link >= 0)
		close(p->link);
	if (p->fd >= 0)
		close(p->fd);
	free(p->offsets);
}

static int allocs__add(struct allocs *a, const struct alloc_place *like, const struct allocators *found)
{
	struct alloc_place *p;
	int ret;

	pthread_mutex_lock(&a->lock);
	ret = ARRAY_GROW(a->places, a->room, a->nr + 1);
	if (!ret) {
		p = &a->places[a->nr];
		*p = *like;
		p->offsets = calloc(2 * found->nr, sizeof(*p->offsets));
		p->cookies = p->offsets + found->nr;
		p->nr = found->nr;
		p->link = -1;
		ret = p->offsets ? 0 : -ENOMEM;
	}
	for (size_t i = 0; !ret && i < found->nr; i++) {
		p->offsets[i] = found->all[i].offset;
		p->cookies[i] = found->all[i].cookie;
	}
	a->nr += !ret;
	pthread_cond_signal(&a->changed);
	pthread_mutex_unlock(&a->lock);
	return ret;
}

struct look {
	struct allocs *a;
	struct runtimes *r;
	pid_t pid;
	uint64_t since_ns;
};

/* Of the file @fd, unless it is known; owns @fd. */
static void look__file(struct look *look, int fd, const struct file_id *file, const struct allocators *found)
{
	struct alloc_place like = { .pid = look->pid, .since_ns = look->since_ns, .file = *file, .fd = fd };

	if (!found || !found->nr || allocs__add(look->a, &like, found))
		close(fd);
}

static int on_mapping(const struct mapping *m, void *ctx)
{
	struct look *look = ctx;
	struct file_id file;
	struct stat st;
	int fd;

	if (!m->code || m->name[0] != '/' || mapping__stat(look->pid, m, &st))
		return 0;
	file = file_id__of(&st);
	if (allocs__has(look->a, look->pid, look->since_ns, &file))
		return 0;
	fd = mapping__open(look->pid, m);
	if (fd >= 0)
		look__file(look, fd, &file, allocs__of_file(look->a, &file, fd));
	return 0;
}

/* What a runtime has of its own. */
static void on_runtime(int fd, const struct file_id *file, const struct allocators *found, void *ctx)
{
	struct look *look = ctx;
	int own = allocs__has(look->a, look->pid, look->since_ns, file) ? -1 : dup(fd);

	if (own >= 0)
		look__file(look, own, file, found);
}

static struct alloc_looked *allocs__looked(struct allocs *a, pid_t pid)
{
	for (size_t i = 0; i < a->nr_looked; i++)
		if (a->looked[i].pid == pid)
			return &a->looked[i];
	if (ARRAY_GROW(a->looked, a->room_looked, a->nr_looked + 1))
		return NULL;
	a->looked[a->nr_looked] = (struct alloc_looked){ .pid = pid };
	return &a->looked[a->nr_looked++];
}

static void allocs__look_at(struct allocs *a, struct runtimes *r, pid_t pid, uint64_t now)
{
	struct look look = { a, r, pid, 0 };
	struct alloc_looked *l = allocs__looked(a, pid);

	if (!l)
		return;
	l->seen = true;
	if (now < l->next_ns || bpf__program_ns(a->bpf, pid, &look.since_ns))
		return;
	if (look.since_ns != l->since_ns)
		l->step_ns = 0;
	l->since_ns = look.since_ns;
	l->step_ns = l->step_ns ? 2 * l->step_ns : FIRST_NS;
	if (l->step_ns > LAST_NS)
		l->step_ns = LAST_NS;
	l->next_ns = now + l->step_ns;
	runtimes__allocators(r, pid, on_runtime, &look);
	mappings__for_each(pid, on_mapping, &look);
}

void allocs__changed(struct allocs *a, pid_t pid)
{
	for (size_t i = 0; a && i < a->nr_looked; i++)
		if (a->looked[i].pid == pid)
			a->looked[i].next_ns = 0;
}

/* Processes that are gone, and programs that have been replaced. */
static void allocs__forget(struct allocs *a)
{
	size_t kept = 0;

	for (size_t i = 0; i < a->nr_looked; i++)
		if (a->looked[i].seen) {
			a->looked[kept] = a->looked[i];
			a->looked[kept++].seen = false;
		}
	a->nr_looked = kept;
	pthread_mutex_lock(&a->lock);
	for (size_t i = a->nr; i-- > 0;) {
		struct alloc_looked *l = NULL;

		for (size_t k = 0; k < a->nr_looked && !l; k++)
			if (a->looked[k].pid == a->places[i].pid && a->looked[k].since_ns == a->places[i].since_ns)
				l = &a->looked[k];
		if (l || a->places[i].link >= 0) /* the other thread detaches */
			continue;
		alloc_place__free(&a->places[i]);
		a->places[i] = a->places[--a->nr];
	}
	pthread_mutex_unlock(&a->lock);
}

void allocs__look(struct allocs *a, struct runtimes *r, uint64_t now)
{
	struct pids pids = { 0 };

	if (!a)
		return;
	runtimes__processes(r, &pids);
	for (size_t i = 0; i < pids.nr; i++)
		allocs__look_at(a, r, pids.pids[i], now);
	free(pids.pids);
	allocs__forget(a);
}

void alloc_places__free(struct allocs *a)
{
	for (size_t i = 0; i < a->nr; i++)
		alloc_place__free(&a->places[i]);
	for (size_t i = 0; i < a->nr_kinds; i++)
		allocators__free(&a->kinds[i].found);
	free(a->places);
	free(a->told);
	free(a->kinds);
	free(a->looked);
}
