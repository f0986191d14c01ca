// SPDX-License-Identifier: BSD-2-Clause
/* Any bytes as an ELF file: the build id is asked of a target's files, which may be anything. */
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "modules.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int fd = memfd_create("elf", MFD_CLOEXEC), n;
	uint8_t *id = malloc(TARE_BUILD_ID_MAX); /* of exactly that size */

	if (fd < 0 || !id || (size && write(fd, data, size) != (ssize_t)size))
		abort();
	n = elf__build_id(fd, id);
	if (n < 0 || n > TARE_BUILD_ID_MAX)
		abort();
	free(id);
	close(fd);
	return 0;
}
