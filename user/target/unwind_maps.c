// SPDX-License-Identifier: BSD-2-Clause
#include <stdlib.h>
#include <string.h>

#include "array.h"
#include "unwind_maps.h"
#include "util.h"

#define PROCESSES_MAX 1024
#define MAPPINGS_MAX  (1u << 19)	  /* of all processes: 32 MB */
#define PAUSE_NS      (NSEC_PER_SEC / 10) /* from one reading to the next */
#define AGE_NS	      (5 * NSEC_PER_SEC)  /* then it is read again: code may have been replaced unseen */
#define COST_SHARE    20		  /* one part in so many of the time may go into reading */

/* ---- a process ---- */

static void drop_maps(struct unwind_maps *all, struct unwind_process *p)
{
	for (size_t i = 0; i < p->nr; i++)
		unwind_modules__put(&all->modules, p->maps[i].module);
	all->nr_mappings -= p->nr;
	p->nr = 0;
}

static void drop(struct unwind_maps *all, struct unwind_process *p)
{
	struct unwind_process **at = &all->first;

	while (*at != p)
		at = &(*at)->next;
	*at = p->next;
	table__delete(&all->by_pid, p->pid);
	drop_maps(all, p);
	free(p->maps);
	free(p);
	all->nr--;
}

static bool drop_oldest(struct unwind_maps *all, const struct unwind_process *but)
{
	struct unwind_process *oldest = NULL;

	for (struct unwind_process *p = all->first; p; p = p->next) {
		if (p != but && (!oldest || p->used_ns < oldest->used_ns))
			oldest = p;
	}
	if (oldest)
		drop(all, oldest);
	return oldest;
}

struct reading {
	struct unwind_maps *all;
	struct unwind_process *p;
};

static int add_mapping(const struct mapping *m, void *ctx)
{
	struct reading *r = ctx;
	struct unwind_process *p = r->p;

	if (!m->code || m->end <= m->start)
		return 0;
	if (p->nr && m->start < p->maps[p->nr - 1].end)
		return 0; /* it changed while it was read */
	while (r->all->nr_mappings >= MAPPINGS_MAX) {
		if (!drop_oldest(r->all, p))
			return 1;
	}
	if (ARRAY_GROW(p->maps, p->room, p->nr + 1))
		return 1;
	p->maps[p->nr++] = (struct unwind_mapping){
		.start = m->start,
		.end = m->end,
		.offset = m->offset,
		.kind = m->name[0] == '/'	   ? MAPPING_FILE :
			!strcmp(m->name, "[vdso]") ? MAPPING_VDSO :
						     MAPPING_OTHER,
	};
	r->all->nr_mappings++;
	return 0;
}

static bool may_read(const struct unwind_process *p, uint64_t now)
{
	uint64_t pause = p->cost_ns * COST_SHARE;

	return !p->read_ns || now - p->read_ns >= (pause > PAUSE_NS ? pause : PAUSE_NS);
}

static void read_maps(struct unwind_maps *all, struct unwind_process *p)
{
	struct reading r = { all, p };
	uint64_t cpu_ns = thread_cpu_ns();

	drop_maps(all, p);
	/* of a process that has ended nothing is known, as of one that may not be read */
	mappings__for_each(p->pid, add_mapping, &r);
	p->stale = false;
	p->cost_ns = thread_cpu_ns() - cpu_ns;
	p->read_ns = now_ns();
}

/* ---- for all ---- */

struct unwind_process *unwind_maps__of(struct unwind_maps *all, pid_t pid, uint64_t now)
{
	uint64_t *slot = table__find(&all->by_pid, pid);
	struct unwind_process *p;

	if (!slot) {
		if (all->nr >= PROCESSES_MAX)
			drop_oldest(all, NULL);
		p = calloc(1, sizeof(*p));
		slot = p ? table__add(&all->by_pid, pid) : NULL;
		if (!slot) {
			free(p);
			return NULL;
		}
		*slot = (uintptr_t)p;
		p->pid = pid;
		p->next = all->first;
		all->first = p;
		all->nr++;
	}
	p = (struct unwind_process *)(uintptr_t)*slot;
	p->used_ns = now;
	if (!p->read_ns || ((p->stale || now - p->read_ns > AGE_NS) && may_read(p, now)))
		read_maps(all, p);
	return p;
}

static struct unwind_mapping *find(const struct unwind_process *p, uint64_t pc)
{
	size_t low = ARRAY_FIRST_NOT(p->nr, i, p->maps[i].end <= pc);

	return low < p->nr && p->maps[low].start <= pc ? &p->maps[low] : NULL;
}

struct unwind_mapping *unwind_maps__find(struct unwind_maps *all, struct unwind_process *p, uint64_t pc, uint64_t now)
{
	struct unwind_mapping *m = find(p, pc);

	if (m || !may_read(p, now))
		return m;
	read_maps(all, p);
	return find(p, pc);
}

/* As image__bias(), for a module's copy of the segments. */
static bool bias_of(const struct unwind_module *mod, const struct unwind_mapping *m, uint64_t *bias)
{
	return !segments__bias(mod->segments, mod->nr_segments, m->start, m->offset, true, bias);
}

struct unwind_module *unwind_maps__module(struct unwind_maps *all, struct unwind_process *p, struct unwind_mapping *m,
					  uint64_t now)
{
	static const char *const names[] = { "/", "[vdso]", "" };
	const struct mapping place = { .start = m->start, .end = m->end, .offset = m->offset, .name = names[m->kind] };

	if (m->module && !m->module->id && !m->module->why) { /* it was dropped for others, and is needed again */
		unwind_modules__put(&all->modules, m->module);
		m->module = NULL;
		m->tried = false;
	}
	if (!m->tried) {
		m->tried = true;
		m->module = unwind_modules__get(&all->modules, p->pid, &place, now);
		if (!m->module && errno == ENOENT) /* it was divided or joined with another */
			p->stale = true;
		if (m->module && m->module->id && !bias_of(m->module, m, &m->bias)) {
			unwind_modules__put(&all->modules, m->module);
			m->module = NULL;
		}
	}
	if (!m->module || !m->module->id)
		return NULL;
	m->module->used_ns = now;
	return m->module;
}

void unwind_maps__mapped(struct unwind_maps *all, pid_t pid)
{
	uint64_t *slot = table__find(&all->by_pid, pid);

	if (slot)
		((struct unwind_process *)(uintptr_t)*slot)->stale = true;
}

void unwind_maps__forget(struct unwind_maps *all, pid_t pid)
{
	uint64_t *slot = table__find(&all->by_pid, pid);

	if (slot)
		drop(all, (struct unwind_process *)(uintptr_t)*slot);
}

void unwind_maps__free(struct unwind_maps *all)
{
	while (all->first)
		drop(all, all->first);
	table__free(&all->by_pid);
	unwind_modules__free(&all->modules);
}
