// SPDX-License-Identifier: BSD-2-Clause
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "array.h"
#include "hash.h"
#include "series.h"
#include "util.h"

#define NOBODY_YET	0
#define SCRAPER_GONE_NS (300 * NSEC_PER_SEC) /* as long as Prometheus shows a figure that is not told any more */

void all_series__init(struct all_series *all, uint32_t limit)
{
	*all = (struct all_series){
		.limit = limit, .other = { .labels = { .process = "other", .runtime = "" }, .since_ns = now_ns() }
	};
	/* what ends now waits for the first who asks, for a while */
	all->audiences = 1u << AUDIENCE_SCRAPERS;
	all->scrapers[AUDIENCE_SCRAPERS] = (struct scraper){ NOBODY_YET, now_ns() };
	table__init(&all->by_labels, limit);
}

static void series__free(struct series *s)
{
	free(s->reasons);
	free(s);
}

void all_series__free(struct all_series *all)
{
	for (uint32_t i = 0; i < all->nr; i++)
		series__free(all->at[i]);
	free(all->at);
	free(all->other.reasons);
	table__free(&all->by_labels);
}

static uint64_t hash_of(const struct labels *l)
{
	uint64_t hash = hash__add(HASH_BEGIN, l->process, strlen(l->process) + 1);

	hash = hash__add(hash, l->cgroup, strlen(l->cgroup) + 1);
	hash = hash__add(hash, l->container, strlen(l->container) + 1);
	hash = hash__add(hash, l->runtime, strlen(l->runtime) + 1);
	hash = hash__add(hash, &l->pid, sizeof(l->pid));
	return hash == TABLE_NO_KEY ? 0 : hash;
}

static void forget(struct all_series *all, uint32_t i)
{
	table__delete(&all->by_labels, hash_of(&all->at[i]->labels));
	series__free(all->at[i]);
	all->at[i] = all->at[--all->nr];
}

/* Nobody asked for those that ended: the oldest of them makes room. */
static void make_room(struct all_series *all)
{
	uint32_t oldest = all->nr;

	for (uint32_t i = 0; i < all->nr; i++)
		if (all->at[i]->ended_ns && (oldest == all->nr || all->at[i]->ended_ns < all->at[oldest]->ended_ns))
			oldest = i;
	if (oldest < all->nr)
		forget(all, oldest);
}

static struct series *add(struct all_series *all, const struct labels *labels, uint64_t hash)
{
	struct series *s;
	uint64_t *slot;

	if (all->nr == all->limit)
		make_room(all);
	if (all->nr == all->limit || ARRAY_GROW(all->at, all->room, all->nr + 1))
		return &all->other;
	s = calloc(1, sizeof(*s));
	slot = s ? table__add(&all->by_labels, hash) : NULL;
	if (!slot) {
		free(s);
		return &all->other;
	}
	*slot = (uintptr_t)s;
	s->labels = *labels;
	s->since_ns = now_ns();
	all->at[all->nr++] = s;
	return s;
}

struct series *all_series__get(struct all_series *all, const struct labels *labels)
{
	uint64_t hash = hash_of(labels), *slot = table__find(&all->by_labels, hash);
	struct series *s = slot ? (struct series *)(uintptr_t)*slot : add(all, labels, hash);

	s->nr_processes++;
	s->ended_ns = 0;
	s->told_to = 0;
	return s;
}

static void goes(struct all_series *all, unsigned audience)
{
	all->audiences &= ~(1u << audience);
	all->scrapers[audience].asked_ns = 0;
	for (uint32_t i = 0; i < all->nr; i++)
		all->at[i]->told_to &= ~(1u << audience);
}

unsigned all_series__audience(struct all_series *all, uint64_t id, uint64_t now_ns)
{
	struct scraper *scrapers = all->scrapers;
	unsigned at = AUDIENCE_PUSH, oldest = AUDIENCE_SCRAPERS;

	for (unsigned i = AUDIENCE_SCRAPERS; i < AUDIENCES_MAX; i++) {
		if (scrapers[i].asked_ns && scrapers[i].asked_ns + SCRAPER_GONE_NS < now_ns)
			goes(all, i);
		if (id && scrapers[i].asked_ns && (scrapers[i].id == id || scrapers[i].id == NOBODY_YET))
			at = i;
		if (scrapers[i].asked_ns < scrapers[oldest].asked_ns)
			oldest = i;
	}
	if (!id)
		return AUDIENCE_PUSH;
	if (at == AUDIENCE_PUSH) {
		at = oldest;
		goes(all, at);
	}
	all->audiences |= 1u << at;
	scrapers[at] = (struct scraper){ id, now_ns };
	return at;
}

void series__leave(struct series *s, uint64_t now_ns)
{
	if (!--s->nr_processes)
		s->ended_ns = now_ns;
}

bool series__is_told(const struct series *s, unsigned audience)
{
	return s->nr_processes || (s->ended_ns && !(s->told_to & 1u << audience));
}

void all_series__told(struct all_series *all, unsigned audience)
{
	for (uint32_t i = all->nr; i-- > 0;) {
		struct series *s = all->at[i];

		if (!s->ended_ns)
			continue;
		s->told_to |= 1u << audience;
		if (!(all->audiences & ~s->told_to))
			forget(all, i);
	}
}

static void name_of(const struct pause *p, char *buf, size_t size)
{
	if (p->reason_name)
		sanitize(p->reason_name, strlen(p->reason_name), buf, size);
	else
		snprintf(buf, size, "unknown");
}

/* NULL if out of memory. */
static struct series_reason *reason_of(struct series *s, const struct pause *p)
{
	char name[sizeof(s->reasons->name)];
	unsigned i = 0;

	name_of(p, name, sizeof(name));
	while (i < s->nr_reasons && strcmp(s->reasons[i].name, name))
		i++;
	if (i == SERIES_MAX_REASONS - 1 && i == s->nr_reasons)
		snprintf(name, sizeof(name), "other");
	if (i == SERIES_MAX_REASONS)
		i--;
	if (i < s->nr_reasons)
		return &s->reasons[i];
	if (ARRAY_GROW(s->reasons, s->room_reasons, s->nr_reasons + 1))
		return NULL;
	s->reasons[i] = (struct series_reason){ 0 };
	memcpy(s->reasons[i].name, name, sizeof(name));
	s->nr_reasons++;
	return &s->reasons[i];
}

void series__pause(struct series *s, const struct pause *p)
{
	struct series_reason *r = reason_of(s, p);

	if (r)
		buckets__add(&r->pauses, pause__world_ns(p));
	for (unsigned i = 0; i < PAUSE_NR_CAUSES; i++)
		s->cause_ns[i] += p->cause_ns[i];
}
