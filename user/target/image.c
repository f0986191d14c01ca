// SPDX-License-Identifier: BSD-2-Clause
/*
 * The headers are parsed here and not by libelf: little is needed, any table may be a lie, files without section
 * headers must work, and a 100 MB file must open at once.
 *
 * The file is read, not mapped: truncation would raise SIGBUS. It is read on demand, in chunks, into an anonymous
 * mapping of its size: pointers into it stay valid, and no byte is read twice.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "image_impl.h"

#define IMAGE_BYTES_MAX (4ull << 30)
#define CHUNK_BYTES	(64ull << 10)

/* ---- bytes of the file ---- */

static bool chunk__loaded(const struct image *img, uint64_t chunk)
{
	return img->loaded[chunk / 8] & (1u << (chunk % 8));
}

static bool load(struct image *img, uint64_t first, uint64_t last)
{
	uint64_t pos = first * CHUNK_BYTES, end = (last + 1) * CHUNK_BYTES;

	if (end > img->size)
		end = img->size;
	while (pos < end) {
		ssize_t n = pread(img->fd, img->bytes + pos, end - pos, pos);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false; /* truncated since, or an I/O error: read again on the next call */
		pos += n;
	}
	for (uint64_t c = first; c <= last; c++)
		img->loaded[c / 8] |= 1u << (c % 8);
	return true;
}

const void *image__view(struct image *img, uint64_t offset, uint64_t len)
{
	uint64_t chunk, last, end;

	if (offset > img->size || len > img->size - offset)
		return NULL;
	if (!img->loaded || !len)
		return img->bytes + offset;
	last = (offset + len - 1) / CHUNK_BYTES;
	for (chunk = offset / CHUNK_BYTES; chunk <= last; chunk++) {
		if (chunk__loaded(img, chunk))
			continue;
		for (end = chunk; end < last && !chunk__loaded(img, end + 1);)
			end++;
		if (!load(img, chunk, end))
			return NULL;
		chunk = end;
	}
	return img->bytes + offset;
}

const char *image__string(struct image *img, uint64_t offset, size_t max)
{
	uint64_t end = offset;

	if (offset >= img->size)
		return NULL;
	if (max > img->size - offset)
		max = img->size - offset;
	while (end < offset + max) {
		/* chunk by chunk, so that a short string does not read all of @max */
		uint64_t stop = (end / CHUNK_BYTES + 1) * CHUNK_BYTES;
		const char *p;

		if (stop > offset + max)
			stop = offset + max;
		p = image__view(img, end, stop - end);
		if (!p)
			return NULL;
		if (memchr(p, '\0', stop - end))
			return (const char *)img->bytes + offset;
		end = stop;
	}
	return NULL;
}

const void *image__at(struct image *img, uint64_t vaddr, uint64_t len)
{
	for (size_t i = 0; i < img->nr_segments; i++) {
		const struct image_segment *s = &img->segments[i];

		if (vaddr >= s->vaddr && vaddr - s->vaddr < s->file_bytes)
			return len > s->file_bytes - (vaddr - s->vaddr) ?
				       NULL :
				       image__view(img, s->offset + (vaddr - s->vaddr), len);
	}
	return NULL;
}

int image__read(struct image *img, uint64_t vaddr, void *buf, size_t len)
{
	const void *p = image__at(img, vaddr, len);

	if (!p)
		return -EFAULT;
	memcpy(buf, p, len);
	return 0;
}

/* ---- opening ---- */

static const char *what_is_wrong(const Elf64_Ehdr *eh)
{
	if (memcmp(eh->e_ident, ELFMAG, SELFMAG))
		return "not an ELF file";
	if (eh->e_ident[EI_CLASS] != ELFCLASS64)
		return "not a 64-bit executable";
	if (eh->e_ident[EI_DATA] != ELFDATA2LSB)
		return "not a little-endian executable";
	if (eh->e_machine != EM_X86_64 && eh->e_machine != EM_AARCH64)
		return "an executable neither for x86-64 nor for arm64";
	if (eh->e_type != ET_EXEC && eh->e_type != ET_DYN)
		return "an ELF file, but neither an executable nor a shared object";
	if (eh->e_phentsize != sizeof(Elf64_Phdr) || !eh->e_phnum)
		return "an ELF file without program headers";
	return NULL;
}

static void image__add_header(struct image *img, const Elf64_Phdr *ph)
{
	struct image_segment seg = {
		.vaddr = ph->p_vaddr,
		.offset = ph->p_offset,
		.file_bytes = ph->p_filesz,
		.mem_bytes = ph->p_memsz,
		.flags = ph->p_flags,
	};

	if (seg.offset > img->size || seg.vaddr + seg.mem_bytes < seg.vaddr)
		return;
	if (seg.file_bytes > img->size - seg.offset)
		seg.file_bytes = img->size - seg.offset;
	if (seg.file_bytes > seg.mem_bytes)
		seg.file_bytes = seg.mem_bytes;
	img->types[img->nr_headers] = ph->p_type;
	img->headers[img->nr_headers++] = seg;
	if (ph->p_type == PT_LOAD)
		img->segments[img->nr_segments++] = seg;
}

static int image__parse(struct image *img, const char **why)
{
	const uint8_t *p = image__view(img, 0, sizeof(img->eh));
	Elf64_Phdr ph;

	if (!p) {
		*why = "too short for an ELF file";
		return -ENOEXEC;
	}
	memcpy(&img->eh, p, sizeof(img->eh));
	*why = what_is_wrong(&img->eh);
	if (*why)
		return -ENOEXEC;
	for (size_t i = 0; i < img->eh.e_phnum && i < IMAGE_HEADERS_MAX; i++) {
		if (img->eh.e_phoff > img->size)
			break;
		p = image__view(img, img->eh.e_phoff + i * sizeof(ph), sizeof(ph));
		if (!p)
			break;
		memcpy(&ph, p, sizeof(ph));
		image__add_header(img, &ph);
	}
	if (img->nr_segments)
		return 0;
	*why = "nothing in this ELF file is to be loaded";
	return -ENOEXEC;
}

/* Reserve room for the whole file. Memory is used only where it is read. */
static int image__map(struct image *img, int fd, const char **why)
{
	struct stat st;

	if (fstat(fd, &st)) {
		*why = "cannot tell what this descriptor is";
		return -errno;
	}
	if (!S_ISREG(st.st_mode)) {
		*why = "not a regular file";
		return -ENOEXEC;
	}
	if ((uint64_t)st.st_size > IMAGE_BYTES_MAX) {
		*why = "larger than 4 GiB";
		return -EFBIG;
	}
	*why = "out of memory or descriptors";
	img->size = st.st_size;
	img->loaded = calloc(img->size / CHUNK_BYTES / 8 + 1, 1);
	if (!img->loaded)
		return -ENOMEM;
	img->bytes =
		mmap(NULL, img->size + 1, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (img->bytes == MAP_FAILED)
		return -ENOMEM;
	img->fd = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	return img->fd < 0 ? -errno : 0;
}

static int image__begin(int fd, const void *data, size_t size, struct image **out, const char **why)
{
	const char *unused;
	struct image *img = calloc(1, sizeof(*img));
	int ret = 0;

	why = why ? why : &unused;
	*why = "out of memory";
	if (!img)
		return -ENOMEM;
	img->fd = -1;
	img->bytes = data ? (uint8_t *)data : MAP_FAILED; /* never written to: nothing is loaded there */
	img->size = size;
	if (!data)
		ret = image__map(img, fd, why);
	if (!ret)
		ret = image__parse(img, why);
	if (ret)
		image__close(img);
	else
		*out = img;
	return ret;
}

int image__open(int fd, struct image **img, const char **why)
{
	return image__begin(fd, NULL, 0, img, why);
}

int image__open_mem(const void *data, size_t size_bytes, struct image **img, const char **why)
{
	return image__begin(-1, size_bytes ? data : "", size_bytes, img, why);
}

void image__close(struct image *img)
{
	if (!img)
		return;
	if (img->loaded && img->bytes != MAP_FAILED)
		munmap(img->bytes, img->size + 1);
	if (img->fd >= 0)
		close(img->fd);
	free(img->loaded);
	free(img->symbols.heads);
	free(img->symbols.next);
	ranges__free(&img->functions.ranges);
	free(img);
}

/* ---- headers, addresses ---- */

unsigned image__machine(const struct image *img)
{
	return img->eh.e_machine;
}

unsigned image__type(const struct image *img)
{
	return img->eh.e_type;
}

uint64_t image__entry(const struct image *img)
{
	return img->eh.e_entry;
}

const struct image_segment *image__segments(const struct image *img, size_t *nr)
{
	*nr = img->nr_segments;
	return img->segments;
}

int image__header(const struct image *img, uint32_t type, struct image_segment *seg)
{
	for (size_t i = 0; i < img->nr_headers; i++) {
		if (img->types[i] == type) {
			*seg = img->headers[i];
			return 0;
		}
	}
	return -ENOENT;
}

int image__offset(const struct image *img, uint64_t vaddr, uint64_t *offset)
{
	for (size_t i = 0; i < img->nr_segments; i++) {
		const struct image_segment *s = &img->segments[i];

		if (vaddr >= s->vaddr && vaddr - s->vaddr < s->file_bytes) {
			*offset = s->offset + (vaddr - s->vaddr);
			return 0;
		}
	}
	return -ENOENT;
}

int image__vaddr(const struct image *img, uint64_t offset, uint64_t *vaddr)
{
	for (size_t i = 0; i < img->nr_segments; i++) {
		const struct image_segment *s = &img->segments[i];

		if (offset >= s->offset && offset - s->offset < s->file_bytes) {
			*vaddr = s->vaddr + (offset - s->offset);
			return 0;
		}
	}
	return -ENOENT;
}

int segments__bias(const struct image_segment *segments, size_t nr, uint64_t start, uint64_t map_offset, bool exec,
		   uint64_t *bias)
{
	const uint64_t page = sysconf(_SC_PAGESIZE);
	unsigned found = 0;

	for (size_t i = 0; i < nr; i++) {
		const struct image_segment *s = &segments[i];
		uint64_t first = s->offset & -page;

		/* two PT_LOADs may share a page of the file, which is then mapped twice */
		if (!(s->flags & PF_X) == !exec && map_offset >= first && map_offset < s->offset + s->file_bytes) {
			*bias = start - (s->vaddr - (s->offset - first) + (map_offset - first));
			found++;
		}
	}
	return found == 1 ? 0 : -ENOENT;
}

int image__bias(const struct image *img, uint64_t start, uint64_t map_offset, bool exec, uint64_t *bias)
{
	return segments__bias(img->segments, img->nr_segments, start, map_offset, exec, bias);
}
