// SPDX-License-Identifier: BSD-2-Clause
/* The members of a description's line in JSON lines: everything but the records. */
#include <string.h>

#include "event_names.h"
#include "json_lines.h"
#include "util.h"

#define BYTES_NAME(id, name, title) [TARE_BYTES_##id] = name "_bytes",

void put_task_of(struct json_line *to, const struct event *ev)
{
	const struct tare_task *t = ev->task;

	line_number(to, "tid", t->tid);
	line_number(to, "tgid", t->tgid);
	line_number(to, "start_ns", t->start_ns);
	line_number(to, "phase", t->phase);
	line_number(to, "state", t->state);
	WHEN(to, !t->on_cpu && t->syscall != TARE_NO_SYSCALL)
		line_number(to, "syscall", t->syscall);
	line_number(to, "on_cpu", t->on_cpu);
	line_number(to, "voluntary", t->nvcsw);
	line_number(to, "involuntary", t->nivcsw);
	line_number(to, "exec_ns", t->exec_ns);
	line_known(to, "run_delay_ns", t->run_delay_ns);
	line_known(to, "minor_faults", t->minor_faults);
	line_known(to, "major_faults", t->major_faults);
	json_lines__stopped(to, t->signal, t->cgroup);
	line_text(to, "comm", t->comm, strnlen(t->comm, sizeof(t->comm)));
}

void put_counters_of(struct json_line *to, const struct event *ev)
{
	const struct tare_counters *c = &ev->counters;

	line_number(to, "pid", c->pid);
	line_number(to, "final", c->final);
#define X(field) line_known(to, #field, c->field)
	X(goroutine_switches);
	X(goroutines_created);
	X(alloc_bytes);
	X(alloc_objects);
	X(freed_bytes);
	X(freed_objects);
	X(collections);
	X(pauses);
	X(pause_ns);
	X(heap_bytes);
	X(goal_bytes);
	X(syscalls);
	X(preempts);
	X(assist_ns);
	X(marked_bytes);
	X(stack_scan_bytes);
	X(globals_scan_bytes);
	X(mapped_bytes);
	X(free_bytes);
	X(returned_bytes);
	X(span_bytes);
	X(stack_bytes);
	X(own_bytes);
#undef X
#define X(field) line_known(to, "cpu_told_" #field, c->cpu_told.field);
	CPU_ACCOUNT(X)
#undef X
#define X(field) line_known(to, "cpu_" #field, c->cpu.field);
	CPU_ACCOUNT(X)
#undef X
	line_setting(to, "gc_percent", c->gc_percent);
	line_setting(to, "limit_bytes", c->limit_bytes);
}

void put_bytes_of(struct json_line *to, const struct event *ev)
{
	static const char *const names[] = { TARE_BYTES(BYTES_NAME) };
	const struct tare_bytes *b = &ev->bytes;
	uint64_t left = b->rss;

	line_number(to, "pid", b->pid);
	line_number(to, "rss_bytes", b->rss);
	line_number(to, "rss_max_bytes", b->rss_max);
	line_number(to, "swapped_bytes", b->swapped);
	line_number(to, "cost_ns", b->cost_ns);
	for (unsigned i = 0; i < TARE_NR_BYTES; i++) {
		line_number(to, names[i], b->classes[i]);
		left -= b->classes[i];
	}
	line_signed(to, "unexplained_bytes", left);
}

void put_alloc_burst_of(struct json_line *to, const struct event *ev)
{
	line_number(to, "burst", ev->alloc_burst.number);
	line_number(to, "of_cpu", ev->alloc_burst.cpu);
	line_number(to, "begin_ns", ev->alloc_burst.begin_ns);
	line_number(to, "covered_ns", ev->alloc_burst.covered_ns);
	line_number(to, "exposed_ns", ev->alloc_burst.exposed_ns);
	line_number(to, "allocations", ev->alloc_burst.allocations);
	line_number(to, "bytes", ev->alloc_burst.bytes);
	line_number(to, "told_allocations", ev->alloc_burst.told_allocations);
	line_number(to, "told_bytes", ev->alloc_burst.told_bytes);
	line_number(to, "spent_ns", ev->alloc_burst.spent_ns);
}

void put_memory_calls_of(struct json_line *to, const struct event *ev)
{
	const struct tare_memory_calls *c = &ev->memory_calls;

	line_number(to, "pid", c->pid);
	line_text(to, "call", memory_call_name(c->call), strlen(memory_call_name(c->call)));
	line_number(to, "begin_ns", c->begin_ns);
	line_number(to, "covered_ns", c->covered_ns);
	line_number(to, "seen_ns", c->seen_ns);
	line_number(to, "count", c->count);
	line_number(to, "failed", c->failed);
	line_number(to, "ns", c->ns);
	line_number(to, "max_ns", c->max_ns);
	line_number(to, "bytes", c->bytes);
}

void put_heap_of(struct json_line *to, const struct event *ev)
{
	const struct tare_heap *h = ev->heap.head;

	line_number(to, "pid", h->pid);
	line_bool(to, "begin", h->flags & TARE_HEAP_BEGIN);
	line_bool(to, "before_first_collection", h->flags & TARE_HEAP_PENDING);
	line_number(to, "rate_bytes", h->rate_bytes);
	line_number(to, "collections", h->cycles);
	line_number(to, "cost_ns", h->cost_ns);
	line_number(to, "torn_stacks", h->nr_torn);
	line_number(to, "first", h->first);
	line_number(to, "of", h->total);
	line_objects(to, "stacks");
	for (uint32_t i = 0; i < h->nr; i++) {
		struct tare_heap_stack s = event__heap_stack(ev, i);

		line_object_begin(to, !i);
		line_number(to, "stack", s.stack);
		line_number(to, "size_bytes", s.size_bytes);
		line_number(to, "allocs", s.allocs);
		line_number(to, "frees", s.frees);
		line_number(to, "alloc_bytes", s.alloc_bytes);
		line_number(to, "free_bytes", s.free_bytes);
		line_object_end(to);
	}
	line_objects_end(to, "stacks");
}

void put_call_stack_of(struct json_line *to, const struct event *ev)
{
	const struct tare_call_stack *s = ev->call_stack.head;

	line_number(to, "pid", s->pid);
	line_number(to, "stack", s->number);
	WHEN(to, s->same_as)
		line_number(to, "same_as", s->same_as);
	WHEN(to, !s->same_as) {
		line_addresses(to, "kernel", ev->call_stack.kernel, s->nr_kernel);
		line_addresses(to, "user", ev->call_stack.user, s->nr_user);
		line_number(to, "sure", s->nr_sure);
		line_bool(to, "whole", s->flags & TARE_STACK_WHOLE);
		line_bool(to, "cut", s->flags & TARE_STACK_CUT);
	}
}

void put_number_name_of(struct json_line *to, const struct event *ev)
{
	static const char *const names[] = { [TARE_NAME_STOP_REASON] = "stop_reason",
					     [TARE_NAME_GC_PHASE] = "gc_phase",
					     [TARE_NAME_WAIT_REASON] = "wait_reason",
					     [TARE_NAME_STATUS] = "status",
					     [TARE_NAME_GREEN] = "green_thread" };
	const struct tare_number_name *n = ev->number_name.head;

	line_number(to, "pid", n->pid);
	line_name(to, "kind", n->kind < ARRAY_SIZE(names) ? names[n->kind] : NULL, n->kind);
	line_number(to, "number", n->number);
	line_text(to, "name", ev->number_name.text, n->text_len);
}

void put_page_of(struct json_line *to, const struct event *ev)
{
	line_number(to, "pid", ev->page.head->pid);
	line_hex(to, "address", ev->page.head->address);
	line_text(to, "name", ev->page.name, ev->page.head->name_len);
}

void put_quota_of(struct json_line *to, const struct event *ev)
{
	line_number(to, "pid", ev->quota.head->pid);
	line_text(to, "cgroup", ev->quota.path, ev->quota.head->path_len);
	line_number(to, "quota_ns", ev->quota.head->quota_ns);
	line_number(to, "period_ns", ev->quota.head->period_ns);
}

void put_symbol_of(struct json_line *to, const struct event *ev)
{
	static const char *const owners[] = {
		[TARE_OWNER_RUNTIME] = "runtime",
		[TARE_OWNER_LIBRARY] = "library",
		[TARE_OWNER_PROGRAM] = "program",
	};
#define COST_NAME(cost, group, name, title) [TARE_COST_##cost] = name,
	static const char *const costs[] = { TARE_COSTS(COST_NAME) };
	uint32_t flags = ev->symbol.more.flags;
	uint32_t cost = flags >> TARE_SYMBOL_COST_SHIFT & TARE_SYMBOL_COST_MASK;

	line_number(to, "pid", ev->symbol.head->pid);
	line_hex(to, "ip", ev->symbol.head->ip);
	WHEN(to, ev->symbol.start)
		line_hex(to, "start", ev->symbol.start);
	line_text(to, "name", ev->symbol.name, ev->symbol.head->name_len);
	line_text(to, "file", ev->symbol.file, ev->symbol.head->file_len);
	line_number(to, "line", ev->symbol.head->line);
	WHEN(to, ev->symbol.more.owner < ARRAY_SIZE(owners) && ev->symbol.more.owner)
		line_text(to, "owner", owners[ev->symbol.more.owner], 8);
	WHEN(to, flags & TARE_SYMBOL_INLINED)
		line_bool(to, "inlined", true);
	WHEN(to, ev->symbol.more.name_len) {
		line_text(to, "within", ev->symbol.own_name, ev->symbol.more.name_len);
		line_text(to, "within_file", ev->symbol.own_file, ev->symbol.more.file_len);
		line_number(to, "within_line", ev->symbol.more.line);
	}
	WHEN(to, cost && cost < ARRAY_SIZE(costs)) {
		line_text(to, "cost", costs[cost], 32);
		WHEN(to, flags & (TARE_SYMBOL_COST_WITHIN | TARE_SYMBOL_COST_ALWAYS))
			line_text(to, "cost_where", flags & TARE_SYMBOL_COST_WITHIN ? "within" : "always", 8);
	}
}

void put_info_of(struct json_line *to, const struct event *ev)
{
	line_text(to, "key", ev->info.key, strlen(ev->info.key));
	line_text(to, "value", ev->info.value, strlen(ev->info.value));
}

void put_damage_of(struct json_line *to, const struct event *ev)
{
	line_number(to, "offset", ev->damage.offset);
	line_number(to, "bytes", ev->damage.bytes);
	line_text(to, "what", ev->damage.what, strlen(ev->damage.what));
}

void put_header_of(struct json_line *to, const struct event *ev)
{
	const struct tare_header *h = ev->header;

	line_number(to, "version", h->version);
	line_text(to, "arch", h->arch == TARE_ARCH_X86_64 ? "x86_64" : h->arch == TARE_ARCH_ARM64 ? "arm64" : "?", 8);
	line_number(to, "cpus", h->nr_cpus);
	line_number(to, "mono_ns", h->mono_ns);
	line_number(to, "boot_ns", h->boot_ns);
	line_number(to, "real_ns", h->real_ns);
}

void put_process_of(struct json_line *to, const struct event *ev)
{
	const struct tare_process *p = ev->process.head;

	line_number(to, "pid", p->pid);
	line_number(to, "ppid", p->ppid);
	line_number(to, "start_ns", p->start_ns);
	line_text(to, "exe", ev->process.exe, p->exe_len);
	line_texts(to, "argv", ev->process.cmdline, p->cmdline_len);
}

void put_module_of(struct json_line *to, const struct event *ev)
{
	const struct tare_module *m = ev->module.head;

	line_number(to, "pid", m->pid);
	line_hex(to, "start", m->start);
	line_hex(to, "end", m->end);
	line_hex(to, "offset", m->offset);
	line_text(to, "path", ev->module.path, m->path_len);
	WHEN(to, m->build_id_len)
		line_bytes(to, "build_id", m->build_id, m->build_id_len);
}

void put_loss_of(struct json_line *to, const struct event *ev)
{
	line_number(to, "class", ev->loss->cls);
	line_number(to, "of_cpu", ev->loss->cpu);
	line_number(to, "count", ev->loss->count);
}

void put_probe_of(struct json_line *to, const struct event *ev)
{
	line_text(to, "name", ev->probe->name, sizeof(ev->probe->name));
	line_number(to, "hits", ev->probe->hits);
	line_number(to, "timed_hits", ev->probe->timed_hits);
	line_number(to, "timed_ns", ev->probe->timed_ns);
	line_signed(to, "entry_ns", ev->probe->entry_ns);
}

void put_end_of(struct json_line *to, const struct event *ev)
{
	line_number(to, "reason", ev->end->reason);
	line_signed(to, "wait_status", ev->end->wait_status);
	line_number(to, "self_cpu_ns", ev->end->self_cpu_ns);
}

void put_delays_of(struct json_line *to, const struct event *ev)
{
	const struct tare_delays *d = ev->delays;

	line_number(to, "pid", d->pid);
	line_number(to, "one_in", d->one_in);
	line_buckets(to, "buckets", d);
}
