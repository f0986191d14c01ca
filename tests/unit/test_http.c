// SPDX-License-Identifier: BSD-2-Clause
/* The server of tare serve: who asks is told apart, and clients that do not read keep only some old pages in memory. */
#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "http.h"

#define PAGE   (8u << 20) /* more than the kernel takes for who does not read */
#define SLOW   24
#define OLD    8      /* pages that may be kept for them */
#define NEW_US 150000 /* then there is a new page */

static _Atomic uint64_t asked; /* by whom, last */
static atomic_uint made;

static char *make_page(void *ctx, enum metrics_format format, uint64_t scraper, size_t *len)
{
	char *text = malloc(PAGE);

	assert_non_null(text);
	memset(text, '#', PAGE);
	*len = PAGE;
	asked = scraper;
	made++;
	return text;
}

static const char *no_problem(void *ctx)
{
	return NULL;
}

/* A connection to @h on which @agent has asked for the page. */
static int ask(const struct http *h, const char *agent)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), room = 4096;
	char request[128];

	to.sin_port = htons(atoi(strrchr(http__address(h), ':') + 1));
	assert_true(fd >= 0);
	assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof(room)), 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof(to)), 0);
	snprintf(request, sizeof(request),
		 "GET /metrics HTTP/1.1\r\nHost: x\r\nUser-Agent: %s\r\nConnection: close\r\n\r\n", agent);
	assert_int_equal(write(fd, request, strlen(request)), strlen(request));
	return fd;
}

/* Reads all that comes. How much was it? */
static size_t drain(int fd)
{
	static char buf[1 << 16];
	size_t len = 0;
	ssize_t n;

	while ((n = read(fd, buf, sizeof(buf))) > 0)
		len += n;
	close(fd);
	return len;
}

static struct http *start(void)
{
	const struct http_source source = { make_page, no_problem, NULL };
	struct http *h;

	assert_int_equal(http__start("127.0.0.1:0", &source, &h), 0);
	return h;
}

static void test_who_asks(void **state)
{
	struct http *h = start();
	uint64_t one, two;

	assert_true(drain(ask(h, "one")) > PAGE);
	one = asked;
	/* at once: it has been told other things */
	assert_true(drain(ask(h, "two")) > PAGE);
	two = asked;
	usleep(NEW_US);
	assert_true(drain(ask(h, "one")) > PAGE);
	assert_true(one && two && one != two);
	assert_true(asked == one);
	http__stop(h);
}

static void test_slow_readers(void **state)
{
	struct http *h = start();
	int fds[SLOW], last;
	unsigned whole = 0;

	for (int i = 0; i < SLOW; i++) {
		unsigned before = made;

		usleep(NEW_US);
		fds[i] = ask(h, "slow");
		while (made == before)
			usleep(1000);
	}
	last = ask(h, "last");
	assert_true(drain(last) > PAGE);
	for (int i = 0; i < SLOW; i++)
		whole += drain(fds[i]) > PAGE;
	assert_in_range(whole, 1, OLD);
	http__stop(h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_who_asks),
		cmocka_unit_test(test_slow_readers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
