/* SPDX-License-Identifier: BSD-2-Clause */
/* Whom an event is about. */
#ifndef TARE_ABOUT_H
#define TARE_ABOUT_H

#include "event.h"

/* Its thread; 0: the kind has none, or two, or what it tells is for everybody. */
uint32_t about_thread(const struct event *ev);
/* The process, of a kind that is about no single thread; 0: the kind has none. */
uint32_t about_process(const struct event *ev);

#endif /* TARE_ABOUT_H */
