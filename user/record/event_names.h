/* SPDX-License-Identifier: BSD-2-Clause */
/* Public names of a recording's events: for JSON and exports. Stable. */
#ifndef TARE_EVENT_NAMES_H
#define TARE_EVENT_NAMES_H

#include "event.h"

/* "switch"; NULL if there is no such kind. Static. */
const char *event_name(enum event_kind kind);

/* Of enum tare_runtime_event: "stw_request"; NULL if this version does not know it. Static. */
const char *runtime_event_name(uint16_t event);

/* Name of its argument @i, "reason"; NULL if there is none. Static. */
const char *runtime_arg_name(uint16_t event, unsigned i);

/* The kind of name that its argument @i refers to, enum tare_name_kind; 0 for a plain number. */
unsigned runtime_arg_kind(uint16_t event, unsigned i);

/* What a page fault was in, enum tare_fault_owner: "anonymous"; "unknown" for those of a later version. Static. */
const char *fault_owner_name(unsigned owner);
/* Likewise, as a table's row begins: "anonymous memory", "code of". */
const char *fault_owner_title(unsigned owner);

/* Of enum tare_memory_call: "mmap"; "any" for TARE_CALL_ANY and those of a later version. Static. */
const char *memory_call_name(unsigned call);

/* What took a CPU: "softirq NET_RX", or "hardware interrupt" for TARE_IRQ_HARD. Returns @buf. */
const char *irq_name(uint64_t number, char buf[32]);

#endif /* TARE_EVENT_NAMES_H */
