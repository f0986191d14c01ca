// SPDX-License-Identifier: BSD-2-Clause
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "array.h"
#include "describe.h"
#include "name_sets.h"

static void collect(const char *key, const char *value, void *ctx)
{
	fprintf(ctx, "%s=%s%c", key, value, '\0');
}

/* Returns the number of the set, or -1 where there is no memory. */
static int find_or_add(struct name_sets *ns, char *text, size_t len)
{
	for (unsigned i = 0; i < ns->nr; i++) {
		if (ns->sets[i].len == len && !memcmp(ns->sets[i].text, text, len)) {
			free(text);
			return i;
		}
	}
	if (ARRAY_GROW(ns->sets, ns->room, ns->nr + 1)) {
		free(text);
		return -1;
	}
	ns->sets[ns->nr] = (struct name_set_text){ text, len };
	return ns->nr++;
}

/* The first set has plain keys: most recordings have no other. */
static void write_set(struct writer *w, unsigned set, const struct name_set_text *s)
{
	char *text = NULL;
	size_t len = 0;
	FILE *f = open_memstream(&text, &len);

	if (!f)
		return;
	for (size_t i = 0; i < s->len; i += strlen(s->text + i) + 1) {
		if (set)
			fprintf(f, "names.%u/", set);
		fprintf(f, "%s%c", s->text + i, '\0');
	}
	if (!fclose(f))
		describe__info_text(w, text, len);
	free(text);
}

void name_sets__tell(struct name_sets *ns, struct writer *w, pid_t pid, const struct runtime *runtime, void *self)
{
	unsigned before = ns->nr;
	char *text = NULL, key[32], value[16];
	size_t len = 0;
	FILE *f = open_memstream(&text, &len);
	int set;

	if (!f)
		return;
	runtime->names(self, collect, f);
	if (fclose(f)) {
		free(text);
		return;
	}
	set = find_or_add(ns, text, len);
	if (set < 0)
		return;
	if (ns->nr > before)
		write_set(w, set, &ns->sets[set]);
	if (ns->nr < 2) /* all that have names have these */
		return;
	snprintf(key, sizeof(key), "names_of.%d", pid);
	snprintf(value, sizeof(value), "%d", set);
	describe__info(w, &(const char *const[2]){ key, value }, 1);
}

void name_sets__free(struct name_sets *ns)
{
	for (unsigned i = 0; i < ns->nr; i++)
		free(ns->sets[i].text);
	free(ns->sets);
	*ns = (struct name_sets){ 0 };
}
