/* SPDX-License-Identifier: BSD-2-Clause */
/* Where an export goes: a file or standard output, compressed if asked. */
#ifndef TARE_EXPORT_OUTPUT_H
#define TARE_EXPORT_OUTPUT_H

#include <stdbool.h>
#include <stdio.h>

struct gzip;

struct export_output {
	const char *path; /* "-": standard output */
	bool compress;	  /* by gzip */
	/* what the exporter writes to, once open */
	FILE *to;
	/* internal */
	FILE *file, *spool;
	struct gzip *gzip;
};

/*
 * Open it for a format called @format that is @binary, or @seeks; @input is the recording, which must not be
 * overwritten; NULL: there is none. Returns an exit code, after saying what is wrong.
 */
int export_output__open(struct export_output *out, const char *format, bool binary, bool seeks, const char *input);

/* Did writing fail? */
bool export_output__failed(const struct export_output *out);

/* Write out what is left. Returns 0 or a negative errno. Always closes it, except for standard output. */
int export_output__close(struct export_output *out);

/* Is it the regular file @in, which opening it would destroy? "-": what standard input and output are. */
bool export_output__is(const struct export_output *out, const char *in);
bool export_output__is_stdout(const struct export_output *out);
/* For messages. */
const char *export_output__name(const struct export_output *out);

#endif /* TARE_EXPORT_OUTPUT_H */
