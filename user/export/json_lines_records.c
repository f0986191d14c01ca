// SPDX-License-Identifier: BSD-2-Clause
/* The members of a record's line in JSON lines. */
#include <string.h>

#include "event_names.h"
#include "json_lines.h"
#include "util.h"

void put_switch_of(struct json_line *to, const struct event *ev)
{
	const struct event_switch *sw = &ev->sw;

	line_number(to, "prev_tid", sw->prev_tid);
	line_number(to, "next_tid", sw->next_tid);
	WHEN(to, sw->prev_target) {
		line_bool(to, "voluntary", sw->voluntary);
		line_number(to, "prev_state", sw->state);
		WHEN(to, sw->syscall != TARE_NO_SYSCALL)
			line_number(to, "syscall", sw->syscall);
		line_signed(to, "stolen_ns", sw->stolen_ns);
	}
	WHEN(to, sw->has_wait) {
		line_number(to, "wait_ns", sw->wait_ns);
		line_number(to, "throttled_ns", sw->throttled_ns);
	}
	WHEN(to, sw->has_wake) {
		line_number(to, "waker_tid", sw->waker_tid);
		line_number(to, "waker_cpu", sw->waker_cpu);
		line_number(to, "waker_context", sw->waker_context);
		line_number(to, "wake_delay_ns", sw->wake_delay_ns);
	}
	WHEN(to, sw->last_cost_ns)
		line_number(to, "last_cost_ns", sw->last_cost_ns);
}

void put_name_of(struct json_line *to, const struct event *ev)
{
	line_number(to, "tid", ev->name.tid);
	line_number(to, "tgid", ev->name.tgid);
	line_text(to, "comm", ev->name.comm, strlen(ev->name.comm));
}

void put_rename_of(struct json_line *to, const struct event *ev)
{
	put_name_of(to, ev);
}

void put_fork_of(struct json_line *to, const struct event *ev)
{
	line_number(to, "tid", ev->fork.tid);
	line_number(to, "tgid", ev->fork.tgid);
	line_number(to, "parent_tid", ev->fork.parent_tid);
	line_number(to, "parent_tgid", ev->fork.parent_tgid);
	line_text(to, "comm", ev->fork.comm, strlen(ev->fork.comm));
}

void put_exec_of(struct json_line *to, const struct event *ev)
{
	line_number(to, "tid", ev->exec.tid);
	line_number(to, "old_tid", ev->exec.old_tid);
	line_text(to, "comm", ev->exec.comm, strlen(ev->exec.comm));
}

void put_exit_of(struct json_line *to, const struct event *ev)
{
	line_number(to, "tid", ev->exit.tid);
	line_number(to, "tgid", ev->exit.tgid);
	line_number(to, "exit_code", ev->exit.exit_code);
	line_number(to, "voluntary", ev->exit.nvcsw);
	line_number(to, "involuntary", ev->exit.nivcsw);
	line_number(to, "exec_ns", ev->exit.exec_ns);
	line_known(to, "run_delay_ns", ev->exit.run_delay_ns);
	line_known(to, "minor_faults", ev->exit.minor_faults);
	line_known(to, "major_faults", ev->exit.major_faults);
}

void put_migrate_of(struct json_line *to, const struct event *ev)
{
	line_number(to, "tid", ev->migrate.tid);
	line_number(to, "from_cpu", ev->migrate.from_cpu);
	line_number(to, "to_cpu", ev->migrate.to_cpu);
}

void put_runtime_of(struct json_line *to, const struct event *ev)
{
	const char *name = runtime_event_name(ev->runtime.event), *arg;
	char nth[16];

	if (name)
		line_const(to, "what", name);
	else
		line_digits(to, "what", ev->runtime.event);
	line_number(to, "tid", ev->runtime.tid);
	line_number(to, "tgid", ev->runtime.tgid);
	line_known(to, "goroutine", ev->runtime.goroutine);
	for (unsigned i = 0; i < ev->runtime.nr_args; i++) {
		arg = runtime_arg_name(ev->runtime.event, i);
		snprintf(nth, sizeof(nth), "arg%u", i);
		line_known(to, arg ? arg : nth, ev->runtime.args[i]);
	}
}

void put_goroutine_of(struct json_line *to, const struct event *ev)
{
	line_number(to, "tid", ev->goroutine.tid);
	line_number(to, "goroutine", ev->goroutine.goroutine);
	line_number(to, "status", ev->goroutine.status);
	line_number(to, "wait_reason", ev->goroutine.wait_reason);
	WHEN(to, ev->goroutine.p >= 0)
		line_number(to, "p", ev->goroutine.p);
}

void put_signal_of(struct json_line *to, const struct event *ev)
{
	static const char *const steps[] = {
		[TARE_SIGNAL_SENT] = "sent",
		[TARE_SIGNAL_DELIVERED] = "delivered",
		[TARE_SIGNAL_SENT_OTHER] = "sent_by_other",
		[TARE_SIGNAL_DELIVERED_OTHER] = "delivered_by_other",
	};
	unsigned step = ev->signal.step;
	bool sent = step == TARE_SIGNAL_SENT || step == TARE_SIGNAL_SENT_OTHER;
	char number[16];

	snprintf(number, sizeof(number), "%u", step);
	line_text(to, "what", step < ARRAY_SIZE(steps) ? steps[step] : number, 32);
	line_number(to, "tid", ev->signal.tid);
	line_number(to, "tgid", ev->signal.tgid);
	WHEN(to, sent)
		line_number(to, "from_tid", ev->signal.other);
	WHEN(to, !sent)
		line_hex(to, "ip", ev->signal.ip);
	WHEN(to, step == TARE_SIGNAL_SENT && ev->signal.masked)
		line_bool(to, "masked", true);
	WHEN(to, step == TARE_SIGNAL_DELIVERED && ev->signal.call)
		line_number(to, "syscall", ev->signal.call - 1);
}

void put_fault_of(struct json_line *to, const struct event *ev)
{
	line_number(to, "tid", ev->fault.tid);
	line_number(to, "tgid", ev->fault.tgid);
	line_hex(to, "address", ev->fault.address);
	line_hex(to, "ip", ev->fault.ip);
	line_bool(to, "write", ev->fault.write);
}

void put_fault_end_of(struct json_line *to, const struct event *ev)
{
	line_number(to, "tid", ev->fault_end.tid);
	line_number(to, "tgid", ev->fault_end.tgid);
	line_hex(to, "address", ev->fault_end.address);
	line_number(to, "ns", ev->fault_end.ns);
}

void put_sample_of(struct json_line *to, const struct event *ev)
{
	line_number(to, "tid", ev->sample.tid);
	line_number(to, "tgid", ev->sample.tgid);
	line_hex(to, "ip", ev->sample.ip);
	line_bool(to, "kernel", ev->sample.kernel);
	WHEN(to, ev->sample.syscall != TARE_NO_SYSCALL)
		line_number(to, "syscall", ev->sample.syscall);
}

void put_irq_of(struct json_line *to, const struct event *ev)
{
	line_number(to, "tid", ev->irq.tid);
	line_number(to, "ns", ev->irq.ns);
	WHEN(to, ev->irq.number != TARE_IRQ_HARD)
		line_number(to, "softirq", ev->irq.number);
}

void put_stop_of(struct json_line *to, const struct event *ev)
{
	line_number(to, "tid", ev->stop.tid);
	line_number(to, "tgid", ev->stop.tgid);
	line_number(to, "state", ev->stop.state);
	json_lines__stopped(to, ev->stop.signal, ev->stop.cgroup);
}

void put_stacked_of(struct json_line *to, const struct event *ev)
{
	line_number(to, "tid", ev->stacked.tid);
	line_number(to, "stack", ev->stacked.number);
}

void put_off_cpu_of(struct json_line *to, const struct event *ev)
{
	line_number(to, "tid", ev->off_cpu.tid);
	line_number(to, "tgid", ev->off_cpu.tgid);
	line_number(to, "state", ev->off_cpu.state);
	WHEN(to, ev->off_cpu.syscall != TARE_NO_SYSCALL)
		line_number(to, "syscall", ev->off_cpu.syscall);
	line_number(to, "ns", ev->off_cpu.ns);
	line_number(to, "wait_ns", ev->off_cpu.wait_ns);
}

void put_oom_kill_of(struct json_line *to, const struct event *ev)
{
	line_number(to, "tid", ev->oom_kill.tid);
	line_number(to, "tgid", ev->oom_kill.tgid);
	WHEN(to, ev->oom_kill.limit_pages) {
		line_number(to, "limit_pages", ev->oom_kill.limit_pages);
		line_text(to, "cgroup", ev->oom_kill.cgroup, strlen(ev->oom_kill.cgroup));
	}
}

void put_fault_sample_of(struct json_line *to, const struct event *ev)
{
	const struct event_fault_sample *f = &ev->fault_sample;

	line_number(to, "tid", f->tid);
	line_number(to, "tgid", f->tgid);
	line_bool(to, "major", f->major);
	line_number(to, "period", f->period);
	line_number(to, "pages", f->pages);
	line_text(to, "owner", fault_owner_name(f->owner), 16);
	WHEN(to, f->name[0])
		line_text(to, "file", f->name, sizeof(f->name));
	line_hex(to, "address", f->address);
	line_hex(to, "ip", f->ip);
}

void put_alloc_sample_of(struct json_line *to, const struct event *ev)
{
	line_number(to, "tid", ev->alloc_sample.tid);
	line_number(to, "tgid", ev->alloc_sample.tgid);
	line_number(to, "burst", ev->alloc_sample.burst);
	line_bool(to, "runtime", ev->alloc_sample.runtime);
	line_bool(to, "block", ev->alloc_sample.block);
	line_number(to, "bytes", ev->alloc_sample.bytes);
	line_number(to, "stands_for_q16", ev->alloc_sample.stands_for_q16);
}

void put_reclaim_of(struct json_line *to, const struct event *ev)
{
	line_number(to, "tid", ev->reclaim.tid);
	line_number(to, "tgid", ev->reclaim.tgid);
	line_bool(to, "by_cgroup", ev->reclaim.by_cgroup);
	line_number(to, "ns", ev->reclaim.ns);
	line_number(to, "pages", ev->reclaim.pages);
	WHEN(to, ev->reclaim.limit_pages) {
		line_number(to, "limit_pages", ev->reclaim.limit_pages);
		line_text(to, "cgroup", ev->reclaim.cgroup, strlen(ev->reclaim.cgroup));
	}
}

void json_lines__stopped(struct json_line *to, uint32_t signal, const char cgroup[TARE_CGROUP_LEN])
{
	WHEN(to, signal)
		line_number(to, "signal", signal);
	WHEN(to, cgroup[0])
		line_text(to, "cgroup", cgroup, TARE_CGROUP_LEN);
}
