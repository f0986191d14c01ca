/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Frames from a file, a pipe, memory or a function. Checks each one, decompresses, and finds the next whole frame after
 * damage.
 */
#ifndef TARE_INPUT_H
#define TARE_INPUT_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "block.h"
#include "format.h"

/* Like read(2): stores bytes in @buf and returns how many, 0 at the end, or a negative errno. May block. */
typedef ssize_t input_read_fn(void *ctx, void *buf, size_t len);

struct input {
	int fd;		     /* -1: memory, or .read */
	input_read_fn *read; /* or NULL */
	void *read_ctx;
	bool eof;
	unsigned char *buf; /* a window of the file: bytes start..end are valid */
	size_t start, end, size;
	uint64_t offset; /* file offset of .start */
	struct unpacked unpacked;
	uint64_t packed_at; /* file offset of the frame that .unpacked is from; it ends at .offset */
};

/* Read from @fd at its current position; input__close() closes it. */
void input__open_fd(struct input *in, int fd);
/* Read from @read. */
void input__open_fn(struct input *in, input_read_fn *read, void *ctx);
/* Read @data, which must outlive the input. */
void input__open_mem(struct input *in, const void *data, size_t len);
void input__close(struct input *in);

struct frame {
	struct tare_frame head;
	const unsigned char *payload; /* valid until the next call */
	uint64_t offset;	      /* file offset of the frame, or of the compressed one that held it */
	uint64_t skipped;	      /* bytes before it that were not a whole frame, at .offset - .skipped */
	const char *damage;	      /* what was wrong with them; NULL if .skipped is 0 */
};

/*
 * The next whole frame. Returns 1; 0 at the end of the file (then .skipped counts a torn rest); or a negative errno if
 * reading failed.
 */
int input__next(struct input *in, struct frame *f);

/* Pass over everything up to the end of the file; @bytes is how much that was. Returns 0 or a negative errno. */
int input__pass_rest(struct input *in, uint64_t *bytes);

#endif /* TARE_INPUT_H */
