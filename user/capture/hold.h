/* SPDX-License-Identifier: BSD-2-Clause */
/* Targets are held after exec until they are attached to, where the kernel can. */
#ifndef TARE_CAPTURE_HOLD_H
#define TARE_CAPTURE_HOLD_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "shared.h"

struct bpf_object;
struct bpf_program;

/* Zero-initialise: then nobody is held, and everything below does nothing. */
struct hold {
	struct bpf_object *obj;
	struct bpf_program *prog;
	struct bpf_link *link;
	struct hold_state *state; /* mapped */
};

/*
 * Load the form that this kernel supports, with @main's maps, or with its own to see whether it loads. Returns 0,
 * -ENODATA if the kernel supports none, or another negative errno.
 */
int hold__load(struct hold *h, struct bpf_object *main);
int hold__attach(struct hold *h);

/* Targets are held only while the recorder is @active. */
void hold__activate(struct hold *h, bool active);

/*
 * @pid is held after exec: hold__keep() says that it is being attended to, hold__end() releases it. No effect if it is
 * not held (any more): hold__end() then returns false.
 */
void hold__keep(struct hold *h, pid_t pid);
bool hold__end(struct hold *h, pid_t pid);

/* Is @pid held? Then its exec is still to be read. */
bool hold__has(const struct hold *h, pid_t pid);

void hold__close(struct hold *h);

#endif /* TARE_CAPTURE_HOLD_H */
