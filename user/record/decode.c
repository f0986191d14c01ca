// SPDX-License-Identifier: BSD-2-Clause
/* Decodes the kernel side's records into struct event. Input is untrusted: a file may contain anything. */
#include <errno.h>
#include <string.h>

#include "event.h"

/* The words after a switch's fixed part, read one by one. Reading past the end gives 0 and is remembered. */
struct words {
	const unsigned char *p;
	unsigned left;
	bool bad;
};

static uint32_t next_word(struct words *w)
{
	uint32_t v;

	if (!w->left) {
		w->bad = true;
		return 0;
	}
	memcpy(&v, w->p, sizeof(v));
	w->p += sizeof(v);
	w->left--;
	return v;
}

static int decode_switch(const void *data, size_t len, struct event *ev)
{
	struct event_switch *sw = &ev->sw;
	struct tare_switch raw;
	struct words w = { (const unsigned char *)data + sizeof(raw), (len - sizeof(raw)) / 4, false };
	uint16_t f;
	uint32_t v;

	memcpy(&raw, data, sizeof(raw));
	f = raw.rec.flags;
	memset(sw, 0, sizeof(*sw));
	sw->prev_tid = raw.prev_tid;
	sw->next_tid = raw.next_tid;
	sw->prev_target = f & TARE_SW_PREV;
	sw->next_target = f & TARE_SW_NEXT;
	sw->voluntary = f & TARE_SW_VOLUNTARY;
	sw->state = (f & TARE_SW_STATE) >> TARE_SW_STATE_SHIFT;
	sw->compat = f & TARE_SW_COMPAT;
	sw->syscall = raw.syscall;
	sw->last_cost_ns = raw.cost_ns;

	if (f & TARE_SW_WAIT) {
		sw->has_wait = true;
		sw->wait_ns = next_word(&w);
	}
	if (f & TARE_SW_WAIT_HI)
		sw->wait_ns |= (uint64_t)next_word(&w) << 32;
	if (f & TARE_SW_THROTTLED) {
		sw->throttled_ns = next_word(&w);
		sw->throttled_ns |= (uint64_t)next_word(&w) << 32;
	}
	if (f & TARE_SW_WAKE) {
		v = next_word(&w);
		sw->has_wake = true;
		sw->waker_cpu = TARE_WAKE_CPU(v);
		sw->waker_context = TARE_WAKE_CONTEXT(v);
		sw->wake_delay_ns = TARE_WAKE_DELAY(v);
		sw->waker_tid = sw->prev_tid;
	}
	if (f & TARE_SW_WAKER)
		sw->waker_tid = next_word(&w);
	if (f & TARE_SW_WAKE_DELAY)
		sw->wake_delay_ns = next_word(&w);
	if (f & TARE_SW_STOLEN)
		sw->stolen_ns = (int32_t)next_word(&w);
	if (f & TARE_SW_COST)
		sw->last_cost_ns = next_word(&w);
	if (sw->throttled_ns > sw->wait_ns)
		w.bad = true;
	return w.bad ? -EBADMSG : 0;
}

/* Fixed-size kinds: copied whole, then moved into the event field by field. */
#define FIXED(type, field)                               \
	struct type raw;                                 \
                                                         \
	memcpy(&raw, data, sizeof(raw));                 \
	memcpy(ev->field.comm, raw.comm, TARE_COMM_LEN); \
	ev->field.comm[TARE_COMM_LEN] = '\0'

static int decode_name(const void *data, size_t len, struct event *ev)
{
	FIXED(tare_name, name);
	ev->name.tid = raw.tid;
	ev->name.tgid = raw.tgid;
	return 0;
}

static int decode_fork(const void *data, size_t len, struct event *ev)
{
	FIXED(tare_fork, fork);
	ev->fork.tid = raw.tid;
	ev->fork.tgid = raw.tgid;
	ev->fork.parent_tid = raw.parent_tid;
	ev->fork.parent_tgid = raw.parent_tgid;
	return 0;
}

static int decode_exec(const void *data, size_t len, struct event *ev)
{
	FIXED(tare_exec, exec);
	ev->exec.tid = raw.tid;
	ev->exec.old_tid = raw.old_tid;
	return 0;
}

static int decode_migrate(const void *data, size_t len, struct event *ev)
{
	struct tare_migrate raw;

	memcpy(&raw, data, sizeof(raw));
	ev->migrate.tid = raw.tid;
	ev->migrate.from_cpu = raw.from_cpu;
	ev->migrate.to_cpu = raw.to_cpu;
	return 0;
}

static int decode_runtime(const void *data, size_t len, struct event *ev)
{
	const size_t fixed = offsetof(struct tare_runtime, args);
	struct tare_runtime raw;

	memset(&raw, 0xff, sizeof(raw));
	memcpy(&raw, data, len < sizeof(raw) ? len : sizeof(raw));
	ev->runtime.event = raw.rec.flags;
	ev->runtime.nr_args = ((len < sizeof(raw) ? len : sizeof(raw)) - fixed) / sizeof(raw.args[0]);
	ev->runtime.tid = raw.tid;
	ev->runtime.tgid = raw.tgid;
	ev->runtime.goroutine = raw.goroutine;
	memcpy(ev->runtime.args, raw.args, sizeof(raw.args));
	if ((len - fixed) % sizeof(raw.args[0]))
		return -EBADMSG;
	return 0;
}

static int decode_exit(const void *data, size_t len, struct event *ev)
{
	struct tare_exit raw = { .minor_faults = TARE_UNKNOWN, .major_faults = TARE_UNKNOWN };

	memcpy(&raw, data, len < sizeof(raw) ? len : sizeof(raw));
	ev->exit = raw;
	return 0;
}

static int decode_fault_end(const void *data, size_t len, struct event *ev)
{
	memcpy(&ev->fault_end, data, sizeof(ev->fault_end));
	return 0;
}

static int decode_goroutine(const void *data, size_t len, struct event *ev)
{
	struct tare_goroutine raw;

	memcpy(&raw, data, sizeof(raw));
	ev->goroutine = (struct event_goroutine){
		.tid = raw.tid,
		.status = raw.rec.flags,
		.wait_reason = raw.wait_reason,
		.p = raw.p,
		.goroutine = raw.goroutine,
	};
	return 0;
}

static int decode_signal(const void *data, size_t len, struct event *ev)
{
	struct tare_signal raw;

	memcpy(&raw, data, sizeof(raw));
	ev->signal = (struct event_signal){
		.step = raw.rec.flags,
		.tid = raw.tid,
		.other = raw.other,
		.tgid = raw.tgid,
		.call = raw.call,
		.masked = raw.masked,
		.ip = raw.ip,
	};
	return 0;
}

static int decode_fault(const void *data, size_t len, struct event *ev)
{
	struct tare_fault raw;

	memcpy(&raw, data, sizeof(raw));
	ev->fault = (struct event_fault){
		.tid = raw.tid,
		.tgid = raw.tgid,
		.address = raw.address,
		.ip = raw.ip,
		.write = raw.rec.flags & TARE_FAULT_WRITE,
		.ends = raw.rec.flags & TARE_FAULT_ENDS,
	};
	return 0;
}

static int decode_sample(const void *data, size_t len, struct event *ev)
{
	struct tare_sample raw;

	memcpy(&raw, data, sizeof(raw));
	ev->sample = (struct event_sample){
		.tid = raw.tid,
		.tgid = raw.tgid,
		.syscall = raw.syscall,
		.ip = raw.ip,
		.kernel = raw.rec.flags & TARE_SAMPLE_KERNEL,
		.softirq = raw.rec.flags & TARE_SAMPLE_SOFTIRQ,
		.hardirq = raw.rec.flags & TARE_SAMPLE_HARDIRQ,
		.called = raw.rec.flags & TARE_SAMPLE_CALLED,
	};
	return 0;
}

static int decode_irq(const void *data, size_t len, struct event *ev)
{
	struct tare_irq raw;

	memcpy(&raw, data, sizeof(raw));
	ev->irq = (struct event_irq){ .tid = raw.tid, .ns = raw.ns, .number = raw.rec.flags };
	return 0;
}

static int decode_stop(const void *data, size_t len, struct event *ev)
{
	struct tare_stop raw = { 0 };

	memcpy(&raw, data, len < sizeof(raw) ? len : sizeof(raw));
	ev->stop = (struct event_stop){
		.tid = raw.tid,
		.tgid = raw.tgid,
		.signal = raw.signal,
		.state = raw.rec.flags & TARE_STOP_STATE,
		.sleepers = raw.rec.flags & TARE_STOP_SLEEPERS,
		.interruptible = raw.rec.flags & TARE_STOP_INTERRUPTIBLE,
	};
	memcpy(ev->stop.cgroup, raw.cgroup, TARE_CGROUP_LEN - 1);
	return 0;
}

static int decode_oom_kill(const void *data, size_t len, struct event *ev)
{
	struct tare_oom_kill raw = { 0 };

	memcpy(&raw, data, len < sizeof(raw) ? len : sizeof(raw));
	ev->oom_kill = (struct event_oom_kill){ .tid = raw.tid, .tgid = raw.tgid, .limit_pages = raw.limit_pages };
	memcpy(ev->oom_kill.cgroup, raw.cgroup, TARE_CGROUP_LEN - 1);
	return 0;
}

static int decode_fault_sample(const void *data, size_t len, struct event *ev)
{
	struct tare_fault_sample raw = { 0 };

	memcpy(&raw, data, len < sizeof(raw) ? len : sizeof(raw));
	ev->fault_sample = (struct event_fault_sample){
		.tid = raw.tid,
		.tgid = raw.tgid,
		.period = raw.period,
		.owner = raw.owner,
		.major = raw.rec.flags & TARE_FAULT_MAJOR,
		.pages = 1ull << (raw.order & 31),
		.address = raw.address,
		.ip = raw.ip,
	};
	memcpy(ev->fault_sample.name, raw.name, TARE_FAULT_NAME_LEN - 1);
	return 0;
}

static int decode_alloc_sample(const void *data, size_t len, struct event *ev)
{
	struct tare_alloc_sample raw;

	memcpy(&raw, data, sizeof(raw));
	ev->alloc_sample = (struct event_alloc_sample){
		.tid = raw.tid,
		.tgid = raw.tgid,
		.burst = raw.burst,
		.runtime = raw.rec.flags & TARE_ALLOC_RUNTIME,
		.block = raw.rec.flags & TARE_ALLOC_BLOCK,
		.bytes = raw.bytes,
		.stands_for_q16 = raw.stands_for_q16,
	};
	return 0;
}

static int decode_reclaim(const void *data, size_t len, struct event *ev)
{
	struct tare_reclaim raw = { 0 };

	memcpy(&raw, data, len < sizeof(raw) ? len : sizeof(raw));
	ev->reclaim = (struct event_reclaim){
		.tid = raw.tid,
		.tgid = raw.tgid,
		.by_cgroup = raw.rec.flags & TARE_RECLAIM_CGROUP,
		.ns = raw.ns,
		.pages = raw.pages,
		.limit_pages = raw.limit_pages,
	};
	memcpy(ev->reclaim.cgroup, raw.cgroup, TARE_CGROUP_LEN - 1);
	return 0;
}

static int decode_stacked(const void *data, size_t len, struct event *ev)
{
	struct tare_stacked raw;

	memcpy(&raw, data, sizeof(raw));
	ev->stacked.tid = raw.tid;
	ev->stacked.number = raw.number;
	return 0;
}

static int decode_off_cpu(const void *data, size_t len, struct event *ev)
{
	struct tare_off_cpu raw;

	memcpy(&raw, data, sizeof(raw));
	ev->off_cpu = (struct event_off_cpu){
		.tid = raw.tid,
		.tgid = raw.tgid,
		.state = raw.rec.flags,
		.syscall = raw.syscall,
		.ns = raw.ns,
		.wait_ns = raw.wait_ns,
	};
	return raw.wait_ns > raw.ns ? -EBADMSG : 0;
}

#define decode_rename decode_name

static const struct {
	size_t least;
	enum event_kind kind;
	int (*decode)(const void *data, size_t len, struct event *ev);
} kinds[TARE_NR_RECS] = {
#define RECORD(kind, name, least) [TARE_REC_##kind] = { least, EVENT_##kind, decode_##name },
	TARE_RECORDS(RECORD, EVENT_NONE)
};

int event__decode(const void *data, size_t len, struct event *ev)
{
	struct tare_rec rec;
	size_t size;
	int ret;

	if (len < sizeof(rec))
		return -EBADMSG;
	memcpy(&rec, data, sizeof(rec));
	size = record__len(&rec);
	if (size < sizeof(rec) || size > len)
		return -EBADMSG;
	if (rec.kind >= TARE_NR_RECS || !kinds[rec.kind].decode)
		return 0;
	if (size < kinds[rec.kind].least)
		return -EBADMSG;
	ev->kind = kinds[rec.kind].kind;
	ret = kinds[rec.kind].decode(data, size, ev);
	return ret ? ret : (int)size;
}
