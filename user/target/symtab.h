/* SPDX-License-Identifier: BSD-2-Clause */
/* Which function an address of an ELF file belongs to, by its symbols. */
#ifndef TARE_SYMTAB_H
#define TARE_SYMTAB_H

#include "image.h"

/*
 * The function that contains @vaddr, by .symtab or else .dynsym. Sets *@name, which is the file's (valid until
 * image__close(), not safe to print). Of several names for the same code it is always the same one. *@start, unless
 * NULL: where it begins. Returns 0, or -ENOENT: it is in none, as padding, the PLT and what a stripped file does not
 * name. The first call sorts the table.
 */
int symtab__function_at(struct image *img, uint64_t vaddr, const char **name, uint64_t *start);

/*
 * The address of the defined function @name in the dynamic linker's table, which stripped files have too. Returns 0 or
 * -ENOENT.
 */
int symtab__dynamic(struct image *img, const char *name, uint64_t *vaddr);

#endif /* TARE_SYMTAB_H */
