// SPDX-License-Identifier: BSD-2-Clause
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#include "debug_file.h"
#include "modules.h"
#include "open_in.h"
#include "util.h"

static bool has_build_id(int fd, const uint8_t *id, size_t len)
{
	uint8_t have[TARE_BUILD_ID_MAX];

	return len && elf__build_id(fd, have) == (int)len && !memcmp(have, id, len);
}

/* @fd if it is what is wanted; else it is closed. */
static int only_if(bool right, int fd)
{
	if (!right && fd >= 0)
		close(fd);
	return right && fd >= 0 ? fd : -ENOENT;
}

/* ---- by build id ---- */

static int by_build_id(const char *dir, const uint8_t *id, size_t len)
{
	char path[PATH_MAX], hex[2 * TARE_BUILD_ID_MAX + 1];
	int fd;

	for (size_t i = 0; i < len; i++)
		sprintf(hex + 2 * i, "%02x", id[i]);
	if (snprintf(path, sizeof(path), "%s/.build-id/%.2s/%s.debug", dir, hex, hex + 2) >= (int)sizeof(path))
		return -ENOENT;
	fd = open_regular(path);
	return only_if(fd >= 0 && has_build_id(fd, id, len), fd);
}

static int by_build_id_anywhere(const struct debug_places *places, const uint8_t *id, size_t len)
{
	int fd = len > 1 && len <= TARE_BUILD_ID_MAX ? by_build_id(DEBUG_DIR, id, len) : -ENOENT;

	for (size_t i = 0; fd < 0 && len > 1 && len <= TARE_BUILD_ID_MAX && i < places->nr_dirs; i++)
		fd = by_build_id(places->dirs[i], id, len);
	return fd;
}

int debug_file__open_shared(const struct debug_places *places, const uint8_t *id, size_t len, const char *path)
{
	int fd = by_build_id_anywhere(places, id, len);

	if (fd >= 0 || strncmp(path, DEBUG_DIR "/", strlen(DEBUG_DIR) + 1) || strstr(path, "/../"))
		return fd;
	fd = open_regular(path);
	return only_if(fd >= 0 && has_build_id(fd, id, len), fd);
}

/* ---- by link ---- */

static bool has_checksum(int fd, uint32_t want)
{
	static unsigned char buf[1 << 16];
	uLong crc = crc32(0, NULL, 0);
	off_t pos = 0;
	ssize_t n;

	while ((n = pread(fd, buf, sizeof(buf), pos)) > 0) {
		crc = crc32(crc, buf, n);
		pos += n;
	}
	return !n && crc == want;
}

struct link {
	const struct debug_wanted *wanted;
	const char *name;
	uint32_t checksum;
	int dir_len; /* of the wanted file's path */
};

/* "@before@dir@between@name", as the process sees it or (@pid 0) here. */
static int linked(const struct link *l, pid_t pid, const char *before, const char *between)
{
	const struct debug_wanted *w = l->wanted;
	char path[PATH_MAX];
	int fd;

	if (snprintf(path, sizeof(path), "%s%.*s%s%s", before, l->dir_len, w->path, between, l->name) >=
	    (int)sizeof(path))
		return -ENOENT;
	fd = pid ? open_in_root_of(pid, path, true) : open_regular(path);
	if (fd < 0)
		return -ENOENT;
	return only_if((!w->build_id_len || has_build_id(fd, w->build_id, w->build_id_len)) &&
			       has_checksum(fd, l->checksum),
		       fd);
}

static int by_link(const struct debug_places *places, const struct debug_wanted *wanted)
{
	struct link l = { .wanted = wanted };
	struct image_section sec;
	const char *end;
	size_t len;
	int fd;

	if (!wanted->path || image__section(wanted->img, ".gnu_debuglink", &sec))
		return -ENOENT;
	l.name = image__string(wanted->img, sec.offset, sec.size_bytes < PATH_MAX ? sec.size_bytes : PATH_MAX);
	end = strrchr(wanted->path, '/');
	len = l.name ? (strlen(l.name) + 4) & ~3ul : 0;
	if (!end || !l.name || !*l.name || strchr(l.name, '/') || len + sizeof(l.checksum) > sec.size_bytes ||
	    strstr(wanted->path, "/../"))
		return -ENOENT;
	l.checksum = image__u32(l.name + len);
	l.dir_len = end - wanted->path;
	fd = linked(&l, wanted->pid, "", "/");
	if (fd < 0)
		fd = linked(&l, wanted->pid, "", "/.debug/");
	if (fd < 0)
		fd = linked(&l, 0, DEBUG_DIR, "/");
	for (size_t i = 0; fd < 0 && i < places->nr_dirs; i++)
		fd = linked(&l, 0, places->dirs[i], "/");
	return fd;
}

/* ---- from a server ---- */

/* What is used of libdebuginfod, which need not be installed. */
struct debuginfod {
	void *(*begin)(void);
	void (*end)(void *client);
	int (*find)(void *client, const unsigned char *id, int len, char **path);
	void (*set_progress)(void *client, int (*fn)(void *client, long a, long b));
};

static uint64_t deadline_ns;

static int on_progress(void *client, long a, long b)
{
	return now_ns() > deadline_ns; /* 1: give up */
}

static bool load(struct debuginfod *d)
{
	void *lib = dlopen("libdebuginfod.so.1", RTLD_NOW | RTLD_LOCAL);

	if (!lib)
		return false;
	*(void **)&d->begin = dlsym(lib, "debuginfod_begin");
	*(void **)&d->end = dlsym(lib, "debuginfod_end");
	*(void **)&d->find = dlsym(lib, "debuginfod_find_debuginfo");
	*(void **)&d->set_progress = dlsym(lib, "debuginfod_set_progressfn");
	return d->begin && d->end && d->find && d->set_progress;
}

static int from_server(const struct debug_places *places, const struct debug_wanted *wanted)
{
	const char *urls = getenv("DEBUGINFOD_URLS");
	static struct debuginfod d;
	static int loaded = -1;
	void *client;
	int fd;

	if (!places->ask_ns || !urls || !*urls || !wanted->build_id_len)
		return -ENOENT;
	if (loaded < 0) {
		loaded = load(&d);
		if (!loaded)
			info("DEBUGINFOD_URLS is set, but libdebuginfod.so.1 cannot be loaded: no server is asked");
	}
	client = loaded ? d.begin() : NULL;
	if (!client)
		return -ENOENT;
	deadline_ns = now_ns() + places->ask_ns;
	d.set_progress(client, on_progress);
	fd = d.find(client, wanted->build_id, wanted->build_id_len, NULL);
	d.end(client);
	return only_if(fd >= 0 && has_build_id(fd, wanted->build_id, wanted->build_id_len), fd);
}

int debug_file__open(const struct debug_places *places, const struct debug_wanted *wanted)
{
	int fd = by_build_id_anywhere(places, wanted->build_id, wanted->build_id_len);

	if (fd < 0)
		fd = by_link(places, wanted);
	return fd < 0 ? from_server(places, wanted) : fd;
}
