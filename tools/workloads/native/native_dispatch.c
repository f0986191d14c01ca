// SPDX-License-Identifier: BSD-2-Clause
/* dispatch: C has no interfaces that are found at run time; the other ways of calling are in bench/dispatch.c */
#include "dispatch.h"

int run_dispatch(const struct options *options)
{
	return dispatch__run(options, NULL, NULL);
}
