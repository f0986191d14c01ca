// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "frame_events.h"

/*
 * Copy what this version knows of an element; what an older version did not write is 0. Returns 1 and moves on, or 0.
 */
static int next_elem(struct frame_events *d, void *out, size_t size)
{
	struct tare_array head;
	const unsigned char *p = d->payload;
	size_t len = d->head.len;

	if (len < sizeof(head))
		return 0;
	memcpy(&head, p, sizeof(head));
	if (!d->pos)
		d->pos = sizeof(head);
	if (!head.elem_size || len - d->pos < head.elem_size)
		return 0;
	memset(out, 0, size);
	memcpy(out, p + d->pos, head.elem_size < size ? head.elem_size : size);
	d->pos += head.elem_size;
	return 1;
}

static int take_whole(struct frame_events *d, void *out, size_t size)
{
	if (d->pos || !d->head.len)
		return 0;
	memset(out, 0, size);
	memcpy(out, d->payload, d->head.len < size ? d->head.len : size);
	d->pos = d->head.len;
	return 1;
}

static int next_header(struct frame_events *d, struct event *ev)
{
	ev->header = &d->piece.header;
	return take_whole(d, &d->piece.header, sizeof(d->piece.header));
}

static int next_end(struct frame_events *d, struct event *ev)
{
	ev->end = &d->piece.end;
	return take_whole(d, &d->piece.end, sizeof(d->piece.end));
}

static int next_info(struct frame_events *d, struct event *ev)
{
	char *eq, *s;

	if (!d->pos) {
		free(d->text);
		d->text = calloc(1, d->head.len + 1);
		if (!d->text)
			return -ENOMEM;
		memcpy(d->text, d->payload, d->head.len);
	}
	while (d->pos < d->head.len) {
		s = d->text + d->pos;
		d->pos += strlen(s) + 1;
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

static int next_task(struct frame_events *d, struct event *ev)
{
	struct tare_array head;

	ev->task = &d->piece.task;
	if (!next_elem(d, &d->piece.task, sizeof(d->piece.task)))
		return 0;
	memcpy(&head, d->payload, sizeof(head));
	if (head.elem_size < sizeof(d->piece.task)) /* an older version did not count them */
		d->piece.task.minor_faults = d->piece.task.major_faults = TARE_UNKNOWN;
	d->piece.task.cgroup[TARE_CGROUP_LEN - 1] = '\0';
	ev->ts_ns = d->piece.task.ts_ns;
	ev->cpu = d->piece.task.cpu;
	return 1;
}

static int next_loss(struct frame_events *d, struct event *ev)
{
	ev->loss = &d->piece.loss;
	return next_elem(d, &d->piece.loss, sizeof(d->piece.loss));
}

static int next_alloc_burst(struct frame_events *d, struct event *ev)
{
	return next_elem(d, &ev->alloc_burst, sizeof(ev->alloc_burst));
}

static int next_memory_calls(struct frame_events *d, struct event *ev)
{
	return next_elem(d, &ev->memory_calls, sizeof(ev->memory_calls));
}

static int next_probe(struct frame_events *d, struct event *ev)
{
	ev->probe = &d->piece.probe;
	if (!next_elem(d, &d->piece.probe, sizeof(d->piece.probe)))
		return 0;
	d->piece.probe.name[sizeof(d->piece.probe.name) - 1] = '\0';
	return 1;
}

static int next_counters(struct frame_events *d, struct event *ev)
{
	struct tare_array head;

	if (!next_elem(d, &ev->counters, sizeof(ev->counters)))
		return 0;
	/* fields that an older version did not write are unknown, not 0 */
	memcpy(&head, d->payload, sizeof(head));
	if (head.elem_size < sizeof(ev->counters) &&
	    head.elem_size >= offsetof(struct tare_counters, goroutine_switches))
		memset((char *)&ev->counters + head.elem_size, 0xff, sizeof(ev->counters) - head.elem_size);
	ev->ts_ns = ev->counters.ts_ns;
	return 1;
}

/* No process has more than its addresses: 57 bits, with five levels of page tables. */
static bool is_possible(const struct tare_bytes *b)
{
	bool possible = b->rss >> 57 == 0;

	for (unsigned i = 0; i < TARE_NR_BYTES; i++)
		possible &= b->classes[i] >> 57 == 0;
	return possible;
}

static int next_bytes(struct frame_events *d, struct event *ev)
{
	struct tare_array head;

	do {
		if (!next_elem(d, &ev->bytes, sizeof(ev->bytes)))
			return 0;
		memcpy(&head, d->payload, sizeof(head));
		if (head.elem_size < offsetof(struct tare_bytes, classes))
			return 0;
	} while (!is_possible(&ev->bytes));
	ev->ts_ns = ev->bytes.ts_ns;
	return 1;
}

static int next_process(struct frame_events *d, struct event *ev)
{
	struct tare_process *p = &d->piece.process;
	size_t left = d->head.len - d->pos;

	if (left < sizeof(*p))
		return 0;
	memcpy(p, d->payload + d->pos, sizeof(*p));
	if (p->size < sizeof(*p) + p->cmdline_len + p->exe_len || p->size > left)
		return 0;
	ev->process.head = p;
	ev->process.cmdline = (const char *)d->payload + d->pos + sizeof(*p);
	ev->process.exe = ev->process.cmdline + p->cmdline_len;
	d->pos += p->size;
	return 1;
}

/*
 * Read the next element that ends in a string: a struct of @size bytes whose second member is its length including
 * string and padding. Returns the string's beginning, or NULL if the frame is too short.
 */
static const char *next_named(struct frame_events *d, void *head, size_t size, size_t len_at)
{
	const unsigned char *at = d->payload + d->pos;
	size_t left = d->head.len - d->pos;
	uint32_t whole;
	uint16_t len;

	if (left < size)
		return NULL;
	memcpy(head, at, size);
	memcpy(&whole, at + sizeof(uint32_t), sizeof(whole));
	memcpy(&len, at + len_at, sizeof(len));
	if (whole < size + len || whole > left)
		return NULL;
	d->pos += whole;
	return (const char *)at + size;
}

#define NEXT_NAMED(member, text_, len_)                                                                  \
	static int next_##member(struct frame_events *d, struct event *ev)                               \
	{                                                                                                \
		ev->member.head = &d->piece.member;                                                      \
		ev->member.text_ = next_named(d, &d->piece.member, sizeof(d->piece.member),              \
					      (char *)&d->piece.member.len_ - (char *)&d->piece.member); \
		return ev->member.text_ != NULL;                                                         \
	}
NEXT_NAMED(number_name, text, text_len)
NEXT_NAMED(page, name, name_len)
NEXT_NAMED(quota, path, path_len)

static int next_module(struct frame_events *d, struct event *ev)
{
	struct tare_module *m = &d->piece.module;
	size_t left = d->head.len - d->pos;

	if (left < sizeof(*m))
		return 0;
	memcpy(m, d->payload + d->pos, sizeof(*m));
	if (m->size < sizeof(*m) + m->path_len || m->size > left || m->build_id_len > TARE_BUILD_ID_MAX)
		return 0;
	ev->module.head = m;
	ev->module.path = (const char *)d->payload + d->pos + sizeof(*m);
	d->pos += m->size;
	return 1;
}

/* What follows the strings of @s, which begins at @bytes; missing in old recordings. */
static void symbol_more(struct event *ev, const unsigned char *bytes, const struct tare_symbol *s)
{
	struct tare_symbol_more *more = &ev->symbol.more;
	size_t at = (sizeof(*s) + s->name_len + s->file_len + 7) & ~(size_t)7;

	*more = (struct tare_symbol_more){ .return_at = -1 };
	ev->symbol.start = 0;
	if (at + sizeof(*more) > s->size)
		return;
	memcpy(more, bytes + at, sizeof(*more));
	at += sizeof(*more);
	if (more->name_len + more->file_len > s->size - at)
		more->name_len = more->file_len = 0;
	ev->symbol.own_name = (const char *)bytes + at;
	ev->symbol.own_file = ev->symbol.own_name + more->name_len;
	at = (at + more->name_len + more->file_len + 7) & ~(size_t)7;
	if (more->flags & TARE_SYMBOL_START && at + sizeof(ev->symbol.start) <= s->size)
		memcpy(&ev->symbol.start, bytes + at, sizeof(ev->symbol.start));
}

static int next_symbol(struct frame_events *d, struct event *ev)
{
	struct tare_symbol *s = &d->piece.symbol;
	size_t left = d->head.len - d->pos;

	if (left < sizeof(*s))
		return 0;
	memcpy(s, d->payload + d->pos, sizeof(*s));
	if (s->size < sizeof(*s) + s->name_len + s->file_len || s->size > left)
		return 0;
	ev->symbol.head = s;
	ev->symbol.name = (const char *)d->payload + d->pos + sizeof(*s);
	ev->symbol.file = ev->symbol.name + s->name_len;
	symbol_more(ev, d->payload + d->pos, s);
	d->pos += s->size;
	return 1;
}

static int next_call_stack(struct frame_events *d, struct event *ev)
{
	struct tare_call_stack *s = &d->piece.call_stack;
	size_t left = d->head.len - d->pos;

	if (left < sizeof(*s))
		return 0;
	memcpy(s, d->payload + d->pos, sizeof(*s));
	if (s->size < sizeof(*s) + (s->nr_kernel + s->nr_user) * sizeof(uint64_t) || s->size > left ||
	    s->nr_sure > s->nr_user)
		return 0;
	ev->call_stack.head = s;
	ev->call_stack.kernel = d->payload + d->pos + sizeof(*s);
	ev->call_stack.user = (const unsigned char *)ev->call_stack.kernel + s->nr_kernel * sizeof(uint64_t);
	d->pos += s->size;
	return 1;
}

static int next_heap(struct frame_events *d, struct event *ev)
{
	struct tare_heap *h = &d->piece.heap;

	if (d->pos || d->head.len < sizeof(*h))
		return 0;
	memcpy(h, d->payload, sizeof(*h));
	if (h->elem_size < sizeof(struct tare_heap_stack) || h->nr > (d->head.len - sizeof(*h)) / h->elem_size ||
	    h->nr > h->total || h->first > h->total - h->nr)
		return 0;
	d->pos = d->head.len;
	ev->heap.head = h;
	ev->heap.stacks = d->payload + sizeof(*h);
	ev->ts_ns = h->ts_ns;
	return 1;
}

static int next_delays(struct frame_events *d, struct event *ev)
{
	struct tare_delays head;

	if (d->pos || d->head.len < sizeof(head))
		return 0;
	memcpy(&head, d->payload, sizeof(head));
	if (head.nr > TARE_DELAYS_MAX || d->head.len < sizeof(head) + head.nr * sizeof(head.buckets[0]))
		return 0;
	/* the payload may be unaligned: make an aligned copy */
	free(d->text);
	d->text = malloc(d->head.len);
	if (!d->text)
		return -ENOMEM;
	memcpy(d->text, d->payload, d->head.len);
	d->pos = d->head.len;
	ev->delays = (const struct tare_delays *)d->text;
	return 1;
}

static const struct {
	enum event_kind kind;
	int (*next)(struct frame_events *d, struct event *ev);
} descriptions[] = {
	[TARE_FRAME_HEADER] = { EVENT_HEADER, next_header },
	[TARE_FRAME_INFO] = { EVENT_INFO, next_info },
	[TARE_FRAME_TASKS] = { EVENT_TASK, next_task },
	[TARE_FRAME_PROCESSES] = { EVENT_PROCESS, next_process },
	[TARE_FRAME_MODULES] = { EVENT_MODULE, next_module },
	[TARE_FRAME_LOSS] = { EVENT_LOSS, next_loss },
	[TARE_FRAME_PROBES] = { EVENT_PROBE, next_probe },
	[TARE_FRAME_END] = { EVENT_END, next_end },
	[TARE_FRAME_RUNTIMES] = { EVENT_COUNTERS, next_counters },
	[TARE_FRAME_SYMBOLS] = { EVENT_SYMBOL, next_symbol },
	[TARE_FRAME_DELAYS] = { EVENT_DELAYS, next_delays },
	[TARE_FRAME_NAMES] = { EVENT_NUMBER_NAME, next_number_name },
	[TARE_FRAME_PAGES] = { EVENT_PAGE, next_page },
	[TARE_FRAME_QUOTAS] = { EVENT_QUOTA, next_quota },
	[TARE_FRAME_STACKS] = { EVENT_CALL_STACK, next_call_stack },
	[TARE_FRAME_BYTES] = { EVENT_BYTES, next_bytes },
	[TARE_FRAME_ALLOC_BURSTS] = { EVENT_ALLOC_BURST, next_alloc_burst },
	[TARE_FRAME_MEMORY_CALLS] = { EVENT_MEMORY_CALLS, next_memory_calls },
	[TARE_FRAME_HEAP] = { EVENT_HEAP, next_heap },
};

bool frame_events__know(const struct tare_frame *head)
{
	return head->type < sizeof(descriptions) / sizeof(descriptions[0]) && descriptions[head->type].next;
}

void frame_events__begin(struct frame_events *d, const struct tare_frame *head, const unsigned char *payload)
{
	d->head = *head;
	d->payload = payload;
	d->pos = 0;
}

int frame_events__next(struct frame_events *d, struct event *ev)
{
	ev->kind = descriptions[d->head.type].kind;
	ev->ts_ns = d->head.ts_ns;
	ev->cpu = 0;
	return descriptions[d->head.type].next(d, ev);
}

void frame_events__free(struct frame_events *d)
{
	free(d->text);
	d->text = NULL;
}
