/* SPDX-License-Identifier: BSD-2-Clause */
/* Targets that become another program are held until they are attached to, where the kernel can. */
#ifndef TARE_CAPTURE_HOLD_H
#define TARE_CAPTURE_HOLD_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "shared.h"

struct bpf_object;
struct bpf_program;

/* Zero-initialise: then nobody is held, and all below does nothing. */
struct hold {
	struct bpf_object *obj;
	struct bpf_program *prog;
	struct bpf_link *link;
	struct hold_state *state; /* mapped */
};

/*
 * Load the form of it that this kernel has, with @main's maps, or with its own to see whether it can be. Returns 0,
 * -ENODATA where the kernel has none, or another negative errno.
 */
int hold__load(struct hold *h, struct bpf_object *main);
int hold__attach(struct hold *h);

/* Nobody is held but while the recorder is @active. */
void hold__activate(struct hold *h, bool active);

/*
 * @pid became another program, and is held: this is being attended to; and is done, so let it go. Nothing happens where
 * it is not held (any more): then hold__end() returns false.
 */
void hold__keep(struct hold *h, pid_t pid);
bool hold__end(struct hold *h, pid_t pid);

void hold__close(struct hold *h);

#endif /* TARE_CAPTURE_HOLD_H */
