// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "allocs_impl.h"
#include "array.h"
#include "hash.h"
#include "modules.h"
#include "rest.h"
#include "util.h"

/* After that, a process's code is looked at again: then after twice as long, and so on. */
#define FIRST_NS (NSEC_PER_SEC / 20)
#define LAST_NS	 (10 * NSEC_PER_SEC)

#define MAX_PLACES (1u << 20)

/* Of a file, and of a file of one program: two have the same one once in 2^63. */
static uint64_t file_key(const struct file_id *file)
{
	return hash__add(HASH_BEGIN, file, sizeof(*file)) >> 1;
}

static uint64_t place_key(pid_t pid, uint64_t since_ns, const struct file_id *file)
{
	uint64_t hash = hash__add(hash__add(HASH_BEGIN, &pid, sizeof(pid)), &since_ns, sizeof(since_ns));

	return hash__add(hash, file, sizeof(*file)) >> 1;
}

void alloc_places__init(struct allocs *a)
{
	table__init(&a->by_place, MAX_PLACES);
	table__init(&a->by_file, MAX_PLACES);
	table__init(&a->by_pid, MAX_PLACES);
}

static const struct allocators *allocs__of_file(struct allocs *a, const struct file_id *file, int fd)
{
	uint64_t *slot = table__find(&a->by_file, file_key(file));
	struct alloc_kind *kind;
	struct image *img;

	if (slot)
		return &a->kinds[*slot].found;
	if (ARRAY_GROW(a->kinds, a->room_kinds, a->nr_kinds + 1))
		return NULL;
	slot = table__add(&a->by_file, file_key(file));
	if (!slot)
		return NULL;
	*slot = a->nr_kinds;
	kind = &a->kinds[a->nr_kinds];
	*kind = (struct alloc_kind){ 0 };
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
	return table__find(&a->by_place, place_key(pid, since_ns, file));
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
	if (!ret && !table__add(&a->by_place, place_key(like->pid, like->since_ns, &like->file)))
		ret = -ENOMEM;
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
	uint64_t *slot = table__find(&a->by_pid, pid);

	if (slot)
		return &a->looked[*slot];
	if (ARRAY_GROW(a->looked, a->room_looked, a->nr_looked + 1))
		return NULL;
	slot = table__add(&a->by_pid, pid);
	if (!slot)
		return NULL;
	*slot = a->nr_looked;
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
	uint64_t *slot = a ? table__find(&a->by_pid, pid) : NULL;

	if (slot)
		a->looked[*slot].next_ns = 0;
}

/* Is @p of a program that its process still runs? */
static bool allocs__is_current(const struct allocs *a, const struct alloc_place *p)
{
	const uint64_t *slot = table__find(&a->by_pid, p->pid);

	return slot && a->looked[*slot].since_ns == p->since_ns;
}

/* Processes that are gone, and programs that have been replaced. */
static void allocs__forget(struct allocs *a)
{
	for (size_t i = a->nr_looked; i-- > 0;) {
		if (a->looked[i].seen) {
			a->looked[i].seen = false;
			continue;
		}
		table__delete(&a->by_pid, a->looked[i].pid);
		a->looked[i] = a->looked[--a->nr_looked];
		if (i < a->nr_looked)
			*table__find(&a->by_pid, a->looked[i].pid) = i;
	}
	pthread_mutex_lock(&a->lock);
	for (size_t i = a->nr; i-- > 0;) {
		struct alloc_place *p = &a->places[i];

		if (allocs__is_current(a, p) || p->link >= 0) /* the other thread detaches */
			continue;
		table__delete(&a->by_place, place_key(p->pid, p->since_ns, &p->file));
		alloc_place__free(p);
		*p = a->places[--a->nr];
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
	table__free(&a->by_place);
	table__free(&a->by_file);
	table__free(&a->by_pid);
	free(a->places);
	free(a->told);
	free(a->kinds);
	free(a->looked);
}
