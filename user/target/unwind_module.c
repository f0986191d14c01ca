// SPDX-License-Identifier: BSD-2-Clause
#include <elf.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#include "cfi_impl.h"
#include "hash.h"
#include "pid_ns.h"
#include "proc.h"
#include "unwind_module.h"
#include "util.h"

#define VDSO_BYTES_MAX	(64u << 10)
#define MODULES_MAX	4096		    /* that no process uses any more go first */
#define IN_USE_NS	(10 * NSEC_PER_SEC) /* what was used since is not dropped for another */
#define RETRY_NS	(5 * NSEC_PER_SEC)
#define COMPRESSION_MAX 1100 /* no more than this is possible */
#define HOST_MACHINE	(CFI_REGS == 17 ? EM_X86_64 : EM_AARCH64)

static const char no_room[] = "its unwind tables would take more memory than allowed";
static const char no_memory[] = "out of memory for its unwind tables";

/* ---- making room ---- */

static void unload(struct unwind_modules *all, struct unwind_module *mod)
{
	for (size_t i = 0; i < ARRAY_SIZE(mod->sections); i++) {
		free((void *)mod->sections[i].bytes);
		free(mod->sections[i].index);
	}
	memset(mod->sections, 0, sizeof(mod->sections));
	free(mod->segments);
	mod->segments = NULL;
	mod->nr_segments = 0;
	all->bytes -= mod->bytes;
	mod->bytes = 0;
	mod->id = 0;
}

static void drop(struct unwind_modules *all, struct unwind_module *mod)
{
	struct unwind_module **at = &all->first;

	while (*at != mod)
		at = &(*at)->next;
	*at = mod->next;
	unload(all, mod);
	free(mod);
	all->nr--;
}

static bool make_room(struct unwind_modules *all, uint64_t bytes, uint64_t now)
{
	if (bytes > all->bytes_max)
		return false;
	while (bytes > all->bytes_max - all->bytes) {
		struct unwind_module *oldest = NULL;

		for (struct unwind_module *m = all->first; m; m = m->next) {
			if (m->bytes && (!m->users || now - m->used_ns > IN_USE_NS) &&
			    (!oldest || m->used_ns < oldest->used_ns))
				oldest = m;
		}
		if (!oldest)
			return false;
		unload(all, oldest);
	}
	return true;
}

static void drop_unused(struct unwind_modules *all)
{
	struct unwind_module *oldest = NULL;

	for (struct unwind_module *m = all->first; m; m = m->next) {
		if (!m->users && (!oldest || m->used_ns < oldest->used_ns))
			oldest = m;
	}
	if (oldest)
		drop(all, oldest);
}

/* ---- sections ---- */

/* The memory is accounted to @mod from here on. Returns NULL and says why, if there is none. */
static void *keep(struct unwind_modules *all, struct unwind_module *mod, const void *from, uint64_t bytes, uint64_t now)
{
	void *to = NULL;

	if (bytes > INT32_MAX || !make_room(all, bytes, now)) {
		mod->why = no_room;
		mod->retry = true;
		return NULL;
	}
	to = malloc(bytes ? bytes : 1);
	if (!to) {
		mod->why = no_memory;
		mod->retry = true;
		return NULL;
	}
	memcpy(to, from, bytes);
	mod->bytes += bytes;
	all->bytes += bytes;
	return to;
}

/* Index a section in memory of another's, and keep as much of it as is in use. */
static int keep_section(struct unwind_modules *all, struct unwind_module *mod, struct cfi_section sec, uint64_t now)
{
	struct cfi_section *to = &mod->sections[!sec.eh];
	int ret;

	if (sec.size_bytes > INT32_MAX || sec.size_bytes > all->bytes_max) {
		mod->why = no_room;
		return -EFBIG;
	}
	ret = cfi__index(&sec);
	if (ret) {
		mod->why = no_memory;
		mod->retry = true;
		return ret;
	}
	to->index = sec.index;
	if (!sec.nr)
		return 0;
	if (!make_room(all, cfi__index_bytes(&sec), now)) {
		mod->why = no_room;
		mod->retry = true;
		return -EFBIG;
	}
	mod->bytes += cfi__index_bytes(&sec);
	all->bytes += cfi__index_bytes(&sec);
	sec.bytes = keep(all, mod, sec.bytes, sec.size_bytes, now);
	if (!sec.bytes)
		return -ENOMEM;
	*to = sec;
	return 0;
}

/* .eh_frame as .eh_frame_hdr says, where a file has no section headers: up to the end of its segment. */
static bool eh_frame_by_header(struct image *img, struct image_section *sec)
{
	struct cfi_section hdr = { 0 };
	struct image_segment seg;
	const struct image_segment *loads;
	struct cfi_cursor c;
	size_t nr;

	if (image__header(img, PT_GNU_EH_FRAME, &seg) || seg.file_bytes < 12)
		return false;
	hdr.vaddr = seg.vaddr;
	hdr.bytes = image__at(img, seg.vaddr, 12);
	if (!hdr.bytes || hdr.bytes[0] != 1)
		return false;
	c = (struct cfi_cursor){ hdr.bytes + 4, hdr.bytes + 12, false };
	sec->addr = cfi__pointer(&hdr, &c, hdr.bytes[1]);
	loads = image__segments(img, &nr);
	for (size_t i = 0; !c.bad && i < nr; i++) {
		if (sec->addr - loads[i].vaddr < loads[i].file_bytes) {
			sec->size_bytes = loads[i].file_bytes - (sec->addr - loads[i].vaddr);
			sec->offset = loads[i].offset + (sec->addr - loads[i].vaddr);
			return true;
		}
	}
	return false;
}

static int load_eh_frame(struct unwind_modules *all, struct unwind_module *mod, struct image *img, uint64_t now)
{
	struct image_section sec;
	const void *bytes;

	if ((image__section(img, ".eh_frame", &sec) || sec.type == SHT_NOBITS) && !eh_frame_by_header(img, &sec))
		return 0;
	if (sec.size_bytes > all->bytes_max) {
		mod->why = no_room;
		return -EFBIG;
	}
	bytes = image__view(img, sec.offset, sec.size_bytes);
	if (!bytes) {
		mod->why = "its unwind tables cannot be read: is the file complete?";
		return -EIO;
	}
	return keep_section(
		all, mod,
		(struct cfi_section){ .bytes = bytes, .size_bytes = sec.size_bytes, .vaddr = sec.addr, .eh = true },
		now);
}

static int inflate_section(struct unwind_modules *all, struct unwind_module *mod, const uint8_t *bytes, uint64_t size,
			   uint64_t now)
{
	struct cfi_section cfi = { 0 };
	Elf64_Chdr ch;
	uLongf len;
	void *out;
	int ret = 0;

	if (size < sizeof(ch))
		return 0;
	memcpy(&ch, bytes, sizeof(ch));
	if (ch.ch_type != ELFCOMPRESS_ZLIB || ch.ch_size / COMPRESSION_MAX > size)
		return 0;
	if (ch.ch_size > all->bytes_max) {
		mod->why = no_room;
		return -EFBIG;
	}
	out = malloc(ch.ch_size ? ch.ch_size : 1);
	if (!out) {
		mod->why = no_memory;
		return -ENOMEM;
	}
	len = ch.ch_size;
	cfi.bytes = out;
	if (uncompress(out, &len, bytes + sizeof(ch), size - sizeof(ch)) == Z_OK) {
		cfi.size_bytes = len;
		ret = keep_section(all, mod, cfi, now);
	}
	free(out);
	return ret;
}

static int load_debug_frame(struct unwind_modules *all, struct unwind_module *mod, struct image *img, uint64_t now)
{
	struct image_section sec;
	const void *bytes;

	if (image__section(img, ".debug_frame", &sec) || sec.type == SHT_NOBITS || sec.size_bytes > all->bytes_max)
		return 0; /* what .eh_frame says is enough, or all there is */
	bytes = image__view(img, sec.offset, sec.size_bytes);
	if (!bytes)
		return 0;
	if (sec.flags & SHF_COMPRESSED)
		return inflate_section(all, mod, bytes, sec.size_bytes, now);
	return keep_section(all, mod, (struct cfi_section){ .bytes = bytes, .size_bytes = sec.size_bytes }, now);
}

/* ---- modules ---- */

static void load(struct unwind_modules *all, struct unwind_module *mod, struct image *img, uint64_t now)
{
	const struct image_segment *segments = image__segments(img, &mod->nr_segments);

	if (image__machine(img) != HOST_MACHINE) {
		mod->why = "it is a program for another processor";
		return;
	}
	mod->entry = image__entry(img);
	mod->segments = keep(all, mod, segments, mod->nr_segments * sizeof(*segments), now);
	if (!mod->segments || load_eh_frame(all, mod, img, now) ||
	    (load_debug_frame(all, mod, img, now) && !mod->sections[0].nr)) {
		unload(all, mod);
		return;
	}
	mod->why = NULL; /* .eh_frame is enough, if there is too much of the other */
	mod->retry = false;
	mod->id = ++all->last_id ?: ++all->last_id;
}

static void say_refused(struct unwind_modules *all, pid_t pid, const struct mapping *m, const char *why)
{
	char link[96], path[512] = "[vdso]";
	ssize_t n;

	snprintf(link, sizeof(link), "/proc/%d/map_files/%" PRIx64 "-%" PRIx64, pid_ns__here(pid), m->start, m->end);
	n = readlink(link, path, sizeof(path) - 1);
	if (n > 0)
		path[n] = '\0';
	if (all->refused)
		all->refused(path, why, all->ctx);
}

static struct unwind_module *find(struct unwind_modules *all, const struct module_key *key)
{
	for (struct unwind_module *m = all->first; m; m = m->next) {
		if (!memcmp(&m->key, key, sizeof(*key)))
			return m;
	}
	return NULL;
}

static struct unwind_module *add(struct unwind_modules *all, const struct module_key *key)
{
	struct unwind_module *mod = calloc(1, sizeof(*mod));

	if (!mod)
		return NULL;
	if (all->nr >= MODULES_MAX)
		drop_unused(all);
	mod->key = *key;
	mod->next = all->first;
	all->first = mod;
	all->nr++;
	return mod;
}

/* From @fd, or from @bytes if that is not NULL. */
static struct unwind_module *get(struct unwind_modules *all, const struct module_key *key, int fd, const void *bytes,
				 pid_t pid, const struct mapping *m, uint64_t now)
{
	struct unwind_module *mod = find(all, key) ?: add(all, key);
	const char *told, *unused;
	struct image *img;

	if (!mod)
		return NULL;
	mod->users++;
	mod->used_ns = now;
	if (mod->id || (mod->why && (!mod->retry || now - mod->tried_ns < RETRY_NS)))
		return mod;
	mod->tried_ns = now;
	told = mod->why;
	mod->why = NULL;
	mod->retry = false;
	if (bytes ? image__open_mem(bytes, key->size, &img, &unused) : image__open(fd, &img, &unused)) {
		mod->why = ""; /* no program: nobody misses its tables */
		return mod;
	}
	load(all, mod, img, now);
	image__close(img);
	if (mod->why && mod->why != told)
		say_refused(all, pid, m, mod->why);
	return mod;
}

static struct unwind_module *get_vdso(struct unwind_modules *all, pid_t pid, const struct mapping *m, uint64_t now)
{
	struct module_key key = { .size = m->end - m->start };
	struct unwind_module *mod = NULL;
	uint8_t *bytes;

	if (key.size > VDSO_BYTES_MAX)
		return NULL;
	bytes = malloc(key.size);
	if (bytes && !proc__peek(pid, m->start, bytes, key.size)) {
		key.ino = hash__add(HASH_BEGIN, bytes, key.size);
		mod = get(all, &key, -1, bytes, pid, m, now);
	}
	free(bytes);
	return mod;
}

struct unwind_module *unwind_modules__get(struct unwind_modules *all, pid_t pid, const struct mapping *m, uint64_t now)
{
	struct unwind_module *mod = NULL;
	struct module_key key;
	struct stat st;
	int fd;

	errno = 0;
	if (!strcmp(m->name, "[vdso]"))
		return get_vdso(all, pid, m, now);
	if (m->name[0] != '/')
		return NULL;
	fd = mapping__open(pid, m);
	if (fd < 0) {
		errno = -fd;
		return NULL;
	}
	if (!fstat(fd, &st)) {
		key = (struct module_key){ st.st_dev, st.st_ino, st.st_size, st.st_ctim.tv_sec, st.st_ctim.tv_nsec };
		mod = get(all, &key, fd, NULL, pid, m, now);
	}
	close(fd);
	errno = 0;
	return mod;
}

void unwind_modules__put(struct unwind_modules *all, struct unwind_module *mod)
{
	if (mod)
		mod->users--;
}

void unwind_modules__free(struct unwind_modules *all)
{
	while (all->first)
		drop(all, all->first);
}
