// SPDX-License-Identifier: BSD-2-Clause
/* From what the kernel side copied to a stack: callers that are proved, those that are believed, and where it ends. */
#include <stdlib.h>

#include "recording.h"
#include "stacks.h"

#define PID 77

/* The code of a small program: one function at each multiple of 0x1000, known as this table says. */
static const struct {
	uint64_t at;
	struct runtime_code code;
} functions[] = {
#define FRAMELESS 0x1000 /* has not set up its frame: its return address is on top of the stack, 8 bytes up */
	{ FRAMELESS, { .known = true, .return_at = 8 } },
#define FRAMED 0x2000 /* has a frame, its return address is 0x28 bytes up */
	{ FRAMED, { .known = true, .has_frame = true, .is_call = true, .return_at = 0x28 } },
#define ASM 0x3000 /* uses the frame pointer for something else; a large frame */
	{ ASM, { .known = true, .has_frame = true, .return_at = 0x400 } },
#define OUTER 0x4000 /* nothing called it */
	{ OUTER, { .known = true, .base = RUNTIME_BASE_OUTERMOST, .return_at = -1 } },
#define SWITCHER 0x5000 /* it changes to the scheduler's stack, the goroutine's is another one */
	{ SWITCHER,
	  { .known = true, .has_frame = true, .is_call = true, .base = RUNTIME_BASE_SWITCHED, .return_at = 8 } },
#define CROSSER 0x7000 /* likewise, its frame pointer leads back */
	{ CROSSER,
	  { .known = true, .has_frame = true, .is_call = true, .base = RUNTIME_BASE_CROSSED, .return_at = 8 } },
#define BARE_CROSSER 0x8000 /* ... if it had one */
	{ BARE_CROSSER, { .known = true, .is_call = true, .base = RUNTIME_BASE_CROSSED } },
#define GROWER 0xa000 /* called for more stack, before it had a frame */
	{ GROWER, { .known = true, .is_call = true } },
#define RESUMER 0xb000 /* the goroutine may be another one by now */
	{ RESUMER, { .known = true, .has_frame = true, .is_call = true, .resumes = true, .return_at = -1 } },
#define OUTSIDE 0xc000 /* calls foreign code, and is called by it */
	{ OUTSIDE, { .known = true, .has_frame = true, .is_call = true, .foreign = true, .return_at = -1 } },
#define TWICE 0xd000 /* its frame pointer leads to another word first */
	{ TWICE, { .known = true, .has_frame = true, .is_call = true, .two_links = true, .return_at = -1 } },
	{ FRAMELESS - 0x1000, { .known = true } }, /* up to its first instruction, which a probe may be at */
#define NO_CALL 0x6000				   /* code, but no call is there */
	{ NO_CALL, { .known = true, .has_frame = true, .return_at = 0x28 } },
};
#define FOREIGN 0x9000 /* nothing is known of it */

#define NEXT_PROGRAM_NS 5000 /* then there is other code everywhere */

static void code(uint32_t pid, uint64_t ip, uint64_t ts_ns, struct runtime_code *code, void *ctx)
{
	assert_int_equal(pid, PID);
	if (ts_ns >= NEXT_PROGRAM_NS)
		return;
	for (size_t i = 0; i < ARRAY_SIZE(functions); i++)
		if (ip >> 12 == functions[i].at >> 12)
			*code = functions[i].code;
}

static unsigned noted_user, noted_kernel;

static void note(uint32_t pid, uint64_t ip, uint64_t ts_ns, void *ctx)
{
	*(pid ? &noted_user : &noted_kernel) += 1;
}

static struct stacks stacks;
static uint64_t room[sizeof(struct tare_stack) / 8 + 1024];
static struct tare_stack *const raw = (struct tare_stack *)room;
static uint64_t *const at = room + sizeof(struct tare_stack) / 8;

static int setup(void **unused)
{
	stacks__init(&stacks, &(struct stacks_opts){ code, note, NULL });
	memset(room, 0, sizeof(room));
	raw->tgid = PID;
	noted_user = noted_kernel = 0;
	return 0;
}

static int teardown(void **unused)
{
	stacks__free(&stacks);
	return 0;
}

#define ADD(member, ...)                                                                                           \
	do {                                                                                                       \
		const uint64_t list_[] = { __VA_ARGS__ };                                                          \
                                                                                                                   \
		memcpy(at + raw->nr_user + raw->nr_kernel + raw->nr_parked + raw->nr_words, list_, sizeof(list_)); \
		raw->member = ARRAY_SIZE(list_);                                                                   \
	} while (0)

static size_t raw_bytes(void)
{
	return sizeof(*raw) + 8 * (raw->nr_user + raw->nr_kernel + raw->nr_parked + raw->nr_words);
}

/* What the recorder writes of it: read back. */
static struct reader *written(struct event *ev)
{
	struct writer *w = create("stacks");
	struct reader *r;

	header(w);
	assert_int_equal(stacks__number(&stacks, raw, raw_bytes(), 1, 0, w), 1);
	stacks__write(&stacks, w);
	assert_int_equal(writer__close(w), 0);
	r = open_file("stacks");
	next_is(r, ev, EVENT_HEADER);
	next_is(r, ev, EVENT_CALL_STACK);
	return r;
}

static void is(uint16_t flags, unsigned sure, unsigned nr, const uint64_t *want)
{
	struct event ev;
	struct reader *r = written(&ev);

	assert_int_equal(ev.call_stack.head->pid, PID);
	assert_int_equal(ev.call_stack.head->nr_user, nr);
	assert_memory_equal(ev.call_stack.user, want, nr * 8);
	assert_int_equal(ev.call_stack.head->flags, flags);
	assert_int_equal(ev.call_stack.head->nr_sure, sure);
	reader__close(r);
}

#define IS(flags, sure, ...) is(flags, sure, sizeof((uint64_t[]){ __VA_ARGS__ }) / 8, (const uint64_t[]){ __VA_ARGS__ })

/* ---- walks ---- */

static void frame_pointers_alone(void **unused)
{
	ADD(nr_user, FRAMED + 0x10, FRAMED + 0x20, FRAMED + 0x30, OUTER + 1);
	IS(TARE_STACK_WHOLE, 4, FRAMED + 0x10, FRAMED + 0x20, FRAMED + 0x30, OUTER + 1);
	assert_int_equal(noted_user, 4);
}

/* The frame pointer is still the caller's: it leads past that one. */
static void caller_of_a_leaf(void **unused)
{
	ADD(nr_user, FRAMELESS, FRAMED + 0x30, OUTER + 1);
	ADD(nr_words, 5, FRAMED + 0x20);
	IS(TARE_STACK_WHOLE, 4, FRAMELESS, FRAMED + 0x20, FRAMED + 0x30, OUTER + 1);
}

/* Memory and frame pointers agree as far as both reach. */
static void both_agree(void **unused)
{
	ADD(nr_user, FRAMED + 0x10, FRAMED + 0x20, FRAMED + 0x30, OUTER + 1);
	ADD(nr_words, 1, 2, 3, 4, 5, FRAMED + 0x20, 1, 2, 3, 4, 5, FRAMED + 0x30);
	IS(TARE_STACK_WHOLE, 4, FRAMED + 0x10, FRAMED + 0x20, FRAMED + 0x30, OUTER + 1);
}

/* Where the frame pointer is used for something else, memory has all of them. */
static void broken_pointer(void **unused)
{
	ADD(nr_user, ASM + 0x10, 0xdead);
	ADD(nr_words, 0);
	raw->nr_words = 0x100;
	at[2 + 0x400 / 8] = FRAMED + 0x20;
	at[2 + 0x408 / 8 + 0x28 / 8] = OUTER + 1;
	IS(TARE_STACK_WHOLE, 3, ASM + 0x10, FRAMED + 0x20, OUTER + 1);
}

/* ... but not enough was copied. */
static void broken_and_too_short(void **unused)
{
	ADD(nr_user, ASM + 0x10, NO_CALL + 0x10);
	ADD(nr_words, 1, 2, 3);
	IS(TARE_STACK_CUT, 1, ASM + 0x10);
}

static void no_frame_and_no_memory(void **unused)
{
	ADD(nr_user, FRAMELESS, FRAMED + 0x30, OUTER + 1);
	IS(TARE_STACK_CUT, 1, FRAMELESS);
}

static void not_a_call(void **unused)
{
	ADD(nr_user, FRAMED + 0x10, FRAMED + 0x20, NO_CALL + 0x10, OUTER + 1);
	IS(TARE_STACK_CUT, 2, FRAMED + 0x10, FRAMED + 0x20);
}

/* Foreign code is believed, and nothing above it is sure. */
static void foreign(void **unused)
{
	ADD(nr_user, OUTSIDE + 0x10, FOREIGN + 0x20, OUTSIDE + 0x30, OUTER + 1);
	IS(TARE_STACK_WHOLE, 1, OUTSIDE + 0x10, FOREIGN + 0x20, OUTSIDE + 0x30, OUTER + 1);
}

/* ... but not where it can neither call nor be called. */
static void foreign_calls(void **unused)
{
	ADD(nr_user, FOREIGN + 0x10, FRAMED + 0x30, OUTER + 1);
	IS(TARE_STACK_CUT, 1, FOREIGN + 0x10);
}

static void calls_foreign(void **unused)
{
	ADD(nr_user, FRAMED + 0x10, FOREIGN + 0x30, FOREIGN + 0x40);
	IS(TARE_STACK_CUT, 1, FRAMED + 0x10);
}

static void longer_than_the_kernel_follows(void **unused)
{
	struct event ev;
	struct reader *r;

	ADD(nr_user, FOREIGN + 0x10);
	raw->nr_user = 127;
	for (unsigned i = 1; i < 127; i++)
		at[i] = FOREIGN + i;
	r = written(&ev);
	assert_int_equal(ev.call_stack.head->flags, TARE_STACK_CUT);
	reader__close(r);
}

static void two_links(void **unused)
{
	ADD(nr_user, TWICE + 0x10, 0xdead, FRAMED + 0x30, OUTER + 1);
	IS(TARE_STACK_WHOLE, 3, TWICE + 0x10, FRAMED + 0x30, OUTER + 1);
}

/* The program counter is past the breakpoint, but the instruction there has not run. */
static void on_the_way_into_a_probe(void **unused)
{
	ADD(nr_user, FRAMELESS, OUTER + 1);
	ADD(nr_kernel, 0xffffffff81000010);
	ADD(nr_words, FRAMED + 0x20, FRAMED + 0x90); /* the latter is an old one */
	IS(TARE_STACK_WHOLE, 3, FRAMELESS, FRAMED + 0x20, OUTER + 1);
}

static void foreign_end(void **unused)
{
	ADD(nr_user, FOREIGN + 0x10, FOREIGN + 0x20);
	IS(0, 1, FOREIGN + 0x10, FOREIGN + 0x20);
}

/* The scheduler's stack, then the goroutine's that it serves. */
static void parked(void **unused)
{
	ADD(nr_user, FRAMED + 0x10, SWITCHER + 0x20);
	ADD(nr_parked, FRAMED + 0x40, FRAMED + 0x90, FRAMED + 0x50, OUTER + 1);
	IS(TARE_STACK_WHOLE, 5, FRAMED + 0x10, SWITCHER + 0x20, FRAMED + 0x40, FRAMED + 0x50, OUTER + 1);
}

/* ... which grows: the function there has no frame yet. */
static void parked_in_a_prologue(void **unused)
{
	ADD(nr_user, FRAMED + 0x10, SWITCHER + 0x20);
	ADD(nr_parked, GROWER + 0x40, FRAMED + 0x90, FRAMED + 0x50, OUTER + 1);
	IS(TARE_STACK_WHOLE, 6, FRAMED + 0x10, SWITCHER + 0x20, GROWER + 0x40, FRAMED + 0x90, FRAMED + 0x50, OUTER + 1);
}

static void parked_too_deep(void **unused)
{
	ADD(nr_user, FRAMED + 0x10, SWITCHER + 0x20);
	ADD(nr_parked, FRAMED + 0x40, FRAMED + 0x90, FRAMED + 0x50);
	IS(TARE_STACK_CUT, 4, FRAMED + 0x10, SWITCHER + 0x20, FRAMED + 0x40, FRAMED + 0x50);
}

/* It still is on the goroutine's stack. */
static void about_to_switch(void **unused)
{
	ADD(nr_user, SWITCHER + 0x10, OUTER + 1);
	ADD(nr_words, 1, FRAMED + 0x20);
	IS(TARE_STACK_WHOLE, 3, SWITCHER + 0x10, FRAMED + 0x20, OUTER + 1);
}

/* What was copied is the other stack. */
static void crossed(void **unused)
{
	ADD(nr_user, CROSSER + 0x10, FRAMED + 0x20, OUTER + 1);
	ADD(nr_parked, FRAMED + 0x40, FRAMED + 0x90);
	ADD(nr_words, 1, FRAMED + 0x70, FRAMED + 0x70);
	IS(TARE_STACK_WHOLE, 3, CROSSER + 0x10, FRAMED + 0x20, OUTER + 1);
}

/* The frame pointer is that of its caller. */
static void crossed_without_a_frame(void **unused)
{
	ADD(nr_user, FRAMED + 0x10, BARE_CROSSER + 0x20, FRAMED + 0x30, OUTER + 1);
	ADD(nr_parked, FRAMED + 0x40, FRAMED + 0x90);
	IS(TARE_STACK_WHOLE, 5, FRAMED + 0x10, BARE_CROSSER + 0x20, FRAMED + 0x90, FRAMED + 0x30, OUTER + 1);
}

static void resumes_another(void **unused)
{
	ADD(nr_user, RESUMER + 0x10, SWITCHER + 0x20);
	ADD(nr_parked, FRAMED + 0x40, FRAMED + 0x90, OUTER + 1);
	IS(TARE_STACK_WHOLE, 2, RESUMER + 0x10, SWITCHER + 0x20);
}

static void serves_nobody(void **unused)
{
	ADD(nr_user, FRAMED + 0x10, SWITCHER + 0x20);
	IS(TARE_STACK_WHOLE, 2, FRAMED + 0x10, SWITCHER + 0x20);
}

/* A chain that goes on for ever ends at a limit. */
static void loops(void **unused)
{
	struct event ev;
	struct reader *r;

	ADD(nr_user, FRAMED + 0x10);
	raw->nr_user = 127;
	for (unsigned i = 1; i < 127; i++)
		at[i] = FRAMED + 0x20;
	raw->nr_words = 600;
	for (unsigned i = 0; i < 600; i++)
		at[127 + i] = FRAMED + 0x20;
	r = written(&ev);
	assert_int_equal(ev.call_stack.head->flags, TARE_STACK_CUT);
	assert_in_range(ev.call_stack.head->nr_user, 100, 300);
	reader__close(r);
}

static void only_the_kernel(void **unused)
{
	struct event ev;
	struct reader *r;

	ADD(nr_kernel, 0xffffffff81000010, 0xffffffff81000020);
	r = written(&ev);
	assert_int_equal(ev.call_stack.head->nr_kernel, 2);
	assert_int_equal(ev.call_stack.head->nr_user, 0);
	assert_int_equal(noted_kernel, 2);
	reader__close(r);
}

/* ---- numbers ---- */

static void stored_once(void **unused)
{
	struct writer *w = create("stacks");
	struct reader *r;
	struct event ev;

	header(w);
	ADD(nr_user, FRAMELESS, OUTER + 1);
	for (unsigned i = 0; i < 1000; i++) {
		at[0] = FRAMELESS + i % 7;
		assert_int_equal(stacks__number(&stacks, raw, raw_bytes(), 1, 0, w), i % 7 + 1);
	}
	stacks__write(&stacks, w);
	stacks__write(&stacks, w);
	assert_int_equal(writer__close(w), 0);
	r = open_file("stacks");
	next_is(r, &ev, EVENT_HEADER);
	for (unsigned i = 0; i < 7; i++) {
		next_is(r, &ev, EVENT_CALL_STACK);
		assert_int_equal(ev.call_stack.head->number, i + 1);
	}
	end_is(r);
}

/* A frame is of one process; the same addresses in another one are another stack. */
static void by_process(void **unused)
{
	struct writer *w = create("stacks");

	header(w);
	ADD(nr_kernel, 0xffffffff81000010);
	for (unsigned i = 0; i < 100; i++) {
		raw->tgid = PID + i % 2;
		assert_int_equal(stacks__number(&stacks, raw, raw_bytes(), 1, 0, w), i % 2 + 1);
	}
	assert_int_equal(writer__close(w), 0);
}

/* Likewise in the next program of the process: what the last one had there says nothing of it. */
static void by_program(void **unused)
{
	const uint64_t ns = NEXT_PROGRAM_NS;
	struct writer *w = create("stacks");
	struct reader *r;
	struct event ev;

	header(w);
	ADD(nr_user, FRAMED, OUTER + 1);
	for (unsigned i = 0; i < 10; i++) {
		assert_int_equal(stacks__number(&stacks, raw, raw_bytes(), 1, 0, w), 1);
		assert_int_equal(stacks__number(&stacks, raw, raw_bytes(), ns, ns, w), 2);
	}
	assert_int_equal(noted_user, 4);
	stacks__write(&stacks, w);
	assert_int_equal(writer__close(w), 0);
	r = open_file("stacks");
	next_is(r, &ev, EVENT_HEADER);
	next_is(r, &ev, EVENT_CALL_STACK);
	assert_int_equal(ev.call_stack.head->nr_sure, 2);
	next_is(r, &ev, EVENT_CALL_STACK);
	assert_int_equal(ev.call_stack.head->nr_sure, 1);
	end_is(r);
}

static void too_short_a_record(void **unused)
{
	struct writer *w = create("stacks");

	ADD(nr_user, FRAMED, FRAMED);
	assert_int_equal(stacks__number(&stacks, raw, raw_bytes() - 8, 1, 0, w), 0);
	assert_int_equal(writer__close(w), 0);
}

int main(void)
{
#define T_(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T_(frame_pointers_alone),
		T_(caller_of_a_leaf),
		T_(both_agree),
		T_(broken_pointer),
		T_(broken_and_too_short),
		T_(not_a_call),
		T_(foreign),
		T_(foreign_calls),
		T_(calls_foreign),
		T_(foreign_end),
		T_(longer_than_the_kernel_follows),
		T_(two_links),
		T_(on_the_way_into_a_probe),
		T_(no_frame_and_no_memory),
		T_(parked),
		T_(parked_in_a_prologue),
		T_(parked_too_deep),
		T_(about_to_switch),
		T_(crossed),
		T_(crossed_without_a_frame),
		T_(resumes_another),
		T_(serves_nobody),
		T_(loops),
		T_(only_the_kernel),
		T_(stored_once),
		T_(by_process),
		T_(by_program),
		T_(too_short_a_record),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
