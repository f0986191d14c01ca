// SPDX-License-Identifier: BSD-2-Clause
/* Records as the kernel side wrote them, into struct event. Input is untrusted: a file may say anything. */
#include <errno.h>
#include <string.h>

#include "event.h"

/* The words after a switch's fixed part, taken one by one; reading past the end gives 0 and is remembered. */
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

/* The fixed-size kinds: copied whole, then moved field by field into the event. */
#define FIXED(type, field)                                   \
	struct type raw;                                     \
                                                             \
	memcpy(&raw, data, sizeof(raw));                     \
	memcpy(ev->field.comm, raw.comm, TARE_COMM_LEN);     \
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

/* Kinds that are handed on as they are. */
#define WHOLE(type)                                                                            \
	static int decode_##type(const void *data, size_t len, struct event *ev)               \
	{                                                                                      \
		memcpy(&ev->type, data, sizeof(ev->type));                                     \
		return 0;                                                                      \
	}
WHOLE(exit)
WHOLE(goroutine)
WHOLE(signal)
WHOLE(fault)
WHOLE(fault_end)
WHOLE(sample)
WHOLE(irq)

static int decode_stop(const void *data, size_t len, struct event *ev)
{
	memset(&ev->stop, 0, sizeof(ev->stop));
	memcpy(&ev->stop, data, len < sizeof(ev->stop) ? len : sizeof(ev->stop));
	ev->stop.cgroup[TARE_CGROUP_LEN - 1] = '\0';
	return 0;
}

static int decode_stack(const void *data, size_t len, struct event *ev)
{
	const size_t fixed = offsetof(struct tare_stack, frames);
	struct tare_stack raw;

	memcpy(&raw, data, fixed);
	ev->stack.tid = raw.tid;
	ev->stack.tgid = raw.tgid;
	ev->stack.sp = raw.sp;
	ev->stack.nr_words = raw.rec.flags;
	ev->stack.nr_frames = (len - fixed) / sizeof(raw.frames[0]);
	ev->stack.words = (const char *)data + offsetof(struct tare_stack, words);
	ev->stack.frames = (const char *)data + fixed;
	return raw.rec.flags > TARE_STACK_WORDS || (len - fixed) % sizeof(raw.frames[0]) ||
	       ev->stack.nr_frames > TARE_STACK_FRAMES ? -EBADMSG : 0;
}

static const struct {
	size_t min;
	enum event_kind kind;
	int (*decode)(const void *data, size_t len, struct event *ev);
} kinds[] = {
	[TARE_REC_SWITCH] = { sizeof(struct tare_switch), EVENT_SWITCH, decode_switch },
	[TARE_REC_NAME] = { sizeof(struct tare_name), EVENT_NAME, decode_name },
	[TARE_REC_FORK] = { sizeof(struct tare_fork), EVENT_FORK, decode_fork },
	[TARE_REC_EXEC] = { sizeof(struct tare_exec), EVENT_EXEC, decode_exec },
	[TARE_REC_RENAME] = { sizeof(struct tare_name), EVENT_RENAME, decode_name },
	[TARE_REC_EXIT] = { sizeof(struct tare_exit), EVENT_EXIT, decode_exit },
	[TARE_REC_MIGRATE] = { sizeof(struct tare_migrate), EVENT_MIGRATE, decode_migrate },
	[TARE_REC_RUNTIME] = { offsetof(struct tare_runtime, args), EVENT_RUNTIME, decode_runtime },
	[TARE_REC_GOROUTINE] = { sizeof(struct tare_goroutine), EVENT_GOROUTINE, decode_goroutine },
	[TARE_REC_SIGNAL] = { sizeof(struct tare_signal), EVENT_SIGNAL, decode_signal },
	[TARE_REC_FAULT] = { sizeof(struct tare_fault), EVENT_FAULT, decode_fault },
	[TARE_REC_SAMPLE] = { sizeof(struct tare_sample), EVENT_SAMPLE, decode_sample },
	[TARE_REC_IRQ] = { sizeof(struct tare_irq), EVENT_IRQ, decode_irq },
	[TARE_REC_FAULT_END] = { sizeof(struct tare_fault_end), EVENT_FAULT_END, decode_fault_end },
	[TARE_REC_STOP] = { offsetof(struct tare_stop, cgroup), EVENT_STOP, decode_stop },
	[TARE_REC_STACK] = { offsetof(struct tare_stack, frames), EVENT_STACK, decode_stack },
};

int event__decode(const void *data, size_t len, struct event *ev)
{
	struct tare_rec rec;
	size_t size;
	int ret;

	if (len < sizeof(rec))
		return -EBADMSG;
	memcpy(&rec, data, sizeof(rec));
	size = rec.words * 4u;
	if (size < sizeof(rec) || size > len)
		return -EBADMSG;
	if (rec.kind >= sizeof(kinds) / sizeof(kinds[0]) || !kinds[rec.kind].decode)
		return 0;
	if (size < kinds[rec.kind].min)
		return -EBADMSG;
	ev->kind = kinds[rec.kind].kind;
	ret = kinds[rec.kind].decode(data, size, ev);
	return ret ? ret : (int)size;
}
