/* SPDX-License-Identifier: BSD-2-Clause */
/* A descriptive frame (header, info, tasks, processes, modules, loss, probes, end), as one event per piece. */
#ifndef TARE_FRAME_EVENTS_H
#define TARE_FRAME_EVENTS_H

#include "event.h"

/* Zero-initialise. */
struct frame_events {
	struct tare_frame head;
	const unsigned char *payload;
	size_t pos; /* returned up to here */
	char *text; /* an INFO frame's strings, terminated */
	union {
		struct tare_header header;
		struct tare_task task;
		struct tare_process process;
		struct tare_module module;
		struct tare_symbol symbol;
		struct tare_number_name number_name;
		struct tare_page page;
		struct tare_quota quota;
		struct tare_call_stack call_stack;
		struct tare_heap heap;
		struct tare_loss loss;
		struct tare_probe probe;
		struct tare_end end;
	} piece;
};

/* Is this type of frame descriptive? Only those may be begun. */
bool frame_events__know(const struct tare_frame *head);

/* Begin with frame @head, whose @payload must stay valid until its last piece has been used. */
void frame_events__begin(struct frame_events *d, const struct tare_frame *head, const unsigned char *payload);

/* The next piece. Returns 1 and fills *@ev, which is valid until the next call; 0 if none is left; or -ENOMEM. */
int frame_events__next(struct frame_events *d, struct event *ev);

void frame_events__free(struct frame_events *d);

#endif /* TARE_FRAME_EVENTS_H */
