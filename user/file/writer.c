// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "util.h"
#include "writer.h"

#define MAX_PIECES 8

struct writer {
	int fd;
	bool is_file; /* can be truncated */
	bool is_new;  /* created here */
	bool moved;   /* the old file is now PATH.old */
	int failed;   /* negative errno of the first failure */
	uint64_t bytes, lost;
	char *path;
	writer_sink_fn *sink; /* used instead of .fd, or NULL */
	void *sink_ctx;
	writer_sink_fn *tee; /* used in addition, or NULL */
	void *tee_ctx;
};

static int refuse_link(const char *path)
{
	err("%s is a symbolic link, which is not followed: remove it or choose another file with -o", path);
	return -ELOOP;
}

static int refuse_terminal(void)
{
	err("a recording is no text for a terminal: use -o FILE, or a pipe");
	return -EINVAL;
}

/*
 * Rename an existing file to PATH.old and set *@moved. Returns 0 if @path is free now, 1 if it is a device or pipe to
 * write to directly.
 */
static int make_room(const char *path, bool *moved)
{
	char old[4096];
	struct stat st;

	if (lstat(path, &st))
		return errno == ENOENT ? 0 : -errno;
	if (S_ISLNK(st.st_mode))
		return refuse_link(path);
	if (!S_ISREG(st.st_mode))
		return S_ISDIR(st.st_mode) ? -EISDIR : 1;
	if (snprintf(old, sizeof(old), "%s.old", path) >= (int)sizeof(old))
		return -ENAMETOOLONG;
	*moved = !rename(path, old);
	return *moved ? 0 : -errno;
}

int writer__open(const char *path, struct writer **out)
{
	struct writer *w = calloc(1, sizeof(*w));
	struct stat st;
	int ret = 0;

	if (!w || !(w->path = strdup(path))) {
		free(w);
		return -ENOMEM;
	}
	if (!strcmp(path, "-")) {
		w->fd = dup(STDOUT_FILENO);
		if (isatty(w->fd)) {
			ret = refuse_terminal();
			goto fail;
		}
	} else {
		ret = make_room(path, &w->moved);
		w->is_new = !ret;
		if (ret >= 0)
			w->fd = open(path, O_WRONLY | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY | (ret ? 0 : O_CREAT | O_EXCL),
				     0600);
		if (ret < 0 || w->fd < 0) {
			ret = ret < 0 ? ret : -errno;
			if (ret != -ELOOP)
				err("cannot write %s: %s; choose another place with -o", path, strerror(-ret));
			goto fail;
		}
	}
	w->is_file = !fstat(w->fd, &st) && S_ISREG(st.st_mode) && strcmp(path, "-");
	*out = w;
	return 0;
fail:
	free(w->path);
	free(w);
	return ret;
}

int writer__check(const char *path)
{
	const char *slash = strrchr(path, '/');
	char folder[4096] = ".";
	struct stat st;
	int ret = 0;

	if (!strcmp(path, "-"))
		return isatty(STDOUT_FILENO) ? refuse_terminal() : 0;
	if (!lstat(path, &st)) {
		if (S_ISLNK(st.st_mode))
			return refuse_link(path);
		ret = S_ISDIR(st.st_mode) ? -EISDIR : 0;
	}
	if (slash && (size_t)(slash - path) + 2 > sizeof(folder))
		ret = -ENAMETOOLONG;
	else if (slash)
		snprintf(folder, sizeof(folder), "%.*s", slash == path ? 1 : (int)(slash - path), path);
	if (!ret && access(folder, W_OK | X_OK))
		ret = -errno;
	if (ret)
		err("cannot write %s: %s; choose another place with -o", path, strerror(-ret));
	return ret;
}

int writer__to(writer_sink_fn *sink, void *ctx, struct writer **out)
{
	struct writer *w = calloc(1, sizeof(*w));

	if (!w || !(w->path = strdup("memory"))) {
		free(w);
		return -ENOMEM;
	}
	w->fd = -1;
	w->sink = sink;
	w->sink_ctx = ctx;
	*out = w;
	return 0;
}

void writer__tee(struct writer *w, writer_sink_fn *tee, void *ctx)
{
	w->tee = tee;
	w->tee_ctx = ctx;
}

/* Write all of @iov, which is modified. */
static int write_all(int fd, struct iovec *iov, int nr)
{
	while (nr) {
		ssize_t n = writev(fd, iov, nr);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		for (; nr && (size_t)n >= iov->iov_len; iov++, nr--)
			n -= iov->iov_len;
		if (nr) {
			iov->iov_base = (char *)iov->iov_base + n;
			iov->iov_len -= n;
		}
	}
	return 0;
}

int writer__frame(struct writer *w, int type, int cpu, uint64_t ts_ns, const struct iovec *iov, int nr)
{
	struct tare_frame head = { .magic = TARE_FRAME_MAGIC, .type = type, .cpu = cpu, .ts_ns = ts_ns };
	struct iovec all[MAX_PIECES] = { { &head, sizeof(head) } };
	uint64_t size = sizeof(head);
	uLong crc;
	int ret;

	if (nr >= MAX_PIECES)
		return -EINVAL;
	for (int i = 0; i < nr; i++) {
		all[i + 1] = iov[i];
		size += iov[i].iov_len;
	}
	if (size - sizeof(head) > TARE_FRAME_MAX)
		return -EFBIG;
	if (w->failed) {
		w->lost += size;
		return w->failed;
	}
	head.len = size - sizeof(head);
	crc = crc32(crc32(0, NULL, 0), (const Bytef *)&head, sizeof(head));
	for (int i = 0; i < nr; i++)
		crc = crc32(crc, iov[i].iov_base, iov[i].iov_len);
	head.crc = crc;

	if (w->tee)
		w->tee(w->tee_ctx, &head, iov, nr);
	ret = w->sink ? w->sink(w->sink_ctx, &head, iov, nr) : write_all(w->fd, all, nr + 1);
	if (!ret) {
		w->bytes += size;
		return 0;
	}
	w->failed = ret;
	w->lost += size;
	err("cannot write to %s: %s; what was recorded until now is kept", w->path, strerror(-ret));
	/* best effort: readers skip a torn frame at the end anyway */
	if (w->is_file && ftruncate(w->fd, w->bytes))
		info("cannot cut %s back to its last whole frame: %s", w->path, strerror(errno));
	return ret;
}

int writer__named(struct writer *w, int type, uint64_t ts_ns, void *head, size_t size, const char *text, size_t len)
{
	static const char pad[8];
	uint32_t whole = (size + len + 7) & ~7ul;
	struct iovec iov[] = { { head, size }, { (void *)text, len }, { (void *)pad, whole - size - len } };

	memcpy((char *)head + sizeof(uint32_t), &whole, sizeof(whole));
	return writer__frame(w, type, 0, ts_ns, iov, ARRAY_SIZE(iov));
}

int writer__array(struct writer *w, int type, uint64_t ts_ns, const void *elems, uint32_t elem_size, uint32_t count)
{
	uint32_t per_frame = (TARE_FRAME_MAX - sizeof(struct tare_array)) / elem_size;
	int ret = 0;

	do {
		struct tare_array head = { elem_size, count < per_frame ? count : per_frame };
		struct iovec iov[] = { { &head, sizeof(head) }, { (void *)elems, (size_t)head.count * elem_size } };

		ret = writer__frame(w, type, 0, ts_ns, iov, 2);
		elems = (const char *)elems + (size_t)head.count * elem_size;
		count -= head.count;
	} while (!ret && count);
	return ret;
}

uint64_t writer__bytes(const struct writer *w)
{
	return w->bytes;
}

uint64_t writer__lost_bytes(const struct writer *w)
{
	return w->lost;
}

bool writer__discard(struct writer *w)
{
	char old[4096];

	if (!w->is_new)
		return false;
	snprintf(old, sizeof(old), "%s.old", w->path);
	if (!(w->moved ? rename(old, w->path) : unlink(w->path)))
		return true;
	info("cannot take back %s: %s", w->path, strerror(errno));
	return false;
}

int writer__close(struct writer *w)
{
	int ret = w->failed;

	if (w->fd >= 0 && close(w->fd) && !ret) {
		ret = -errno;
		err("cannot finish %s: %s", w->path, strerror(errno));
	}
	free(w->path);
	free(w);
	return ret;
}
