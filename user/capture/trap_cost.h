/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TARE_CAPTURE_TRAP_COST_H
#define TARE_CAPTURE_TRAP_COST_H

#include <stdbool.h>
#include <stdint.h>

/*
 * What a uprobe costs whoever hits it on this machine, on an instruction that the kernel emulates or (@stepped) not, in
 * ns, beside the program's own work: measured in the recorder itself, by probing a function of its own with program
 * @prog_fd (for uprobe_multi links), which must leave at once when a thread that is no target hits it. Takes some ms. A
 * usual figure where it cannot be measured.
 */
uint64_t trap_cost__ns(int prog_fd, bool stepped);

#endif /* TARE_CAPTURE_TRAP_COST_H */
