// SPDX-License-Identifier: BSD-2-Clause
/* Recordings written, and read again: all comes back, also what an other version wrote; what cannot be is refused. */
#include "recording.h"

/* ---- what is written comes back ---- */

static void descriptions_come_back(void **unused)
{
	struct tare_task tasks[2] = { { .ts_ns = 100, .tid = 1, .comm = "sixteen bytes!!!" },
				      { .ts_ns = 101, .tid = 2, .cpu = 3 } };
	struct {
		struct tare_process p;
		char text[16];
	} process = { { .pid = 1, .cmdline_len = 4, .exe_len = 5, .size = sizeof(process) }, "a\0b\0/exe!" };
	struct {
		struct tare_module m;
		char path[8];
	} module = { { .pid = 1, .size = sizeof(module), .path_len = 4, .build_id_len = 2, .build_id = { 0xca, 0xfe } },
		     "/lib" };
	struct tare_loss loss = { TARE_LOST_IN, 1, 77 };
	struct tare_probe probe = { "a name that has all thirty-two b", 1, 2, 3, -4 };
	struct tare_end end = { .ts_ns = 999, .reason = TARE_END_INTERRUPT, .wait_status = -1 };
	static const char strings[] = "key=value\0no equals sign\0empty=\0=\0last=a=b";
	struct writer *w = create("all");
	struct reader *r;
	struct event ev;

	header(w);
	frame(w, TARE_FRAME_INFO, 0, 6, strings, sizeof(strings));
	assert_int_equal(writer__array(w, TARE_FRAME_TASKS, 7, tasks, sizeof(tasks[0]), 2), 0);
	frame(w, TARE_FRAME_PROCESSES, 0, 8, &process, sizeof(process));
	frame(w, TARE_FRAME_MODULES, 0, 9, &module, sizeof(module));
	assert_int_equal(writer__array(w, TARE_FRAME_LOSS, 10, &loss, sizeof(loss), 1), 0);
	assert_int_equal(writer__array(w, TARE_FRAME_PROBES, 11, &probe, sizeof(probe), 1), 0);
	frame(w, TARE_FRAME_END, 0, 12, &end, sizeof(end));
	assert_int_equal(writer__bytes(w), 8 * sizeof(struct tare_frame) + sizeof(struct tare_header) +
						   sizeof(strings) + 3 * sizeof(struct tare_array) + sizeof(tasks) +
						   sizeof(process) + sizeof(module) + sizeof(loss) + sizeof(probe) +
						   sizeof(end));
	assert_int_equal(writer__close(w), 0);

	r = open_file("all");
	next_is(r, &ev, EVENT_HEADER);
	assert_true(ev.ts_ns == 5 && ev.header->nr_cpus == 2 && ev.header->mono_ns == 5 && ev.header->real_ns == 7);
	static const char *const info[][2] = { { "key", "value" }, { "empty", "" }, { "", "" }, { "last", "a=b" } };
	for (size_t i = 0; i < ARRAY_SIZE(info); i++) {
		next_is(r, &ev, EVENT_INFO);
		assert_string_equal(ev.info.key, info[i][0]);
		assert_string_equal(ev.info.value, info[i][1]);
	}
	next_is(r, &ev, EVENT_TASK);
	assert_true(ev.ts_ns == 100 && ev.cpu == 0 && ev.task->tid == 1);
	assert_memory_equal(ev.task->comm, "sixteen bytes!!!", 16);
	next_is(r, &ev, EVENT_TASK);
	assert_true(ev.ts_ns == 101 && ev.cpu == 3 && ev.task->tid == 2);
	next_is(r, &ev, EVENT_PROCESS);
	assert_memory_equal(ev.process.cmdline, "a\0b", 4);
	assert_memory_equal(ev.process.exe, "/exe!", 5);
	next_is(r, &ev, EVENT_MODULE);
	assert_memory_equal(ev.module.path, "/lib", 4);
	assert_true(ev.module.head->build_id_len == 2 && ev.module.head->build_id[1] == 0xfe);
	next_is(r, &ev, EVENT_LOSS);
	assert_true(ev.loss->cls == TARE_LOST_IN && ev.loss->cpu == 1 && ev.loss->count == 77);
	next_is(r, &ev, EVENT_PROBE);
	assert_string_equal(ev.probe->name, "a name that has all thirty-two ");
	assert_int_equal(ev.probe->timed_ns, 3);
	assert_int_equal(ev.probe->entry_ns, -4);
	next_is(r, &ev, EVENT_END);
	assert_true(ev.end->reason == TARE_END_INTERRUPT && ev.end->wait_status == -1 && ev.end->ts_ns == 999);
	end_is(r);
}

/* ---- evolution ---- */

static void unknown_frames_and_records_are_skipped(void **unused)
{
	struct writer *w = create("unknown");
	struct bytes b = { 0 };
	struct reader *r;
	struct event ev;

	header(w);
	frame(w, 99, 7, 1, "of a later version", 18);
	frame(w, 0, 7, 1, "", 0);
	frame(w, 65535, 7, 1, "x", 1);
	frame(w, TARE_FRAME_EVENTS, 9, 1, "", 0); /* no records at all */
	add_migrate(&b, 1, 1, 0, 0);
	add_unknown(&b, 2, 2);
	add_unknown(&b, 3, 255);
	add_migrate(&b, 4, 4, 0, 0);
	events(w, 0, 0, &b);
	free(b.data);
	assert_int_equal(writer__close(w), 0);

	r = open_file("unknown");
	next_is(r, &ev, EVENT_HEADER);
	migrate_is(r, 1, 0, 1);
	migrate_is(r, 4, 0, 4);
	end_is(r);
}

/* Elements of an array grow at their end: more is passed over, what is not there is 0. */
static void elements_of_other_sizes(void **unused)
{
	static const size_t sizes[] = {
		1, 8, 20, sizeof(struct tare_task) - 1, sizeof(struct tare_task), 88, 120, 4096
	};

	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		size_t size = sizes[i], known = size < sizeof(struct tare_task) ? size : sizeof(struct tare_task);
		unsigned char *elems = malloc(3 * size);
		struct writer *w = create("elements");
		struct tare_task want[3];
		struct reader *r;
		struct event ev;

		assert_non_null(elems);
		memset(elems, 0xee, 3 * size);
		memset(want, 0, sizeof(want));
		for (int n = 0; n < 3; n++) {
			struct tare_task t = {
				.ts_ns = 1000 + n, .tid = n, .tgid = 5, .nvcsw = 6, .phase = 1, .comm = "name"
			};

			memcpy(elems + n * size, &t, known);
			memcpy(&want[n], &t, known);
			if (known < sizeof(t)) /* it did not count them */
				want[n].minor_faults = want[n].major_faults = TARE_UNKNOWN;
		}
		header(w);
		assert_int_equal(writer__array(w, TARE_FRAME_TASKS, 1, elems, size, 3), 0);
		assert_int_equal(writer__close(w), 0);
		r = open_file("elements");
		next_is(r, &ev, EVENT_HEADER);
		for (int n = 0; n < 3; n++) {
			next_is(r, &ev, EVENT_TASK);
			assert_memory_equal(ev.task, &want[n], sizeof(want[n]));
		}
		end_is(r);
		free(elems);
	}
}

/* A header and an end that a later version made longer, or that is shorter than this one's. */
static void single_structs_of_other_sizes(void **unused)
{
	unsigned char buf[512] = { TARE_FORMAT_VERSION };

	for (size_t len = 1; len <= sizeof(buf); len++) {
		struct writer *w = create("single");
		struct reader *r;
		struct event ev;

		frame(w, TARE_FRAME_HEADER, 0, 1, buf, len);
		frame(w, TARE_FRAME_END, 0, 2, buf, len);
		assert_int_equal(writer__close(w), 0);
		r = open_file("single");
		next_is(r, &ev, EVENT_HEADER);
		assert_int_equal(ev.header->version, TARE_FORMAT_VERSION);
		assert_int_equal(ev.header->real_ns, 0);
		next_is(r, &ev, EVENT_END);
		end_is(r);
	}
}

static void strings_that_reach_beyond_their_frame(void **unused)
{
	struct {
		struct tare_process p;
		char text[16];
	} p = { .p = { .pid = 1, .size = sizeof(p) } };
	struct {
		struct tare_module m;
		char text[16];
	} m = { .m = { .pid = 1, .size = sizeof(m) } };
	static const struct {
		uint16_t a, b;
		uint32_t size;
		uint8_t id;
		bool good;
	} cases[] = {
		{ 8, 8, sizeof(p), 20, true },	   { 9, 8, sizeof(p), 0, false }, { 65535, 65535, sizeof(p), 0, false },
		{ 0, 0, sizeof(p) + 1, 0, false }, { 0, 0, 0, 0, false },	  { 0, 0, sizeof(p.p) - 1, 0, false },
		{ 0, 0, UINT32_MAX, 0, false },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct writer *w = create("strings");
		struct reader *r;
		struct event ev;

		p.p.cmdline_len = cases[i].a;
		p.p.exe_len = cases[i].b;
		p.p.size = cases[i].size;
		m.m.path_len = cases[i].a + cases[i].b < 65536 ? cases[i].a + cases[i].b : 65535;
		m.m.size = cases[i].size + sizeof(m) - sizeof(p);
		if (cases[i].size < sizeof(p))
			m.m.size = cases[i].size;
		m.m.build_id_len = cases[i].id;
		header(w);
		frame(w, TARE_FRAME_PROCESSES, 0, 1, &p, sizeof(p));
		frame(w, TARE_FRAME_MODULES, 0, 1, &m, sizeof(m));
		m.m.build_id_len = TARE_BUILD_ID_MAX + 1;
		frame(w, TARE_FRAME_MODULES, 0, 1, &m, sizeof(m));
		assert_int_equal(writer__close(w), 0);
		r = open_file("strings");
		next_is(r, &ev, EVENT_HEADER);
		if (cases[i].good) {
			next_is(r, &ev, EVENT_PROCESS);
			next_is(r, &ev, EVENT_MODULE);
		}
		end_is(r);
	}
}

/* ---- what is refused ---- */

static void refused_with_a_reason(void **unused)
{
	struct tare_header h = { .version = TARE_FORMAT_VERSION + 1 };
	struct writer *w = create("newer");
	struct capture c;
	struct reader *r;
	int ret;

	frame(w, TARE_FRAME_HEADER, 0, 1, &h, sizeof(h));
	assert_int_equal(writer__close(w), 0);
	close(open(in_dir("empty"), O_CREAT | O_WRONLY, 0600));
	assert_int_equal(truncate(in_dir("newer"), 1 << 20), 0);

	static const struct {
		const char *name;
		int ret;
		const char *says;
	} cases[] = {
		{ "newer", -EPROTONOSUPPORT, "use a newer tare" },
		{ "empty", -EBADMSG, "is empty" },
		{ "missing", -ENOENT, "record first" },
		{ "../../dev/zero-not-there", -ENOENT, "cannot open" },
		{ ".", -EISDIR, "cannot read" },
	};
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		capture__begin(&c);
		ret = reader__open(in_dir(cases[i].name), &r);
		assert_non_null(strstr(capture__end(&c), cases[i].says));
		assert_int_equal(ret, cases[i].ret);
	}
	for (size_t len = 1; len < 200; len += 7) {
		unsigned char junk[200];

		memset(junk, len, sizeof(junk));
		memcpy(junk, "TARE", 4);
		capture__begin(&c);
		ret = reader__open_mem(junk, len, &r);
		assert_non_null(strstr(capture__end(&c), "is no recording of tare"));
		assert_int_equal(ret, -EBADMSG);
	}
}

/* ---- the writer ---- */

static void keeps_the_old_file(void **unused)
{
	struct writer *w = create("kept");
	struct bytes old;
	struct stat st;

	frame(w, TARE_FRAME_INFO, 0, 0, "first", 5);
	assert_int_equal(writer__close(w), 0);
	w = create("kept");
	assert_int_equal(writer__close(w), 0);
	old = slurp(in_dir("kept.old"));
	assert_true(old.len == sizeof(struct tare_frame) + 5 &&
		    !memcmp(old.data + sizeof(struct tare_frame), "first", 5));
	free(old.data);
	assert_int_equal(stat(in_dir("kept"), &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(st.st_size, 0);
}

static void follows_no_link(void **unused)
{
	struct capture c;
	struct bytes b;
	struct writer *w = create("pointed-at");
	int ret;

	frame(w, TARE_FRAME_INFO, 0, 0, "keep me", 7);
	assert_int_equal(writer__close(w), 0);
	assert_int_equal(symlink("pointed-at", in_dir("link")), 0);
	assert_int_equal(symlink("nowhere", in_dir("dangling")), 0);
	capture__begin(&c);
	ret = writer__open(in_dir("link"), &w);
	assert_non_null(strstr(capture__end(&c), "symbolic link"));
	assert_int_equal(ret, -ELOOP);
	capture__begin(&c);
	ret = writer__open(in_dir("dangling"), &w);
	assert_non_null(strstr(capture__end(&c), "symbolic link"));
	assert_int_equal(ret, -ELOOP);
	assert_int_equal(access(in_dir("nowhere"), F_OK), -1);
	b = slurp(in_dir("pointed-at"));
	assert_int_equal(b.len, sizeof(struct tare_frame) + 7);
	free(b.data);
}

static void full_disk_is_counted(void **unused)
{
	struct iovec iov = { "payload", 7 };
	struct capture c;
	struct writer *w;

	assert_int_equal(writer__open("/dev/full", &w), 0);
	capture__begin(&c);
	assert_int_equal(writer__frame(w, TARE_FRAME_INFO, 0, 0, &iov, 1), -ENOSPC);
	assert_int_equal(writer__frame(w, TARE_FRAME_INFO, 0, 0, &iov, 1), -ENOSPC);
	assert_int_equal(writer__bytes(w), 0);
	assert_int_equal(writer__lost_bytes(w), 2 * (sizeof(struct tare_frame) + 7));
	assert_int_equal(writer__close(w), -ENOSPC);
	capture__end(&c);
	assert_non_null(strstr(c.text, "No space left"));
	assert_null(strstr(strstr(c.text, "No space left") + 1, "No space left")); /* once */
}

/* Too long for one frame: in as many as it takes, none longer than a reader accepts. */
static void long_arrays_are_split(void **unused)
{
	enum { NR = 400000 };
	struct tare_probe *probes = calloc(NR, sizeof(*probes));
	struct writer *w = create("split");
	struct reader *r;
	struct event ev;

	assert_non_null(probes);
	for (unsigned i = 0; i < NR; i++)
		probes[i].hits = i;
	header(w);
	assert_int_equal(writer__array(w, TARE_FRAME_PROBES, 0, probes, sizeof(*probes), NR), 0);
	assert_int_equal(writer__close(w), 0);
	free(probes);
	r = open_file("split");
	next_is(r, &ev, EVENT_HEADER);
	for (unsigned i = 0; i < NR; i++) {
		next_is(r, &ev, EVENT_PROBE);
		assert_int_equal(ev.probe->hits, i);
	}
	end_is(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(descriptions_come_back),
		cmocka_unit_test(unknown_frames_and_records_are_skipped),
		cmocka_unit_test(elements_of_other_sizes),
		cmocka_unit_test(single_structs_of_other_sizes),
		cmocka_unit_test(strings_that_reach_beyond_their_frame),
		cmocka_unit_test(refused_with_a_reason),
		cmocka_unit_test(keeps_the_old_file),
		cmocka_unit_test(follows_no_link),
		cmocka_unit_test(full_disk_is_counted),
		cmocka_unit_test(long_arrays_are_split),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
