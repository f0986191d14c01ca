// SPDX-License-Identifier: BSD-2-Clause
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "event_names.h"

static const struct {
	const char *name;
	const char *args[TARE_RT_MAX_ARGS];
} events[TARE_NR_RT_EVENTS] = {
	[TARE_RT_STW_REQUEST] = { "stw_request", { "reason", "ps" } },
	[TARE_RT_P_STOPPED] = { "p_stopped", { "p", "how" } },
	[TARE_RT_STW_STOPPED] = { "stw_stopped", { "reason", "waited_for" } },
	[TARE_RT_STW_RESTART] = { "stw_restart",
				  { "reason", "own_started_ns", "own_stopped_ns", "own_stopping_cpu_ns" } },
	[TARE_RT_STW_STARTED] = { "stw_started", { "reason" } },
	[TARE_RT_GC_START] = { "gc_start", { "cycle", "heap_bytes", "goal_bytes" } },
	[TARE_RT_GC_PHASE] = { "gc_phase", { "cycle", "phase" } },
	[TARE_RT_GC_END] = { "gc_end", { "cycle", "live_bytes", "goal_bytes" } },
	[TARE_RT_G_CREATE] = { "g_create", { "creator", "function" } },
	[TARE_RT_G_RUN] = { "g_run", { "p" } },
	[TARE_RT_G_PARK] = { "g_park", { "wait_reason" } },
	[TARE_RT_G_READY] = { "g_ready", { "by" } },
	[TARE_RT_G_EXIT] = { "g_exit", { NULL } },
	[TARE_RT_PREEMPT_REQUEST] = { "preempt_request", { "p", "thread" } },
	[TARE_RT_PREEMPT_TAKEN] = { "preempt_taken", { "p", "by_signal" } },
	[TARE_RT_STEAL] = { "steal", { "p", "from_p", "goroutines" } },
	[TARE_RT_HANDOFF] = { "handoff", { "p" } },
	[TARE_RT_SPAN_REFILL] = { "span_refill", { "size_class", "block_bytes" } },
	[TARE_RT_LARGE_ALLOC] = { "large_alloc", { "bytes" } },
	[TARE_RT_ASSIST] = { "assist", { "bytes", "ns" } },
	[TARE_RT_SWEEP_END] = { "sweep_end", { "cycle", "freed_bytes" } },
	[TARE_RT_EXIT] = { "exit", { "counters", "running" } },
	[TARE_RT_STW_WAIT] = { "stw_wait", { "reason" } },
	[TARE_RT_OWN_STOPPING] = { "own_stopping", { "ns" } },
	[TARE_RT_OWN_TOTAL] = { "own_total", { "ns" } },
};

const char *event_name(enum event_kind kind)
{
	static const char *const names[NR_EVENTS] = {
#define NAME(kind, name, ...) [EVENT_##kind] = #name,
		EVENT_DESCRIPTIONS(NAME) TARE_RECORDS(NAME, EVENT_NONE)
#undef NAME
	};

	return kind < NR_EVENTS ? names[kind] : NULL;
}

const char *runtime_event_name(uint16_t event)
{
	return event < TARE_NR_RT_EVENTS ? events[event].name : NULL;
}

const char *runtime_arg_name(uint16_t event, unsigned i)
{
	return event < TARE_NR_RT_EVENTS && i < TARE_RT_MAX_ARGS ? events[event].args[i] : NULL;
}

unsigned runtime_arg_kind(uint16_t event, unsigned i)
{
	static const struct {
		const char *arg;
		unsigned kind;
	} named[] = {
		{ "reason", TARE_NAME_STOP_REASON },
		{ "phase", TARE_NAME_GC_PHASE },
		{ "wait_reason", TARE_NAME_WAIT_REASON },
	};
	const char *arg = runtime_arg_name(event, i);

	for (size_t k = 0; arg && k < sizeof(named) / sizeof(named[0]); k++)
		if (!strcmp(arg, named[k].arg))
			return named[k].kind;
	return 0;
}

const char *irq_name(uint64_t number, char buf[32])
{
	/* include/linux/interrupt.h */
	static const char *const softirqs[] = { "HI",	    "TIMER",   "NET_TX", "NET_RX",  "BLOCK",
						"IRQ_POLL", "TASKLET", "SCHED",	 "HRTIMER", "RCU" };

	if (number == TARE_IRQ_HARD)
		snprintf(buf, 32, "hardware interrupt");
	else if (number < sizeof(softirqs) / sizeof(softirqs[0]))
		snprintf(buf, 32, "softirq %s", softirqs[number]);
	else
		snprintf(buf, 32, "softirq %" PRIu64, number);
	return buf;
}
