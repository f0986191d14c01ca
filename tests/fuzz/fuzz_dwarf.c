// SPDX-License-Identifier: BSD-2-Clause
/* Any bytes as an executable whose debug information is to tell where the fields of Go's runtime are. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "golayout.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define BUDGET_NS 100000000ull /* much more than an input of this size takes */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int fd = memfd_create("dwarf", MFD_CLOEXEC), err;
	struct go_layout l, before;
	const char *why = NULL;

	if (fd < 0 || (size && write(fd, data, size) != (ssize_t)size))
		abort();
	memset(&l, 0x5a, sizeof(l));
	before = l;
	err = go_layout__by_dwarf(&l, fd, BUDGET_NS, &why);
	if (err && (err != -ENOENT || !why || !*why || memcmp(&l, &before, sizeof(l))))
		abort();
	if (!err && (why || l.source != GO_LAYOUT_DWARF))
		abort();
	for (enum go_field f = 0; !err && f < GO_NR_FIELDS; f++)
		if (l.at[f] < -1)
			abort();
	close(fd);
	return 0;
}
