// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "array.h"
#include "open_in.h"
#include "perf_map.h"
#include "proc.h"
#include "util.h"

#define BYTES_MAX   (64ull << 20) /* of the file */
#define ENTRIES_MAX (1u << 20)
#define NAME_MAX_   512
#define PIECE	    (256u << 10) /* holds a line */
#define SHARE	    50		 /* read for 1/SHARE of the time */

/* The last number of a line of /proc/PID/status: a process's id in the namespace that it is in itself. */
static long own_pid(pid_t pid)
{
	char buf[4096], *line, *end;

	if (proc__read(pid, "status", buf, sizeof(buf)) < 0 || !(line = strstr(buf, "\nNSpid:")))
		return pid;
	end = line + 1 + strcspn(line + 1, "\n");
	*end = '\0';
	while (end > line && end[-1] != '\t')
		end--;
	return atol(end);
}

static bool is_its_own(pid_t pid, const struct stat *st)
{
	unsigned user;
	char buf[4096], *line;

	if (!S_ISREG(st->st_mode))
		return false;
	if (!st->st_uid)
		return true;
	return proc__read(pid, "status", buf, sizeof(buf)) > 0 && (line = strstr(buf, "\nUid:")) &&
	       sscanf(line, "\nUid: %*u %u", &user) == 1 && user == st->st_uid;
}

static void open_map(struct perf_map *m, pid_t pid)
{
	char path[64];
	struct stat st;

	snprintf(path, sizeof(path), "/tmp/perf-%ld.map", own_pid(pid));
	m->fd = open_in_root_of(pid, path, false);
	if (m->fd < 0 || (!fstat(m->fd, &st) && is_its_own(pid, &st)))
		return;
	close(m->fd);
	m->fd = -1;
}

/* "7f0000 1c0 LazyCompile:*f /a.js:1:2" */
static int add_line(struct perf_map *m, char *line)
{
	struct perf_map_entry e;
	char *end;
	size_t len;

	e.start = strtoull(line, &end, 16);
	if (end == line || *end != ' ')
		return 0;
	line = end + 1;
	e.bytes = strtoull(line, &end, 16);
	if (end == line || *end != ' ' || !e.bytes || e.start + e.bytes < e.start)
		return 0;
	len = strnlen(end + 1, NAME_MAX_);
	if (!len || m->nr == ENTRIES_MAX)
		return 0;
	if (ARRAY_GROW(m->entries, m->room, m->nr + 1) || ARRAY_GROW(m->names, m->names_room, m->len + len + 1))
		return -ENOMEM;
	e.name = m->len;
	memcpy(m->names + m->len, end + 1, len);
	m->names[m->len + len] = '\0';
	m->len += len + 1;
	m->entries[m->nr++] = e;
	return 0;
}

static int index_all(struct perf_map *m)
{
	int ret = 0;

	ranges__free(&m->ranges);
	for (size_t i = 0; i < m->nr && !ret; i++) {
		const struct perf_map_entry *e = &m->entries[i];
		struct range r = { e->start, e->start + e->bytes, e->name, i };

		ret = ranges__add(&m->ranges, &r);
	}
	return ret ? ret : ranges__build(&m->ranges);
}

int perf_map__read(struct perf_map *m)
{
	char *buf = malloc(PIECE + 1), *line, *end;
	size_t before = m->nr;
	int ret = buf ? 0 : -ENOMEM;
	ssize_t n;

	while (!ret && m->read_bytes < BYTES_MAX && (n = pread(m->fd, buf, PIECE, m->read_bytes)) > 0) {
		buf[n] = '\0';
		for (line = buf; !ret && (end = memchr(line, '\n', buf + n - line)); line = end + 1) {
			*end = '\0';
			ret = add_line(m, line);
		}
		/* the last line may not be written yet */
		if (line == buf && n < (ssize_t)PIECE)
			break;
		m->read_bytes += line == buf ? n : line - buf;
	}
	free(buf);
	return ret || m->nr == before ? ret : index_all(m);
}

const char *perf_map__at(struct perf_map *m, pid_t pid, uint64_t address, uint64_t *start)
{
	uint64_t cpu_ns = thread_cpu_ns();
	uint32_t at;

	if (now_ns() >= m->next_ns) {
		if (m->fd < 0)
			open_map(m, pid);
		if (m->fd >= 0)
			perf_map__read(m);
		m->next_ns = now_ns() + SHARE * (thread_cpu_ns() - cpu_ns);
	}
	at = ranges__at(&m->ranges, address, start);
	return at == RANGES_NONE ? NULL : m->names + at;
}

void perf_map__free(struct perf_map *m)
{
	if (m->fd >= 0)
		close(m->fd);
	free(m->entries);
	free(m->names);
	ranges__free(&m->ranges);
	*m = (struct perf_map)PERF_MAP_NONE;
}
