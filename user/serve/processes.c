// SPDX-License-Identifier: BSD-2-Clause
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cgroup.h"
#include "pid_ns.h"
#include "proc.h"
#include "processes.h"
#include "util.h"

#define MAX_SERVED	 (1u << 22) /* the kernel's PID_MAX_LIMIT */
#define CONTAINER_DIGITS 64	    /* as Docker, containerd, CRI-O and Podman name them */
#define LOOKS_A_CGROUP	 16	    /* a process is rarely moved */

void processes__init(struct processes *ps, uint32_t limit, bool label_pid)
{
	table__init(&ps->by_pid, MAX_SERVED);
	all_series__init(&ps->series, limit);
	runtime_files__init(&ps->files);
	ps->label_pid = label_pid;
}

void processes__free(struct processes *ps)
{
	const struct table_slot *slot;
	size_t pos = 0;

	while ((slot = table__next(&ps->by_pid, &pos)))
		free((struct served *)(uintptr_t)slot->value);
	table__free(&ps->by_pid);
	all_series__free(&ps->series);
	runtime_files__free(&ps->files);
}

struct served *processes__find(const struct processes *ps, uint32_t pid)
{
	const uint64_t *slot = table__find(&ps->by_pid, pid);

	return slot ? (struct served *)(uintptr_t)*slot : NULL;
}

static void set_comm(struct labels *l, const char *comm)
{
	sanitize(comm, strnlen(comm, TARE_COMM_LEN), l->process, sizeof(l->process));
}

/* The last 64 digits in a row are the container's id: "/docker/ID", "/kubepods.slice/.../cri-containerd-ID.scope". */
static void set_container(struct labels *l)
{
	size_t digits = 0;

	l->container[0] = '\0';
	for (const char *c = l->cgroup + strlen(l->cgroup); c-- > l->cgroup;) {
		digits = strchr("0123456789abcdef", *c) ? digits + 1 : 0;
		if (digits < CONTAINER_DIGITS)
			continue;
		memcpy(l->container, c, CONTAINER_DIGITS);
		l->container[CONTAINER_DIGITS] = '\0';
		return;
	}
}

/* What cannot be read any more stays as it was. */
static void read_cgroup(struct labels *l, uint32_t pid)
{
	char path[1024];

	if (cgroup__path(pid, path, sizeof(path)))
		return;
	sanitize(path, strlen(path), l->cgroup, sizeof(l->cgroup));
	set_container(l);
}

static void read_runtime(struct processes *ps, struct labels *l, uint32_t pid)
{
	const struct runtime *rt = runtime_files__of(&ps->files, pid_ns__here(pid));

	if (rt)
		l->runtime = rt->name;
}

static bool same_labels(const struct labels *a, const struct labels *b)
{
	return !strcmp(a->process, b->process) && !strcmp(a->cgroup, b->cgroup) &&
	       !strcmp(a->container, b->container) && a->runtime == b->runtime && a->pid == b->pid;
}

/* @p's labels are @l from now on. */
static void relabel(struct processes *ps, struct served *p, const struct labels *l)
{
	struct series *s;

	if (p->series && same_labels(&p->labels, l))
		return;
	if (p->series && ps->on_leave)
		ps->on_leave(ps->on_leave_ctx, p);
	s = all_series__get(&ps->series, l);
	if (p->series)
		series__leave(p->series, now_ns());
	p->series = s;
	p->labels = *l;
}

static struct served *add(struct processes *ps, uint32_t pid)
{
	struct served *p = calloc(1, sizeof(*p));
	uint64_t *slot = p ? table__add(&ps->by_pid, pid) : NULL;

	if (!slot) {
		free(p);
		return NULL;
	}
	*slot = (uintptr_t)p;
	p->pid = pid;
	p->labels.runtime = "";
	p->labels.pid = ps->label_pid ? pid : 0;
	return p;
}

struct served *processes__get(struct processes *ps, uint32_t pid)
{
	struct served *p = processes__find(ps, pid);
	struct labels l;
	char comm[16];

	if (p)
		return p;
	p = add(ps, pid);
	if (!p)
		return NULL;
	l = p->labels;
	if (!proc__comm(pid, comm))
		set_comm(&l, comm);
	read_cgroup(&l, pid);
	read_runtime(ps, &l, pid);
	relabel(ps, p, &l);
	processes__look(ps, p);
	return p;
}

struct served *processes__born(struct processes *ps, uint32_t pid, uint32_t parent)
{
	const struct served *from = processes__find(ps, parent);
	struct served *p = from ? add(ps, pid) : processes__get(ps, pid);
	struct labels l;

	if (!p)
		return NULL;
	p->born = true;
	p->minor_faults = p->major_faults = 0;
	if (!from)
		return p;
	l = from->labels;
	l.pid = p->labels.pid;
	relabel(ps, p, &l);
	return p;
}

void processes__renamed(struct processes *ps, struct served *p, const char *comm, bool program)
{
	struct labels l = p->labels;

	set_comm(&l, comm);
	if (program) {
		p->heap_bytes = 0;
		read_cgroup(&l, p->pid);
		read_runtime(ps, &l, p->pid);
	}
	relabel(ps, p, &l);
}

/* What a counter has grown by; it may not be known. */
static uint64_t grown(uint64_t before, uint64_t now)
{
	return before == TARE_UNKNOWN || now == TARE_UNKNOWN || now < before ? 0 : now - before;
}

void processes__counters(struct processes *ps, const struct tare_counters *c)
{
	struct served *p = processes__get(ps, c->pid);
	const struct tare_counters *last;
	struct series *s;

	if (!p)
		return;
	s = p->series;
	/* what an existing process has counted before is none of ours; a new one's first reading is all 0 */
	last = p->has_last ? &p->last : c;
	s->counts |= c->alloc_bytes > 0; /* the first reading may be ahead of the exec, and of the program's name */
	s->collections += grown(last->collections, c->collections);
	s->alloc_bytes += grown(last->alloc_bytes, c->alloc_bytes);
	s->alloc_objects += grown(last->alloc_objects, c->alloc_objects);
	s->goroutines_created += grown(last->goroutines_created, c->goroutines_created);
	s->goroutine_switches += grown(last->goroutine_switches, c->goroutine_switches);
	if (c->heap_bytes != TARE_UNKNOWN)
		p->heap_bytes = c->heap_bytes;
	p->last = *c;
	p->has_last = true;
}

/* proc(5): minflt and majflt are those of all its threads, also of those that have ended. */
static bool read_faults(uint32_t pid, uint64_t *minor, uint64_t *major)
{
	unsigned long long min, maj;
	char buf[1024], *end;
	ssize_t n = proc__read(pid, "stat", buf, sizeof(buf));

	end = n > 0 ? strrchr(buf, ')') : NULL;
	if (!end || sscanf(end, ") %*c %*d %*d %*d %*d %*d %*u %llu %*u %llu", &min, &maj) != 2)
		return false;
	*minor = min;
	*major = maj;
	return true;
}

/* So many it had; @first: those before it became a target do not count. */
static void tell_faults(struct served *p, uint64_t minor, uint64_t major, bool first)
{
	if (!first) {
		p->series->minor_faults += grown(p->minor_faults, minor);
		p->series->major_faults += grown(p->major_faults, major);
	}
	p->minor_faults = minor > p->minor_faults ? minor : p->minor_faults;
	p->major_faults = major > p->major_faults ? major : p->major_faults;
}

void processes__look(struct processes *ps, struct served *p)
{
	uint64_t minor, major;
	unsigned long long pages;
	struct labels l = p->labels;
	char buf[256];

	if (p->looks++ % LOOKS_A_CGROUP == 1) { /* also soon after it was found: it may have been born elsewhere */
		read_cgroup(&l, p->pid);
		relabel(ps, p, &l);
	}
	if (proc__read(p->pid, "statm", buf, sizeof(buf)) > 0 && sscanf(buf, "%*u %llu", &pages) == 1)
		p->resident_bytes = pages * sysconf(_SC_PAGESIZE);
	if (!read_faults(p->pid, &minor, &major)) {
		p->missing += p->read;
		return;
	}
	p->missing = 0;
	tell_faults(p, minor, major, !p->read && !p->born);
	p->read = true;
}

void processes__end(struct processes *ps, struct served *p, uint64_t now_ns)
{
	/* its first and its last second are between two looks */
	if (p->born)
		tell_faults(p, p->ended_minor_faults, p->ended_major_faults, false);
	series__leave(p->series, now_ns);
	table__delete(&ps->by_pid, p->pid);
	free(p);
}
