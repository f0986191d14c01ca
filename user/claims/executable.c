// SPDX-License-Identifier: BSD-2-Clause
#include <fcntl.h>
#include <gelf.h>
#include <sys/stat.h>
#include <unistd.h>

#include "workloads.h"

/* Libraries that the dynamic linker must find; 0 for a program that is linked statically. */
static int needed_libraries(Elf *elf)
{
	Elf_Scn *section = NULL;
	GElf_Shdr header;
	GElf_Dyn entry;
	int needed = 0;

	while ((section = elf_nextscn(elf, section))) {
		Elf_Data *data = gelf_getshdr(section, &header) && header.sh_type == SHT_DYNAMIC ?
					 elf_getdata(section, NULL) :
					 NULL;

		for (int i = 0; data && gelf_getdyn(data, i, &entry) && entry.d_tag != DT_NULL; i++)
			needed += entry.d_tag == DT_NEEDED;
	}
	return needed;
}

json_t *executable__describe(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	json_t *file = NULL;
	struct stat st;
	Elf *elf;

	if (fd < 0)
		return NULL;
	elf_version(EV_CURRENT);
	elf = elf_begin(fd, ELF_C_READ, NULL);
	if (elf && elf_kind(elf) == ELF_K_ELF && !fstat(fd, &st))
		file = json_pack("{s:I, s:i}", "bytes", (json_int_t)st.st_size, "libraries", needed_libraries(elf));
	elf_end(elf);
	close(fd);
	return file;
}
