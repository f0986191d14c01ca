/* SPDX-License-Identifier: BSD-2-Clause */
/* A file with code: its symbols and its debug information, each read when it is first asked for. */
#ifndef TARE_CODE_FILE_H
#define TARE_CODE_FILE_H

#include "dwarf_lines.h"

struct code_file;

/*
 * Take over the descriptor @fd, also on failure. @pid and @path (may be NULL): as in struct debug_wanted. Returns the
 * file, or NULL: it is no executable, or out of memory.
 */
struct code_file *code_file__open(int fd, pid_t pid, const char *path);
/* The same of @size bytes at @data, which it takes over and will free(). Such a file has no debug information. */
struct code_file *code_file__open_mem(void *data, size_t size);
void code_file__close(struct code_file *f);

struct image *code_file__image(struct code_file *f);

/*
 * The functions at @vaddr, the innermost first. If @bytes is not NULL, debug information is looked for in @places and
 * read if it takes no more than *@bytes of memory, which is then subtracted. Returns how many, at most @max (2 or
 * more), or -ENOENT: it is in no function that has a name. Strings are valid until code_file__close() and not safe to
 * print.
 */
int code_file__frames_at(struct code_file *f, uint64_t vaddr, const struct debug_places *places, uint64_t *bytes,
			 struct code_frame *frames, int max);

#endif /* TARE_CODE_FILE_H */
