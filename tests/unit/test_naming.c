// SPDX-License-Identifier: BSD-2-Clause
/* The process that names addresses: it answers in order, tells of modules, and may end at any moment. */
#include <errno.h>
#include <setjmp.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "naming.h"
#include "util.h"

#define LONG_NS (60 * NSEC_PER_SEC) /* never waited for */

#define LATER (1ull << 62) /* than any reading of the map */

static unsigned answers, named, modules;
static uint64_t next_ts;
static char last_name[256];

static void on_answer(const struct naming_answer *a, void *payload, void *ctx)
{
	struct tare_symbol sym;

	if (a->type == TARE_FRAME_MODULES) {
		assert_true(a->bytes >= sizeof(struct tare_module));
		modules++;
		return;
	}
	assert_int_equal(a->type, TARE_FRAME_SYMBOLS);
	assert_int_equal(a->wanted.ts_ns, LATER + next_ts++);
	answers++;
	if (!a->bytes)
		return;
	named++;
	memcpy(&sym, payload, sizeof(sym));
	assert_true(sym.size <= a->bytes && sym.size % 8 == 0);
	assert_int_equal(sym.ip, a->wanted.ip);
	snprintf(last_name, sizeof(last_name), "%.*s", sym.name_len, (const char *)payload + sizeof(sym));
}

static struct naming begin(void)
{
	struct naming n;

	answers = named = modules = 0;
	next_ts = 0;
	naming__begin(&n, &(struct debug_places){ 0 });
	assert_true(n.pid > 0);
	return n;
}

static void ask(struct naming *n, const void *at, uint64_t ts)
{
	struct symbol_wanted a = {
		.pid = getpid(), .here = getpid(), .ip = (uintptr_t)at, .ts_ns = LATER + ts, .program = 1, .runs = true
	};

	assert_int_equal(naming__ask(n, &a), 0);
}

static void in_order(void **unused)
{
	struct naming n = begin();

	for (unsigned i = 0; i < 20000; i++) {
		ask(&n, i % 2 ? (char *)in_order + 1 : NULL, i);
		if (i % 100 == 0)
			naming__collect(&n, 0, on_answer, NULL);
	}
	naming__collect(&n, LONG_NS, on_answer, NULL);
	assert_int_equal(answers, 20000);
	assert_int_equal(named, 10000);
	assert_true(modules > 1);
	assert_string_equal(last_name, "in_order");
	naming__end(&n);
	assert_true(n.cpu_ns > 0);
	assert_int_equal(n.unnamed, 0);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
}

static void it_dies(void **unused)
{
	struct naming n = begin();

	ask(&n, (char *)it_dies + 1, 0);
	naming__collect(&n, LONG_NS, on_answer, NULL);
	assert_int_equal(named, 1);
	kill(n.pid, SIGKILL);
	for (unsigned i = 1; i <= 5000; i++)
		ask(&n, (char *)it_dies + 1, i);
	naming__collect(&n, LONG_NS, on_answer, NULL);
	assert_int_equal(answers, 5001);
	ask(&n, (char *)it_dies + 1, 5001);
	naming__collect(&n, 0, on_answer, NULL);
	assert_int_equal(answers, 5002);
	naming__end(&n);
}

/* What it was still asked when the recording ends. */
static void no_time_left(void **unused)
{
	struct naming n = begin();

	for (unsigned i = 0; i < 10; i++)
		ask(&n, (char *)it_dies + 1, i);
	naming__end(&n);
	assert_int_equal(n.unnamed, 10);
	naming__end(&n);
}

/* It does not outlive the recorder, however that ends, and none of the terminal's signals end it. */
static void its_life(void **unused)
{
	static const int all[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGUSR1, SIGPIPE };
	struct naming n = begin();
	int ends[2], status;
	struct pollfd gone = { .events = POLLIN };
	pid_t pid, namer;

	ask(&n, (char *)its_life + 1, 0);
	naming__collect(&n, LONG_NS, on_answer, NULL);
	for (size_t i = 0; i < ARRAY_SIZE(all); i++)
		kill(n.pid, all[i]);
	ask(&n, (char *)its_life + 1, 1);
	naming__collect(&n, LONG_NS, on_answer, NULL);
	assert_int_equal(named, 2);
	naming__end(&n);

	assert_int_equal(pipe(ends), 0);
	pid = fork();
	if (!pid) {
		naming__begin(&n, &(struct debug_places){ 0 });
		if (write(ends[1], &n.pid, sizeof(n.pid)) != sizeof(n.pid))
			abort();
		kill(getpid(), SIGKILL);
	}
	assert_int_equal(read(ends[0], &namer, sizeof(namer)), sizeof(namer));
	assert_int_equal(waitpid(pid, &status, 0), pid);
	gone.fd = syscall(SYS_pidfd_open, namer, 0);
	if (gone.fd >= 0)
		assert_int_equal(poll(&gone, 1, -1), 1);
	close(gone.fd);
	close(ends[0]);
	close(ends[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(in_order),
		cmocka_unit_test(it_dies),
		cmocka_unit_test(no_time_left),
		cmocka_unit_test(its_life),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
