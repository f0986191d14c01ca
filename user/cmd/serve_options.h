/* SPDX-License-Identifier: BSD-2-Clause */
/* The command line of `tare serve`. */
#ifndef TARE_SERVE_OPTIONS_H
#define TARE_SERVE_OPTIONS_H

#include "keep.h"
#include "session.h"

/* What the command line asks for. */
struct serve_opts {
	struct session_opts session;
	struct keep_opts keep;
	uint64_t trigger_ns;
	const char *listen;
	uint32_t limit;
	bool label_pid;
	const char *otlp; /* NULL: nothing is pushed */
	uint64_t push_ns;
};

/* Fills @o, which may hold memory (.session.pids) also after an error. Returns an exit code, or -1 to go on. */
int serve_options__parse(int argc, char **argv, struct serve_opts *o);

#endif /* TARE_SERVE_OPTIONS_H */
