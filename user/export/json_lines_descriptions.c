// SPDX-License-Identifier: BSD-2-Clause
/* The members of a description's line in JSON lines: everything but the records. */
#include <inttypes.h>
#include <string.h>

#include "json_lines_put.h"
#include "util.h"

#define BYTES_NAME(id, name, title) [TARE_BYTES_##id] = name "_bytes",

void put_task_of(FILE *to, const struct event *ev)
{
	const struct tare_task *t = ev->task;

	put(to, "tid", t->tid);
	put(to, "tgid", t->tgid);
	put(to, "start_ns", t->start_ns);
	put(to, "phase", t->phase);
	put(to, "state", t->state);
	put(to, "on_cpu", t->on_cpu);
	put(to, "voluntary", t->nvcsw);
	put(to, "involuntary", t->nivcsw);
	put(to, "exec_ns", t->exec_ns);
	put_known(to, "run_delay_ns", t->run_delay_ns);
	put_known(to, "minor_faults", t->minor_faults);
	put_known(to, "major_faults", t->major_faults);
	put_stopped(to, t->signal, t->cgroup);
	put_text(to, "comm", t->comm, strnlen(t->comm, sizeof(t->comm)));
}

/* Null: it is off. */
static void put_setting(FILE *to, const char *key, uint64_t n)
{
	if (n == TARE_NONE)
		fprintf(to, ",\"%s\":null", key);
	else
		put_known(to, key, n);
}

void put_counters_of(FILE *to, const struct event *ev)
{
	const struct tare_counters *c = &ev->counters;

	put(to, "pid", c->pid);
	put(to, "final", c->final);
#define X(field) put_known(to, #field, c->field)
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
#define X(field) put_known(to, "cpu_told_" #field, c->cpu_told.field);
	CPU_ACCOUNT(X)
#undef X
#define X(field) put_known(to, "cpu_" #field, c->cpu.field);
	CPU_ACCOUNT(X)
#undef X
	put_setting(to, "gc_percent", c->gc_percent);
	put_setting(to, "limit_bytes", c->limit_bytes);
}

void put_bytes_of(FILE *to, const struct event *ev)
{
	static const char *const names[] = { TARE_BYTES(BYTES_NAME) };
	const struct tare_bytes *b = &ev->bytes;
	uint64_t left = b->rss;

	put(to, "pid", b->pid);
	put(to, "rss_bytes", b->rss);
	put(to, "rss_max_bytes", b->rss_max);
	put(to, "swapped_bytes", b->swapped);
	put(to, "cost_ns", b->cost_ns);
	for (unsigned i = 0; i < TARE_NR_BYTES; i++) {
		put(to, names[i], b->classes[i]);
		left -= b->classes[i];
	}
	fprintf(to, ",\"unexplained_bytes\":%" PRId64, (int64_t)left);
}

void put_alloc_burst_of(FILE *to, const struct event *ev)
{
	put(to, "burst", ev->alloc_burst.number);
	put(to, "of_cpu", ev->alloc_burst.cpu);
	put(to, "begin_ns", ev->alloc_burst.begin_ns);
	put(to, "covered_ns", ev->alloc_burst.covered_ns);
	put(to, "exposed_ns", ev->alloc_burst.exposed_ns);
	put(to, "allocations", ev->alloc_burst.allocations);
	put(to, "bytes", ev->alloc_burst.bytes);
	put(to, "told_allocations", ev->alloc_burst.told_allocations);
	put(to, "told_bytes", ev->alloc_burst.told_bytes);
	put(to, "spent_ns", ev->alloc_burst.spent_ns);
}

void put_heap_of(FILE *to, const struct event *ev)
{
	const struct tare_heap *h = ev->heap.head;

	put(to, "pid", h->pid);
	put_bool(to, "begin", h->flags & TARE_HEAP_BEGIN);
	put_bool(to, "before_first_collection", h->flags & TARE_HEAP_PENDING);
	put(to, "rate_bytes", h->rate_bytes);
	put(to, "collections", h->cycles);
	put(to, "cost_ns", h->cost_ns);
	put(to, "torn_stacks", h->nr_torn);
	put(to, "first", h->first);
	put(to, "of", h->total);
	fputs(",\"stacks\":[", to);
	for (uint32_t i = 0; i < h->nr; i++) {
		struct tare_heap_stack s = event__heap_stack(ev, i);

		fprintf(to, "%s{\"stack\":%u", i ? "," : "", s.stack);
		put(to, "size_bytes", s.size_bytes);
		put(to, "allocs", s.allocs);
		put(to, "frees", s.frees);
		put(to, "alloc_bytes", s.alloc_bytes);
		put(to, "free_bytes", s.free_bytes);
		fputc('}', to);
	}
	fputc(']', to);
}

void put_call_stack_of(FILE *to, const struct event *ev)
{
	const struct tare_call_stack *s = ev->call_stack.head;

	put(to, "pid", s->pid);
	put(to, "stack", s->number);
	if (s->same_as) {
		put(to, "same_as", s->same_as);
		return;
	}
	put_addresses(to, "kernel", ev->call_stack.kernel, s->nr_kernel);
	put_addresses(to, "user", ev->call_stack.user, s->nr_user);
	put(to, "sure", s->nr_sure);
	put_bool(to, "whole", s->flags & TARE_STACK_WHOLE);
	put_bool(to, "cut", s->flags & TARE_STACK_CUT);
}

void put_number_name_of(FILE *to, const struct event *ev)
{
	static const char *const names[] = { [TARE_NAME_STOP_REASON] = "stop_reason",
					     [TARE_NAME_GC_PHASE] = "gc_phase",
					     [TARE_NAME_WAIT_REASON] = "wait_reason",
					     [TARE_NAME_STATUS] = "status",
					     [TARE_NAME_GREEN] = "green_thread" };
	const struct tare_number_name *n = ev->number_name.head;

	put(to, "pid", n->pid);
	if (n->kind < ARRAY_SIZE(names) && names[n->kind])
		put_text(to, "kind", names[n->kind], strlen(names[n->kind]));
	else
		put(to, "kind", n->kind);
	put(to, "number", n->number);
	put_text(to, "name", ev->number_name.text, n->text_len);
}

void put_page_of(FILE *to, const struct event *ev)
{
	put(to, "pid", ev->page.head->pid);
	put_hex(to, "address", ev->page.head->address);
	put_text(to, "name", ev->page.name, ev->page.head->name_len);
}

void put_quota_of(FILE *to, const struct event *ev)
{
	put(to, "pid", ev->quota.head->pid);
	put_text(to, "cgroup", ev->quota.path, ev->quota.head->path_len);
	put(to, "quota_ns", ev->quota.head->quota_ns);
	put(to, "period_ns", ev->quota.head->period_ns);
}

void put_symbol_of(FILE *to, const struct event *ev)
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

	put(to, "pid", ev->symbol.head->pid);
	put_hex(to, "ip", ev->symbol.head->ip);
	put_text(to, "name", ev->symbol.name, ev->symbol.head->name_len);
	put_text(to, "file", ev->symbol.file, ev->symbol.head->file_len);
	put(to, "line", ev->symbol.head->line);
	if (ev->symbol.more.owner < ARRAY_SIZE(owners) && ev->symbol.more.owner)
		put_text(to, "owner", owners[ev->symbol.more.owner], 8);
	if (ev->symbol.more.flags & TARE_SYMBOL_INLINED)
		put_bool(to, "inlined", true);
	if (ev->symbol.more.name_len) {
		put_text(to, "within", ev->symbol.own_name, ev->symbol.more.name_len);
		put_text(to, "within_file", ev->symbol.own_file, ev->symbol.more.file_len);
		put(to, "within_line", ev->symbol.more.line);
	}
	if (cost && cost < ARRAY_SIZE(costs)) {
		put_text(to, "cost", costs[cost], 32);
		if (flags & TARE_SYMBOL_COST_WITHIN)
			put_text(to, "cost_where", "within", 8);
		else if (flags & TARE_SYMBOL_COST_ALWAYS)
			put_text(to, "cost_where", "always", 8);
	}
}

void put_info_of(FILE *to, const struct event *ev)
{
	put_text(to, "key", ev->info.key, strlen(ev->info.key));
	put_text(to, "value", ev->info.value, strlen(ev->info.value));
}

void put_damage_of(FILE *to, const struct event *ev)
{
	put(to, "offset", ev->damage.offset);
	put(to, "bytes", ev->damage.bytes);
	put_text(to, "what", ev->damage.what, strlen(ev->damage.what));
}

void put_header_of(FILE *to, const struct event *ev)
{
	const struct tare_header *h = ev->header;

	put(to, "version", h->version);
	put_text(to, "arch", h->arch == TARE_ARCH_X86_64 ? "x86_64" : h->arch == TARE_ARCH_ARM64 ? "arm64" : "?", 8);
	put(to, "cpus", h->nr_cpus);
	put(to, "mono_ns", h->mono_ns);
	put(to, "boot_ns", h->boot_ns);
	put(to, "real_ns", h->real_ns);
}

void put_process_of(FILE *to, const struct event *ev)
{
	const struct tare_process *p = ev->process.head;
	const char *arg = ev->process.cmdline, *end = arg + p->cmdline_len;

	put(to, "pid", p->pid);
	put(to, "ppid", p->ppid);
	put(to, "start_ns", p->start_ns);
	put_text(to, "exe", ev->process.exe, p->exe_len);
	/* one string per NUL */
	fputs(",\"argv\":[", to);
	for (const char *first = arg; arg < end; arg += strnlen(arg, end - arg) + 1) {
		fputs(arg == first ? "" : ",", to);
		put_string(to, arg, end - arg);
	}
	fputc(']', to);
}

void put_module_of(FILE *to, const struct event *ev)
{
	const struct tare_module *m = ev->module.head;

	put(to, "pid", m->pid);
	put_hex(to, "start", m->start);
	put_hex(to, "end", m->end);
	put_hex(to, "offset", m->offset);
	put_text(to, "path", ev->module.path, m->path_len);
	if (!m->build_id_len)
		return;
	fputs(",\"build_id\":\"", to);
	for (unsigned i = 0; i < m->build_id_len; i++)
		fprintf(to, "%02x", m->build_id[i]);
	fputc('"', to);
}

void put_loss_of(FILE *to, const struct event *ev)
{
	put(to, "class", ev->loss->cls);
	put(to, "of_cpu", ev->loss->cpu);
	put(to, "count", ev->loss->count);
}

void put_probe_of(FILE *to, const struct event *ev)
{
	put_text(to, "name", ev->probe->name, sizeof(ev->probe->name));
	put(to, "hits", ev->probe->hits);
	put(to, "timed_hits", ev->probe->timed_hits);
	put(to, "timed_ns", ev->probe->timed_ns);
}

void put_end_of(FILE *to, const struct event *ev)
{
	put(to, "reason", ev->end->reason);
	fprintf(to, ",\"wait_status\":%d", ev->end->wait_status);
	put(to, "self_cpu_ns", ev->end->self_cpu_ns);
}

void put_delays_of(FILE *to, const struct event *ev)
{
	const struct tare_delays *d = ev->delays;

	put(to, "pid", d->pid);
	put(to, "one_in", d->one_in);
	fputs(",\"buckets\":[", to);
	for (uint32_t i = 0; i < d->nr; i++)
		fprintf(to, "%s[%" PRIu64 ",%" PRIu64 "]", i ? "," : "", (uint64_t)d->buckets[i].from_ns,
			(uint64_t)d->buckets[i].count);
	fputc(']', to);
}
