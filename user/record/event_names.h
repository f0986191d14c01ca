/* SPDX-License-Identifier: BSD-2-Clause */
/* The names by which events of a recording are known outside: in JSON and in exports. Stable. */
#ifndef TARE_EVENT_NAMES_H
#define TARE_EVENT_NAMES_H

#include "event.h"

/* "switch"; NULL where there is no such kind. Static. */
const char *event_name(enum event_kind kind);

/* Of enum tare_runtime_event: "stw_request"; NULL where this version does not know it. Static. */
const char *runtime_event_name(uint16_t event);

/* What its argument number @i is called, "reason"; NULL where it has no such. Static. */
const char *runtime_arg_name(uint16_t event, unsigned i);

/* The kind of names that its argument @i is a number of, enum tare_name_kind; 0 where it is just a number. */
unsigned runtime_arg_kind(uint16_t event, unsigned i);

/* "softirq NET_RX", "hardware interrupt" for TARE_IRQ_HARD: what took a CPU. Returns @buf. */
const char *irq_name(uint64_t number, char buf[32]);

#endif /* TARE_EVENT_NAMES_H */
