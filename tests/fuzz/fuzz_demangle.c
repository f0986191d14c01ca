// SPDX-License-Identifier: BSD-2-Clause
/* Any bytes as the name of a C++ or Rust function. */
#include <stdlib.h>
#include <string.h>

#include "demangle.h"

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
	char *symbol = size ? malloc(size + 2) : NULL, buf[1024];

	if (!symbol)
		return 0;
	memcpy(symbol, *data & 1 ? "_Z" : "_R", 2);
	memcpy(symbol + 2, data + 1, size - 1);
	symbol[size + 1] = '\0';
	if (strlen(demangle(symbol, buf, sizeof(buf))) > size + sizeof(buf))
		abort();
	free(symbol);
	return 0;
}
