/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TARE_CAPTURE_KERNEL_COSTS_H
#define TARE_CAPTURE_KERNEL_COSTS_H

#include "runtime.h"

/* Which of the kernel's functions belong to a cost; for runtime_cost__find(). */
extern const struct runtime_cost kernel_costs[];

#endif /* TARE_CAPTURE_KERNEL_COSTS_H */
