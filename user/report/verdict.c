// SPDX-License-Identifier: BSD-2-Clause
/* Why a pause took so long, in words. */
#include <inttypes.h>
#include <string.h>

#include "event_names.h"
#include "pauses.h"
#include "place.h"
#include "process.h"
#include "util.h"

const char *pause_reason_name(const char *name, uint64_t reason, char buf[64])
{
	if (!name && reason == TARE_UNKNOWN)
		name = "unknown";
	if (name)
		return sanitize(name, strlen(name), buf, 64);
	snprintf(buf, 64, "reason %" PRIu64, reason);
	return buf;
}

/* "pid 12" for a task that is not a target; for a target thread, its process. */
static void whose_text(const struct model *m, const struct pause *p, const struct pause_seg *s, char *buf, size_t size)
{
	uint64_t process = s->of_target && model__many_pause(m) ? model__process_of(m, s->other, s->start_ns) : 0;
	const char *comm = model__process_name(m, process);
	char name[TARE_COMM_LEN + 1];

	if (!s->of_target)
		snprintf(buf, size, "pid %u", s->other);
	else if (!process)
		snprintf(buf, size, "the target's thread %u", s->other);
	else if (process == p->process)
		snprintf(buf, size, "its own thread %u", s->other);
	else
		snprintf(buf, size, "thread %u of %s, pid %u", s->other,
			 sanitize(comm, strlen(comm), name, sizeof(name)), process__pid(process));
}

static void rival_text(const struct model *m, const struct pause *p, const struct pause_seg *s, char *buf, size_t size)
{
	const struct task_names *n = &m->switches.names;
	/* its name may have been recorded after the wait; no other thread has reused its tid since */
	uint32_t id = s->name == NAME_UNNAMED ? task_names__of(n, s->other) : s->name;
	char name[64], whose[72];

	if (s->name == NAME_OTHER && !s->other)
		snprintf(buf, size, "many tasks in turn");
	else if (id == NAME_UNKNOWN || id >= n->nr || !s->other)
		snprintf(buf, size, "an unknown task");
	else if (id == NAME_UNNAMED)
		snprintf(buf, size, "%s %u", s->of_target ? "the target's thread" : "task", s->other);
	else if (id == NAME_RECORDER)
		snprintf(buf, size, "tare itself, which records this (pid %u),", s->other);
	else {
		whose_text(m, p, s, whose, sizeof(whose));
		snprintf(buf, size, "%s (%s)", sanitize(n->names[id], sizeof(n->names[id]), name, sizeof(name)), whose);
	}
}

static void call_text(const struct model *m, uint64_t detail, char *buf, size_t size)
{
	char call[64], text[128];

	if (switches__stop_text(&m->switches, detail, text, sizeof(text)))
		sanitize(text, sizeof(text), buf, size);
	else if ((detail & 0xffff) != TARE_NO_SYSCALL)
		snprintf(buf, size, "%s", syscall_name(m->header.arch, detail >> 16 & 1, detail & 0xffff, call));
}

/* The mapping that contains the page of @address. */
static void fault_text(const struct model *m, const struct pause *p, uint64_t address, char *buf, size_t size)
{
	const char *owner = findings__page_name(&m->findings, p->tgid, address, p->end_ns - 1);
	char name[128];

	if (!address)
		return;
	if (!owner)
		snprintf(buf, size, "%#" PRIx64, address);
	else
		snprintf(buf, size, "%#" PRIx64 " in %s", address,
			 owner[0] ? sanitize(owner, strlen(owner), name, sizeof(name)) : "anonymous memory");
}

/* The quota that applied, and its cgroup. */
static void quota_text(const struct model *m, const struct pause *p, uint32_t tid, char *buf, size_t size)
{
	const struct quota *q = findings__quota_of(&m->findings, tid) ?: findings__quota_of(&m->findings, p->tgid);
	char name[128], of[16], each[16];

	if (q && q->quota_ns)
		snprintf(buf, size, "%s (%s in each %s)", sanitize(q->cgroup, strlen(q->cgroup), name, sizeof(name)),
			 fmt_ns(q->quota_ns, of), fmt_ns(q->period_ns, each));
}

const char *pause_detail(const struct model *m, const struct pause *p, enum pause_cause cause,
			 const struct pauses_opts *opts, char buf[192])
{
	struct pause_place place;
	struct pause_top top;
	char rival[144];

	pause__top(p, cause, &top);
	buf[0] = '\0';
	if (!top.ns)
		return buf;
	switch (cause) {
	case PAUSE_USER:
	case PAUSE_SIGNAL:
		pause_place(m, p, cause, opts, &place);
		snprintf(buf, 192, "%s", place.function);
		break;
	case PAUSE_KERNEL:
	case PAUSE_BLOCKED:
		call_text(m, top.seg.call, buf, 192);
		break;
	case PAUSE_FAULT:
		fault_text(m, p, top.seg.address, buf, 192);
		break;
	case PAUSE_THROTTLED:
		quota_text(m, p, top.seg.tid, buf, 192);
		break;
	case PAUSE_RUNQUEUE:
		rival_text(m, p, &top.seg, rival, sizeof(rival));
		snprintf(buf, 192, "%s on CPU %u", rival, top.seg.cpu);
		break;
	case PAUSE_IRQ:
		irq_name(top.seg.irq, buf);
		break;
	default:
		break;
	}
	return buf;
}

static void who_text(const struct model *m, const struct pause *p, uint32_t tid, char *buf, size_t size)
{
	const char *green = runtime_names__find(&m->runtime_names, p->tgid, TARE_NAME_GREEN, 0) ?: "goroutine";
	char word[32];
	const struct pause_who *who[] = { &p->straggler, &p->initiator, &p->last };
	const char *what = tid == p->initiator.tid ? "the initiator, thread" : "thread";

	for (size_t i = 0; i < ARRAY_SIZE(who); i++) {
		if (tid && who[i]->tid == tid && who[i]->goroutine) {
			snprintf(buf, size, "%s %u (%s %" PRIu64 ")", what, tid,
				 sanitize(green, strlen(green), word, sizeof(word)), who[i]->goroutine);
			return;
		}
	}
	if (tid)
		snprintf(buf, size, "%s %u", what, tid);
	else
		snprintf(buf, size, "a thread");
}

/* %1 is replaced by the thread, %2 by the detail. @bare: used if there is no detail. */
static const struct {
	bool kernel_is_clear; /* the kernel had no part in it */
	const char *words, *bare;
} phrases[PAUSE_NR_CAUSES] = {
	[PAUSE_RUNTIME] = { true, "were the runtime's own work, on %1, %2", "were the runtime's own work, on %1" },
	[PAUSE_USER] = { true, "%1 ran on in %2, without reaching a safepoint",
			 "%1 ran on without reaching a safepoint" },
	[PAUSE_KERNEL] = { false, "%1 was on a CPU in the system call %2", "%1 was on a CPU in a system call" },
	[PAUSE_FAULT] = { false, "%1 was in a page fault at %2", "%1 was in a page fault" },
	[PAUSE_BLOCKED] = { false, "%1 was blocked in the kernel: %2", "%1 was blocked in the kernel" },
	[PAUSE_RUNQUEUE] = { false, "%1 was runnable and waited for a CPU, held by %2",
			     "%1 was runnable and waited for a CPU" },
	[PAUSE_THROTTLED] = { false, "%1 was throttled: the CPU quota of %2 was used up",
			      "%1 was throttled: the CPU quota of its cgroup was used up" },
	[PAUSE_SIGNAL] = { false, "%1 had been sent a signal to stop, which had yet to be delivered; it was at %2",
			   "%1 had been sent a signal to stop, which had yet to be delivered" },
	[PAUSE_IRQ] = { false, "interrupts took the CPU from %1, %2 most of all", "interrupts took the CPU from %1" },
	[PAUSE_STEAL] = { false, NULL, "the hypervisor took the CPU from %1" },
	[PAUSE_WAKEUP] = { false, NULL,
			   "%1 had been told to go on but did not run yet, though no other task had the CPU" },
	[PAUSE_UNEXPLAINED] = { false, NULL, "nothing recorded says what %1 did" },
};

static size_t fill(const char *words, const char *one, const char *two, char *buf, size_t size)
{
	size_t n = 0;

	for (; *words && n + 1 < size; words++) {
		const char *put = words[0] != '%' ? NULL : words[1] == '1' ? one : two;

		if (!put) {
			buf[n++] = *words;
			continue;
		}
		words++;
		while (*put && n + 1 < size)
			buf[n++] = *put++;
	}
	buf[n] = '\0';
	return n;
}

static bool most_of(uint64_t part, uint64_t whole)
{
	return part >= whole - whole / 10;
}

/* What @cause mostly was, " for 2 ms of that" if that was only a part, and ", called by" with the caller. */
static void full_detail(const struct model *m, const struct pause *p, enum pause_cause cause,
			const struct pauses_opts *opts, char *buf, size_t size)
{
	uint64_t all = p->cause_ns[cause], named = all;
	struct pause_place place;
	struct pause_top top;
	char detail[192], ns[16];
	size_t len;

	len = snprintf(buf, size, "%s", pause_detail(m, p, cause, opts, detail));
	pause_place(m, p, cause, opts, &place);
	pause__top(p, cause, &top);
	if (cause == PAUSE_USER || cause == PAUSE_SIGNAL)
		named = place.function_ns;
	else if (cause == PAUSE_RUNQUEUE)
		named = top.ns;
	if (len && !most_of(named, all))
		len += snprintf(buf + len, size - len, " for %s of that", fmt_ns(named, ns));
	if (place.caller[0])
		snprintf(buf + len, size - len, "%scalled by %s", len ? ", " : "", place.caller);
}

/* The kernel, the machine and unexplained time have less than a tenth of @p's waiting. */
static bool kernel_is_clear(const struct pause *p)
{
	uint64_t ns = 0;

	for (int i = 0; i < PAUSE_NR_CAUSES; i++) {
		if (!phrases[i].kernel_is_clear)
			ns += p->cause_ns[i];
	}
	return ns < pause__world_ns(p) / 10;
}

/* The largest cause besides @main, if it has a tenth of @p or more: it must not be missed. */
static void besides_text(const struct model *m, const struct pause *p, enum pause_cause main,
			 const struct pauses_opts *opts, char *buf, size_t size)
{
	bool done[PAUSE_NR_CAUSES] = { false };
	char detail[448], ns[16];
	int next;

	done[main] = true;
	next = pause_cause__next(p->cause_ns, done);
	if (next < 0 || p->cause_ns[next] < pause__world_ns(p) / 10)
		return;
	full_detail(m, p, next, opts, detail, sizeof(detail));
	snprintf(buf, size, "; besides, %s: %s%s%s", fmt_ns(p->cause_ns[next], ns), pause_cause_name(next),
		 detail[0] ? ", " : "", detail);
}

/* In which part of the pause it was, and how much was due to other threads. */
static void when_text(const struct pause *p, const struct pause_verdict *v, char *buf, size_t size)
{
	static const char *const when[PAUSE_NR_PARTS] = {
		[PAUSE_STOPPING] = "",
		[PAUSE_STOPPED] = "while the world was stopped",
		[PAUSE_RESTART] = "after it was told to go on",
	};
	const struct pause_seg *top = &v->top.seg;
	const char *words = when[top->part];
	char ns[16];
	int n = 0;

	if (top->part == PAUSE_RESTART && top->tid == p->initiator.tid)
		words = "while it told the others to go on";
	if (words[0])
		n = snprintf(buf, size, ", %s%s", most_of(v->part_ns, v->ns) ? "" : "in part ", words);
	if (!most_of(v->thread_ns, v->ns))
		snprintf(buf + n, size - n, " (%s of it on other threads)", fmt_ns(v->ns - v->thread_ns, ns));
}

const char *pause_sentence(const struct model *m, const struct pause *p, const struct pauses_opts *opts, char buf[640])
{
	char who[96], detail[448], world[16], part[16], when[96] = "";
	const char *words;
	struct pause_verdict v;
	size_t n;

	pause__verdict(p, &v);
	fmt_ns(pause__world_ns(p), world);
	fmt_ns(v.ns, part);
	who_text(m, p, v.top.seg.tid ? v.top.seg.tid : p->initiator.tid, who, sizeof(who));
	full_detail(m, p, v.cause, opts, detail, sizeof(detail));
	words = detail[0] && phrases[v.cause].words ? phrases[v.cause].words : phrases[v.cause].bare;
	if (phrases[v.cause].kernel_is_clear && kernel_is_clear(p))
		n = snprintf(buf, 640, "the kernel was not the cause: %s%s of %s%s ",
			     v.cause == PAUSE_RUNTIME ? "" : "for ", part, world, v.cause == PAUSE_RUNTIME ? "" : ",");
	else
		n = snprintf(buf, 640, "%s, of which %s%s", world, part, v.cause == PAUSE_RUNTIME ? " " : ": ");
	n += fill(words, who, detail, buf + n, 640 - n);
	if (v.cause != PAUSE_RUNTIME)
		when_text(p, &v, when, sizeof(when));
	if (n < 640)
		n += snprintf(buf + n, 640 - n, "%s", when);
	if (n < 640 && p->lost)
		n += snprintf(buf + n, 640 - n, " (events were lost meanwhile; do not rely on this)");
	else if (n < 640 && v.guessed)
		n += snprintf(buf + n, 640 - n, " (which thread was late is a guess)");
	else if (n < 640 && v.confidence < 0.5 && v.ns)
		n += snprintf(buf + n, 640 - n, " (inferred, not seen)");
	if (n < 640)
		besides_text(m, p, v.cause, opts, buf + n, 640 - n);
	return buf;
}
