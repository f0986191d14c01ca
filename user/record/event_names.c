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
#define ROW(kind, name, ...) [TARE_RT_##kind] = { #name, { __VA_ARGS__ } },
	TARE_RUNTIME_EVENTS(ROW)
#undef ROW
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

const char *fault_owner_name(unsigned owner)
{
#define OWNER_NAME(id, name, title) [TARE_FAULT_##id] = name,
	static const char *const names[] = { TARE_FAULT_OWNERS(OWNER_NAME) };

	return names[owner < TARE_NR_FAULT_OWNERS ? owner : TARE_FAULT_UNKNOWN];
}

const char *fault_owner_title(unsigned owner)
{
#define OWNER_TITLE(id, name, title) [TARE_FAULT_##id] = title,
	static const char *const titles[] = { TARE_FAULT_OWNERS(OWNER_TITLE) };

	return titles[owner < TARE_NR_FAULT_OWNERS ? owner : TARE_FAULT_UNKNOWN];
}

const char *memory_call_name(unsigned call)
{
#define CALL_NAME(id, name, ...) [TARE_CALL_##id] = name,
	static const char *const names[] = { [TARE_CALL_ANY] = "any", TARE_MEMORY_CALLS(CALL_NAME) };

	return names[call < TARE_NR_MEMORY_CALLS ? call : TARE_CALL_ANY];
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
