// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>

#include "golive_goroutines.h"
#include "golive_impl.h"
#include "pid_ns.h"
#include "util.h"

#define SLACK_NS 1000000 /* between the two clocks */

/* What cannot be seen is taken for the same. */
static bool in_other_time_namespace(const struct go_live *live)
{
	struct stat own, its;
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/ns/time", pid_ns__here(live->pid));
	return !stat("/proc/self/ns/time", &own) && !stat(path, &its) && own.st_ino != its.st_ino;
}

/* Of each collection there is only the wall clock's time; of the last one both. */
int go_live__collections(struct go_live *live, struct go_collections *c)
{
	static const enum go_field need[] = { MSTATS_PAUSEEND, MSTATS_NUMGC, MSTATS_LASTGCNANO };
	uint64_t wall[GO_COLLECTIONS_MAX], last;
	uint32_t nr, again;
	int err;

	c->nr = 0;
	c->ahead_ns = 0;
	if (!(live->valid & GO_VALID_MEMSTATS) || !live__has(live, need, ARRAY_SIZE(need), SCHED_MAX))
		return -ENOENT;
	for (int tries = 0; tries < live__tries(live); tries++) {
		err = live__u32(live, live->at.memstats + at_of(live, MSTATS_NUMGC), &nr);
		if (!err)
			err = live__read(live, live->at.memstats + at_of(live, MSTATS_PAUSEEND), wall, sizeof(wall));
		if (!err)
			err = live__u64(live, live->at.memstats + at_of(live, MSTATS_LASTGCNANO), &last);
		if (!err)
			err = live__u32(live, live->at.memstats + at_of(live, MSTATS_NUMGC), &again);
		if (err)
			return err;
		/* that of the last one may be set already, with its number to come */
		if (nr == again && (!nr || last))
			break;
	}
	if (nr != again)
		return -EAGAIN;
	for (uint32_t i = nr < GO_COLLECTIONS_MAX ? nr : GO_COLLECTIONS_MAX; i > 0; i--) {
		uint64_t age = wall[(nr - 1) % GO_COLLECTIONS_MAX] - wall[(nr - i) % GO_COLLECTIONS_MAX];

		/* the wall clock was set back */
		c->end_ns[c->nr] = age < last ? last - age : c->nr ? c->end_ns[c->nr - 1] : 0;
		c->nr++;
	}
	/* the wall clock is the same in all of them */
	if (nr && in_other_time_namespace(live))
		c->ahead_ns = last + (real_now_ns() - wall[(nr - 1) % GO_COLLECTIONS_MAX]) - now_ns();
	return 0;
}

uint64_t go_collections__seen(const struct go_collections *c, uint64_t waitsince)
{
	unsigned i = 0;

	while (i < c->nr && c->end_ns[i] + SLACK_NS < waitsince)
		i++;
	return waitsince && i + 1 < c->nr ? c->end_ns[i + 1] : 0;
}
