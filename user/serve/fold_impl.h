/* SPDX-License-Identifier: BSD-2-Clause */
/* Between the files of the fold; all under its lock. */
#ifndef TARE_SERVE_FOLD_IMPL_H
#define TARE_SERVE_FOLD_IMPL_H

#include "fold.h"

/* NULL: not known yet. Of a thread that was only seen on a CPU, its id stands for its process's until a snapshot. */
struct served *fold__process_of(struct fold *f, const struct thread *t);

/* Move what @acc has to the series of @p; nothing if @p is NULL. */
void fold__take(struct served *p, struct accounts *acc);

/* Nothing more will come of @p, which is freed. */
void fold__end_process(struct fold *f, struct served *p);

/* An event of a known kind. Returns 0 or a negative errno. */
int fold__of_event(struct fold *f, const struct event *ev);

#endif /* TARE_SERVE_FOLD_IMPL_H */
