/* SPDX-License-Identifier: BSD-2-Clause */
/* The pauses of a finished recording, in the order in which they were over, for an export that reads it again. */
#ifndef TARE_PAUSE_ORDER_H
#define TARE_PAUSE_ORDER_H

#include "pause.h"

struct pause_order {
	const struct pause **at; /* they belong to the model */
	uint32_t nr, next;
};

/* @pauses are finished, and live as long. Returns 0 or -ENOMEM; free it in any case. */
int pause_order__init(struct pause_order *o, const struct pauses *pauses);
void pause_order__free(struct pause_order *o);

/* The next pause that was over before @ev (NULL: the end), or NULL: before each event call it until then. */
const struct pause *pause_order__next(struct pause_order *o, const struct event *ev);

#endif /* TARE_PAUSE_ORDER_H */
