// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "array.h"
#include "kernel_symbols.h"
#include "util.h"

/*
 * The table has no sizes. A function goes on to the next symbol of any type, but the last of the kernel or of a module
 * not into what comes after that: to the end of its page.
 */
#define FUNCTION_MAX (256ull << 10)
#define PAGE	     4096ull
#define SHARE	     10 /* read again for 1/SHARE of the time */
#define SYMBOLS_MAX  (1u << 21)

struct symbol {
	uint64_t address;
	uint32_t name, module; /* offsets in the names; module 0: the kernel itself */
	char type;
};

struct table_read {
	struct symbol *symbols;
	size_t nr, room;
	char *names;
	size_t len, names_room;
	uint32_t module; /* of the last symbol: those of one come together */
	bool any;	 /* address but 0 */
};

/* Keep "@a @b" or "@a". Returns its offset, 0 if out of memory. */
static uint32_t keep(struct table_read *t, const char *a, const char *b)
{
	size_t len = strlen(a) + strlen(b) + 2;
	uint32_t at = t->len;

	if (ARRAY_GROW(t->names, t->names_room, t->len + len))
		return 0;
	t->len = stpcpy(stpcpy(stpcpy(t->names + t->len, a), *b ? " " : ""), b) + 1 - t->names;
	return at;
}

/* "ffffffff81000000 T _text", or with a tab and "[module]" behind it. */
static int add_line(struct table_read *t, char *line)
{
	char *end, *name, *module;
	struct symbol s = { .address = strtoull(line, &end, 16) };

	if (end == line || end[0] != ' ' || !end[1] || end[2] != ' ' || t->nr == SYMBOLS_MAX)
		return 0;
	s.type = end[1];
	name = end + 3;
	module = name + strcspn(name, "\t\n ");
	module += strspn(module, "\t ");
	module[strcspn(module, "\n")] = '\0';
	name[strcspn(name, "\t\n ")] = '\0';
	t->any |= s.address != 0;
	if (*module && (!t->module || strcmp(t->names + t->module, module)))
		t->module = keep(t, module, "");
	s.module = *module ? t->module : 0;
	/* what a program of this kind is called says what it is */
	if (strchr("tTwW", s.type))
		s.name = keep(t, name, strcmp(module, "[bpf]") ? module : "");
	if (ARRAY_GROW(t->symbols, t->room, t->nr + 1))
		return -ENOMEM;
	t->symbols[t->nr++] = s;
	return 0;
}

/* The entry for programs of another kind: where the code is the same, that is what runs. */
static bool is_compat(const char *name)
{
	return !strncmp(name, "__ia32_", 7) || strstr(name, "compat_");
}

static int by_address(const void *a, const void *b, void *names)
{
	const struct symbol *x = a, *y = b;
	int deep;

	if (x->address != y->address)
		return x->address < y->address ? -1 : 1;
	if (!x->name != !y->name)
		return x->name ? -1 : 1;
	if (is_compat(names + x->name) != is_compat(names + y->name))
		return is_compat(names + x->name) ? 1 : -1;
	/* what others may call before what is one file's own, "clear_page" before "__clear_page" */
	if ((x->type == 't') != (y->type == 't'))
		return x->type == 't' ? 1 : -1;
	deep = (int)strspn(names + x->name, "_") - (int)strspn(names + y->name, "_");
	return deep ? deep : strcmp(names + x->name, names + y->name);
}

static int index_all(struct table_read *t, struct ranges *ranges)
{
	size_t next = 0;
	int ret = 0;

	/* the kernel's own come by address, but in any order where they share one */
	array__sort_nearly(t->symbols, t->nr, sizeof(*t->symbols), by_address, t->names);
	for (size_t i = 0; i < t->nr && !ret; i = next) {
		const struct symbol *s = &t->symbols[i];
		struct range r = { .start = s->address, .end = s->address + FUNCTION_MAX, .value = s->name };

		for (next = i + 1; next < t->nr && t->symbols[next].address == s->address;)
			next++;
		if (next == t->nr || t->symbols[next].module != s->module)
			r.end = (r.start | (PAGE - 1)) + 1;
		if (next < t->nr && t->symbols[next].address < r.end)
			r.end = t->symbols[next].address;
		if (s->name)
			ret = ranges__add(ranges, &r);
	}
	return ret ? ret : ranges__build(ranges);
}

int kernel_symbols__read(struct kernel_symbols *k, const char *path)
{
	struct table_read t = { 0 };
	struct ranges ranges = { 0 };
	uint64_t begun_ns = now_ns();
	FILE *f = fopen(path, "re");
	char *line = NULL;
	size_t room = 0;
	int ret = f ? 0 : -errno;

	if (f && !keep(&t, "", "") && !t.len) /* offset 0 is no name */
		ret = -ENOMEM;
	if (f) /* 10 MB, in pieces of a page as the kernel makes them; by itself it would ask for 1 KB each */
		setvbuf(f, NULL, _IOFBF, PAGE);
	while (f && !ret && getline(&line, &room, f) > 0)
		ret = add_line(&t, line);
	if (!ret && !t.any)
		ret = t.nr ? -EPERM : -ENOENT;
	ret = ret ? ret : index_all(&t, &ranges);
	free(line);
	free(t.symbols);
	if (f)
		fclose(f);
	k->error = ret;
	k->begun_ns = begun_ns;
	if (ret) {
		ranges__free(&ranges);
		free(t.names);
		return ret;
	}
	kernel_symbols__free(k);
	k->ranges = ranges;
	k->names = t.names;
	return 0;
}

const char *kernel_symbols__at(struct kernel_symbols *k, uint64_t address, uint64_t ts_ns, uint64_t *start)
{
	uint32_t at = ranges__at(&k->ranges, address, start);
	uint64_t cpu_ns, rest_ns;

	if (at == RANGES_NONE && ts_ns >= k->begun_ns && now_ns() >= k->next_ns) {
		cpu_ns = thread_cpu_ns();
		kernel_symbols__read(k, "/proc/kallsyms");
		rest_ns = SHARE * (thread_cpu_ns() - cpu_ns);
		k->next_ns = now_ns() + (rest_ns > NSEC_PER_SEC ? rest_ns : NSEC_PER_SEC);
		at = ranges__at(&k->ranges, address, start);
	}
	return at == RANGES_NONE ? NULL : k->names + at;
}

void kernel_symbols__free(struct kernel_symbols *k)
{
	ranges__free(&k->ranges);
	free(k->names);
	k->names = NULL;
}
