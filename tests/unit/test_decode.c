// SPDX-License-Identifier: BSD-2-Clause
/* Records of every kind and form into events, and malformed ones into none. */
#include "records.h"

/* From a heap block of exactly @len bytes at an odd address: over-reads and aligned accesses are caught. */
static int decode(const void *data, size_t len, struct event *ev)
{
	unsigned char *block = malloc(len + 1);
	int ret;

	assert_non_null(block);
	memcpy(block + 1, data, len);
	memset(ev, 0x5a, sizeof(*ev));
	ret = event__decode(block + 1, len, ev);
	free(block);
	return ret;
}

/* ---- switches: all combinations of the optional words ---- */

static const uint16_t optional[] = {
	TARE_SW_WAIT,  TARE_SW_WAIT_HI,	   TARE_SW_THROTTLED, TARE_SW_WAKE,
	TARE_SW_WAKER, TARE_SW_WAKE_DELAY, TARE_SW_STOLEN,    TARE_SW_COST,
};

struct draft {
	uint32_t words[TARE_SW_MAX_WORDS + 4];
	unsigned nr;
};

#define WAIT_LO	     0xfffffff0u
#define WAIT_HI	     0x12u
#define THROTTLED_LO 0xffffff00u
#define WAKE_WORD    (5u << 18 | TARE_CONTEXT_SOFTIRQ << 16 | 0xfffe)

/* The announced words in the order of the flags, each with a value of its own. */
static void encode(struct draft *d, uint16_t flags, uint16_t cost)
{
	struct tare_switch sw = { .prev_tid = 7, .next_tid = 0xffffffff, .cost_ns = cost, .syscall = 202 };

	d->nr = sizeof(sw) / 4;
	if (flags & TARE_SW_WAIT)
		d->words[d->nr++] = WAIT_LO;
	if (flags & TARE_SW_WAIT_HI)
		d->words[d->nr++] = WAIT_HI;
	if (flags & TARE_SW_THROTTLED) {
		d->words[d->nr++] = flags & TARE_SW_WAIT ? THROTTLED_LO : 0;
		d->words[d->nr++] = flags & TARE_SW_WAIT_HI ? WAIT_HI - 1 : 0;
	}
	if (flags & TARE_SW_WAKE)
		d->words[d->nr++] = WAKE_WORD;
	if (flags & TARE_SW_WAKER)
		d->words[d->nr++] = 4242;
	if (flags & TARE_SW_WAKE_DELAY)
		d->words[d->nr++] = 0xfffffffe;
	if (flags & TARE_SW_STOLEN)
		d->words[d->nr++] = (uint32_t)-12345;
	if (flags & TARE_SW_COST)
		d->words[d->nr++] = 1000000;
	sw.rec = rec_head(TARE_REC_SWITCH, 99, d->nr * 4, flags);
	memcpy(d->words, &sw, sizeof(sw));
}

static void check(const struct event_switch *sw, uint16_t flags, uint16_t cost)
{
	uint64_t wait = (flags & TARE_SW_WAIT ? WAIT_LO : 0) | (flags & TARE_SW_WAIT_HI ? (uint64_t)WAIT_HI << 32 : 0);
	uint64_t throttled = (flags & TARE_SW_WAIT ? THROTTLED_LO : 0) |
			     (flags & TARE_SW_WAIT_HI ? (uint64_t)(WAIT_HI - 1) << 32 : 0);
	uint64_t delay = flags & TARE_SW_WAKE ? 0xfffe : 0;
	uint32_t waker = flags & TARE_SW_WAKE ? 7 : 0;

	assert_int_equal(sw->prev_tid, 7);
	assert_int_equal(sw->next_tid, 0xffffffff);
	assert_int_equal(sw->syscall, 202);
	assert_int_equal(sw->prev_target, !!(flags & TARE_SW_PREV));
	assert_int_equal(sw->next_target, !!(flags & TARE_SW_NEXT));
	assert_int_equal(sw->voluntary, !!(flags & TARE_SW_VOLUNTARY));
	assert_int_equal(sw->compat, !!(flags & TARE_SW_COMPAT));
	assert_int_equal(sw->state, flags >> 3 & 15);
	assert_int_equal(sw->has_wait, !!(flags & TARE_SW_WAIT));
	assert_int_equal(sw->wait_ns, wait);
	assert_int_equal(sw->throttled_ns, flags & TARE_SW_THROTTLED ? throttled : 0);
	assert_int_equal(sw->has_wake, !!(flags & TARE_SW_WAKE));
	assert_int_equal(sw->waker_cpu, flags & TARE_SW_WAKE ? 5 : 0);
	assert_int_equal(sw->waker_context, flags & TARE_SW_WAKE ? TARE_CONTEXT_SOFTIRQ : 0);
	assert_int_equal(sw->waker_tid, flags & TARE_SW_WAKER ? 4242 : waker);
	assert_int_equal(sw->wake_delay_ns, flags & TARE_SW_WAKE_DELAY ? 0xfffffffe : delay);
	assert_int_equal(sw->stolen_ns, flags & TARE_SW_STOLEN ? -12345 : 0);
	assert_int_equal(sw->last_cost_ns, flags & TARE_SW_COST ? 1000000 : cost);
}

static uint16_t flags_of(unsigned combination)
{
	uint16_t flags = 0;

	for (unsigned i = 0; i < ARRAY_SIZE(optional); i++)
		flags |= combination >> i & 1 ? optional[i] : 0;
	return flags;
}

static void switch_has_any_words(void **unused)
{
	for (unsigned i = 0; i < 256; i++) {
		for (unsigned low = 0; low < 256; low++) {
			uint16_t flags = flags_of(i) | low;
			struct draft d;
			struct event ev;

			encode(&d, flags, low);
			assert_int_equal(decode(d.words, d.nr * 4, &ev), d.nr * 4);
			assert_int_equal(ev.kind, EVENT_SWITCH);
			check(&ev.sw, flags, low);
		}
	}
}

/* The longest record that the header allows is the longest there is. */
static void switch_max_words_is_right(void **unused)
{
	struct draft d;

	encode(&d, 0xff00, 0);
	assert_int_equal(d.nr, TARE_SW_MAX_WORDS);
}

static void switch_too_short_for_its_flags(void **unused)
{
	for (unsigned i = 0; i < 256; i++) {
		struct draft d;
		struct event ev;

		encode(&d, flags_of(i), 0);
		for (unsigned words = 0; words < d.nr; words++) {
			((unsigned char *)d.words)[5] = words;
			assert_int_equal(decode(d.words, words * 4, &ev), -EBADMSG);
			/* also where more bytes follow, of the next record */
			assert_int_equal(decode(d.words, d.nr * 4, &ev), -EBADMSG);
		}
	}
}

/* A later version may append words to a record: they are skipped. */
static void switch_longer_than_known(void **unused)
{
	struct draft d;
	struct event ev;

	for (unsigned more = 1; more <= 4; more++) {
		encode(&d, 0xff00 | TARE_SW_NEXT, 0);
		for (unsigned i = 0; i < more; i++)
			d.words[d.nr++] = 0xdeadbeef;
		((unsigned char *)d.words)[5] = d.nr;
		assert_int_equal(decode(d.words, d.nr * 4, &ev), d.nr * 4);
		check(&ev.sw, 0xff00 | TARE_SW_NEXT, 0);
	}
}

static void switch_throttled_longer_than_it_waited(void **unused)
{
	struct draft d;
	struct event ev;

	encode(&d, TARE_SW_WAIT | TARE_SW_THROTTLED, 0);
	d.words[6] = WAIT_LO;
	assert_int_equal(decode(d.words, d.nr * 4, &ev), d.nr * 4);
	d.words[6] = WAIT_LO + 1;
	assert_int_equal(decode(d.words, d.nr * 4, &ev), -EBADMSG);
	d.words[6] = 0;
	d.words[7] = 1;
	assert_int_equal(decode(d.words, d.nr * 4, &ev), -EBADMSG);
}

/* ---- the kinds of fixed size ---- */

#define COMM "sixteen bytes!!!" /* not terminated in a record */

static const struct tare_name name = { { 1, TARE_REC_NAME, sizeof(name) / 4, 0 }, 11, 22, COMM };
static const struct tare_name renamed = { { 1, TARE_REC_RENAME, sizeof(renamed) / 4, 0 }, 12, 23, "short\0garbage" };
static const struct tare_fork forked = { { 1, TARE_REC_FORK, sizeof(forked) / 4, 0 }, 1, 2, 3, 4, COMM };
static const struct tare_exec executed = { { 1, TARE_REC_EXEC, sizeof(executed) / 4, 0 }, 5, 6, COMM };
static const struct tare_exit ended = {
	{ 1, TARE_REC_EXIT, sizeof(ended) / 4, 0 }, 7, 8, 9, 0, 1ull << 40, 2ull << 40, 3ull << 40, TARE_UNKNOWN, 4, 5,
};
static const struct tare_oom_kill killed = {
	{ 1, TARE_REC_OOM_KILL, sizeof(killed) / 4, 0 }, 3, 2, 1ull << 33, "db.service"
};
static const struct tare_alloc_sample allocated = {
	{ 1, TARE_REC_ALLOC_SAMPLE, sizeof(allocated) / 4, TARE_ALLOC_BLOCK }, 7, 8, 9, 1ull << 40, 65537
};
static const struct tare_reclaim made_room = {
	{ 1, TARE_REC_RECLAIM, sizeof(made_room) / 4, TARE_RECLAIM_CGROUP }, 7, 8, 9, 10, 11, "db"
};
static const struct tare_fault_sample touched = { { 1, TARE_REC_FAULT_SAMPLE, sizeof(touched) / 4, TARE_FAULT_MAJOR },
						  7,
						  8,
						  TARE_FAULT_CODE,
						  0,
						  101,
						  1ull << 46,
						  5,
						  "libc.so.6" };
static const struct tare_migrate moved = { { 1, TARE_REC_MIGRATE, sizeof(moved) / 4, 0 }, 10, 65535, 3 };

static const struct tare_goroutine goroutine = {
	{ 1, TARE_REC_GOROUTINE, sizeof(goroutine) / 4, 0x1004 }, 13, 19, -1, 1ull << 40
};
static const struct tare_signal signalled = {
	{ 1, TARE_REC_SIGNAL, sizeof(signalled) / 4, TARE_SIGNAL_DELIVERED }, 14, 15, 16, 17, 0, 0x7fffffffffff
};
static const struct tare_fault fault = {
	{ 1, TARE_REC_FAULT, sizeof(fault) / 4, TARE_FAULT_WRITE }, 17, 18, 1ull << 63, 0x401000
};
static const struct tare_fault_end fault_end = {
	{ 1, TARE_REC_FAULT_END, sizeof(fault_end) / 4, 0 }, 17, 18, 1ull << 63, 1ull << 40
};
static const struct tare_sample sample = {
	{ 1, TARE_REC_SAMPLE, sizeof(sample) / 4, TARE_SAMPLE_KERNEL }, 19, 202, 0, 20, 0, 0x402000
};
static const struct tare_irq irq = { { 1, TARE_REC_IRQ, sizeof(irq) / 4, TARE_IRQ_HARD }, 21, UINT32_MAX };

static void kinds_of_evidence(void **unused)
{
	struct event ev;

	assert_int_equal(decode(&goroutine, sizeof(goroutine), &ev), sizeof(goroutine));
	assert_int_equal(ev.kind, EVENT_GOROUTINE);
	assert_true(ev.goroutine.tid == 13 && ev.goroutine.wait_reason == 19 && ev.goroutine.p == -1);
	assert_true(ev.goroutine.status == 0x1004 && ev.goroutine.goroutine == 1ull << 40);
	assert_int_equal(decode(&signalled, sizeof(signalled), &ev), sizeof(signalled));
	assert_int_equal(ev.kind, EVENT_SIGNAL);
	assert_true(ev.signal.step == TARE_SIGNAL_DELIVERED && ev.signal.tid == 14 && ev.signal.other == 15);
	assert_true(ev.signal.tgid == 16 && ev.signal.call == 17 && !ev.signal.masked &&
		    ev.signal.ip == 0x7fffffffffff);
	assert_int_equal(decode(&fault, sizeof(fault), &ev), sizeof(fault));
	assert_int_equal(ev.kind, EVENT_FAULT);
	assert_true(ev.fault.tid == 17 && ev.fault.tgid == 18 && ev.fault.address == 1ull << 63 &&
		    ev.fault.ip == 0x401000);
	assert_true(ev.fault.write && !ev.fault.ends);
	assert_int_equal(decode(&fault_end, sizeof(fault_end), &ev), sizeof(fault_end));
	assert_int_equal(ev.kind, EVENT_FAULT_END);
	assert_memory_equal(&ev.fault_end, &fault_end, sizeof(fault_end));
	assert_int_equal(decode(&sample, sizeof(sample), &ev), sizeof(sample));
	assert_int_equal(ev.kind, EVENT_SAMPLE);
	assert_true(ev.sample.tid == 19 && ev.sample.syscall == 202 && ev.sample.tgid == 20 &&
		    ev.sample.ip == 0x402000);
	assert_true(ev.sample.kernel && !ev.sample.softirq && !ev.sample.hardirq && !ev.sample.called);
	assert_int_equal(decode(&irq, sizeof(irq), &ev), sizeof(irq));
	assert_int_equal(ev.kind, EVENT_IRQ);
	assert_true(ev.irq.tid == 21 && ev.irq.ns == UINT32_MAX && ev.irq.number == TARE_IRQ_HARD);
}

/* As many numbers as it has room for; the others are unknown. More than are known here are passed over. */
static void runtime_with_any_numbers(void **unused)
{
	const size_t fixed = offsetof(struct tare_runtime, args);
	uint64_t buf[32];
	struct tare_runtime r = { .tid = 5, .tgid = 6, .goroutine = 77, .args = { 10, 11, 12, 13, 14 } };
	struct event ev;

	for (size_t nr = 0; nr <= TARE_RT_MAX_ARGS + 3; nr++) {
		size_t size = fixed + nr * 8;

		memset(buf, 0xee, sizeof(buf));
		r.rec = rec_head(TARE_REC_RUNTIME, 1, size, TARE_RT_STW_RESTART);
		memcpy(buf, &r, size < sizeof(r) ? size : sizeof(r));
		assert_int_equal(decode(buf, size, &ev), size);
		assert_int_equal(ev.kind, EVENT_RUNTIME);
		assert_int_equal(ev.runtime.event, TARE_RT_STW_RESTART);
		assert_true(ev.runtime.tid == 5 && ev.runtime.tgid == 6 && ev.runtime.goroutine == 77);
		assert_int_equal(ev.runtime.nr_args, nr < TARE_RT_MAX_ARGS ? nr : TARE_RT_MAX_ARGS);
		for (size_t i = 0; i < TARE_RT_MAX_ARGS; i++)
			assert_int_equal(ev.runtime.args[i], i < nr ? 10 + i : TARE_UNKNOWN);
		/* half a number, and bytes that are not there */
		((unsigned char *)buf)[5]++;
		assert_int_equal(decode(buf, size + 4, &ev), -EBADMSG);
		((unsigned char *)buf)[5]--;
		assert_int_equal(decode(buf, size - 1, &ev), -EBADMSG);
	}
	for (size_t words = 0; words < fixed / 4; words++) {
		((unsigned char *)buf)[5] = words;
		assert_int_equal(decode(buf, sizeof(buf), &ev), -EBADMSG);
	}
	/* an event that only a later version knows */
	r.rec = rec_head(TARE_REC_RUNTIME, 1, fixed, UINT16_MAX);
	assert_int_equal(decode(&r, fixed, &ev), fixed);
	assert_int_equal(ev.runtime.event, UINT16_MAX);
}

static void kinds_of_fixed_size(void **unused)
{
	struct tare_exit old;
	struct event ev;

	assert_int_equal(decode(&name, sizeof(name), &ev), sizeof(name));
	assert_int_equal(ev.kind, EVENT_NAME);
	assert_true(ev.name.tid == 11 && ev.name.tgid == 22);
	assert_string_equal(ev.name.comm, COMM);

	assert_int_equal(decode(&renamed, sizeof(renamed), &ev), sizeof(renamed));
	assert_int_equal(ev.kind, EVENT_RENAME);
	assert_true(ev.name.tid == 12 && ev.name.tgid == 23);
	assert_string_equal(ev.name.comm, "short");

	assert_int_equal(decode(&forked, sizeof(forked), &ev), sizeof(forked));
	assert_int_equal(ev.kind, EVENT_FORK);
	assert_true(ev.fork.tid == 1 && ev.fork.tgid == 2 && ev.fork.parent_tid == 3 && ev.fork.parent_tgid == 4);
	assert_string_equal(ev.fork.comm, COMM);

	assert_int_equal(decode(&executed, sizeof(executed), &ev), sizeof(executed));
	assert_int_equal(ev.kind, EVENT_EXEC);
	assert_true(ev.exec.tid == 5 && ev.exec.old_tid == 6);
	assert_string_equal(ev.exec.comm, COMM);

	assert_int_equal(decode(&ended, sizeof(ended), &ev), sizeof(ended));
	assert_int_equal(ev.kind, EVENT_EXIT);
	assert_true(ev.exit.tid == 7 && ev.exit.tgid == 8 && ev.exit.exit_code == 9);
	assert_true(ev.exit.nvcsw == 1ull << 40 && ev.exit.nivcsw == 2ull << 40 && ev.exit.exec_ns == 3ull << 40);
	assert_true(ev.exit.run_delay_ns == TARE_UNKNOWN && ev.exit.minor_faults == 4 && ev.exit.major_faults == 5);
	/* as older versions wrote it */
	memcpy(&old, &ended, sizeof(old));
	old.rec.words = offsetof(struct tare_exit, minor_faults) / 4;
	assert_int_equal(decode(&old, sizeof(old), &ev), offsetof(struct tare_exit, minor_faults));
	assert_true(ev.exit.exec_ns == 3ull << 40 && ev.exit.minor_faults == TARE_UNKNOWN);
	assert_true(ev.exit.major_faults == TARE_UNKNOWN);

	assert_int_equal(decode(&killed, sizeof(killed), &ev), sizeof(killed));
	assert_int_equal(ev.kind, EVENT_OOM_KILL);
	assert_true(ev.oom_kill.tid == 3 && ev.oom_kill.tgid == 2 && ev.oom_kill.limit_pages == 1ull << 33);
	assert_string_equal(ev.oom_kill.cgroup, "db.service");

	assert_int_equal(decode(&touched, sizeof(touched), &ev), sizeof(touched));
	assert_int_equal(ev.kind, EVENT_FAULT_SAMPLE);
	assert_true(ev.fault_sample.tid == 7 && ev.fault_sample.tgid == 8 && ev.fault_sample.major);
	assert_true(ev.fault_sample.owner == TARE_FAULT_CODE && ev.fault_sample.period == 101);
	assert_true(ev.fault_sample.address == 1ull << 46 && ev.fault_sample.ip == 5);
	assert_string_equal(ev.fault_sample.name, "libc.so.6");

	assert_int_equal(decode(&allocated, sizeof(allocated), &ev), sizeof(allocated));
	assert_int_equal(ev.kind, EVENT_ALLOC_SAMPLE);
	assert_true(ev.alloc_sample.tid == 7 && ev.alloc_sample.tgid == 8 && ev.alloc_sample.burst == 9);
	assert_true(ev.alloc_sample.bytes == 1ull << 40 && ev.alloc_sample.stands_for_q16 == 65537);
	assert_true(ev.alloc_sample.block && !ev.alloc_sample.runtime);

	assert_int_equal(decode(&made_room, sizeof(made_room), &ev), sizeof(made_room));
	assert_int_equal(ev.kind, EVENT_RECLAIM);
	assert_true(ev.reclaim.tid == 7 && ev.reclaim.tgid == 8 && ev.reclaim.by_cgroup);
	assert_true(ev.reclaim.ns == 9 && ev.reclaim.pages == 10 && ev.reclaim.limit_pages == 11);
	assert_string_equal(ev.reclaim.cgroup, "db");

	assert_int_equal(decode(&moved, sizeof(moved), &ev), sizeof(moved));
	assert_int_equal(ev.kind, EVENT_MIGRATE);
	assert_true(ev.migrate.tid == 10 && ev.migrate.from_cpu == 65535 && ev.migrate.to_cpu == 3);
}

/* Shorter than its kind or its own length says: malformed. Longer: the rest is skipped. */
static void lengths_of_fixed_size(void **unused)
{
	static const struct {
		const void *rec;
		size_t size;
	} all[] = {
		{ &name, sizeof(name) },	   { &renamed, sizeof(renamed) },
		{ &forked, sizeof(forked) },	   { &executed, sizeof(executed) },
		{ &moved, sizeof(moved) },	   { &goroutine, sizeof(goroutine) },
		{ &signalled, sizeof(signalled) }, { &fault, sizeof(fault) },
		{ &sample, sizeof(sample) },	   { &irq, sizeof(irq) },
	};
	unsigned char buf[256];
	struct event ev;

	for (size_t i = 0; i < ARRAY_SIZE(all); i++) {
		memset(buf, 0, sizeof(buf));
		memcpy(buf, all[i].rec, all[i].size);
		for (size_t len = 0; len < all[i].size; len++)
			assert_int_equal(decode(buf, len, &ev), -EBADMSG);
		for (size_t words = 0; words < all[i].size / 4; words++) {
			buf[5] = words;
			assert_int_equal(decode(buf, all[i].size, &ev), -EBADMSG);
		}
		buf[5] = all[i].size / 4 + 3;
		assert_int_equal(decode(buf, all[i].size, &ev), -EBADMSG);
		assert_int_equal(decode(buf, all[i].size + 12, &ev), all[i].size + 12);
		assert_int_equal(decode(buf, all[i].size + 40, &ev), all[i].size + 12);
	}
}

static void unknown_kinds_are_passed_over(void **unused)
{
	for (unsigned kind = 0; kind < 256; kind++) {
		unsigned char buf[8] = { 0, 0, 0, 0, kind, 2 };
		struct event ev;

		/* all known ones are longer than the head, but SYNC, which is no event */
		if (kind > TARE_REC_SYNC && kind < TARE_NR_RECS && kind != TARE_REC_MEMORY && kind != TARE_REC_MAPPED &&
		    kind != TARE_REC_STACK)
			assert_int_equal(decode(buf, sizeof(buf), &ev), -EBADMSG);
		else
			assert_int_equal(decode(buf, sizeof(buf), &ev), 0);
		buf[5] = 1; /* not even room for its head */
		assert_int_equal(decode(buf, sizeof(buf), &ev), -EBADMSG);
		buf[5] = 3;
		assert_int_equal(decode(buf, sizeof(buf), &ev), -EBADMSG);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(switch_has_any_words),
		cmocka_unit_test(switch_max_words_is_right),
		cmocka_unit_test(switch_too_short_for_its_flags),
		cmocka_unit_test(switch_longer_than_known),
		cmocka_unit_test(switch_throttled_longer_than_it_waited),
		cmocka_unit_test(kinds_of_evidence),
		cmocka_unit_test(runtime_with_any_numbers),
		cmocka_unit_test(kinds_of_fixed_size),
		cmocka_unit_test(lengths_of_fixed_size),
		cmocka_unit_test(unknown_kinds_are_passed_over),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
