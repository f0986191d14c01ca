/* SPDX-License-Identifier: BSD-2-Clause */
/* Opening a regular file that others have named or can replace: it never blocks and never leaves where it should be. */
#ifndef TARE_OPEN_IN_H
#define TARE_OPEN_IN_H

#include <stdbool.h>
#include <sys/types.h>

/*
 * @path as process @pid sees it: from its root, with its mounts and links. @follow: the last part may be a symbolic
 * link. Returns a descriptor for reading or a negative errno: -EINVAL if it is no regular file.
 */
int open_in_root_of(pid_t pid, const char *path, bool follow);

/* @path on this side. Returns as above. */
int open_regular(const char *path);

#endif /* TARE_OPEN_IN_H */
