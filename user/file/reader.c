// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "frame_events.h"
#include "input.h"
#include "merge.h"
#include "reader.h"
#include "util.h"

/* More than any recorder holds between two rounds. Beyond it we give up time order, not the memory bound. */
#define MAX_HELD (1ull << 30)

struct reader {
	struct input in;
	struct merge merge;
	uint64_t until_ns;  /* records up to this time may be returned */
	uint64_t round_ns;  /* of the last ROUND */
	struct frame frame; /* the current frame */
	bool primed;	    /* .frame was fetched, with result .fetched, but not used yet */
	int fetched;
	bool torn;			 /* .frame had a record of impossible length, which is still to be reported */
	uint64_t foreign;		 /* bytes from .frame on that are another recording: still to be reported */
	bool begun;			 /* a whole frame was processed */
	struct frame_events description; /* .frame being returned piece by piece, after all records before it */
	bool described;			 /* nothing is left of .description */
	struct frame_events snapshot;	 /* the last snapshot: returned from .snapshot_ns on */
	uint64_t snapshot_ns;		 /* UINT64_MAX: no snapshot, or its time has come */
	unsigned char *snapshot_payload;
	bool at_end;
};

/* Time of the last snapshot if @f is one, otherwise UINT64_MAX. */
static uint64_t last_snapshot_ns(const struct frame *f)
{
	const size_t needed = offsetof(struct tare_task, comm); /* older versions are shorter */
	struct tare_array array;
	struct tare_task task;

	if (f->head.type != TARE_FRAME_TASKS || f->head.len < sizeof(array) + needed)
		return UINT64_MAX;
	memcpy(&array, f->payload, sizeof(array));
	memcpy(&task, f->payload + sizeof(array), needed);
	if (array.elem_size < needed || task.phase != 1)
		return UINT64_MAX;
	return task.ts_ns;
}

/*
 * A descriptive frame. Most are returned at once. The last snapshot is taken while the rings still hold older records,
 * so it waits for its time.
 */
static int reader__begin_description(struct reader *r)
{
	const struct frame *f = &r->frame;
	uint64_t ts_ns = last_snapshot_ns(f);

	if (ts_ns == UINT64_MAX || r->snapshot_payload) {
		frame_events__begin(&r->description, &f->head, f->payload);
		r->described = false;
		return 0;
	}
	r->snapshot_payload = malloc(f->head.len);
	if (!r->snapshot_payload)
		return -ENOMEM;
	memcpy(r->snapshot_payload, f->payload, f->head.len);
	frame_events__begin(&r->snapshot, &f->head, r->snapshot_payload);
	r->snapshot_ns = ts_ns;
	return 0;
}

static int reader__damage(struct event *ev, uint64_t offset, uint64_t bytes, const char *what)
{
	ev->kind = EVENT_DAMAGE;
	ev->ts_ns = 0;
	ev->cpu = 0;
	ev->damage.offset = offset;
	ev->damage.bytes = bytes;
	ev->damage.what = what;
	return 1;
}

/* Each recording has its own CPUs, threads and clock, so two in one file cannot be told as one. */
static int reader__end_before_another(struct reader *r)
{
	const struct frame *f = &r->frame;
	int ret = input__pass_rest(&r->in, &r->foreign);

	r->foreign += sizeof(f->head) + f->head.len;
	r->at_end = true;
	r->until_ns = UINT64_MAX;
	return ret;
}

/* Process one frame. Returns 1 if @ev was filled, 0 to go on, or a negative errno. */
static int reader__frame(struct reader *r, struct event *ev)
{
	struct frame *f = &r->frame;
	int ret = r->primed ? r->fetched : input__next(&r->in, f);

	r->primed = false;
	if (ret < 0)
		return ret;
	if (!ret) {
		r->at_end = true;
		r->until_ns = UINT64_MAX;
	} else if (f->head.type == TARE_FRAME_HEADER && r->begun) {
		ret = reader__end_before_another(r);
		if (ret)
			return ret;
	} else if (f->head.type == TARE_FRAME_EVENTS) {
		ret = merge__add(&r->merge, f->head.cpu, f->head.ts_ns, f->payload, f->head.len);
		if (ret < 0 && ret != -EBADMSG)
			return ret;
		r->torn = ret < 0;
		if (r->merge.bytes > MAX_HELD)
			r->until_ns = UINT64_MAX;
	} else if (f->head.type == TARE_FRAME_ROUND) {
		r->until_ns = r->round_ns;
		r->round_ns = f->head.ts_ns;
	} else if (frame_events__know(&f->head)) {
		ret = reader__begin_description(r);
		if (ret)
			return ret;
		/* END describes all records, so it comes after them */
		if (f->head.type == TARE_FRAME_END)
			r->until_ns = UINT64_MAX;
	}
	r->begun = true;
	if (f->skipped)
		return reader__damage(ev, f->offset - f->skipped, f->skipped, f->damage);
	return 0;
}

/* The oldest record up to @until_ns: 1, or 0 if there is none. */
static int reader__record(struct reader *r, uint64_t until_ns, struct event *ev)
{
	const void *rec;
	unsigned cpu;
	size_t len;
	int ret;

	while (merge__pop(&r->merge, until_ns, &ev->ts_ns, &cpu, &rec, &len)) {
		ev->cpu = cpu;
		ret = event__decode(rec, len, ev);
		if (ret > 0)
			return 1;
		if (ret < 0)
			return reader__damage(ev, 0, len, "a record contradicts itself");
	}
	return 0;
}

/* The next piece of the last snapshot, once its time has come: 1, 0 if none is left, or a negative errno. */
static int reader__snapshot(struct reader *r, struct event *ev)
{
	int ret = frame_events__next(&r->snapshot, ev);

	r->snapshot_ns = UINT64_MAX;
	if (!ret) {
		free(r->snapshot_payload);
		r->snapshot_payload = NULL;
	}
	return ret;
}

static bool snapshot_has_begun(const struct reader *r)
{
	return r->snapshot_payload && r->snapshot_ns == UINT64_MAX;
}

int reader__next(struct reader *r, struct event *ev)
{
	int ret = 0;

	while (!ret) {
		if (!snapshot_has_begun(r)) {
			ret = reader__record(r, r->until_ns < r->snapshot_ns ? r->until_ns : r->snapshot_ns, ev);
			if (ret)
				break;
		}
		if (snapshot_has_begun(r) || (r->snapshot_payload && r->snapshot_ns <= r->until_ns)) {
			ret = reader__snapshot(r, ev);
			continue;
		}
		if (r->until_ns == UINT64_MAX)
			r->until_ns = r->round_ns;
		if (!r->described) {
			ret = frame_events__next(&r->description, ev);
			r->described = ret <= 0;
		} else if (r->torn) {
			r->torn = false;
			ret = reader__damage(ev, r->frame.offset, r->frame.head.len,
					     "a frame holds records of impossible length");
		} else if (r->foreign) {
			ret = reader__damage(ev, r->frame.offset, r->foreign,
					     "another recording begins here: split the file at this byte to read it");
			r->foreign = 0;
		} else if (r->at_end) {
			break;
		} else {
			ret = reader__frame(r, ev);
		}
	}
	return ret;
}

uint64_t reader__complete_ns(const struct reader *r)
{
	return r->until_ns == UINT64_MAX ? r->round_ns : r->until_ns;
}

uint64_t reader__late(const struct reader *r)
{
	return r->merge.late;
}

/* Is this a recording, in a version we understand? The first frame is kept for reader__frame(). */
static int reader__check(struct reader *r, const char *path)
{
	struct frame *f = &r->frame;
	struct tare_header h = { 0 };

	r->fetched = input__next(&r->in, f);
	r->primed = true;
	if (r->fetched < 0) {
		err("cannot read %s: %s", path, strerror(-r->fetched));
		return r->fetched;
	}
	if (!r->fetched && !f->skipped) {
		err("%s is empty: nothing was recorded", path);
		return -EBADMSG;
	}
	if (!r->fetched) {
		err("%s is no recording of tare, or nothing of it is whole", path);
		return -EBADMSG;
	}
	if (f->head.type != TARE_FRAME_HEADER)
		return 0; /* damaged at the very beginning: show what is intact */
	memcpy(&h, f->payload, f->head.len < sizeof(h) ? f->head.len : sizeof(h));
	if (h.version > TARE_FORMAT_VERSION) {
		err("%s is of format version %u and this tare reads up to %u: use a newer tare", path, h.version,
		    TARE_FORMAT_VERSION);
		return -EPROTONOSUPPORT;
	}
	return 0;
}

static int reader__start(struct reader *r, const char *path, struct reader **out)
{
	int ret;

	r->described = true;
	r->snapshot_ns = UINT64_MAX;
	ret = reader__check(r, path);
	if (ret) {
		reader__close(r);
		return ret;
	}
	*out = r;
	return 0;
}

int reader__open(const char *path, struct reader **out)
{
	struct reader *r = calloc(1, sizeof(*r));
	int fd, ret;

	if (!r)
		return -ENOMEM;
	fd = strcmp(path, "-") ? open(path, O_RDONLY | O_CLOEXEC) : dup(STDIN_FILENO);
	if (fd < 0) {
		ret = -errno;
		err("cannot open %s: %s%s", path, strerror(errno),
		    ret == -ENOENT ? "; record first with `tare run` or `tare record`, or name the file with -i" : "");
		free(r);
		return ret;
	}
	input__open_fd(&r->in, fd);
	return reader__start(r, path, out);
}

int reader__open_fn(ssize_t (*read)(void *ctx, void *buf, size_t len), void *ctx, struct reader **out)
{
	struct reader *r = calloc(1, sizeof(*r));

	if (!r)
		return -ENOMEM;
	input__open_fn(&r->in, read, ctx);
	return reader__start(r, "the recording", out);
}

int reader__open_mem(const void *data, size_t len, struct reader **out)
{
	struct reader *r = calloc(1, sizeof(*r));

	if (!r)
		return -ENOMEM;
	input__open_mem(&r->in, data, len);
	return reader__start(r, "memory", out);
}

void reader__close(struct reader *r)
{
	if (!r)
		return;
	input__close(&r->in);
	merge__free(&r->merge);
	frame_events__free(&r->description);
	frame_events__free(&r->snapshot);
	free(r->snapshot_payload);
	free(r);
}
