// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "http.h"
#include "scenario.h"

#define PATH "/work?seed="

/* Bytes up to and with the empty line; 0: it has not come yet */
static size_t head_bytes(const char *buf, size_t len)
{
	const char *end = memmem(buf, len, "\r\n\r\n", 4);

	return end ? end - buf + 4 : 0;
}

/* A header's value in a head that ends in NUL, or NULL */
static const char *header(const char *head, const char *name)
{
	size_t len = strlen(name);

	for (const char *line = strstr(head, "\r\n"); line; line = strstr(line, "\r\n")) {
		line += 2;
		if (!strncasecmp(line, name, len) && line[len] == ':')
			return line + len + 1 + strspn(line + len + 1, " \t");
	}
	return NULL;
}

static ssize_t answer(const struct http_stream *s, const char *status, const char *body, bool last)
{
	char buf[HTTP_MOST_BYTES];
	int n = snprintf(buf, sizeof(buf), "HTTP/1.1 %s\r\nContent-Type: text/plain\r\nContent-Length: %zu\r\n%s\r\n%s",
			 status, strlen(body), last ? "Connection: close\r\n" : "", body);

	return s->write(s->arg, buf, n);
}

/* The request whose head is `head`. 1: another may follow, 0: the last one, negative errno: no answer went out */
static int serve_one(const struct http_stream *s, const char *head)
{
	const char *connection = header(head, "Connection");
	bool last = connection && !strncasecmp(connection, "close", 5);
	char *end, body[32];
	uint64_t seed;
	ssize_t n;

	if (strncmp(head, "GET ", 4)) {
		n = answer(s, "405 Method Not Allowed", "only GET\n", true);
		return n < 0 ? n : 0;
	}
	if (!strncmp(head, "GET / ", 6)) {
		seed = 0;
		end = (char *)head + 5;
	} else if (!strncmp(head + 4, PATH, strlen(PATH))) {
		seed = strtoull(head + 4 + strlen(PATH), &end, 10);
	} else {
		n = answer(s, "404 Not Found", "there is only " PATH "N\n", last);
		return n < 0 ? n : !last;
	}
	if (strncmp(end, " HTTP/1.1\r\n", 11)) {
		n = answer(s, "400 Bad Request", "GET " PATH "N HTTP/1.1\n", true);
		return n < 0 ? n : 0;
	}
	snprintf(body, sizeof(body), "%" PRIu64 "\n", s->work(s->arg, seed));
	n = answer(s, "200 OK", body, last);
	return n < 0 ? n : !last;
}

int http__serve_buffered(const struct http_stream *s, char *buf, size_t *len)
{
	size_t head;

	while ((head = head_bytes(buf, *len))) {
		char first = buf[head - 1];
		int more;

		buf[head - 1] = 0;
		more = serve_one(s, buf);
		buf[head - 1] = first;
		if (more <= 0)
			return more;
		*len -= head;
		memmove(buf, buf + head, *len);
	}
	return *len < HTTP_MOST_BYTES ? 1 : -EPROTO;
}

int http__serve(const struct http_stream *s)
{
	char buf[HTTP_MOST_BYTES];
	size_t len = 0;

	for (;;) {
		ssize_t n = s->read(s->arg, buf + len, sizeof(buf) - len);
		int more;

		if (n <= 0)
			return n;
		len += n;
		more = http__serve_buffered(s, buf, &len);
		if (more <= 0)
			return more;
	}
}

size_t http__request(char *buf, size_t size, uint64_t seed)
{
	return snprintf(buf, size, "GET " PATH "%" PRIu64 " HTTP/1.1\r\nHost: localhost\r\n\r\n", seed);
}

size_t http__request_root(char *buf, size_t size, uint64_t seed)
{
	return snprintf(buf, size, "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
}

ssize_t http__answer(const char *buf, size_t len, int *status, uint64_t *sum)
{
	size_t head = head_bytes(buf, len), body;
	char text[HTTP_MOST_BYTES + 1];
	const char *length;

	if (!head)
		return len < HTTP_MOST_BYTES ? 0 : -EPROTO;
	memcpy(text, buf, len);
	text[len] = 0;
	length = header(text, "Content-Length");
	if (sscanf(text, "HTTP/1.1 %d", status) != 1 || !length)
		return -EPROTO;
	body = strtoull(length, NULL, 10);
	if (body > HTTP_MOST_BYTES - head)
		return -EPROTO;
	if (len < head + body)
		return 0;
	*sum = strtoull(text + head, NULL, 10);
	return head + body;
}

uint64_t http__fill(void *memory, size_t bytes, uint64_t seed)
{
	uint64_t *words = memory, sum = 0;
	size_t n = bytes / sizeof(*words);

	for (size_t i = 0; i < n; i++)
		words[i] = seed + i;
	scenario__keep(memory);
	for (size_t i = 0; i < n; i++)
		sum += words[i];
	return sum;
}

uint64_t http__expected(size_t bytes, uint64_t seed)
{
	uint64_t n = bytes / sizeof(uint64_t), sum = n * seed;

	/* one of n and n - 1 is even; n is far below 2^32, so nothing is lost */
	return n ? sum + n * (n - 1) / 2 : 0;
}
