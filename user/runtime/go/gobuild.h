/* SPDX-License-Identifier: BSD-2-Clause */
/* The build information in a Go executable, with or without section headers, since Go 1.13. */
#ifndef TARE_GOBUILD_H
#define TARE_GOBUILD_H

#include "image.h"

struct gobuild_setting {
	const char *key, *value;
};

/* Strings are the file's: sanitize() them before display. None is NULL; "" if unknown. */
struct gobuild {
	const char *version;	 /* whole: "go1.26.10-X:nogreenteagc", "devel go1.28-abc Mon ..." */
	const char *experiments; /* what follows "X:" in it: "nogreenteagc" */
	int minor;		 /* 26 in go1.26.10 and in devel go1.26-..., 0 if unknown */
	bool devel;		 /* neither a release nor a release candidate */
	const char *path, *module, *module_version;
	struct gobuild_setting *settings; /* -ldflags, CGO_ENABLED, vcs.revision, ... (Go 1.18 and later) */
	size_t nr_settings, room_settings;
	char *text; /* holds them all */
};

/*
 * Read it. Returns 0, -ENOENT if there is none (no Go executable, or one older than 1.13), -ENOMEM. gobuild__free() in
 * any case.
 */
int gobuild__read(struct image *img, struct gobuild *build);
void gobuild__free(struct gobuild *build);

/* A setting's value, or NULL if it is not set. */
const char *gobuild__setting(const struct gobuild *build, const char *key);

#endif /* TARE_GOBUILD_H */
