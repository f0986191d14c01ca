// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "code_file.h"
#include "modules.h"
#include "symtab.h"
#include "util.h"

struct code_file {
	int fd; /* -1: in memory */
	pid_t pid;
	char *path;
	void *data;
	struct image *img;
	bool tried;
	struct image *debug; /* a file of its own with debug information or symbols; else NULL */
	struct dwarf_lines *lines;
};

static struct code_file *open_any(int fd, void *data, size_t size, pid_t pid, const char *path)
{
	struct code_file *f = calloc(1, sizeof(*f));
	int ret = f ? 0 : -ENOMEM;

	if (!ret)
		ret = data ? image__open_mem(data, size, &f->img, NULL) : image__open(fd, &f->img, NULL);
	if (!ret && path && !(f->path = strdup(path)))
		ret = -ENOMEM;
	if (ret) {
		if (f)
			image__close(f->img);
		free(f);
		free(data);
		if (fd >= 0)
			close(fd);
		return NULL;
	}
	f->fd = fd;
	f->pid = pid;
	f->data = data;
	return f;
}

struct code_file *code_file__open(int fd, pid_t pid, const char *path)
{
	return open_any(fd, NULL, 0, pid, path);
}

struct code_file *code_file__open_mem(void *data, size_t size)
{
	return open_any(-1, data, size, 0, NULL);
}

void code_file__close(struct code_file *f)
{
	if (!f)
		return;
	dwarf_lines__close(f->lines);
	image__close(f->debug);
	image__close(f->img);
	if (f->fd >= 0)
		close(f->fd);
	free(f->path);
	free(f->data);
	free(f);
}

struct image *code_file__image(struct code_file *f)
{
	return f->img;
}

static void read_lines(struct code_file *f, int fd, struct image *img, const struct debug_places *places,
		       uint64_t *room)
{
	uint64_t bytes = 0;
	int ret = dwarf_lines__open(fd, img, places, *room, &f->lines, &bytes);

	if (!ret)
		*room -= bytes;
	else if (ret != -ENOENT)
		info("%s: debug information is not used: %s", f->path ? f->path : "a program", strerror(-ret));
}

static void find_debug(struct code_file *f, const struct debug_places *places, uint64_t *room)
{
	struct debug_wanted wanted = { .img = f->img, .pid = f->pid, .path = f->path };
	struct image_section sec;
	int fd;

	read_lines(f, f->fd, f->img, places, room);
	if (f->lines && !image__section(f->img, ".symtab", &sec))
		return;
	wanted.build_id_len = elf__build_id(f->fd, wanted.build_id);
	fd = debug_file__open(places, &wanted);
	if (fd < 0)
		return;
	if (!image__open(fd, &f->debug, NULL) && !f->lines)
		read_lines(f, fd, f->debug, places, room);
	close(fd);
}

int code_file__frames_at(struct code_file *f, uint64_t vaddr, const struct debug_places *places, uint64_t *bytes,
			 struct code_frame *frames, int max)
{
	const char *symbol = NULL;
	uint64_t start = 0;
	int nr = -ENOENT;

	if (!f->tried && bytes && f->fd >= 0) {
		f->tried = true;
		find_debug(f, places, bytes);
	}
	if (f->lines && bytes)
		nr = dwarf_lines__frames_at(f->lines, vaddr, frames, max);
	if (nr < 1) {
		nr = 1;
		frames[0] = (struct code_frame){ .name = NULL };
	}
	if ((!f->debug || symtab__function_at(f->debug, vaddr, &symbol, &start)) &&
	    symtab__function_at(f->img, vaddr, &symbol, &start))
		symbol = NULL;
	/* the linker's name tells parts of a function apart, and a C++ function from one with other parameters */
	if (symbol)
		frames[nr - 1].name = symbol;
	for (int i = 0; i < nr; i++) {
		frames[i].start = symbol ? start : 0;
		if (frames[i].name)
			continue;
		/* not all of the calls are known, so the line might be another function's */
		frames[0] = (struct code_frame){ .name = symbol, .start = start };
		return symbol ? 1 : -ENOENT;
	}
	return nr;
}
