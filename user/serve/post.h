/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Sends messages to one URL over HTTP or HTTPS, by libcurl. That is loaded only here: with all that it needs it would
 * cost each command 3 ms and 1 MB.
 */
#ifndef TARE_SERVE_POST_H
#define TARE_SERVE_POST_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

struct post;

enum post_result {
	POST_OK,
	POST_LATER,   /* it may work when tried again */
	POST_REFUSED, /* it will not */
};

struct post_answer {
	const void *body; /* the first bytes of it, until the next call; NULL: there is none */
	size_t len;
	uint64_t wait_ns; /* after POST_LATER: so long the server asks to be left alone; 0: it does not say */
	char why[256];	  /* if it is not POST_OK; safe to print */
};

/*
 * For @url, to which "/v1/metrics" is added if it has no path. Headers, and certificates of whom to trust, are taken
 * from the environment as OpenTelemetry has it: OTEL_EXPORTER_OTLP_HEADERS ("name=value,..", encoded as in URLs) and
 * OTEL_EXPORTER_OTLP_CERTIFICATE (a file). Returns 0 and sets *@out, or, after saying why, -EINVAL for the URL or the
 * environment, -ENOENT if there is no libcurl, -ENOMEM.
 */
int post__new(const char *url, struct post **out);

/* Where it sends to. */
const char *post__url(const struct post *p);

/*
 * Send @len bytes of protobuf, and wait for the answer: @limit_ns at most, and not once *@stop is set. Redirections are
 * not followed.
 */
enum post_result post__send(struct post *p, const void *body, size_t len, uint64_t limit_ns, const atomic_bool *stop,
			    struct post_answer *answer);

/* NULL is fine. */
void post__free(struct post *p);

#endif /* TARE_SERVE_POST_H */
