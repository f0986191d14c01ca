// SPDX-License-Identifier: BSD-2-Clause
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "array.h"
#include "golive_impl.h"
#include "pid_ns.h"
#include "proc.h"
#include "util.h"

int live__read(const struct go_live *live, uint64_t addr, void *buf, size_t len)
{
	if (live->priv->copy)
		return go_copy__read(live->priv->copy, addr, buf, len);
	return proc__peek(live->pid, addr, buf, len);
}

int live__u64(const struct go_live *live, uint64_t addr, uint64_t *v)
{
	return live__read(live, addr, v, sizeof(*v));
}

int live__u32(const struct go_live *live, uint64_t addr, uint32_t *v)
{
	return live__read(live, addr, v, sizeof(*v));
}

int live__gather(const struct go_live *live, const uint64_t *addrs, size_t nr, void *buf, size_t len)
{
	enum { AT_ONCE = 512 };
	struct iovec from[AT_ONCE], to;
	char *out = buf;

	memset(buf, 0, nr * len);
	for (size_t i = 0; live->priv->copy && i < nr; i++) {
		int err = go_copy__read(live->priv->copy, addrs[i], out + i * len, len);

		if (err == -ENODATA)
			return err;
		if (err)
			memset(out + i * len, 0, len);
	}
	for (size_t i = 0; !live->priv->copy && i < nr;) {
		size_t n = nr - i < AT_ONCE ? nr - i : AT_ONCE;
		ssize_t got;

		for (size_t k = 0; k < n; k++)
			from[k] = (struct iovec){ (void *)(uintptr_t)addrs[i + k], len };
		to = (struct iovec){ out + i * len, n * len };
		got = proc__peek_all(live->pid, &to, from, n);
		if (got < 0 && got != -EFAULT)
			return got;
		if (got < 0)
			got = 0;
		i += got / len;
		/* stopped in the middle, at an unreadable address */
		if ((size_t)got < n * len) {
			memset(out + i * len, 0, len);
			i++;
		}
	}
	return 0;
}

/* As many as fit into one call. Returns how many of them are done, or a negative errno. */
static ssize_t read_some(const struct go_live *live, struct live_piece *pieces, size_t nr, char *out)
{
	enum { AT_ONCE = 512 };
	struct iovec from[AT_ONCE], to = { out, 0 };
	size_t n = nr < AT_ONCE ? nr : AT_ONCE, done;
	ssize_t got;

	for (size_t i = 0; i < n; i++) {
		from[i] = (struct iovec){ (void *)(uintptr_t)pieces[i].addr, pieces[i].len };
		to.iov_len += pieces[i].len;
	}
	got = proc__peek_all(live->pid, &to, from, n);
	if (got < 0 && got != -EFAULT)
		return got;
	for (done = 0; done < n && got >= (ssize_t)pieces[done].len; done++) {
		got -= pieces[done].len;
		pieces[done].read = true;
	}
	/* stopped in the middle of one */
	if (done < n)
		pieces[done++].read = false;
	return done;
}

int live__read_pieces(const struct go_live *live, struct live_piece *pieces, size_t nr, void *buf)
{
	char *out = buf;

	for (size_t i = 0; i < nr;) {
		ssize_t done = 1;

		if (live->priv->copy)
			pieces[i].read = !go_copy__read(live->priv->copy, pieces[i].addr, out, pieces[i].len);
		else
			done = read_some(live, pieces + i, nr - i, out);
		if (done < 0)
			return done;
		for (; done; done--)
			out += pieces[i++].len;
	}
	return 0;
}

static int by_procid(const void *a, const void *b)
{
	const struct tid_pair *x = a, *y = b;

	return x->procid < y->procid ? -1 : x->procid > y->procid;
}

/* The last number of "NSpid:" in /proc/PID/@task/status: that of the innermost namespace. @levels: how many. */
static uint64_t innermost(pid_t pid, const char *task, unsigned *levels)
{
	char name[64], buf[4096], *p, *end;
	uint64_t nr = 0;
	ssize_t n;

	snprintf(name, sizeof(name), "%s/status", task);
	n = proc__read(pid, name, buf, sizeof(buf));
	p = n > 0 ? strstr(buf, "\nNSpid:") : NULL;
	*levels = 0;
	if (!p)
		return 0;
	for (p += strlen("\nNSpid:"); *p == '\t' || *p == ' '; p = end) {
		unsigned long v = strtoul(p, &end, 10);

		if (end == p)
			break;
		nr = v;
		(*levels)++;
	}
	return nr;
}

int tid_list__read(struct tid_list *list, pid_t pid)
{
	size_t room = 0;
	unsigned levels;
	char path[64];
	struct dirent *d;
	DIR *dir;

	list->nr = 0;
	free(list->pairs);
	list->pairs = NULL;
	innermost(pid, ".", &levels);
	snprintf(path, sizeof(path), "/proc/%d/task", pid_ns__here(pid));
	dir = opendir(path);
	if (!dir)
		return errno == ENOENT ? -ESRCH : -errno;
	while ((d = readdir(dir))) {
		struct tid_pair pair = { .tid = atoi(d->d_name) };
		unsigned ignore;

		if (!isdigit((unsigned char)d->d_name[0]))
			continue;
		pair.procid = pair.tid;
		if (levels > 1) {
			snprintf(path, sizeof(path), "task/%.16s", d->d_name);
			pair.procid = innermost(pid, path, &ignore);
		}
		if (ARRAY_GROW(list->pairs, room, list->nr + 1)) {
			closedir(dir);
			return -ENOMEM;
		}
		list->pairs[list->nr++] = pair;
	}
	closedir(dir);
	if (!list->nr)
		return -ESRCH;
	qsort(list->pairs, list->nr, sizeof(list->pairs[0]), by_procid);
	return 0;
}

void tid_list__free(struct tid_list *list)
{
	free(list->pairs);
	list->pairs = NULL;
	list->nr = 0;
}

pid_t tid_list__find(const struct tid_list *list, uint64_t procid)
{
	struct tid_pair key = { .procid = procid }, *p;

	p = list->nr ? bsearch(&key, list->pairs, list->nr, sizeof(key), by_procid) : NULL;
	return p && procid ? p->tid : 0;
}

void live__problem(struct go_live *live, const char *fmt, ...)
{
	struct go_live_private *priv = live->priv;
	char *text = priv->problems[priv->nr_problems];
	va_list args;

	if (priv->nr_problems == PROBLEMS_MAX)
		return;
	va_start(args, fmt);
	vsnprintf(text, PROBLEM_LEN, fmt, args);
	va_end(args);
	for (unsigned i = 0; i < priv->nr_problems; i++) {
		if (!strcmp(text, priv->problems[i]))
			return;
	}
	priv->nr_problems++;
}

bool live__has(struct go_live *live, const enum go_field *fields, size_t nr, int32_t limit)
{
	char name[64];

	for (size_t i = 0; i < nr; i++) {
		int32_t at = live->layout.at[fields[i]];

		if (at >= 0 && at <= limit)
			continue;
		if (at < 0)
			live__problem(live, "%s: not known", go_field__name(fields[i], name));
		else
			live__problem(live, "%s: at %d, which is too far", go_field__name(fields[i], name), at);
		return false;
	}
	return true;
}
