// SPDX-License-Identifier: BSD-2-Clause
/* What ran in a process before its runtime was seen: reported if nothing held the process until then. */
#include <stdio.h>
#include <string.h>

#include "describing_frames.h"
#include "proc.h"
#include "runtimes_impl.h"
#include "util.h"

/* A reader keeps few lines of info; one of them counts those left out. */
#define MAX_LINES 16

static void tell(struct runtimes *r, const char *which, const char *what)
{
	char key[64];

	snprintf(key, sizeof(key), "%s%s", TARE_INFO_LATE, which);
	describing_frames__info(r->writer, &(const char *const[2]){ key, what }, 1);
}

void runtimes__tell_late(struct runtimes *r, uint64_t since_ns, const char *since)
{
	const struct instance *i = r->fresh;
	const char *base = i && i->path ? strrchr(i->path, '/') : NULL;
	char comm[16] = "?", names[2][64], lib[80] = "", which[16], ns[16], what[320];
	uint64_t now = now_ns();
	bool known = since_ns && since_ns < now;

	r->fresh = NULL;
	if (!i || !r->writer)
		return;
	if (r->nr_late++ >= MAX_LINES) {
		snprintf(what, sizeof(what), "%zu more runtimes were seen as late", r->nr_late - MAX_LINES);
		tell(r, "more", what);
		return;
	}
	proc__comm(i->prog.pid, comm);
	if (base)
		snprintf(lib, sizeof(lib), " in %s", sanitize(base + 1, strlen(base + 1), names[1], sizeof(names[1])));
	snprintf(what, sizeof(what),
		 "the runtime%s of %s (pid %d) was seen %s after %s: pauses before that are missing", lib,
		 sanitize(comm, strnlen(comm, sizeof(comm)), names[0], sizeof(names[0])), i->prog.pid,
		 known ? fmt_ns(now - since_ns, ns) : "up to a second", since);
	snprintf(which, sizeof(which), "%zu", r->nr_late);
	tell(r, which, what);
	warn("%s", what);
}
