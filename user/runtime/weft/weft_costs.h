/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TARE_RUNTIME_WEFT_COSTS_H
#define TARE_RUNTIME_WEFT_COSTS_H

#include "runtime.h"

/* What functions of weft do for itself, not for the program. */
extern const struct runtime_cost weft_costs[];

#endif /* TARE_RUNTIME_WEFT_COSTS_H */
