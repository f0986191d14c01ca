/* SPDX-License-Identifier: BSD-2-Clause */
/* The figures of calibration.h, kept for the rest of the boot. */
#ifndef TARE_CALIBRATION_FILE_H
#define TARE_CALIBRATION_FILE_H

#include "calibration.h"

/* Returns 0, or a negative errno if there is no file, or none of this boot, kernel and set of ways: @c is empty then.
 */
int calibration_file__read(struct calibration *c);

/* Replace the file. That it cannot be written is only said with -v. */
void calibration_file__write(const struct calibration *c);

#endif /* TARE_CALIBRATION_FILE_H */
