/* SPDX-License-Identifier: BSD-2-Clause */
/* Options that several subcommands take. */
#ifndef TARE_OPTIONS_H
#define TARE_OPTIONS_H

#include "session.h"

/* Options without a letter. A subcommand's own begin with OPT_OWN. */
enum { OPT_COMM = 256, OPT_CGROUP, OPT_FOLLOW, OPT_RING, OPT_FLIGHT, OPT_NO_COMPRESS, OPT_MEMORY, OPT_OWN };

/* What says which processes are meant, for getopt_long(). */
#define TARGET_OPTIONS                                                                          \
	{ "pid", required_argument, NULL, 'p' }, { "comm", required_argument, NULL, OPT_COMM }, \
		{ "cgroup", required_argument, NULL, OPT_CGROUP },                              \
	{                                                                                       \
		"follow", no_argument, NULL, OPT_FOLLOW                                         \
	}

/* How a recording is written. */
#define COMPRESS_OPTIONS                                          \
	{ "compress", optional_argument, NULL, 'z' },             \
	{                                                         \
		"no-compress", no_argument, NULL, OPT_NO_COMPRESS \
	}

/*
 * If @c is one of TARGET_OPTIONS or COMPRESS_OPTIONS, --memory, --ring-size or --flight, with getopt's optarg, put it
 * into @o. Returns an exit code, after saying what is wrong with it; -1: it is another one.
 */
int parse_session_option(int c, struct session_opts *o);

/* Says that @option takes @want. Returns EXIT_USAGE. */
int bad_value(const char *option, const char *value, const char *want);

/* What went wrong with a session, as an exit code: @error as session__record() returned it. */
int session_exit_code(int error);

#endif /* TARE_OPTIONS_H */
