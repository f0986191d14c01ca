// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "export_input.h"
#include "model.h"
#include "reader.h"
#include "util.h"

/* What comes by a pipe is kept in a file, to be read twice. Returns a descriptor or a negative errno. */
static int spool(FILE *from)
{
	FILE *f = tmpfile();
	char buf[65536];
	size_t n;
	int fd;

	if (!f)
		return -errno;
	while ((n = fread(buf, 1, sizeof(buf), from)) && fwrite(buf, 1, n, f) == n)
		;
	errno = EIO;
	fd = ferror(from) || n || fflush(f) ? -errno : dup(fileno(f));
	fclose(f);
	return fd;
}

struct damages {
	uint64_t nr, bytes;
};

/* The first pass over a recording tells of what is damaged. */
static void tell_damage(const struct export_input *in, struct damages *d, const struct event *ev)
{
	if (in->told_damage)
		return;
	if (d->nr++ < 3)
		warn("%s, at byte %" PRIu64 ": %s", in->path, ev->damage.offset, ev->damage.what);
	d->bytes += ev->damage.bytes;
}

int export_input__for_each(struct export_input *in, int (*take)(void *ctx, const struct event *ev), void *ctx)
{
	struct damages damages = { 0 };
	struct reader *r;
	struct event ev;
	int ret;

	if (reader__open(in->path, &r))
		return -EBADF;
	if (in->chooses)
		choice__rewind(&in->choice);
	while ((ret = reader__next(r, &ev)) > 0) {
		if (ev.kind == EVENT_DAMAGE)
			tell_damage(in, &damages, &ev);
		ret = in->chooses ? choice__event(&in->choice, &ev, take, ctx) : take(ctx, &ev);
		if (ret)
			break;
	}
	reader__close(r);
	if (damages.nr)
		warn("%s is damaged: %" PRIu64 " stretch%s of it, %" PRIu64 " bytes in all, not in the export",
		     in->path, damages.nr, damages.nr == 1 ? "" : "es", damages.bytes);
	in->told_damage = true;
	if (!ret && in->chooses && !in->choice.passed && !in->told_nothing) {
		warn("nothing in %s is of the time, process and threads that were asked for", in->path);
		in->told_nothing = true;
	}
	return ret;
}

struct taking {
	struct export_opts *opts;
	struct model *m;
};

static int take_whole(void *ctx, const struct event *ev)
{
	struct taking *t = ctx;

	return export__take(t->opts, t->m, ev);
}

struct model *export_input__whole(struct export_input *in, struct export_opts *opts)
{
	struct taking t = { opts, model__new() };
	int ret = t.m ? 0 : -ENOMEM;

	memset(opts->events, 0, sizeof(opts->events));
	memset(opts->runtime_events, 0, sizeof(opts->runtime_events));
	if (t.m) {
		t.m->pauses.keep = PAUSES_KEPT;
		ret = export_input__for_each(in, take_whole, &t);
	}
	if (!ret) {
		export__taken(opts, t.m);
		return t.m;
	}
	if (ret != -EBADF)
		err("cannot read %s: %s", in->path, strerror(-ret));
	model__free(t.m);
	return NULL;
}

/* What can be read but once, opened; NULL: @path can be read again. */
static FILE *open_stream(const char *path)
{
	struct stat st;

	if (!strcmp(path, "-"))
		return stdin;
	return !stat(path, &st) && (S_ISFIFO(st.st_mode) || S_ISCHR(st.st_mode)) ? fopen(path, "re") : NULL;
}

/* What can be read but once is kept in a file if it must be read more often. Returns 0, or -1 after saying why not. */
static int keep_input(struct export_input *in, bool often)
{
	FILE *from;
	int fd;

	in->given = in->path;
	from = often ? open_stream(in->path) : NULL;
	if (!from)
		return 0;
	fd = spool(from);
	if (from != stdin)
		fclose(from);
	if (fd < 0) {
		err("cannot keep %s in a file to read it twice: %s",
		    strcmp(in->path, "-") ? in->path : "standard input", strerror(-fd));
		return -1;
	}
	snprintf(in->spooled, sizeof(in->spooled), "/proc/self/fd/%d", fd);
	in->path = in->spooled;
	return 0;
}

/* What was chosen depends on the recording. Returns an exit code. */
static int choose(struct export_input *in)
{
	struct export_opts opts = { 0 };
	struct model *m;
	int ret;

	if (!choice_opts__any(&in->chosen))
		return EXIT_OK;
	m = export_input__whole(in, &opts);
	if (!m)
		return EXIT_FAILED;
	ret = choice__init(&in->choice, &in->chosen, m);
	model__free(m);
	in->chooses = !ret;
	if (ret)
		choice__free(&in->choice);
	return ret ? EXIT_USAGE : EXIT_OK;
}

/* Is there anything in it? A pipe tells that only when it is read for good. Says why not. */
static bool begins(const struct export_input *in)
{
	struct reader *r;
	struct event ev;
	struct stat st;
	int ret;

	if (!strcmp(in->path, "-") || (!stat(in->path, &st) && (S_ISFIFO(st.st_mode) || S_ISCHR(st.st_mode))))
		return true;
	if (reader__open(in->path, &r))
		return false;
	ret = reader__next(r, &ev);
	reader__close(r);
	if (ret < 0 && ret != -EBADF)
		err("cannot read %s: %s", in->path, strerror(-ret));
	return ret >= 0;
}

int export_input__open(struct export_input *in, bool twice)
{
	bool often = twice || choice_opts__any(&in->chosen);

	return keep_input(in, often) || (!often && !begins(in)) ? EXIT_FAILED : choose(in);
}

void export_input__close(struct export_input *in)
{
	if (in->chooses)
		choice__free(&in->choice);
}
