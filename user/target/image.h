/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * An ELF executable, 64-bit little-endian for x86-64 or arm64, read from an open descriptor and never by a name from
 * the target. Anything in the file may be a lie: section headers may be missing, tables may point anywhere. No call
 * reads outside the file, and the time and memory it takes are in proportion to the file.
 */
#ifndef TARE_IMAGE_H
#define TARE_IMAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct image;

/* Nothing in a file need be aligned. Both architectures and their files are little-endian. */
static inline uint32_t image__u32(const void *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

static inline uint64_t image__u64(const void *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

/* One PT_LOAD, its part in the file clipped to the file. */
struct image_segment {
	uint64_t vaddr, offset, file_bytes, mem_bytes;
	uint32_t flags;
};

/* One section that lies wholly in the file; .addr is 0 if it is not loaded. */
struct image_section {
	uint64_t addr, offset, size_bytes;
	uint32_t type, link;
	uint64_t flags;
};

/*
 * Open the executable @fd. It is duplicated: the caller may close it. Returns 0 or a negative errno: -ENOEXEC if it is
 * no such executable, -EFBIG if it is larger than anything sane. @why, if not NULL, then says what is wrong (static
 * text).
 */
int image__open(int fd, struct image **img, const char **why);
/* Likewise, from memory, which stays the caller's. */
int image__open_mem(const void *data, size_t size_bytes, struct image **img, const char **why);
void image__close(struct image *img);

/* EM_X86_64 or EM_AARCH64; ET_EXEC or ET_DYN; the entry address. */
unsigned image__machine(const struct image *img);
unsigned image__type(const struct image *img);
uint64_t image__entry(const struct image *img);

/* PT_LOADs in the file's order. */
const struct image_segment *image__segments(const struct image *img, size_t *nr);
/* The first program header of @type. Returns 0 or -ENOENT. */
int image__header(const struct image *img, uint32_t type, struct image_segment *seg);

/* By its full name. Returns 0, or -ENOENT: no such section, none at all, or one that reaches beyond the file. */
int image__section(struct image *img, const char *name, struct image_section *sec);
/* The section loaded at @vaddr. Returns 0 or -ENOENT. */
int image__section_at(struct image *img, uint64_t vaddr, struct image_section *sec);

/*
 * @len bytes of the file at @offset, or of what is loaded at @vaddr, valid until image__close(). NULL if they are not
 * all in the file (.bss is not) or cannot be read, for example because the file was truncated.
 */
const void *image__view(struct image *img, uint64_t offset, uint64_t len);
const void *image__at(struct image *img, uint64_t vaddr, uint64_t len);
/* A string with a NUL within @max bytes, else NULL. */
const char *image__string(struct image *img, uint64_t offset, size_t max);

/* Copy what is loaded at @vaddr. Returns 0, or -EFAULT: not all of it is in the file. */
int image__read(struct image *img, uint64_t vaddr, void *buf, size_t len);
/*
 * @nr 8-byte words at @vaddr as the loader leaves them at bias 0, relative relocations applied. Returns as
 * image__read().
 */
int image__words(struct image *img, uint64_t vaddr, uint64_t *words, size_t nr);

/*
 * Each word that the loader sets by a relative relocation, with its value at bias 0: call @visit until it returns
 * non-zero, and return that.
 */
int image__for_each_reloc(struct image *img, int (*visit)(uint64_t vaddr, uint64_t value, void *ctx), void *ctx);

/* Convert an address to an offset in the file, as uprobes want it, and back. Returns 0 or -ENOENT. */
int image__offset(const struct image *img, uint64_t vaddr, uint64_t *offset);
int image__vaddr(const struct image *img, uint64_t offset, uint64_t *vaddr);

/*
 * A defined symbol of .symtab by its name; @size may be NULL. The first call builds a hash table. Returns 0, -ENOENT
 * (no such symbol, or the file is stripped), -ENOMEM.
 */
int image__symbol(struct image *img, const char *name, uint64_t *addr, uint64_t *size);

/*
 * The load bias of a live process, from one line of /proc/PID/maps for this file: the mapping begins at @start, maps
 * the file from @map_offset, and is executable or not. Returns 0, or -ENOENT if no PT_LOAD maps that part, or more
 * than one does: then ask with the executable one.
 */
int image__bias(const struct image *img, uint64_t start, uint64_t map_offset, bool exec, uint64_t *bias);
/* Likewise, from a copy of its PT_LOADs. */
int segments__bias(const struct image_segment *segments, size_t nr, uint64_t start, uint64_t map_offset, bool exec,
		   uint64_t *bias);

#endif /* TARE_IMAGE_H */
