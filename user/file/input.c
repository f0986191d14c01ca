// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#include "input.h"

#define WINDOW (1u << 20)

void input__open_fd(struct input *in, int fd)
{
	*in = (struct input){ .fd = fd };
}

void input__open_fn(struct input *in, input_read_fn *read, void *ctx)
{
	*in = (struct input){ .fd = -1, .read = read, .read_ctx = ctx };
}

void input__open_mem(struct input *in, const void *data, size_t len)
{
	*in = (struct input){ .fd = -1, .eof = true, .buf = (unsigned char *)data, .end = len, .size = len };
}

void input__close(struct input *in)
{
	if (in->fd >= 0)
		close(in->fd);
	if (in->fd >= 0 || in->read)
		free(in->buf);
	unpacked__free(&in->unpacked);
}

/* Like read(2), but returns a negative errno. */
static ssize_t input__read(struct input *in, void *buf, size_t len)
{
	ssize_t n;

	if (in->read)
		return in->read(in->read_ctx, buf, len);
	do
		n = read(in->fd, buf, len);
	while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : n;
}

/* Buffer at least @want bytes from .start on. Returns how many there are; fewer only at the end of the file. */
static ssize_t input__fill(struct input *in, size_t want)
{
	if (in->end - in->start >= want || in->eof)
		return in->end - in->start;
	if (in->start) {
		memmove(in->buf, in->buf + in->start, in->end - in->start);
		in->end -= in->start;
		in->start = 0;
	}
	if (in->size < want + WINDOW) {
		unsigned char *buf = realloc(in->buf, want + WINDOW);

		if (!buf)
			return -ENOMEM;
		in->buf = buf;
		in->size = want + WINDOW;
	}
	while (in->end < want) {
		ssize_t n = input__read(in, in->buf + in->end, in->size - in->end);

		if (n < 0)
			return n;
		if (!n) {
			in->eof = true;
			break;
		}
		in->end += n;
	}
	return in->end;
}

static void input__skip(struct input *in, size_t n)
{
	in->start += n;
	in->offset += n;
}

static bool crc_matches(const struct tare_frame *head, const unsigned char *payload)
{
	struct tare_frame h = *head;

	h.crc = 0;
	return crc32(crc32(crc32(0, NULL, 0), (const Bytef *)&h, sizeof(h)), payload, h.len) == head->crc;
}

/* Is there a whole frame at .start? Returns 1, 0 with *@why set, or a negative errno. */
static int input__try(struct input *in, struct frame *f, const char **why)
{
	ssize_t have = input__fill(in, sizeof(f->head));

	if (have < 0)
		return have;
	*why = "the file ends inside a frame";
	if ((size_t)have < sizeof(f->head))
		return 0;
	memcpy(&f->head, in->buf + in->start, sizeof(f->head));
	*why = "no frame begins where one should";
	if (f->head.magic != TARE_FRAME_MAGIC || f->head.len > TARE_FRAME_MAX)
		return 0;
	have = input__fill(in, sizeof(f->head) + f->head.len);
	if (have < 0)
		return have;
	*why = "the file ends inside a frame";
	if ((size_t)have < sizeof(f->head) + f->head.len)
		return 0;
	*why = "a frame's checksum does not match";
	f->payload = in->buf + in->start + sizeof(f->head);
	return crc_matches(&f->head, f->payload);
}

/* Skip to the next place where a frame may begin. */
static int input__resync(struct input *in, uint64_t *skipped)
{
	static const uint32_t magic = TARE_FRAME_MAGIC;
	size_t step = 1;

	for (;;) {
		ssize_t have = input__fill(in, step + sizeof(magic));
		unsigned char *hit;

		if (have < 0)
			return have;
		if ((size_t)have < step + sizeof(magic)) {
			*skipped += have;
			input__skip(in, have);
			return 0;
		}
		hit = memmem(in->buf + in->start + step, in->end - in->start - step, &magic, sizeof(magic));
		if (hit)
			step = hit - (in->buf + in->start);
		else
			step = in->end - in->start - (sizeof(magic) - 1);
		*skipped += step;
		input__skip(in, step);
		if (hit)
			return 0;
		step = 0;
	}
}

/* The next whole frame as it stands in the file. Adds what was skipped before it to @f. As input__next(). */
static int input__stored(struct input *in, struct frame *f)
{
	const char *why = NULL;
	int ret;

	for (;;) {
		if (in->eof && in->start == in->end) {
			f->offset = in->offset;
			return 0;
		}
		ret = input__try(in, f, &why);
		if (ret < 0)
			return ret;
		if (ret)
			break;
		if (in->start == in->end) /* end of file, found by trying to read */
			continue;
		if (!f->damage)
			f->damage = why;
		ret = input__resync(in, &f->skipped);
		if (ret)
			return ret;
	}
	f->offset = in->offset;
	input__skip(in, sizeof(f->head) + f->head.len);
	return 1;
}

/* What the compressed frame that ends at .offset still holds cannot be read. */
static void input__give_up_packed(struct input *in, struct frame *f, const char *why)
{
	f->skipped += in->offset - in->packed_at;
	if (!f->damage)
		f->damage = why;
	in->unpacked.at = in->unpacked.len;
}

int input__next(struct input *in, struct frame *f)
{
	const char *why;
	int ret;

	*f = (struct frame){ 0 };
	for (;;) {
		if (in->unpacked.at < in->unpacked.len) {
			f->payload = unpacked__next(&in->unpacked, &f->head);
			f->offset = in->packed_at;
			if (f->payload)
				return 1;
			input__give_up_packed(in, f, "a compressed frame holds what is no frame");
		}
		ret = input__stored(in, f);
		if (ret <= 0 || f->head.type != TARE_FRAME_COMPRESSED)
			return ret;
		in->packed_at = f->offset;
		why = unpacked__fill(&in->unpacked, f->payload, f->head.len);
		if (why)
			input__give_up_packed(in, f, why);
	}
}

int input__pass_rest(struct input *in, uint64_t *bytes)
{
	ssize_t have;

	*bytes = 0;
	while ((have = input__fill(in, 1)) > 0) {
		*bytes += have;
		input__skip(in, have);
	}
	return have;
}
