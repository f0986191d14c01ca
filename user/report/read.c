// SPDX-License-Identifier: BSD-2-Clause
#include <inttypes.h>
#include <string.h>

#include "reader.h"
#include "report.h"
#include "util.h"

static void say_damage(const char *path, const struct model *m)
{
	if (!m->nr_damage)
		return;
	warn("%s is damaged: %" PRIu64 " stretch%s of it, %" PRIu64 " bytes, could not be read and %s passed over",
	     path, m->nr_damage, m->nr_damage == 1 ? "" : "es", m->damage_bytes, m->nr_damage == 1 ? "was" : "were");
	for (uint64_t i = 0; i < m->nr_damage && i < 3; i++)
		warn("  at byte %" PRIu64 ": %s", m->damage[i].offset, m->damage[i].what);
}

int report__read(const char *path, struct model *m)
{
	struct reader *r;
	struct event ev;
	int ret = reader__open(path, &r);

	if (ret)
		return ret;
	while ((ret = reader__next(r, &ev)) > 0) {
		ret = model__event(m, &ev);
		if (ret)
			break;
	}
	m->late = reader__late(r);
	reader__close(r);
	model__finish(m);
	if (ret)
		err("cannot read %s to its end: %s", path, strerror(-ret));
	say_damage(path, m);
	return ret;
}
