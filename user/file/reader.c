// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "input.h"
#include "merge.h"
#include "reader.h"
#include "util.h"

/* More than any recorder keeps between two rounds: past it the order by time is given up, never the memory. */
#define MAX_HELD (1ull << 30)

struct reader {
	struct input in;
	struct merge merge;
	uint64_t until_ns;	/* records up to this time may be given out */
	uint64_t round_ns;	/* of the last ROUND */
	struct frame frame;	/* a description being given out piece by piece .. */
	size_t pos;		/* .. up to here; or one that waits for all records before it */
	bool described;		/* nothing of .frame is left */
	bool torn;		/* .frame held records of impossible length, which is still to be said */
	bool primed;		/* .frame was fetched, with result .fetched, and not yet looked at */
	int fetched;
	bool at_end;
	char *text;		/* an INFO frame's strings, terminated */
	union {
		struct tare_header header;
		struct tare_task task;
		struct tare_process process;
		struct tare_module module;
		struct tare_loss loss;
		struct tare_probe probe;
		struct tare_end end;
	} piece;
};

/* ---- descriptions: one event for each piece of a frame ---- */

/* Take what this version knows of an element; what an older one did not write is 0. Returns 1 and moves on, or 0. */
static int next_elem(struct reader *r, void *out, size_t size)
{
	struct tare_array head;
	const unsigned char *p = r->frame.payload;
	size_t len = r->frame.head.len;

	if (len < sizeof(head))
		return 0;
	memcpy(&head, p, sizeof(head));
	if (!r->pos)
		r->pos = sizeof(head);
	if (!head.elem_size || len - r->pos < head.elem_size)
		return 0;
	memset(out, 0, size);
	memcpy(out, p + r->pos, head.elem_size < size ? head.elem_size : size);
	r->pos += head.elem_size;
	return 1;
}

static int take_whole(struct reader *r, void *out, size_t size)
{
	if (r->pos || !r->frame.head.len)
		return 0;
	memset(out, 0, size);
	memcpy(out, r->frame.payload, r->frame.head.len < size ? r->frame.head.len : size);
	r->pos = r->frame.head.len;
	return 1;
}

static int next_header(struct reader *r, struct event *ev)
{
	ev->header = &r->piece.header;
	return take_whole(r, &r->piece.header, sizeof(r->piece.header));
}

static int next_end(struct reader *r, struct event *ev)
{
	ev->end = &r->piece.end;
	return take_whole(r, &r->piece.end, sizeof(r->piece.end));
}

static int next_info(struct reader *r, struct event *ev)
{
	char *eq, *s;

	if (!r->pos) {
		free(r->text);
		r->text = calloc(1, r->frame.head.len + 1);
		if (!r->text)
			return -ENOMEM;
		memcpy(r->text, r->frame.payload, r->frame.head.len);
	}
	while (r->pos < r->frame.head.len) {
		s = r->text + r->pos;
		r->pos += strlen(s) + 1;
		eq = strchr(s, '=');
		if (!eq)
			continue;
		*eq = '\0';
		ev->info.key = s;
		ev->info.value = eq + 1;
		return 1;
	}
	return 0;
}

static int next_task(struct reader *r, struct event *ev)
{
	ev->task = &r->piece.task;
	if (!next_elem(r, &r->piece.task, sizeof(r->piece.task)))
		return 0;
	ev->ts_ns = r->piece.task.ts_ns;
	ev->cpu = r->piece.task.cpu;
	return 1;
}

static int next_loss(struct reader *r, struct event *ev)
{
	ev->loss = &r->piece.loss;
	return next_elem(r, &r->piece.loss, sizeof(r->piece.loss));
}

static int next_probe(struct reader *r, struct event *ev)
{
	ev->probe = &r->piece.probe;
	if (!next_elem(r, &r->piece.probe, sizeof(r->piece.probe)))
		return 0;
	r->piece.probe.name[sizeof(r->piece.probe.name) - 1] = '\0';
	return 1;
}

static int next_process(struct reader *r, struct event *ev)
{
	struct tare_process *p = &r->piece.process;
	size_t left = r->frame.head.len - r->pos;

	if (left < sizeof(*p))
		return 0;
	memcpy(p, r->frame.payload + r->pos, sizeof(*p));
	if (p->size < sizeof(*p) + p->cmdline_len + p->exe_len || p->size > left)
		return 0;
	ev->process.head = p;
	ev->process.cmdline = (const char *)r->frame.payload + r->pos + sizeof(*p);
	ev->process.exe = ev->process.cmdline + p->cmdline_len;
	r->pos += p->size;
	return 1;
}

static int next_module(struct reader *r, struct event *ev)
{
	struct tare_module *m = &r->piece.module;
	size_t left = r->frame.head.len - r->pos;

	if (left < sizeof(*m))
		return 0;
	memcpy(m, r->frame.payload + r->pos, sizeof(*m));
	if (m->size < sizeof(*m) + m->path_len || m->size > left || m->build_id_len > TARE_BUILD_ID_MAX)
		return 0;
	ev->module.head = m;
	ev->module.path = (const char *)r->frame.payload + r->pos + sizeof(*m);
	r->pos += m->size;
	return 1;
}

static const struct {
	enum event_kind kind;
	int (*next)(struct reader *r, struct event *ev);
} descriptions[] = {
	[TARE_FRAME_HEADER] = { EVENT_HEADER, next_header },
	[TARE_FRAME_INFO] = { EVENT_INFO, next_info },
	[TARE_FRAME_TASKS] = { EVENT_TASK, next_task },
	[TARE_FRAME_PROCESSES] = { EVENT_PROCESS, next_process },
	[TARE_FRAME_MODULES] = { EVENT_MODULE, next_module },
	[TARE_FRAME_LOSS] = { EVENT_LOSS, next_loss },
	[TARE_FRAME_PROBES] = { EVENT_PROBE, next_probe },
	[TARE_FRAME_END] = { EVENT_END, next_end },
};

/* The next piece of the description at hand: 1, 0 where none is left, or a negative errno. */
static int reader__describe(struct reader *r, struct event *ev)
{
	int ret;

	ev->kind = descriptions[r->frame.head.type].kind;
	ev->ts_ns = r->frame.head.ts_ns;
	ev->cpu = 0;
	ret = descriptions[r->frame.head.type].next(r, ev);
	if (ret <= 0)
		r->described = true;
	return ret;
}

static bool is_description(const struct frame *f)
{
	return f->head.type < ARRAY_SIZE(descriptions) && descriptions[f->head.type].next;
}

/* What closes a recording speaks of all records before it in the file, so these are given out first. */
static bool is_closing(const struct frame *f)
{
	struct tare_array array;
	struct tare_task task;

	if (f->head.type == TARE_FRAME_END)
		return true;
	if (f->head.type != TARE_FRAME_TASKS || f->head.len < sizeof(array) + sizeof(task))
		return false;
	memcpy(&array, f->payload, sizeof(array));
	memcpy(&task, f->payload + sizeof(array), sizeof(task));
	return array.elem_size >= offsetof(struct tare_task, phase) + sizeof(task.phase) && task.phase == 1;
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

/* Take in one frame. Returns 1 where @ev is filled, 0 to go on, or a negative errno. */
static int reader__frame(struct reader *r, struct event *ev)
{
	struct frame *f = &r->frame;
	int ret = r->primed ? r->fetched : input__next(&r->in, f);

	r->primed = false;
	if (ret < 0)
		return ret;
	r->pos = 0;
	if (!ret) {
		r->at_end = true;
		r->until_ns = UINT64_MAX;
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
	} else if (is_description(f)) {
		r->described = false;
		if (is_closing(f))
			r->until_ns = UINT64_MAX;
	}
	if (f->skipped)
		return reader__damage(ev, f->offset - f->skipped, f->skipped, f->damage);
	return 0;
}

int reader__next(struct reader *r, struct event *ev)
{
	const void *rec;
	unsigned cpu;
	size_t len;
	int ret;

	for (;;) {
		while (merge__pop(&r->merge, r->until_ns, &ev->ts_ns, &cpu, &rec, &len)) {
			ev->cpu = cpu;
			ret = event__decode(rec, len, ev);
			if (ret > 0)
				return 1;
			if (ret < 0)
				return reader__damage(ev, 0, len, "a record contradicts itself");
		}
		if (r->until_ns == UINT64_MAX)
			r->until_ns = r->round_ns;
		if (!r->described) {
			ret = reader__describe(r, ev);
			if (ret)
				return ret;
			continue;
		}
		if (r->torn) {
			r->torn = false;
			return reader__damage(ev, r->frame.offset, r->frame.head.len,
					      "a frame holds records of impossible length");
		}
		if (r->at_end)
			return 0;
		ret = reader__frame(r, ev);
		if (ret)
			return ret;
	}
}

uint64_t reader__late(const struct reader *r)
{
	return r->merge.late;
}

/* Is this a recording, and one that this version understands? The first frame stays at hand for reader__frame(). */
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
		return 0; /* damaged at its very beginning: show what is whole */
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
	free(r->text);
	free(r);
}
