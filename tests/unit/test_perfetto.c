// SPDX-License-Identifier: BSD-2-Clause
/* The protobuf writer, and Perfetto's trace: what is in it, and that nothing in a recording makes it nonsense. */
#include "export_sink.h"
#include "pb.h"

enum { /* fields of TracePacket */
       FTRACE_EVENTS = 1,
       PROCESS_TREE = 2,
       CLOCK_SNAPSHOT = 6,
       TIMESTAMP = 8,
       SEQUENCE_ID = 10,
       SEQUENCE_FLAGS = 13,
       DROPPED_BEFORE = 42,
       SYSTEM_INFO = 45,
};

enum { SWITCH = 4, WAKING = 20, NEWTASK = 235, RENAME = 236, EXIT = 238 }; /* of FtraceEvent */

static void pb_encodes(void **unused)
{
	static const uint8_t want[] = {
		0x08, 0xac, 0x02, 0x12, 0x02, 'h',  'i',  0x1a, 0x02, 0x08, 0x01, 0xd8, 0x0e, 0xff, 0xff, 0xff, 0xff,
		0xff, 0xff, 0xff, 0xff, 0xff, 0x01, 0xf9, 0x02, 0x08, 0x07, 0x06, 0x05, 0x04, 0x03, 0x02, 0x01,
	};
	struct pb pb = { 0 };
	size_t in;

	pb__int(&pb, 1, 300);
	pb__string(&pb, 2, "hi");
	in = pb__open(&pb, 3);
	pb__int(&pb, 1, 1);
	pb__close(&pb, in);
	pb__int(&pb, 235, UINT64_MAX);
	pb__fixed64(&pb, 47, 0x0102030405060708);
	assert_int_equal(pb.len, sizeof(want));
	assert_memory_equal(pb.data, want, sizeof(want));
	pb__free(&pb);
}

static void pb_nests_at_every_length(void **unused)
{
	static const size_t lengths[] = { 0, 1, 125, 126, 127, 128, 16380, 16384, 100000 };
	char *text = calloc(1, 100000);

	assert_non_null(text);
	for (size_t i = 0; i < ARRAY_SIZE(lengths); i++) {
		struct pb pb = { 0 };
		size_t outer = pb__open(&pb, 1), inner = pb__open(&pb, 2);
		struct field f;

		pb__bytes(&pb, 3, text, lengths[i]);
		pb__close(&pb, inner);
		pb__int(&pb, 4, 7);
		pb__close(&pb, outer);
		assert_int_equal(pb__error(&pb), 0);
		f = get((struct field){ .value = pb.len, .data = pb.data }, 1, 0);
		assert_int_equal(get(f, 4, 0).value, 7);
		assert_int_equal(get(get(f, 2, 0), 3, 0).value, lengths[i]);
		pb__free(&pb);
	}
	free(text);
}

static void begins_with_clocks_and_machine(void **unused)
{
	struct field packet, f;
	struct sink s;

	start(&s, &exporter_perfetto);
	finish(&s);
	f = packet_with(&s, CLOCK_SNAPSHOT, 0, &packet);
	assert_ptr_equal(packet.data, get(whole(&s), 1, 0).data);
	assert_int_equal(get(packet, SEQUENCE_FLAGS, 0).value, 3);
	assert_int_equal(get(packet, TIMESTAMP, 0).value, 1000 + BOOT_OFFSET);
	assert_int_equal(get(get(f, 1, 1), 1, 0).value, 3 /* MONOTONIC */);
	assert_int_equal(get(get(f, 1, 1), 2, 0).value, 1000);
	assert_int_equal(get(get(f, 1, 2), 1, 0).value, 6 /* BOOTTIME */);
	assert_int_equal(get(get(f, 1, 2), 2, 0).value, 1000 + BOOT_OFFSET);
	f = packet_with(&s, SYSTEM_INFO, 0, &packet);
	assert_int_equal(get(packet, SEQUENCE_FLAGS, 0).value, 2);
	assert_int_equal(get(f, 8, 0).value, 4);
	assert_text(get(get(f, 1, 0), 1, 0), "Linux");
	assert_text(get(get(f, 1, 0), 3, 0), "6.1.0?");
	free(s.data);
}

static void names_processes_and_threads(void **unused)
{
	static const struct tare_process head = { .pid = 100, .ppid = 7, .cmdline_len = 9 };
	struct field packet, f;
	struct sink s;

	start(&s, &exporter_perfetto);
	feed(&s, (struct event){ .kind = EVENT_PROCESS, .process = { &head, "a.out\0-\xc3x", "" } });
	snapshot(&s, 1000, 100, "main", -1);
	feed(&s, (struct event){ .kind = EVENT_FORK,
				 .ts_ns = 2000,
				 .fork = { 101, 100, 100, 100,
					   "thr\xff"
					   "ad" } });
	feed(&s, (struct event){ .kind = EVENT_FORK, .ts_ns = 3000, .fork = { 102, 102, 100, 100, "child" } });
	finish(&s);
	f = get(packet_with(&s, PROCESS_TREE, 0, &packet), 1, 0);
	assert_int_equal(get(f, 1, 0).value, 100);
	assert_int_equal(get(f, 2, 0).value, 7);
	assert_text(get(f, 3, 0), "a.out");
	assert_text(get(f, 3, 1), "-?x");
	f = packet_with(&s, PROCESS_TREE, 1, &packet);
	assert_int_equal(get(f, 1, 0).nr, 0); /* told already, and with its command line */
	assert_text(get(get(f, 2, 0), 2, 0), "main");
	f = get(packet_with(&s, PROCESS_TREE, 2, &packet), 2, 0);
	assert_int_equal(get(f, 1, 0).value, 101);
	assert_text(get(f, 2, 0), "thr?ad");
	assert_int_equal(get(f, 3, 0).value, 100);
	f = packet_with(&s, PROCESS_TREE, 3, &packet);
	assert_int_equal(get(get(f, 1, 0), 2, 0).value, 100);
	assert_int_equal(get(get(f, 2, 0), 3, 0).value, 102);
	f = packet_with(&s, FTRACE_EVENTS, 0, &packet);
	assert_int_equal(get(get(get(f, 2, 0), NEWTASK, 0), 3, 0).value, 0x10000 /* CLONE_THREAD */);
	f = packet_with(&s, FTRACE_EVENTS, 1, &packet);
	assert_int_equal(get(get(get(f, 2, 0), NEWTASK, 0), 3, 0).value, 0);
	free(s.data);
}

static void a_wake_up_is_the_wakers(void **unused)
{
	struct field packet, f, ev;
	struct sink s;

	start(&s, &exporter_perfetto);
	feed(&s, (struct event){ .kind = EVENT_NAME, .name = { 300, 299, "stranger" } });
	ev = (struct field){ 0 };
	feed(&s, woken(switch_of(9000, 1, 301, 0, false, 101), 2000, 500, 300, 3));
	finish(&s);
	for (unsigned i = 0; (f = packet_with(&s, FTRACE_EVENTS, i, &packet)).nr; i++) {
		ev = get(f, 2, 0);
		if (get(f, 1, 0).value == 3) {
			assert_int_equal(get(ev, 1, 0).value, 7000 + BOOT_OFFSET);
			assert_int_equal(get(ev, 2, 0).value, 300);
			assert_int_equal(get(get(ev, WAKING, 0), 2, 0).value, 101);
		} else {
			assert_int_equal(get(f, 1, 0).value, 1);
			assert_int_equal(get(ev, 1, 0).value, 9000 + BOOT_OFFSET);
			assert_text(get(get(ev, SWITCH, 0), 1, 0), "swapper/1");
			assert_int_equal(get(get(ev, SWITCH, 0), 6, 0).value, 101);
		}
	}
	assert_non_null(ev.data);
	f = get(packet_with(&s, PROCESS_TREE, 0, &packet), 2, 0);
	assert_text(get(f, 2, 0), "stranger");
	free(s.data);
}

static void names_change_and_threads_end(void **unused)
{
	struct field packet, f;
	struct sink s;

	start(&s, &exporter_perfetto);
	snapshot(&s, 1000, 100, "main", -1);
	feed(&s, (struct event){ .kind = EVENT_RENAME, .ts_ns = 2000, .name = { 100, 100, "other" } });
	feed(&s, (struct event){ .kind = EVENT_EXEC, .ts_ns = 3000, .exec = { 100, 100, "other" } });
	feed(&s, (struct event){ .kind = EVENT_EXIT, .ts_ns = 4000, .exit = { .tid = 100, .tgid = 100 } });
	finish(&s);
	f = packet_with(&s, FTRACE_EVENTS, 0, &packet);
	assert_text(get(get(get(f, 2, 0), RENAME, 0), 2, 0), "main");
	assert_text(get(get(get(f, 2, 0), RENAME, 0), 3, 0), "other");
	f = packet_with(&s, FTRACE_EVENTS, 1, &packet);
	assert_text(get(get(get(f, 2, 0), EXIT, 0), 1, 0), "other");
	assert_int_equal(packet_with(&s, FTRACE_EVENTS, 2, &packet).nr, 0);
	/* the command line before exec is no more: the process is called by its new name, its parent stays */
	f = get(packet_with(&s, PROCESS_TREE, 2, &packet), 1, 0);
	assert_int_equal(get(packet, TIMESTAMP, 0).value, 3000 + BOOT_OFFSET);
	assert_int_equal(get(f, 2, 0).value, 1);
	assert_text(get(f, 3, 0), "other");
	assert_int_equal(get(f, 9, 0).value, 1);
	free(s.data);
}

static void feed_loss(struct sink *s, uint32_t cls, uint32_t cpu, uint64_t count)
{
	struct tare_loss loss = { cls, cpu, count };

	feed(s, (struct event){ .kind = EVENT_LOSS, .loss = lasting(s, &loss, sizeof(loss)) });
}

static void loss_is_marked_where_it_was(void **unused)
{
	struct field packet, f;
	struct sink s;

	start(&s, &exporter_perfetto);
	feed_loss(&s, TARE_LOST_OUT, 0, 0);
	feed(&s, switch_of(1000, 0, 0, 0, false, 100));
	feed_loss(&s, TARE_LOST_OTHER, 0, 5); /* of no concern here */
	feed(&s, switch_of(2000, 0, 100, 1, true, 0));
	feed_loss(&s, TARE_LOST_OUT, 0, 3);
	feed(&s, switch_of(3000, 0, 0, 0, false, 100));
	feed(&s, switch_of(3000, 1, 0, 0, false, 101));
	feed_loss(&s, TARE_LOST_DISK, 0, 100);
	feed_loss(&s, UINT32_MAX, UINT32_MAX, 1);
	finish(&s);
	/* the first of each CPU is in a packet of its own */
	for (unsigned i = 0; i < 4; i++) {
		static const struct {
			int cpu, lost, dropped, flags;
		} want[] = { { 0, 0, 0, 2 }, { 0, 0, 0, 2 }, { 1, 0, 0, 2 }, { 0, 1, 1, 3 } };

		f = packet_with(&s, FTRACE_EVENTS, i, &packet);
		assert_int_equal(get(f, 1, 0).value, want[i].cpu);
		assert_int_equal(get(f, 3, 0).value, want[i].lost);
		assert_int_equal(get(packet, DROPPED_BEFORE, 0).value, want[i].dropped);
		assert_int_equal(get(packet, SEQUENCE_FLAGS, 0).value, want[i].flags);
	}
	free(s.data);
}

struct chain {
	bool known;
	uint64_t tid, ts_ns, switches;
};

static void follow_switch(struct chain *c, uint64_t ts_ns, uint64_t prev, uint64_t next)
{
	assert_true(ts_ns >= c->ts_ns);
	assert_true(!c->known || prev == c->tid);
	assert_true(prev || next);
	*c = (struct chain){ true, next, ts_ns, c->switches + 1 };
}

enum { COMPACT_TIMES = 1, COMPACT_NEXT_PIDS = 3, COMPACT_WAKING_TIMES = 7, COMPACT_WAKING_FLAGS = 12 };

/* The next number of a packed field at *@pos. */
static bool next_packed(struct field f, const uint8_t **pos, uint64_t *n)
{
	*pos = *pos ?: f.data;
	if (!f.nr || *pos == f.data + f.value)
		return false;
	*n = read_varint(pos, f.data + f.value);
	return true;
}

static unsigned count_packed(struct field f)
{
	const uint8_t *pos = NULL;
	unsigned nr = 0;
	uint64_t n;

	while (next_packed(f, &pos, &n))
		nr++;
	return nr;
}

/* Each begins where the last one of its CPU left off: there must be one. All lists are as long. */
static void follow_compact(struct field compact, struct chain *c)
{
	struct field times = get(compact, COMPACT_TIMES, 0), pids = get(compact, COMPACT_NEXT_PIDS, 0);
	const uint8_t *at_time = NULL, *at_pid = NULL;
	uint64_t more, ts_ns = 0, pid = 0;

	assert_true(c->known);
	for (unsigned i = 1; i <= COMPACT_WAKING_FLAGS; i++) {
		bool of_waking = i >= COMPACT_WAKING_TIMES;

		if (i != 5)
			assert_int_equal(
				count_packed(get(compact, i, 0)),
				count_packed(get(compact, of_waking ? COMPACT_WAKING_TIMES : COMPACT_TIMES, 0)));
	}
	while (next_packed(times, &at_time, &more)) {
		assert_true(next_packed(pids, &at_pid, &pid));
		ts_ns += more;
		follow_switch(c, ts_ns, c->tid, pid);
	}
}

/* Every switch in one CPU's bundles: the task that leaves is the one that came last, and time never goes back. */
static void follow(struct field bundle, struct chain chains[8])
{
	struct chain *c = &chains[get(bundle, 1, 0).value];
	struct field ev, sw, compact = get(bundle, 4, 0);

	assert_true(get(bundle, 1, 0).value < 8);
	if (compact.nr)
		follow_compact(compact, c);
	for (unsigned i = 0; (ev = get(bundle, 2, i)).nr; i++) {
		sw = get(ev, 4, 0);
		if (!sw.nr)
			continue;
		assert_int_equal(get(sw, 2, 0).value, get(ev, 2, 0).value);
		follow_switch(c, get(ev, 1, 0).value, get(sw, 2, 0).value, get(sw, 6, 0).value);
	}
}

/* A switch takes who leaves from the last one; a wake-up its waker from who runs then, so others are told in full. */
static void compact_where_nothing_is_lost(void **unused)
{
	struct field packet, first, f, compact;
	struct sink s;

	start(&s, &exporter_perfetto);
	snapshot(&s, 1000, 100, "main", -1);
	snapshot(&s, 1000, 101, "worker", -1);
	feed(&s, switch_of(2000, 1, 0, 0, false, 100));
	feed(&s, switch_of(3000, 1, 100, TARE_STATE_INTERRUPTIBLE, true, 0));
	feed(&s, switch_of(4000, 1, 0, 0, false, 100));
	feed(&s, woken(switch_of(5000, 0, 0, 0, false, 101), 500, 0, 100, 1)); /* at 4500, by 100, which runs there */
	feed(&s, switch_of(6000, 0, 101, TARE_STATE_INTERRUPTIBLE, true, 0));
	feed(&s, woken(switch_of(7000, 0, 0, 0, false, 101), 500, 0, 300, 1)); /* 300 is no target: not shown there */
	finish(&s);
	first = packet_with(&s, FTRACE_EVENTS, 0, &packet);
	assert_int_equal(get(first, 1, 0).value, 1);
	assert_int_equal(get(get(get(first, 2, 0), SWITCH, 0), 6, 0).value, 100);
	assert_int_equal(get(first, 4, 0).nr, 0);
	for (unsigned i = 1; (f = packet_with(&s, FTRACE_EVENTS, i, &packet)).nr; i++) {
		if (get(f, 1, 0).value != 1)
			continue;
		compact = get(f, 4, 0);
		assert_int_equal(count_packed(get(compact, COMPACT_TIMES, 0)), 2);
		assert_int_equal(count_packed(get(compact, COMPACT_WAKING_TIMES, 0)), 1);
		assert_int_equal(get(f, 2, 1).nr, 0);
		assert_int_equal(get(get(f, 2, 0), 2, 0).value, 300);
		assert_int_equal(get(get(f, 2, 0), 1, 0).value, 6500 + BOOT_OFFSET);
		assert_text(get(compact, 5, 0), "swapper/1");
		assert_text(get(compact, 5, 1), "main");
		assert_text(get(compact, 5, 2), "worker");
		free(s.data);
		return;
	}
	fail_msg("no compact events");
}

static void chains_hold_whatever_was_lost(void **unused)
{
	for (uint64_t seed = 1; seed <= 20; seed++) {
		struct chain chains[8] = { { 0 } };
		struct field packet, bundle;
		struct sink s;

		start(&s, &exporter_perfetto);
		snapshot(&s, 1000, 100, "main", 0);
		feed_chaos(&s, seed * 0x9e3779b97f4a7c15ull, 2000);
		finish(&s);
		for (unsigned i = 0; (bundle = packet_with(&s, 1, i, &packet)).nr; i++)
			follow(bundle, chains);
		for (int cpu = 0; cpu < 4; cpu++)
			assert_true(chains[cpu].switches > 100);
		free(s.data);

		start(&s, &exporter_perf_script);
		feed_chaos(&s, seed * 0x9e3779b97f4a7c15ull, 2000);
		finish(&s);
		assert_non_null(strstr(s.data, "sched:sched_waking"));
		free(s.data);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pb_encodes),
		cmocka_unit_test(pb_nests_at_every_length),
		cmocka_unit_test(begins_with_clocks_and_machine),
		cmocka_unit_test(names_processes_and_threads),
		cmocka_unit_test(a_wake_up_is_the_wakers),
		cmocka_unit_test(names_change_and_threads_end),
		cmocka_unit_test(loss_is_marked_where_it_was),
		cmocka_unit_test(compact_where_nothing_is_lost),
		cmocka_unit_test(chains_hold_whatever_was_lost),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
