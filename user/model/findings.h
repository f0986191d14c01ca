/* SPDX-License-Identifier: BSD-2-Clause */
/* What the recorder found out about the targets' surroundings: what memory belongs to, which CPU quota applies. */
#ifndef TARE_FINDINGS_H
#define TARE_FINDINGS_H

#include "event.h"
#include "intern.h"
#include "told.h"

#define FINDINGS_MAX (1u << 16) /* limit on pages and on quotas; further ones are dropped */

struct quota {
	const char *cgroup; /* path; not safe to print */
	uint64_t quota_ns, period_ns;
};

struct findings {
	struct told_list pages; /* to names */
	struct table quotas;	/* process or thread to struct quota */
	struct intern texts;
};

/* @programs must live as long. */
void findings__init(struct findings *f, const struct programs *programs);
void findings__free(struct findings *f);

/* Take EVENT_PAGE or EVENT_QUOTA. Return 0 or -ENOMEM. */
int findings__page(struct findings *f, const struct event *ev);
int findings__quota(struct findings *f, const struct event *ev);

/*
 * What the page of @address in process @pid belonged to at @ts_ns; "" for anonymous memory, NULL if unknown. Not safe
 * to print.
 */
const char *findings__page_name(const struct findings *f, uint32_t pid, uint64_t address, uint64_t ts_ns);

/* The latest known quota that throttles process or thread @pid; NULL: unknown. */
const struct quota *findings__quota_of(const struct findings *f, uint32_t pid);

#endif /* TARE_FINDINGS_H */
