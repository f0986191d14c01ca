// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "describe.h"
#include "launch.h"
#include "modules.h"
#include "runtime.h"
#include "runtimes.h"
#include "symtab.h"
#include "util.h"

struct instance {
	pid_t pid;
	int fd;			/* the program, held open: what is at its path may change */
	dev_t dev;
	ino_t ino;
	struct image *img;
	const struct runtime *runtime;
	char version[64];
	void *self;
	struct bpf_probes probes;
	bool new_born;
	bool go;		/* the kernel side knows how to find its goroutines */
	bool runs;		/* the process runs this program already, */
	uint64_t start, end, offset;	/* and this is where its code is mapped; .end 0: not known */
	bool said;		/* that its counters cannot be read */
	bool has_exit;		/* the kernel side knows what to copy when it ends */
	struct go_exit exit;
	bool final;		/* its last counters are written */
	bool gone;		/* there was no such process when it was looked at last */
};

static int open_program(pid_t pid, const char *path)
{
	char exe[64], command[COMMAND_MAX];
	int fd = path ? launch__find(path, command) : 0;

	if (fd)
		return fd;
	snprintf(exe, sizeof(exe), "/proc/%d/exe", pid);
	fd = open(path ? command : exe, O_RDONLY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

static void instance__close(struct bpf *bpf, struct instance *i)
{
	bpf__detach_probes(bpf, &i->probes);
	if (i->go)
		bpf__remove_go(bpf, i->pid);
	if (i->has_exit)
		bpf__remove_exit(bpf, i->pid);
	if (i->self && i->runtime->close)
		i->runtime->close(i->self);
	image__close(i->img);
	close(i->fd);
}

static struct instance *find(const struct runtimes *r, pid_t pid)
{
	for (size_t i = 0; i < r->nr; i++)
		if (r->instances[i].pid == pid)
			return &r->instances[i];
	return NULL;
}

static void drop(struct runtimes *r, struct instance *i)
{
	instance__close(r->bpf, i);
	*i = r->instances[--r->nr];
}

/* What is to be copied when the process ends: better known once its memory was seen. */
static void set_exit(struct runtimes *r, struct instance *i)
{
	struct go_exit exit;

	if (!i->runtime->exit || i->runtime->exit(i->self, &exit) || (i->has_exit && !memcmp(&exit, &i->exit, sizeof(exit))))
		return;
	i->exit = exit;
	if (!bpf__set_exit(r->bpf, i->pid, &exit))
		i->has_exit = true;
}

static void attach(struct runtimes *r, struct instance *i)
{
	struct runtime_probes list = { 0 };
	const struct runtime *rt = i->runtime;

	struct program prog = { i->img, i->fd, i->pid };
	struct go_facts facts;

	if (rt->open && rt->open(&prog, &i->self)) {
		i->runtime = &runtime_native;
		return;
	}
	if (rt->facts && !rt->facts(i->self, &facts))
		i->go = !bpf__add_go(r->bpf, i->pid, &facts);
	if (rt->probes && !rt->probes(i->self, &list))
		bpf__attach_probes(r->bpf, i->pid, i->fd, rt->name, &list, r->goroutines, &i->probes);
	runtime_probes__free(&list);
	set_exit(r, i);
}

static void say(const char *key, const char *value, void *ctx)
{
	describe__info(ctx, &(const char *const[2]){ key, value }, 1);
}

static void write_names(struct runtimes *r, const struct instance *i)
{
	if (r->named || !r->writer || !i->runtime->names)
		return;
	r->named = true;
	i->runtime->names(i->self, say, r->writer);
}

static struct instance *new_instance(struct runtimes *r)
{
	if (r->nr == r->room) {
		size_t room = r->room ? 2 * r->room : 8;
		void *grown = realloc(r->instances, room * sizeof(*r->instances));

		if (!grown)
			return NULL;
		r->instances = grown;
		r->room = room;
	}
	r->instances[r->nr] = (struct instance){ .fd = -1 };
	return &r->instances[r->nr++];
}

static int on_module(const struct module *m, void *ctx)
{
	struct instance *i = ctx;

	/* the first file mapped with code is the program itself: the dynamic linker lies above it */
	i->start = m->start;
	i->end = m->end;
	i->offset = m->offset;
	return 1;
}

/* The command of `tare run` has a program before it runs it. */
static bool runs(struct instance *i)
{
	struct stat st;
	char exe[64];

	if (i->runs)
		return true;
	snprintf(exe, sizeof(exe), "/proc/%d/exe", i->pid);
	i->runs = !stat(exe, &st) && st.st_dev == i->dev && st.st_ino == i->ino &&
		  modules__for_each(i->pid, on_module, i) == 1;
	return i->runs;
}

static void write_counters(struct runtimes *r, uint64_t now, struct tare_counters *c, size_t nr)
{
	if (nr)
		writer__array(r->writer, TARE_FRAME_RUNTIMES, now, c, sizeof(*c), nr);
}

void runtimes__add(struct runtimes *r, pid_t pid, const char *path, bool new_born)
{
	int fd = open_program(pid, path);
	struct instance *i = find(r, pid);
	struct stat st;

	if (fd < 0 || fstat(fd, &st)) { /* it has ended, or cannot be run: others say so */
		if (fd >= 0)
			close(fd);
		return;
	}
	if (i && i->dev == st.st_dev && i->ino == st.st_ino && !i->gone) {
		close(fd);
		runs(i);
		return;
	}
	if (i)
		drop(r, i);
	i = new_instance(r);
	if (!i) {
		close(fd);
		return;
	}
	*i = (struct instance){ .pid = pid, .fd = fd, .dev = st.st_dev, .ino = st.st_ino, .new_born = new_born };
	if (!path)
		runs(i);
	if (image__open(fd, &i->img, NULL))
		i->img = NULL;
	i->runtime = runtime__of(i->img, i->version, sizeof(i->version));
	attach(r, i);
	write_names(r, i);
	if (new_born && r->writer && i->runtime->counters) {
		struct tare_counters zero = { .ts_ns = now_ns(), .pid = pid };

		write_counters(r, zero.ts_ns, &zero, 1);
	}
}

void runtimes__begin(struct runtimes *r, struct writer *w)
{
	r->writer = w;
	for (size_t i = 0; i < r->nr; i++) {
		struct tare_counters zero = { .ts_ns = now_ns(), .pid = r->instances[i].pid };

		write_names(r, &r->instances[i]);
		if (r->instances[i].new_born && r->instances[i].runtime->counters)
			write_counters(r, zero.ts_ns, &zero, 1);
	}
}

static int read_one(struct instance *i, struct tare_counters *c)
{
	int ret;

	memset(c, 0xff, sizeof(*c)); /* all TARE_UNKNOWN */
	c->pid = i->pid;
	c->final = 0;
	ret = i->runtime->counters(i->self, c);
	c->ts_ns = now_ns();
	if (ret && ret != -ESRCH && ret != -EAGAIN && !i->said) {
		i->said = true;
		warn("cannot read the counters of process %d (%s): %s", i->pid, i->runtime->name, strerror(-ret));
	}
	return ret;
}

static void write_delays(struct runtimes *r, struct instance *i, uint64_t now)
{
	struct tare_delays *d = calloc(1, sizeof(*d) + TARE_DELAYS_MAX * sizeof(d->buckets[0]));
	struct iovec iov = { d, 0 };

	if (!d)
		return;
	d->pid = i->pid;
	if (!i->runtime->delays(i->self, d)) {
		iov.iov_len = sizeof(*d) + d->nr * sizeof(d->buckets[0]);
		writer__frame(r->writer, TARE_FRAME_DELAYS, 0, now, &iov, 1);
	}
	free(d);
}

void runtimes__read(struct runtimes *r, uint64_t now, bool last)
{
	struct tare_counters *all = calloc(r->nr + 1, sizeof(*all));
	size_t nr = 0;

	if (!all)
		return;
	for (size_t i = r->nr; i-- > 0;) {
		struct instance *in = &r->instances[i];

		if (!in->final && in->runtime->counters && runs(in) && !read_one(in, &all[nr])) {
			nr++;
			set_exit(r, in);
		}
		if (!in->final && in->runtime->delays && runs(in))
			write_delays(r, in, now);
		/* what it told last may still be in the rings: until the next time */
		if (!last && in->gone)
			drop(r, in);
		else
			in->gone = kill(in->pid, 0) && errno == ESRCH;
	}
	write_counters(r, now, all, nr);
	free(all);
}

void runtimes__on_memory(struct runtimes *r, const struct tare_memory *memory, uint64_t ts_ns)
{
	struct instance *i = find(r, memory->tgid);
	struct tare_counters c;
	int ret;

	if (!i || i->final || !i->runtime->last_counters)
		return;
	memset(&c, 0xff, sizeof(c));
	c.ts_ns = ts_ns;
	c.pid = i->pid;
	c.final = 1;
	ret = i->runtime->last_counters(i->self, memory, &c);
	if (ret) {
		if (ret != -EAGAIN)
			info("the last counters of process %d are not known: %s", i->pid, strerror(-ret));
		return;
	}
	i->final = true;
	write_counters(r, ts_ns, &c, 1);
	if (i->runtime->delays)
		write_delays(r, i, ts_ns);
}

const char *runtimes__name(const struct runtimes *r, pid_t pid, const char **version)
{
	const struct instance *i = find(r, pid);

	*version = i ? i->version : "";
	return i ? i->runtime->name : runtime_native.name;
}

int runtimes__symbol(const struct runtimes *r, pid_t pid, uint64_t ip, struct runtime_symbol *sym)
{
	const struct instance *i = find(r, pid);
	uint64_t bias;

	if (!i || !i->img || ip < i->start || ip >= i->end || image__bias(i->img, i->start, i->offset, true, &bias))
		return -ENOENT;
	if (i->runtime->symbol)
		return i->runtime->symbol(i->self, ip - bias, sym);
	return symtab__function_at(i->img, ip - bias, &sym->name);
}

void runtimes__for_each(const struct runtimes *r, void (*visit)(pid_t pid, void *ctx), void *ctx)
{
	for (size_t i = 0; i < r->nr; i++)
		if (r->instances[i].runtime->probes && !r->instances[i].gone)
			visit(r->instances[i].pid, ctx);
}

void runtimes__free(struct runtimes *r)
{
	while (r->nr)
		drop(r, &r->instances[r->nr - 1]);
	free(r->instances);
	r->instances = NULL;
	r->room = 0;
}
