/* SPDX-License-Identifier: BSD-2-Clause */
/* Options that several subcommands take. */
#ifndef TARE_OPTIONS_H
#define TARE_OPTIONS_H

#include "proc.h"

/* "4711,4712", which is changed; they are added to @pids. Returns an exit code, after saying what is wrong. */
int parse_pids(char *list, struct pids *pids);

/* Says that @option takes @want. Returns EXIT_USAGE. */
int bad_value(const char *option, const char *value, const char *want);

/* What went wrong with a session, as an exit code: @error as session__record() returned it. */
int session_exit_code(int error);

#endif /* TARE_OPTIONS_H */
