// SPDX-License-Identifier: BSD-2-Clause
/* What a session asks of the doctor. */
#include <stdio.h>

#include "behind.h"
#include "describing_frames.h"
#include "doctor_machine.h"
#include "feature.h"
#include "kernel_btf.h"
#include "util.h"

static bool has_uprobe_multi(void)
{
	struct feature_result r;

	return !feature__probe(FEATURE_UPROBE_MULTI, &r) && r.state == FEATURE_WORKS;
}

static bool explain(void)
{
	bool said = false;

	for (int id = 0; id < NR_FEATURES; id++) {
		const struct feature_info *info = feature__info(id);
		struct feature_result r;

		if (!info->required || feature__probe(id, &r) || r.state != FEATURE_MISSING)
			continue;
		err("%s: %s; granted by %s", info->name, r.reason, info->granted_by);
		said = true;
		if (id == FEATURE_CAPABILITIES)
			break; /* everything else is missing because of these */
	}
	kernel_btf__release();
	return said;
}

static void describe(struct writer *w)
{
	static const enum feature_id asked[] = {
		FEATURE_TP_sched_entry,
		FEATURE_TP_sched_exit,
		FEATURE_FIELD_RUN_DELAY,
		FEATURE_FIELD_THROTTLED_CLOCK,
		FEATURE_FIELD_TASK_THROTTLED,
		FEATURE_RUNQUEUES,
		FEATURE_BPF_STATS,
	};
	struct behind behind;

	behind__begin(&behind);
	for (size_t i = 0; i < ARRAY_SIZE(asked); i++) {
		const struct feature_info *info = feature__info(asked[i]);
		struct feature_result r;
		char key[64], value[256];

		if (feature__probe(asked[i], &r))
			continue;
		snprintf(key, sizeof(key), "feature.%s", info->id);
		snprintf(value, sizeof(value), "%s%s%s", feature__state_name(r.state), r.reason[0] ? ": " : "",
			 r.reason);
		describing_frames__info(w, &(const char *const[2]){ key, value }, 1);
	}
	kernel_btf__release();
	behind__end(&behind);
}

const struct machine doctor_machine = {
	.has_uprobe_multi = has_uprobe_multi,
	.explain = explain,
	.describe = describe,
};
