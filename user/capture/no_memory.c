// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "cgroup.h"
#include "no_memory.h"
#include "util.h"

/* What it has when it has loaded its programs, measured: less than that is never enough. */
#define BESIDE_BYTES (20ull << 20)

static void say(const char *what, const struct cgroup_memory *least)
{
	char limit[LIMIT_TEXT], room[16];

	err("no memory to %s: %s, where %s are left; raise its limit, or start tare outside of it", what,
	    fmt_limit(least->path[0] ? least->path : "/", least->limit_bytes, limit),
	    fmt_bytes(least->room_bytes, room));
}

bool no_memory__explain(const char *what, int error)
{
	struct cgroup_memory least;

	if (error != -ENOMEM || cgroup__memory(getpid(), &least))
		return false;
	say(what, &least);
	return true;
}

bool no_memory__is_room_for(uint64_t bytes)
{
	struct cgroup_memory least;
	char what[80], text[16];

	if (cgroup__memory(getpid(), &least) || least.room_bytes >= bytes + BESIDE_BYTES)
		return true;
	snprintf(what, sizeof(what), "record, which takes %s at least", fmt_bytes(bytes + BESIDE_BYTES, text));
	say(what, &least);
	return false;
}
