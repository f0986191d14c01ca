// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <stdlib.h>

#include "findings.h"

void findings__init(struct findings *f, const struct programs *programs)
{
	told__init(&f->pages, programs, FINDINGS_MAX);
	table__init(&f->quotas, FINDINGS_MAX);
	intern__init(&f->texts, FINDINGS_MAX);
}

void findings__free(struct findings *f)
{
	const struct table_slot *slot;
	size_t pos = 0;

	while ((slot = table__next(&f->quotas, &pos)))
		free((struct quota *)slot->value);
	table__free(&f->quotas);
	told__free(&f->pages);
	intern__free(&f->texts);
}

int findings__page(struct findings *f, const struct event *ev)
{
	const struct tare_page *head = ev->page.head;
	const char *name = intern__keep(&f->texts, ev->page.name, head->name_len);

	if (name)
		told__add(&f->pages, head->pid, head->address & TARE_PAGE_MASK, ev->ts_ns, (void *)name);
	return 0;
}

int findings__quota(struct findings *f, const struct event *ev)
{
	const struct tare_quota *head = ev->quota.head;
	uint64_t *slot = table__add(&f->quotas, head->pid);
	struct quota *q = slot ? (struct quota *)*slot : NULL;

	if (!slot)
		return 0;
	if (!q)
		*slot = (uintptr_t)(q = calloc(1, sizeof(*q)));
	if (!q)
		return -ENOMEM;
	*q = (struct quota){ intern__keep(&f->texts, ev->quota.path, head->path_len) ?: "", head->quota_ns,
			     head->period_ns };
	return 0;
}

const char *findings__page_name(const struct findings *f, uint32_t pid, uint64_t address, uint64_t ts_ns)
{
	return told__at(&f->pages, pid, address & TARE_PAGE_MASK, ts_ns);
}

const struct quota *findings__quota_of(const struct findings *f, uint32_t pid)
{
	const uint64_t *slot = table__find(&f->quotas, pid);

	return slot ? (const struct quota *)*slot : NULL;
}
