// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "demangle.h"
#include "perf_map.h"
#include "proc.h"
#include "symbolizer.h"
#include "util.h"

#define PROGRAMS_MAX   4096
#define FILES_MAX      400 /* each has one or two descriptors open */
#define DWARF_BYTES    (1ull << 30)
#define VDSO_BYTES_MAX (1u << 20)

/* A file, and its contents as long as nobody writes to it. */
struct identity {
	dev_t device;
	ino_t inode;
	off_t bytes;
	struct timespec changed;
};

struct mapped_file {
	struct identity id;
	struct code_file *code; /* NULL: no executable */
};

struct mapped_program {
	uint32_t pid;
	uint64_t program;
	struct address_space space;
	struct perf_map map;
	dev_t exe_device;
	ino_t exe_inode;
};

void symbolizer__init(struct symbolizer *s, const struct debug_places *places)
{
	*s = (struct symbolizer){ .places = *places, .dwarf_room = DWARF_BYTES };
	table__init(&s->programs, PROGRAMS_MAX);
	table__init(&s->files, FILES_MAX);
}

static void free_program(struct mapped_program *p)
{
	address_space__free(&p->space);
	perf_map__free(&p->map);
	free(p);
}

/* Also what takes no more room: what is asked about again is read again. */
static void forget_all(struct symbolizer *s)
{
	const struct table_slot *slot;
	size_t pos = 0;

	while ((slot = table__next(&s->programs, &pos)))
		free_program((struct mapped_program *)slot->value);
	table__free(&s->programs);
	pos = 0;
	while ((slot = table__next(&s->files, &pos))) {
		struct mapped_file *f = (struct mapped_file *)slot->value;

		code_file__close(f->code);
		free(f);
	}
	table__free(&s->files);
	s->dwarf_room = DWARF_BYTES;
}

void symbolizer__free(struct symbolizer *s)
{
	forget_all(s);
	code_file__close(s->vdso);
	kernel_symbols__free(&s->kernel);
}

/* Nothing is known; it was not allowed to look again before @before: if that has changed, it did look. */
static int unless_early(uint64_t before, uint64_t after)
{
	return before == after && before > now_ns() ? -EAGAIN : -ENOENT;
}

/* Until when it may not be looked at again, which is no matter for what is asked about for the last time. */
static uint64_t look_now(uint64_t *next_ns, const struct symbol_wanted *wanted)
{
	if (wanted->last && *next_ns != UINT64_MAX)
		*next_ns = 0;
	return *next_ns;
}

/* ---- the kernel ---- */

static int in_kernel(struct symbolizer *s, const struct symbol_wanted *wanted, struct symbol_frame *frame)
{
	uint64_t before = look_now(&s->kernel.next_ns, wanted);
	bool known = s->kernel.begun_ns > wanted->ts_ns; /* as of after it ran */
	uint64_t start = 0;
	const char *name = kernel_symbols__at(&s->kernel, wanted->ip, wanted->ts_ns, &start);

	if (s->kernel.error == -EPERM && !s->said_hidden) {
		s->said_hidden = true;
		warn("the kernel hides its addresses: its functions have no names (sysctl kernel.kptr_restrict=1, and "
		     "CAP_SYSLOG)");
	}
	if (!name)
		return s->kernel.error || known ? -ENOENT : unless_early(before, s->kernel.next_ns);
	*frame = (struct symbol_frame){ .name = name, .file = "", .start = start };
	return 1;
}

/* ---- files ---- */

static uint64_t key_of(const struct identity *id)
{
	uint64_t key = id->device;

	key = key * 0x9e3779b97f4a7c15ull + id->inode;
	key = key * 0x9e3779b97f4a7c15ull + id->bytes;
	key = key * 0x9e3779b97f4a7c15ull + id->changed.tv_sec;
	key = key * 0x9e3779b97f4a7c15ull + id->changed.tv_nsec;
	return key == TABLE_NO_KEY ? 0 : key;
}

static bool same_file(const struct identity *a, const struct identity *b)
{
	return a->device == b->device && a->inode == b->inode && a->bytes == b->bytes &&
	       a->changed.tv_sec == b->changed.tv_sec && a->changed.tv_nsec == b->changed.tv_nsec;
}

/* The file of @m, opened at most once. NULL if it cannot be had. */
static struct mapped_file *file_of(struct symbolizer *s, const struct mapped_program *p, struct code_mapping *m)
{
	struct mapped_file *f = m->context;
	int fd = f ? -1 : address_space__open(&p->space, m);
	struct identity id;
	struct stat st;
	uint64_t *slot;

	if (f || fd < 0)
		return f;
	if (fstat(fd, &st)) {
		close(fd);
		return NULL;
	}
	id = (struct identity){ st.st_dev, st.st_ino, st.st_size, st.st_mtim };
	slot = table__add(&s->files, key_of(&id));
	f = slot && *slot ? (struct mapped_file *)*slot : NULL;
	if (f || !slot) {
		close(fd);
		return m->context = f && same_file(&f->id, &id) ? f : NULL;
	}
	f = calloc(1, sizeof(*f));
	if (!f) {
		close(fd);
		return NULL;
	}
	f->id = id;
	f->code = code_file__open(fd, p->space.pid, m->path);
	*slot = (uintptr_t)f;
	return m->context = f;
}

/* Without the version that some tables add: "write@@GLIBC_2.2.5". */
static const char *name_in_source(const char *symbol, char buf[SYMBOL_TEXT])
{
	size_t len = strcspn(symbol, "@");

	if (!symbol[len] || !len || len >= SYMBOL_TEXT)
		return demangle(symbol, buf, SYMBOL_TEXT);
	memcpy(buf, symbol, len);
	buf[len] = '\0';
	return buf;
}

static int in_code(struct symbolizer *s, struct code_file *code, const struct code_mapping *m, uint64_t ip,
		   bool with_lines, enum tare_owner owner, struct symbol_frame *frames)
{
	struct code_frame found[SYMBOL_DEEP];
	uint64_t bias;
	int nr;

	if (!code || image__bias(code_file__image(code), m->start, m->offset, true, &bias))
		return -ENOENT;
	nr = code_file__frames_at(code, ip - bias, &s->places, with_lines ? &s->dwarf_room : NULL, found, SYMBOL_DEEP);
	for (int i = 0; i < nr; i++)
		frames[i] = (struct symbol_frame){ .name = name_in_source(found[i].name, s->names[i]),
						   .file = found[i].file ? found[i].file : "",
						   .line = found[i].line,
						   .start = found[i].start ? found[i].start + bias : 0,
						   .owner = owner };
	return nr;
}

/* The same for every 64-bit process of this kernel. */
static struct code_file *vdso_of(struct symbolizer *s, pid_t pid, const struct code_mapping *m)
{
	size_t size = m->end - m->start;
	void *copy;

	if (s->vdso_tried || size > VDSO_BYTES_MAX)
		return s->vdso;
	copy = malloc(size);
	if (!copy || proc__peek(pid, m->start, copy, size)) {
		free(copy);
		return NULL;
	}
	s->vdso = code_file__open_mem(copy, size);
	s->vdso_tried = s->vdso; /* of a 32-bit process it is another */
	return s->vdso;
}

/* ---- programs ---- */

static void tell_modules(struct symbolizer *s, struct mapped_program *p)
{
	for (size_t i = 0; i < p->space.nr; i++) {
		struct code_mapping *m = &p->space.mappings[i];
		int fd;

		if (m->seen || m->kind == CODE_ANONYMOUS)
			continue;
		m->seen = true;
		fd = s->on_module && m->kind == CODE_FILE ? address_space__open(&p->space, m) : -1;
		if (s->on_module)
			s->on_module(p->pid, m, fd, s->ctx);
		if (fd >= 0)
			close(fd);
	}
}

static struct mapped_program *program_of(struct symbolizer *s, const struct symbol_wanted *wanted)
{
	uint64_t *slot = wanted->runs ? table__add(&s->programs, wanted->pid) : table__find(&s->programs, wanted->pid);
	struct mapped_program *p = slot ? (struct mapped_program *)*slot : NULL;
	char exe[48];
	struct stat st;

	if (p && p->program == wanted->program) {
		if (!wanted->runs) /* what is mapped there now, if anything, is another's */
			p->space.next_ns = UINT64_MAX;
		return p;
	}
	if (!wanted->runs || (p && p->program > wanted->program))
		return NULL;
	if (p)
		free_program(p);
	if (slot)
		*slot = 0;
	p = slot ? calloc(1, sizeof(*p)) : NULL;
	if (!p)
		return NULL;
	p->program = wanted->program;
	p->pid = wanted->pid;
	p->space.pid = wanted->here;
	p->map = (struct perf_map)PERF_MAP_NONE;
	snprintf(exe, sizeof(exe), "/proc/%u/exe", proc__living(wanted->here));
	if (!stat(exe, &st)) {
		p->exe_device = st.st_dev;
		p->exe_inode = st.st_ino;
	}
	*slot = (uintptr_t)p;
	return p;
}

static int made_at_run_time(struct mapped_program *p, const struct symbol_wanted *wanted, struct symbol_frame *frame)
{
	uint64_t before = look_now(&p->map.next_ns, wanted);
	uint64_t start = 0;
	const char *name = perf_map__at(&p->map, p->space.pid, wanted->ip, &start);

	*frame = (struct symbol_frame){ .name = name, .file = "", .start = start };
	return name ? 1 : unless_early(before, p->map.next_ns);
}

static struct code_mapping *mapping_of(struct symbolizer *s, struct mapped_program *p,
				       const struct symbol_wanted *wanted)
{
	uint64_t before = p->space.read_ns;
	struct code_mapping *m;

	look_now(&p->space.next_ns, wanted);
	m = address_space__at(&p->space, wanted->ip, wanted->ts_ns);
	if (p->space.read_ns != before)
		tell_modules(s, p);
	return m;
}

static int in_program(struct symbolizer *s, struct mapped_program *p, const struct symbol_wanted *wanted,
		      struct symbol_frame *frames)
{
	bool early = address_space__is_early(&p->space, wanted->ts_ns);
	struct code_mapping *m = mapping_of(s, p, wanted);
	uint64_t ip = wanted->ip;
	struct mapped_file *f;

	if (!m)
		return early ? -EAGAIN : -ENOENT;
	switch (m->kind) {
	case CODE_VDSO:
		return in_code(s, vdso_of(s, p->space.pid, m), m, ip, false, TARE_OWNER_LIBRARY, frames);
	case CODE_ANONYMOUS:
		return made_at_run_time(p, wanted, &frames[0]);
	case CODE_FILE:
		break;
	}
	f = file_of(s, p, m);
	if (!f)
		return -ENOENT;
	/* some compilers write code to such a file, to map it twice */
	if (!f->code && !strncmp(m->path, "/memfd:", 7))
		return made_at_run_time(p, wanted, &frames[0]);
	return in_code(s, f->code, m, ip, true,
		       f->id.device == p->exe_device && f->id.inode == p->exe_inode ? TARE_OWNER_PROGRAM :
										      TARE_OWNER_LIBRARY,
		       frames);
}

static struct mapped_program *room_and_program_of(struct symbolizer *s, const struct symbol_wanted *wanted)
{
	if (s->programs.count == PROGRAMS_MAX || s->files.count == FILES_MAX)
		forget_all(s);
	return program_of(s, wanted);
}

void symbolizer__look(struct symbolizer *s, const struct symbol_wanted *wanted)
{
	struct mapped_program *p = wanted->pid ? room_and_program_of(s, wanted) : NULL;
	struct code_mapping *m = p ? mapping_of(s, p, wanted) : NULL;

	if (m && m->kind == CODE_FILE)
		file_of(s, p, m);
}

int symbolizer__at(struct symbolizer *s, const struct symbol_wanted *wanted, struct symbol_frame *frames,
		   uint64_t *known_ns)
{
	struct mapped_program *p;
	int nr;

	*known_ns = 0;
	if (!wanted->pid)
		return in_kernel(s, wanted, frames);
	p = room_and_program_of(s, wanted);
	nr = p ? in_program(s, p, wanted, frames) : -ENOENT;
	if (p)
		*known_ns = p->space.read_ns;
	return nr;
}
