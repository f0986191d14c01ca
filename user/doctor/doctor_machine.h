/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TARE_DOCTOR_MACHINE_H
#define TARE_DOCTOR_MACHINE_H

#include "machine.h"

/* Answers by trying, see feature.h. */
extern const struct machine doctor_machine;

#endif /* TARE_DOCTOR_MACHINE_H */
