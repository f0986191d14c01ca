// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "array.h"
#include "fault_owners.h"
#include "hash.h"

void fault_owners__init(struct fault_owners *f)
{
	*f = (struct fault_owners){ 0 };
	table__init(&f->by_hash, FAULT_OWNERS_MAX + TARE_NR_FAULT_OWNERS);
}

void fault_owners__free(struct fault_owners *f)
{
	free(f->all);
	table__free(&f->by_hash);
	*f = (struct fault_owners){ 0 };
}

/* NULL: there are too many, or no memory. */
static struct fault_owner *find(struct fault_owners *f, uint16_t owner, const char *name)
{
	uint64_t hash = hash__add(hash__add(HASH_BEGIN, &owner, sizeof(owner)), name, strlen(name)) >> 1;
	uint64_t *slot = table__find(&f->by_hash, hash);

	if (slot)
		return &f->all[*slot - 1];
	if ((name[0] && f->nr >= FAULT_OWNERS_MAX) || ARRAY_GROW(f->all, f->room, f->nr + 1))
		return NULL;
	slot = table__add(&f->by_hash, hash);
	if (!slot)
		return NULL;
	f->all[f->nr] = (struct fault_owner){ .owner = owner };
	memcpy(f->all[f->nr].name, name, strlen(name));
	*slot = ++f->nr;
	return &f->all[f->nr - 1];
}

int fault_owners__event(struct fault_owners *f, const struct event *ev)
{
	const struct event_fault_sample *s = &ev->fault_sample;
	uint16_t owner = s->owner < TARE_NR_FAULT_OWNERS ? s->owner : TARE_FAULT_UNKNOWN;
	struct fault_owner *o = find(f, owner, s->name) ?: find(f, owner, "");

	if (!o)
		return -ENOMEM;
	*(s->major ? &o->major : &o->minor) += s->period;
	*(s->major ? &f->major : &f->minor) += s->period;
	if (s->pages > 1 && !s->major) {
		o->huge += s->period;
		f->huge += s->period;
	}
	f->samples++;
	return 0;
}
