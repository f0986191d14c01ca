// SPDX-License-Identifier: BSD-2-Clause
/*
 * Stacks from registers and copies of stacks: after every single instruction of real programs they must be what the
 * program's calls and returns have made them.
 */
#if defined(__x86_64__)
#include <elf.h>
#include <limits.h>
#include <poll.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>

#include "image.h"
#include "stepper.h"

#define FRAMES	  "build/helpers/frames"
#define ALL_BYTES (256u << 20)

static unsigned refusals;
static char refused_why[128];

static void on_refused(const char *path, const char *why, void *ctx)
{
	refusals++;
	snprintf(refused_why, sizeof(refused_why), "%s", why);
}

static struct unwinder *unwinder_of(size_t bytes_max)
{
	struct unwinder *u = unwinder__new(bytes_max, on_refused, NULL);

	refusals = 0;
	assert_non_null(u);
	return u;
}

static struct unwind_sample sample_here(struct stepper *s)
{
	return sample_of(s->pid, s->pid, &s->regs, s->stack, sizeof(s->stack));
}

static void must_equal(const uint64_t *got, int nr_got, const uint64_t *want, int nr_want, enum unwind_end end)
{
	int same = 0;

	while (same < nr_got && same < nr_want && got[same] == want[same])
		same++;
	if (same == nr_got && same == nr_want)
		return;
	for (int i = 0; i < nr_got || i < nr_want; i++)
		print_error("%2d  got %16lx  want %16lx\n", i, i < nr_got ? got[i] : 0, i < nr_want ? want[i] : 0);
	fail_msg("a wrong stack, which ends by reason %d", end);
}

/* @steps more, or up to the program's end. How many stacks were cut short where they left the copied one. */
static unsigned follow(struct unwinder *u, struct stepper *s, unsigned steps)
{
	uint64_t got[STEPPER_DEPTH], want[STEPPER_DEPTH];
	unsigned nr_cut = 0;

	do {
		struct unwind_sample sample = sample_here(s);
		enum unwind_end end;
		int nr = unwinder__frames(u, &sample, got, STEPPER_DEPTH, &end);
		int nr_want = stepper__frames(s, want, STEPPER_DEPTH);

		/* code that it has just mapped: the unwinder looks at most ten times a second */
		for (int i = 0; end == UNWIND_UNKNOWN && i < 1000; i++) {
			poll(NULL, 0, 10);
			nr = unwinder__frames(u, &sample, got, STEPPER_DEPTH, &end);
		}
		if (end == UNWIND_CUT) {
			nr_cut++;
			nr_want = nr < nr_want ? nr : nr_want;
		}
		must_equal(got, nr, want, nr_want, end);
		if (end != UNWIND_CUT)
			assert_int_equal(end, UNWIND_OUTERMOST);
	} while (steps-- && stepper__step(s));
	return nr_cut;
}

static void stop(struct stepper *s)
{
	kill(s->pid, SIGKILL);
	waitpid(s->pid, NULL, 0);
}

/* From the kernel's first instruction on, in the dynamic linker, of which nothing tells where it begins. */
static void first_instructions(void **unused)
{
	struct unwinder *u = unwinder_of(ALL_BYTES);
	static struct stepper s;

	stepper__start(&s, (char *[]){ FRAMES, "plain", NULL });
	assert_int_equal(follow(u, &s, 3000), 0);
	stop(&s);
	unwinder__free(u);
}

static unsigned follow_all(char *what)
{
	struct unwinder *u = unwinder_of(ALL_BYTES);
	uint64_t frames[64];
	static struct stepper s;
	struct unwind_sample sample;
	enum unwind_end end;
	unsigned nr_cut;
	int nr;

	stepper__start(&s, (char *[]){ FRAMES, what, NULL });
	stepper__skip(&s);
	sample = sample_here(&s);
	nr = unwinder__frames(u, &sample, frames, 64, &end);
	assert_int_equal(end, UNWIND_OUTERMOST);
	assert_in_range(nr, 5, 12); /* raise() and what that calls, main(), two of the C library, _start */
	stepper__adopt(&s, &sample, frames, nr);
	nr_cut = follow(u, &s, UINT_MAX);
	assert_true(WIFEXITED(s.status) && !WEXITSTATUS(s.status));
	assert_int_equal(refusals, 0);
	unwinder__free(u);
	return nr_cut;
}

static void every_instruction(void **unused)
{
	assert_int_equal(follow_all("plain"), 0);
}

static void generated_code(void **unused)
{
	assert_int_equal(follow_all("generated"), 0);
}

static void signals(void **unused)
{
	assert_int_equal(follow_all("signals"), 0);
}

/* What was interrupted is on the other stack, of which there is no copy. */
static void signals_on_their_own_stack(void **unused)
{
	assert_in_range(follow_all("signal-stack"), 10, 1000);
}

/* ---- programs that wait ---- */

struct waiting {
	pid_t pid, tid;
	int fd;
	struct user_regs_struct regs;
	char stack[STACK_COPY];
};

static void waiting__start(struct waiting *w, char *what)
{
	int ends[2];
	char text[16] = "";

	assert_int_equal(pipe(ends), 0);
	w->pid = fork();
	if (!w->pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		dup2(ends[1], 1);
		execl(FRAMES, FRAMES, what, NULL);
		_exit(127);
	}
	close(ends[1]);
	w->fd = ends[0];
	assert_true(read(w->fd, text, sizeof(text) - 1) > 0);
	w->tid = atoi(text);
}

static struct unwind_sample waiting__sample(struct waiting *w, pid_t tid)
{
	struct unwind_sample sample;

	assert_int_equal(ptrace(PTRACE_SEIZE, tid, NULL, NULL), 0);
	assert_int_equal(ptrace(PTRACE_INTERRUPT, tid, NULL, NULL), 0);
	assert_int_equal(waitpid(tid, NULL, __WALL), tid);
	assert_int_equal(ptrace(PTRACE_GETREGS, tid, NULL, &w->regs), 0);
	sample = sample_of(w->pid, tid, &w->regs, w->stack, sizeof(w->stack));
	assert_int_equal(ptrace(PTRACE_DETACH, tid, NULL, NULL), 0);
	return sample;
}

static void waiting__stop(struct waiting *w)
{
	kill(w->pid, SIGKILL);
	waitpid(w->pid, NULL, 0);
	close(w->fd);
}

static void threads(void **unused)
{
	struct unwinder *u = unwinder_of(ALL_BYTES);
	struct unwind_sample sample;
	static struct waiting w;
	enum unwind_end end;
	uint64_t frames[64];

	waiting__start(&w, "thread");
	assert_int_not_equal(w.tid, w.pid);
	sample = waiting__sample(&w, w.tid);
	assert_in_range(unwinder__frames(u, &sample, frames, 64, &end), 4, 20);
	assert_int_equal(end, UNWIND_OUTERMOST);
	/* it may still be where it begins the other one, of which the C library's tables do not tell */
	for (int i = 0, nr = 0; nr < 4 || end != UNWIND_OUTERMOST; i++) {
		assert_in_range(i, 0, 6000);
		poll(NULL, 0, i ? 10 : 0);
		sample = waiting__sample(&w, w.pid);
		nr = unwinder__frames(u, &sample, frames, 64, &end);
	}
	waiting__stop(&w);
	unwinder__free(u);
}

/* A stack whose outermost function nobody called. */
static void made_up_end(void **unused)
{
	struct unwinder *u = unwinder_of(ALL_BYTES);
	struct unwind_sample sample;
	static struct waiting w;
	enum unwind_end end;
	uint64_t frames[64];

	waiting__start(&w, "made-up");
	sample = waiting__sample(&w, w.pid);
	assert_in_range(unwinder__frames(u, &sample, frames, 64, &end), 1, 10);
	assert_int_equal(end, UNWIND_OUTERMOST);
	waiting__stop(&w);
	unwinder__free(u);
}

static void too_little_stack(void **unused)
{
	struct unwinder *u = unwinder_of(ALL_BYTES);
	struct unwind_sample sample;
	static struct waiting w;
	enum unwind_end end;
	uint64_t frames[512];
	int nr, before = 0;

	waiting__start(&w, "deep");
	sample = waiting__sample(&w, w.pid);
	nr = unwinder__frames(u, &sample, frames, 512, &end);
	assert_in_range(nr, 20, 40);
	assert_int_equal(end, UNWIND_OUTERMOST);
	assert_int_equal(unwinder__frames(u, &sample, frames, 10, &end), 10);
	assert_int_equal(end, UNWIND_FULL);
	/* however little there is of it, in memory of exactly that size */
	for (size_t bytes = 0; bytes < sample.stack_bytes && before < nr; bytes += 8) {
		struct unwind_sample part = sample;
		char *copy = malloc(bytes ? bytes : 1);
		uint64_t some[512];
		int got;

		memcpy(copy, sample.stack, bytes);
		part.stack = copy;
		part.stack_bytes = bytes;
		got = unwinder__frames(u, &part, some, 512, &end);
		assert_in_range(got, before, nr);
		assert_memory_equal(some, frames, got * sizeof(*some));
		assert_int_equal(end, got < nr ? UNWIND_CUT : UNWIND_OUTERMOST);
		before = got;
		free(copy);
	}
	waiting__stop(&w);
	waiting__start(&w, "very-deep");
	sample = waiting__sample(&w, w.pid);
	assert_in_range(unwinder__frames(u, &sample, frames, 512, &end), 40, 100);
	assert_int_equal(end, UNWIND_CUT);
	waiting__stop(&w);
	unwinder__free(u);
}

/* Registers and stacks of chance: some end or other. */
static void nonsense(void **unused)
{
	struct unwinder *u = unwinder_of(ALL_BYTES);
	struct unwind_sample sample;
	static struct waiting w;
	uint64_t seed = 1, frames[64];
	enum unwind_end end;

	waiting__start(&w, "deep");
	sample = waiting__sample(&w, w.pid);
	for (int i = 0; i < 3000; i++) {
		struct unwind_sample other = sample;

		for (int k = 0; k < UNWIND_REGS; k++) {
			seed = seed * 6364136223846793005u + 1442695040888963407u;
			if (seed >> 62)
				other.regs[k] = sample.regs[(seed >> 32) % UNWIND_REGS] + (seed >> 54);
			if (seed >> 60 == 5)
				other.regs[k] = seed;
		}
		assert_in_range(unwinder__frames(u, &other, frames, 64, &end), 1, 64);
	}
	waiting__stop(&w);
	unwinder__free(u);
}

/* ---- mappings of this very process ---- */

static struct unwind_sample sample_at(const void *pc)
{
	static uint64_t stack[64];

	return (struct unwind_sample){ .pid = getpid(),
				       .regs = { [CFI_SP] = (uintptr_t)stack, [CFI_PC] = (uintptr_t)pc },
				       .stack_at = (uintptr_t)stack,
				       .stack = stack,
				       .stack_bytes = sizeof(stack) };
}

static enum unwind_end end_at(struct unwinder *u, const void *pc)
{
	struct unwind_sample sample = sample_at(pc);
	enum unwind_end end;
	uint64_t frame[2];

	unwinder__frames(u, &sample, frame, 2, &end);
	return end;
}

/* A copy of a program, where it may be spoiled. */
static int copy_of(const char *path)
{
	int from = open(path, O_RDONLY | O_CLOEXEC), to = open("/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	char buf[4096];
	ssize_t n;

	assert_true(from >= 0 && to >= 0);
	while ((n = read(from, buf, sizeof(buf))) > 0)
		assert_int_equal(write(to, buf, n), n);
	close(from);
	return to;
}

/* The executable segment of the file @fd, and where in it the program begins. */
static void *map_code(int fd, size_t *bytes, const void **entry)
{
	const struct image_segment *segments;
	struct image *img;
	void *at = NULL;
	size_t nr;

	assert_int_equal(image__open(fd, &img, NULL), 0);
	segments = image__segments(img, &nr);
	for (size_t i = 0; i < nr; i++) {
		if (!(segments[i].flags & 1))
			continue;
		*bytes = segments[i].file_bytes;
		at = mmap(NULL, *bytes, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, segments[i].offset);
		assert_ptr_not_equal(at, MAP_FAILED);
		*entry = (char *)at + (image__entry(img) - segments[i].vaddr);
	}
	image__close(img);
	assert_non_null(at);
	return at;
}

/* A file cut short after it was mapped; what was read before is still good. */
static void cut_file(void **unused)
{
	struct unwinder *u = unwinder_of(ALL_BYTES);
	const void *entry, *entry_2;
	int fd = copy_of(FRAMES), fd_2 = copy_of(FRAMES);
	size_t bytes;
	void *at = map_code(fd, &bytes, &entry), *at_2 = map_code(fd_2, &bytes, &entry_2);

	assert_int_equal(end_at(u, entry), UNWIND_OUTERMOST); /* as the tables say of _start */
	assert_int_equal(ftruncate(fd, 4096), 0);
	assert_int_equal(ftruncate(fd_2, 4096), 0);
	assert_int_equal(refusals, 0);
	assert_int_equal(end_at(u, entry), UNWIND_OUTERMOST);
	assert_int_equal(end_at(u, entry_2), UNWIND_UNKNOWN);
	munmap(at, bytes);
	munmap(at_2, bytes);
	close(fd);
	close(fd_2);
	unwinder__free(u);
}

/* Neither with section headers nor, as the kernel's own code, in a file. */
static void without_sections(void **unused)
{
	struct unwinder *u = unwinder_of(ALL_BYTES);
	uint64_t vdso = getauxval(AT_SYSINFO_EHDR);
	int fd = copy_of(FRAMES);
	const void *entry;
	Elf64_Ehdr eh;
	size_t bytes;
	void *at;

	assert_int_equal(pread(fd, &eh, sizeof(eh), 0), sizeof(eh));
	eh.e_shoff = eh.e_shnum = eh.e_shstrndx = 0;
	assert_int_equal(pwrite(fd, &eh, sizeof(eh), 0), sizeof(eh));
	at = map_code(fd, &bytes, &entry);
	assert_int_equal(end_at(u, entry), UNWIND_OUTERMOST);
	assert_int_equal(refusals, 0);
	bytes = unwinder__bytes(u);
	if (vdso)
		end_at(u, (char *)vdso + 1);
	assert_true(!vdso || unwinder__bytes(u) > bytes);
	munmap(at, 0x1000);
	close(fd);
	unwinder__free(u);
}

/* Any byte of the file may be wrong. */
static void damaged_files(void **unused)
{
	int fd = copy_of(FRAMES);
	size_t bytes, nr_good = 0;
	uint64_t seed = 1;
	const void *entry;
	void *at = map_code(fd, &bytes, &entry);

	for (int i = 0; i < 500; i++) {
		struct unwinder *u = unwinder_of(1u << 20);
		uint8_t was, now;
		off_t where;

		seed = seed * 6364136223846793005u + 1442695040888963407u;
		/* mostly the headers and the tables, which are after the code */
		where = (seed >> 33) % (i % 2 ? 0x400 : 0x1000) + (i % 2 ? 0 : 0x2000);
		assert_int_equal(pread(fd, &was, 1, where), 1);
		now = was ^ seed >> 56;
		assert_int_equal(pwrite(fd, &now, 1, where), 1);
		nr_good += end_at(u, entry) == UNWIND_OUTERMOST;
		assert_int_equal(pwrite(fd, &was, 1, where), 1);
		assert_true(unwinder__bytes(u) <= 1u << 20);
		unwinder__free(u);
	}
	assert_in_range(nr_good, 100, 500); /* most bytes do not matter */
	munmap(at, bytes);
	close(fd);
}

/* Within a limit for all: those that are not used give way, those in use do not. */
static void limit_of_memory(void **unused)
{
	int fd = copy_of(FRAMES), fd_2 = copy_of(FRAMES);
	const void *entry, *entry_2;
	struct unwinder *u;
	size_t bytes, one, small;
	void *at = map_code(fd, &bytes, &entry), *at_2;

	u = unwinder_of(ALL_BYTES);
	assert_int_equal(end_at(u, entry), UNWIND_OUTERMOST);
	small = unwinder__bytes(u);
	assert_in_range(small, 100, 100000);
	unwinder__free(u);
	for (one = 0; one < small; one += 97) {
		u = unwinder_of(one);
		assert_int_equal(end_at(u, entry), UNWIND_UNKNOWN);
		assert_int_equal(refusals, 1);
		assert_non_null(strstr(refused_why, "memory"));
		assert_true(unwinder__bytes(u) <= one);
		assert_int_equal(end_at(u, entry), UNWIND_UNKNOWN);
		assert_int_equal(refusals, 1);
		unwinder__free(u);
	}
	u = unwinder_of(small + small / 2);
	assert_int_equal(end_at(u, entry), UNWIND_OUTERMOST);
	at_2 = map_code(fd_2, &bytes, &entry_2);
	unwinder__forget(u, getpid());
	assert_int_equal(end_at(u, entry_2), UNWIND_OUTERMOST); /* the first has no user any more */
	assert_int_equal(unwinder__bytes(u), small);
	assert_int_equal(refusals, 0);
	assert_int_equal(end_at(u, entry), UNWIND_UNKNOWN); /* the second has */
	assert_int_equal(refusals, 1);
	assert_int_equal(end_at(u, entry_2), UNWIND_OUTERMOST);
	unwinder__free(u);
	munmap(at, bytes);
	munmap(at_2, bytes);
	close(fd);
	close(fd_2);
}

/* Code mapped later is found, whether the unwinder is told or not. */
static void new_mappings(void **unused)
{
	struct unwinder *u = unwinder_of(ALL_BYTES);
	int fd = copy_of(FRAMES);
	const void *entry;
	size_t bytes;
	void *at;

	assert_int_equal(end_at(u, NULL), UNWIND_UNKNOWN);
	at = map_code(fd, &bytes, &entry);
	for (int i = 0; end_at(u, entry) != UNWIND_OUTERMOST; i++) {
		assert_in_range(i, 0, 6000);
		poll(NULL, 0, 10);
	}
	/* something else in its place */
	assert_ptr_equal(mmap(at, bytes, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0), at);
	unwinder__mapped(u, getpid());
	for (int i = 0; end_at(u, entry) != UNWIND_UNKNOWN; i++) {
		assert_in_range(i, 0, 6000);
		poll(NULL, 0, 10);
	}
	munmap(at, bytes);
	close(fd);
	unwinder__free(u);
}

static void many_mappings(void **unused)
{
	enum { NR = 20000 };
	struct unwinder *u = unwinder_of(ALL_BYTES);
	char *at = mmap(NULL, NR * 4096ul, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	assert_ptr_not_equal(at, MAP_FAILED);
	for (size_t i = 0; i < NR; i += 2)
		assert_int_equal(mprotect(at + i * 4096, 4096, PROT_READ | PROT_EXEC), 0);
	assert_int_equal(end_at(u, (void *)(uintptr_t)follow_all), UNWIND_DAMAGED);
	for (size_t i = 0; i < NR; i += 2) /* they hold zeros, and there is no frame pointer */
		assert_int_equal(end_at(u, at + i * 4096), UNWIND_UNKNOWN);
	munmap(at, NR * 4096ul);
	unwinder__free(u);
}

static void no_such_process(void **unused)
{
	struct unwinder *u = unwinder_of(ALL_BYTES);
	struct unwind_sample sample = sample_at(follow_all);
	uint64_t frames[4] = { 0 };
	enum unwind_end end;

	/* more than are kept */
	for (pid_t pid = 1 << 28; pid < (1 << 28) + 3000; pid++) {
		sample.pid = pid;
		assert_int_equal(unwinder__frames(u, &sample, frames, 4, &end), 1);
		assert_int_equal(end, UNWIND_UNKNOWN);
		assert_int_equal(frames[0], sample.regs[CFI_PC]);
	}
	unwinder__forget(u, 1);
	unwinder__mapped(u, 1);
	unwinder__free(u);
	unwinder__free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(first_instructions),
		cmocka_unit_test(every_instruction),
		cmocka_unit_test(generated_code),
		cmocka_unit_test(signals),
		cmocka_unit_test(signals_on_their_own_stack),
		cmocka_unit_test(threads),
		cmocka_unit_test(made_up_end),
		cmocka_unit_test(too_little_stack),
		cmocka_unit_test(nonsense),
		cmocka_unit_test(cut_file),
		cmocka_unit_test(without_sections),
		cmocka_unit_test(damaged_files),
		cmocka_unit_test(limit_of_memory),
		cmocka_unit_test(new_mappings),
		cmocka_unit_test(many_mappings),
		cmocka_unit_test(no_such_process),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
#else
int main(void)
{
	return 0; /* only there can calls be told from how the stack changes */
}
#endif
