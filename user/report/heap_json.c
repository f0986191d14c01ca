// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>

#include "heap_report.h"
#include "json_impl.h"

#define NAME_LEN 4096

static json_t *amount_json(const struct heap_amount *a)
{
	return json_pack("{s:I, s:I, s:I, s:I}", "alloc_objects", (json_int_t)a->alloc_objects, "alloc_bytes",
			 (json_int_t)a->alloc_bytes, "inuse_objects", (json_int_t)a->inuse_objects, "inuse_bytes",
			 (json_int_t)a->inuse_bytes);
}

static json_t *counts_json(const struct heap_counts *c)
{
	return json_pack("{s:I, s:I, s:I, s:I}", "allocs", num(c->allocs), "frees", num(c->frees), "alloc_bytes",
			 num(c->alloc_bytes), "free_bytes", num(c->free_bytes));
}

static json_t *name_json(const char *s)
{
	char safe[NAME_LEN];

	return s[0] ? json_string(sanitize(s, strlen(s), safe, sizeof(safe))) : json_null();
}

static json_t *frame_json(const struct heap_frame *f)
{
	return json_pack("{s:o, s:o, s:o}", "function", name_json(f->name), "file", name_json(f->file), "line",
			 number_or_null(f->line, f->line));
}

static json_t *frames_json(const struct heap_named *n)
{
	json_t *list = json_array();

	for (size_t i = 0; list && i < n->nr_frames; i++)
		json_array_append_new(list, frame_json(&n->frames[i]));
	return list;
}

static json_t *sites_json(const struct heap_sites *s, size_t top)
{
	json_t *list = json_array();

	for (size_t i = 0; list && i < s->nr && (!top || i < top); i++) {
		const struct heap_site *site = &s->sites[i];
		json_t *o = amount_json(&site->amount);

		if (o && site->frame)
			json_object_set_new(o, "frame", json_integer(site->frame - s->named->frames));
		if (o && site->frame)
			json_object_update_new(o, frame_json(site->frame));
		if (o)
			json_object_set_new(o, "stacks", json_integer(site->nr_stacks));
		json_array_append_new(list, o);
	}
	return list;
}

static json_t *stack_json(const struct heap_sites *s, const struct heap_site_stack *stack)
{
	const struct heap_named *n = s->named;
	const struct heap_stack *of = &n->heap.stacks[stack->nr];
	json_t *addresses = json_array(), *frames = json_array();

	for (uint32_t i = 0; i < of->nr; i++)
		json_array_append_new(addresses, json_integer(num(n->heap.pcs[of->first + i])));
	for (uint32_t i = 0; i < stack->nr_frames; i++)
		json_array_append_new(frames, json_integer(n->frame_of[stack->first + i]));
	return json_pack("{s:I, s:o, s:o, s:o, s:o, s:o}", "size_bytes", num(of->size_bytes), "sampled",
			 counts_json(&of->published), "pending", counts_json(&of->pending), "estimate",
			 amount_json(&stack->amount), "addresses", addresses, "frames", frames);
}

static json_t *stacks_json(const struct heap_sites *s)
{
	json_t *list = json_array();

	for (size_t i = 0; list && i < s->named->heap.nr; i++)
		json_array_append_new(list, stack_json(s, &s->stacks[i]));
	return list;
}

int report__heap_json(const struct heap_sites *s, const struct heap_report_opts *opts, FILE *to)
{
	const struct heap_named *n = s->named;
	const struct heap_profile *h = &n->heap;
	json_t *root;

	root = json_pack(
		"{s:s, s:{s:i, s:o, s:o, s:o}, s:b, s:b, s:I, s:I, s:b, s:I, s:{s:I, s:i, s:I}, s:o, s:o, s:o, s:o}",
		"schema", "tare.heap/1", "process", "pid", (int)n->pid, "comm", name_json(n->comm), "runtime",
		name_json(n->runtime), "version", name_json(n->version), "difference", s->since != NULL, "known",
		!s->unknown, "rate_bytes", num(h->rate_bytes), "collections", num(h->cycles), "before_first_collection",
		h->all_pending, "torn_stacks", num(h->nr_torn), "reading", "cpu_ns", num(h->read_cpu_ns), "tries",
		(int)h->tries, "before_end_ns", num(opts->age_ns), "total",
		s->unknown ? json_null() : amount_json(&s->total), "sites",
		s->unknown ? json_null() : sites_json(s, opts->top), "stacks", stacks_json(s), "frames",
		frames_json(n));
	return json__write(root, JSON_COMPACT, to);
}
