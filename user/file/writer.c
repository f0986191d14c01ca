// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "block.h"
#include "util.h"
#include "writer.h"

#define MAX_PIECES 8
#define HELD_NS	   (NSEC_PER_SEC / 2) /* frames are held back no longer, so that a killed recorder has lost no more */

struct writer {
	int fd;
	bool is_file; /* can be truncated */
	bool is_new;  /* created here */
	bool moved;   /* the old file is now PATH.old */
	int failed;   /* negative errno of the first failure */
	uint64_t bytes, lost;
	struct block *block; /* frames that are held back, to be compressed; NULL: none are */
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

int writer__compress(struct writer *w, int level)
{
	if (!level)
		return 0;
	w->block = level == WRITER_WITHIN_BUDGET ? block__new(1, true) : block__new(level, false);
	return w->block ? 0 : -ENOMEM;
}

static void seal(struct tare_frame *head, const struct iovec *iov, int nr)
{
	uLong crc = crc32(crc32(0, NULL, 0), (const Bytef *)head, sizeof(*head));

	for (int i = 0; i < nr; i++)
		crc = crc32(crc, iov[i].iov_base, iov[i].iov_len);
	head->crc = crc;
}

/* The first failure; @size bytes of frames are lost by it. */
static int writer__fail(struct writer *w, int error, uint64_t size)
{
	w->failed = error;
	w->lost += size;
	err("cannot write to %s: %s; what was recorded until now is kept", w->path, strerror(-error));
	/* best effort: readers skip a torn frame at the end anyway */
	if (w->is_file && ftruncate(w->fd, w->bytes))
		info("cannot cut %s back to its last whole frame: %s", w->path, strerror(errno));
	return error;
}

/* Write a sealed frame, which stands for @size bytes of frames. */
static int writer__put(struct writer *w, struct tare_frame *head, const struct iovec *iov, int nr, uint64_t size)
{
	struct iovec all[MAX_PIECES] = { { head, sizeof(*head) } };
	int ret;

	for (int i = 0; i < nr; i++)
		all[i + 1] = iov[i];
	ret = w->sink ? w->sink(w->sink_ctx, head, iov, nr) : write_all(w->fd, all, nr + 1);
	if (ret)
		return writer__fail(w, ret, size);
	w->bytes += sizeof(*head) + head->len;
	return 0;
}

int writer__flush(struct writer *w)
{
	struct tare_frame head = { .magic = TARE_FRAME_MAGIC, .type = TARE_FRAME_COMPRESSED };
	uint64_t size = w->block ? block__bytes(w->block) : 0;
	struct iovec iov[BLOCK_PIECES];
	int ret;

	if (!size || w->failed)
		return w->failed;
	head.ts_ns = block__since_ns(w->block);
	ret = block__pack(w->block, iov, &head.len);
	if (ret)
		return writer__fail(w, ret, size);
	seal(&head, iov, BLOCK_PIECES);
	return writer__put(w, &head, iov, BLOCK_PIECES, size);
}

void writer__tick(struct writer *w, uint64_t now_ns)
{
	if (w->block && block__bytes(w->block) && now_ns >= block__since_ns(w->block) + HELD_NS)
		writer__flush(w);
}

/* Hold a frame back until the block is full; its end says that nothing more comes. */
static int writer__hold(struct writer *w, const struct tare_frame *head, const struct iovec *iov, int nr)
{
	int ret = 0;

	if (!block__has_room(w->block, head))
		ret = writer__flush(w);
	if (ret) {
		w->lost += sizeof(*head) + head->len;
		return ret;
	}
	ret = block__add(w->block, head, iov, nr);
	if (ret)
		return writer__fail(w, ret, sizeof(*head) + head->len + block__bytes(w->block));
	return block__is_full(w->block) || head->type == TARE_FRAME_END ? writer__flush(w) : 0;
}

int writer__frame(struct writer *w, int type, int cpu, uint64_t ts_ns, const struct iovec *iov, int nr)
{
	struct tare_frame head = { .magic = TARE_FRAME_MAGIC, .type = type, .cpu = cpu, .ts_ns = ts_ns };
	bool holds = w->block && type != TARE_FRAME_HEADER;
	uint64_t len = 0;

	if (nr >= MAX_PIECES)
		return -EINVAL;
	for (int i = 0; i < nr; i++)
		len += iov[i].iov_len;
	if (len > TARE_FRAME_MAX)
		return -EFBIG;
	head.len = len;
	if (w->failed) {
		w->lost += sizeof(head) + len;
		return w->failed;
	}
	if (!holds || w->tee) /* what is held back gets its checksum with the block */
		seal(&head, iov, nr);
	if (w->tee)
		w->tee(w->tee_ctx, &head, iov, nr);
	return holds ? writer__hold(w, &head, iov, nr) : writer__put(w, &head, iov, nr, sizeof(head) + len);
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
	int ret = writer__flush(w);

	if (w->fd >= 0 && close(w->fd) && !ret) {
		ret = -errno;
		err("cannot finish %s: %s", w->path, strerror(errno));
	}
	block__free(w->block);
	free(w->path);
	free(w);
	return ret;
}
