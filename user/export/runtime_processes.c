// SPDX-License-Identifier: BSD-2-Clause
/* What everything that is drawn of a runtime needs: its processes, and what they call their numbers. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "event_names.h"
#include "runtime_tracks_impl.h"
#include "util.h"

/* ---- names ---- */

const char *rt__name_of(const struct runtime_tracks *rt, uint32_t pid, unsigned kind, uint64_t n, char buf[64])
{
	const char *name = runtime_names__find(&rt->runtime_names, pid, kind, n);

	return name ? sanitize(name, strlen(name), buf, 64) : NULL;
}

void rt__arg(struct runtime_tracks *rt, const struct event *ev, unsigned i)
{
	const char *arg = runtime_arg_name(ev->runtime.event, i), *name;
	unsigned kind = runtime_arg_kind(ev->runtime.event, i);
	uint64_t value = ev->runtime.args[i];
	char buf[64];

	if (!arg || value == TARE_UNKNOWN)
		return;
	if (!strcmp(arg, "function")) {
		track_event__address(&rt->tracks, arg, value);
		return;
	}
	name = kind ? rt__name_of(rt, ev->runtime.tgid, kind, value, buf) : NULL;
	if (name)
		track_event__text(&rt->tracks, arg, name);
	else
		track_event__int(&rt->tracks, arg, value);
}

const char *rt__goroutine_name(const struct runtime_tracks *rt, uint32_t pid, uint64_t goroutine, char buf[96])
{
	char green[64];

	snprintf(buf, 96, "%s %" PRIu64, rt__name_of(rt, pid, TARE_NAME_GREEN, 0, green) ?: "goroutine", goroutine);
	return buf;
}

/* ---- processes ---- */

int rt__process(struct runtime_tracks *rt, uint32_t pid, struct rt_process **process)
{
	uint64_t *slot = table__add(&rt->processes, pid);
	struct rt_process *p;

	*process = slot ? (struct rt_process *)(uintptr_t)*slot : NULL;
	if (!slot || *slot)
		return 0;
	p = calloc(1, sizeof(*p));
	if (!p) {
		table__delete(&rt->processes, pid);
		return -ENOMEM;
	}
	p->pid = pid;
	*slot = (uintptr_t)p;
	*process = p;
	return tracks__process(&rt->tracks, pid, &p->track);
}
