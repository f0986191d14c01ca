// SPDX-License-Identifier: BSD-2-Clause
/* What a recording says of itself. */
#include "describing_frames.h"
#include "session_impl.h"
#include "util.h"

/* How long it took to find and describe the target's threads and to attach to its runtime: work beside the target. */
void session__describe_attaching(struct session *s)
{
	char took[24], ns[16];

	snprintf(took, sizeof(took), "%llu", (unsigned long long)(s->start_ns - s->began_ns));
	describing_frames__info(s->writer, &(const char *const[2]){ "attached_ns", took }, 1);
	info("attached in %s", fmt_ns(s->start_ns - s->began_ns, ns));
}
