// SPDX-License-Identifier: BSD-2-Clause
/* What a recording says of itself. */
#include "behind.h"
#include "describe.h"
#include "feature.h"
#include "session_impl.h"
#include "util.h"

/* What this recording could measure, as tried now: a reader elsewhere cannot ask the kernel. */
void session__describe_features(struct session *s)
{
	static const enum feature_id asked[] = {
		FEATURE_TP_sched_entry, FEATURE_TP_sched_exit, FEATURE_FIELD_RUN_DELAY, FEATURE_FIELD_THROTTLED_CLOCK,
		FEATURE_FIELD_TASK_THROTTLED, FEATURE_RUNQUEUES, FEATURE_BPF_STATS,
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
		snprintf(value, sizeof(value), "%s%s%s", feature__state_name(r.state), r.reason[0] ? ": " : "", r.reason);
		describe__info(s->writer, &(const char *const[2]){ key, value }, 1);
	}
	feature__release();
	behind__end(&behind);
}

/* How long it took to find and describe the target's threads and to attach to its runtime: work beside the target. */
void session__describe_attaching(struct session *s)
{
	char took[24], ns[16];

	snprintf(took, sizeof(took), "%llu", (unsigned long long)(s->start_ns - s->began_ns));
	describe__info(s->writer, &(const char *const[2]){ "attached_ns", took }, 1);
	info("attached in %s", fmt_ns(s->start_ns - s->began_ns, ns));
}
