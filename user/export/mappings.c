// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "array.h"
#include "mappings.h"

#define FOUND_MAX (1u << 20)

static int on_module(struct mappings *m, const struct event *ev)
{
	const struct tare_module *head = ev->module.head;
	struct mapping *new;

	if (ARRAY_GROW(m->all, m->room, m->nr + 1))
		return -ENOMEM;
	new = &m->all[m->nr];
	*new = (struct mapping){
		.pid = head->pid,
		.start = head->start,
		.end = head->end,
		.offset = head->offset,
		.path = strndup(ev->module.path, head->path_len),
	};
	if (!new->path)
		return -ENOMEM;
	if (head->build_id_len <= TARE_BUILD_ID_MAX) {
		new->build_id_len = head->build_id_len;
		memcpy(new->build_id, head->build_id, head->build_id_len);
	}
	m->nr++;
	table__free(&m->found);
	return 0;
}

int mappings__event(struct mappings *m, const struct event *ev)
{
	return ev->kind == EVENT_MODULE ? on_module(m, ev) : 0;
}

void mappings__free(struct mappings *m)
{
	for (size_t i = 0; i < m->nr; i++)
		free(m->all[i].path);
	free(m->all);
	table__free(&m->found);
}

static size_t search(const struct mappings *m, uint32_t pid, uint64_t address)
{
	for (size_t i = m->nr; i-- > 0;)
		if (m->all[i].pid == pid && m->all[i].start <= address && address < m->all[i].end)
			return i + 1;
	return 0;
}

const struct mapping *mappings__at(struct mappings *m, uint32_t pid, uint64_t address)
{
	uint64_t key = table__address_key(pid, address), *slot, place;

	m->found.limit = FOUND_MAX;
	slot = table__find(&m->found, key);
	place = slot ? *slot : search(m, pid, address);
	/* two addresses may share a key */
	if (place &&
	    (m->all[place - 1].pid != pid || address < m->all[place - 1].start || address >= m->all[place - 1].end))
		place = search(m, pid, address);
	if (!slot && (slot = table__add(&m->found, key)))
		*slot = place;
	return place ? &m->all[place - 1] : NULL;
}

const char *mappings__stand_in(struct mappings *m, uint32_t pid, uint64_t address, char *buf, size_t size)
{
	const struct mapping *of = pid ? mappings__at(m, pid, address) : NULL;
	const char *slash = of ? strrchr(of->path, '/') : NULL;

	if (!of || !of->path[0])
		return "[unknown]";
	/* that of the kernel's own is in brackets */
	snprintf(buf, size, of->path[0] == '[' ? "%s" : "[%s]", slash ? slash + 1 : of->path);
	return buf;
}
