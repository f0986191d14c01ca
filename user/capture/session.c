// SPDX-License-Identifier: BSD-2-Clause
#include <bpf/libbpf.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "behind.h"
#include "describing_frames.h"
#include "huge_pages.h"
#include "no_memory.h"
#include "pid_ns.h"
#include "session_impl.h"
#include "util.h"

#define SECOND_NS NSEC_PER_SEC
/* Memory for all rings together: so much, or so much for each CPU if that is more, but not more than the last. */
#define RINGS_BYTES	(64ull << 20)
#define RINGS_CPU_BYTES (1ull << 20)
#define RINGS_MAX_BYTES (512ull << 20)
/* The most for each CPU by default: two thirds of a second at 600,000 switches a second. */
#define CPU_MAX_BYTES (16ull << 20)
/*
 * A command's last switches come after its parent can know that it ended: its threads still need the CPU for them,
 * behind others if it is busy. It takes this long only where children live on.
 */
#define LAST_SWITCH_NS (NSEC_PER_SEC / 2)
#define NAMES_NS       (10 * NSEC_PER_SEC) /* what is not named then stays a number */

/* ---- the target's threads ---- */

/* ---- the recording ---- */

/* For the rings of each CPU: a power of two. */
static uint64_t cpu_bytes(const struct session_opts *o)
{
	uint64_t nr = sysconf(_SC_NPROCESSORS_ONLN), size;
	/* what keeps only sums records little of each thread, and is looked at ten times a second */
	uint64_t most = o->sums_only ? CPU_MAX_BYTES / 4 : CPU_MAX_BYTES;
	uint64_t all = o->sums_only ? RINGS_BYTES / 2 : RINGS_BYTES;

	if (o->ring_bytes)
		return o->ring_bytes;
	if (!o->sums_only && all < nr * RINGS_CPU_BYTES)
		all = nr * RINGS_CPU_BYTES;
	if (all > RINGS_MAX_BYTES)
		all = RINGS_MAX_BYTES;
	if (o->memory_bytes)
		all = most = o->memory_bytes;
	for (size = sysconf(_SC_PAGESIZE); 2 * size <= most && 2 * size * nr <= all; size *= 2)
		;
	return size;
}

/*
 * The first time, when there may be thousands of threads. No lock of theirs is held, so running behind others delays
 * nobody.
 */
static int session__find_threads(struct session *s)
{
	struct behind behind;
	int ret;

	behind__begin(&behind);
	/* twice: a thread born during the first pass may have a lower id than the pass had reached */
	ret = session__snapshot(s, 0) ?: session__snapshot(s, 0);
	behind__end(&behind);
	return ret;
}

static void session__every_second(struct session *s, uint64_t now)
{
	if (now < s->next_second_ns)
		return;
	s->next_second_ns = now + SECOND_NS;
	calibration__collect(&s->calibration, 0);
	program_cost__write(&s->cost, s->writer, now);
	session__write_findings(s, 0);
	runtimes__look_again(&s->runtimes, false);
	runtimes__read(&s->runtimes, now, false);
	if (targets__scan(&s->targets) > 0)
		session__snapshot(s, 0);
}

static void session__count(struct session *s, uint64_t now)
{
	if (!s->opts->counts_ns || now < s->next_count_ns)
		return;
	s->next_count_ns = now + s->opts->counts_ns;
	session__snapshot(s, 1);
	runtimes__read(&s->runtimes, now, false);
}

static void session__check_end(struct session *s, uint64_t now)
{
	bool open_ended = s->opts->comm || s->opts->cgroup || s->opts->runtime;

	if (s->waiting && (s->came || bpf__live(&s->bpf) > 0)) {
		s->waiting = false;
		s->start_ns = now;
	}
	if (s->child_gone && (bpf__live(&s->bpf) <= 0 || now > s->child_gone_ns + LAST_SWITCH_NS))
		s->stop = TARE_END_TARGET_GONE;
	else if (!s->opts->argv && !open_ended && bpf__live(&s->bpf) <= 0)
		s->stop = TARE_END_TARGET_GONE;
	else if (s->opts->duration_ns && !s->waiting && now - s->start_ns >= s->opts->duration_ns && !s->stop)
		s->stop = TARE_END_DURATION;
	if (!s->opts->series && session__is_triggered(s))
		s->stop = TARE_END_TRIGGER;
	if (writer__lost_bytes(s->writer))
		s->stop = TARE_END_ERROR;
}

static int session__timeout_ms(const struct session *s, uint64_t now)
{
	uint64_t left = s->start_ns + s->opts->duration_ns - now;
	unsigned soon = memory_calls__soon_ms(&s->calls);
	uint64_t tick = (soon < SESSION_TICK_MS ? soon : SESSION_TICK_MS) * 1000000ull;

	if (s->child_gone)
		return 1;
	if (s->opts->duration_ns && !s->waiting && left < tick)
		return left / 1000000 + 1;
	return tick / 1000000;
}

static int session__loop(struct session *s)
{
	struct heap_sources heaps = session__heap_sources(s);
	uint64_t now = now_ns();
	int ret;

	while (!s->stop) {
		ret = rings__wait(s->rings, session__timeout_ms(s, now));
		if (ret)
			return ret;
		session__signals(s);
		s->exec_error = launch__check(&s->launch);
		if (s->exec_error)
			return 0;
		ret = rings__drain(s->rings, s->writer);
		stacks__write(&s->stacks, s->writer);
		if (ret)
			return ret;
		targets__describe_unseen(&s->targets, s->writer);
		if (s->targets.wants_snapshot) /* so far only the first thread of each is followed */
			session__snapshot(s, 0);
		s->targets.wants_snapshot = false;
		now = now_ns();
		program_cost__tick(&s->cost, now);
		memory_calls__tick(&s->calls, s->writer);
		session__flight(s, now);
		quotas__tick(&s->quotas, &s->runtimes, s->writer, now);
		pages__tick(&s->pages, &s->bpf, s->writer, now);
		if (!s->opts->sums_only) {
			bytes_reader__tick(&s->bytes, &s->runtimes, s->writer, now);
			heap_reader__tick(&s->heaps, &heaps, now);
		}
		allocs__look(s->allocs, &s->runtimes, now);
		allocs__write(s->allocs, s->writer);
		session__write_symbols(s, 0); /* at once: the process may end */
		session__every_second(s, now);
		session__count(s, now);
		writer__tick(s->writer, now);
		session__check_end(s, now);
	}
	return 0;
}

/* A stack becomes a number. */
static const struct tare_rec *session__on_stack(struct session *s, const struct tare_stack *raw, size_t size,
						uint64_t ts_ns)
{
	s->stacked = (struct tare_stacked){
		.rec = { .ts_lo = raw->rec.ts_lo, .kind = TARE_REC_STACKED, .words = sizeof(s->stacked) / 4 },
		.tid = raw->tid,
		.number = stacks__number(&s->stacks, raw, size, ts_ns,
					 symbols__program_ns(&s->symbols, raw->tgid, ts_ns), s->writer),
	};
	return &s->stacked.rec;
}

static void session__code_changed(struct session *s, const struct tare_rec *rec)
{
	const struct tare_exit *exit = (const struct tare_exit *)rec;
	pid_t pid = 0;

	if (rec->kind == TARE_REC_EXEC)
		pid = ((const struct tare_exec *)rec)->tid;
	else if (rec->kind == TARE_REC_MAPPED)
		pid = ((const struct tare_mapped *)rec)->tgid;
	else if (rec->kind == TARE_REC_EXIT && exit->tid == exit->tgid)
		pid = exit->tgid;
	if (!pid)
		return;
	stacks__changed(&s->stacks, pid);
	allocs__changed(s->allocs, pid);
}

static void session__on_oom_kill(struct session *s, const struct tare_oom_kill *kill)
{
	char comm[16] = "", name[64], cgroup[TARE_CGROUP_LEN + 1] = "", limit[LIMIT_TEXT];
	pid_t pid = kill->tgid ?: kill->tid; /* its first thread, mostly */
	uint64_t since_ns;

	if (!s->opts->at_oom_kill || s->oom_kill || bpf__program_ns(&s->bpf, pid, &since_ns))
		return;
	s->oom_kill = true;
	proc__comm(pid, comm);
	fprintf(stderr, "tare: the kernel kills process %d (%s) for want of memory", pid,
		sanitize(comm, strlen(comm), name, sizeof(name)));
	memcpy(cgroup, kill->cgroup, TARE_CGROUP_LEN);
	if (kill->limit_pages)
		fprintf(stderr, ": %s", fmt_limit(cgroup, kill->limit_pages * sysconf(_SC_PAGESIZE), limit));
	fputc('\n', stderr);
}

/* A fault may have brought a huge page in: did it? */
static const struct tare_rec *session__on_fault_sample(struct session *s, const struct tare_rec *rec, size_t size)
{
	struct tare_fault_sample *f = &s->fault_sample;

	if (!(rec->flags & TARE_FAULT_MAY_HUGE) || size < sizeof(*f))
		return rec;
	memcpy(f, rec, sizeof(*f));
	f->rec.flags &= ~TARE_FAULT_MAY_HUGE;
	if (!s->huge_bytes)
		s->huge_bytes = huge_pages__bytes();
	if (s->huge_bytes && huge_pages__is(pid_ns__here(f->tgid), f->address))
		f->order = __builtin_ctzll(s->huge_bytes / sysconf(_SC_PAGESIZE));
	return &f->rec;
}

static const struct tare_rec *session__on_record(const struct tare_rec *rec, size_t size, uint64_t ts_ns, void *ctx)
{
	struct session *s = ctx;

	if (rec->kind == TARE_REC_STACK && s->opts->sums_only)
		return NULL;
	if (rec->kind == TARE_REC_STACK)
		return session__on_stack(s, (const struct tare_stack *)rec, size, ts_ns);
	s->came |= rec->kind == TARE_REC_FORK;
	if (rec->kind == TARE_REC_OOM_KILL)
		session__on_oom_kill(s, (const struct tare_oom_kill *)rec);
	if (rec->kind == TARE_REC_MEMORY)
		runtimes__on_memory(&s->runtimes, (const struct tare_memory *)rec, ts_ns);
	else
		targets__on_record(rec, ts_ns, &s->targets);
	session__code_changed(s, rec);
	if (s->opts->sums_only)
		return rec;
	symbols__on_record(&s->symbols, rec, ts_ns);
	pages__on_record(&s->pages, rec, ts_ns);
	return rec->kind == TARE_REC_FAULT_SAMPLE ? session__on_fault_sample(s, rec, size) : rec;
}

static void session__note_address(uint32_t pid, uint64_t ip, uint64_t ts_ns, void *ctx)
{
	struct session *s = ctx;

	symbols__note(&s->symbols, pid, ip, ts_ns);
}

static void session__code(uint32_t pid, uint64_t ip, uint64_t ts_ns, struct runtime_code *code, void *ctx)
{
	struct session *s = ctx;

	runtimes__code(&s->runtimes, pid, ip, ts_ns, code);
}

static int write_nothing(void *ctx, const struct tare_frame *head, const struct iovec *iov, int nr)
{
	return 0;
}

static int session__open_writer(struct session *s)
{
	const struct session_opts *o = s->opts;
	int ret = o->flight_ns ? flight__open(&s->flight, o, &s->writer) :
		  o->output    ? writer__open(o->output, &s->writer) :
				 writer__to(write_nothing, NULL, &s->writer);

	if (!ret && !o->flight_ns && o->output)
		ret = writer__compress(s->writer, o->compress);
	if (!ret && o->listener)
		writer__tee(s->writer, o->listener->frame, o->listener->ctx);
	return ret;
}

static void session__announce(const struct session_opts *o)
{
	char span[16];

	if (!o->output)
		return;
	if (o->flight_ns)
		fprintf(stderr, "tare: holding the last %s for %s; SIGUSR1 writes them, Ctrl-C writes them and ends\n",
			fmt_ns(o->flight_ns, span), o->output);
	else
		fprintf(stderr, "tare: recording to %s; hit Ctrl-C to end\n", o->output);
}

/* Everything up to the first event. Returns 0 or a negative errno, after saying why. */
static int session__begin(struct session *s)
{
	uint64_t bytes = cpu_bytes(s->opts);
	struct heap_sources heaps;
	struct bpf_opts bpf_opts = {
		.machine = s->opts->machine,
		.follow = s->opts->follow || s->opts->argv || s->opts->cgroup,
		.comm = s->opts->comm,
		.nr_rings = rings__of_cpu(bytes),
		.ring_bytes = bytes / rings__of_cpu(bytes),
		.wake_at_bytes = bytes / 4,
		.sample_hz = s->opts->sample_hz,
		.off_cpu_min_ns = s->opts->off_cpu_min_ns,
		.unwind_bytes = s->opts->unwind_bytes,
		.alloc_sites = s->opts->alloc_sites,
		.no_stacks = s->opts->sums_only,
	};
	int ret = session__check_command(s) ?: targets__locate(&s->targets);

	if (ret)
		return ret;
	/* before the kernel kills it */
	if (!no_memory__is_room_for(bytes * sysconf(_SC_NPROCESSORS_ONLN)))
		return -EIO;
	if (s->opts->cgroup)
		bpf_opts.cgroup = &s->targets.cgroup;
	ret = signals__open(&s->signals);
	if (ret) {
		err("cannot read signals: %s", strerror(-ret));
		return -EIO;
	}
	s->launch.ignores_interrupt = s->signals.ignores_interrupt;
	session__calibrate(s);
	ret = bpf__attach(&s->bpf, &bpf_opts);
	s->began_ns = now_ns();
	if (!ret)
		ret = session__start_command(s);
	if (!ret)
		ret = targets__find(&s->targets, s->launch.pid);
	if (ret)
		return ret;
	if (rings__new(bpf__rings_fd(&s->bpf), s->bpf.cpus, s->bpf.nr_cpus, bytes, &s->rings))
		return -EIO;
	rings__watch(s->rings, session__on_record, s);
	if (rings__poll_fd(s->rings, s->signals.fd) || rings__poll_fd(s->rings, s->signals.interrupt_fd) ||
	    session__open_writer(s))
		return -EIO;
	describing_frames__header(s->writer, s->bpf.nr_cpus);
	describing_frames__host(s->writer, s->opts->cmdline);
	s->opts->machine->describe(s->writer);
	targets__describe(&s->targets, s->writer);
	runtimes__begin(&s->runtimes, s->writer);
	quotas__tick(&s->quotas, &s->runtimes, s->writer, now_ns());
	writer__flush(s->writer);
	if (writer__lost_bytes(s->writer)) /* better not begun than not recorded */
		return -EIO;

	program_cost__init(&s->cost, &s->bpf, &s->calibration, now_ns());
	program_cost__tick(&s->cost, s->cost.start_ns);
	bpf__activate(&s->bpf, true);
	targets__find_new(&s->targets); /* those that came before anything was recorded */
	runtimes__look_again(&s->runtimes, true);
	if (session__find_threads(s))
		return -EIO;
	/*
	 * From here on the recorder needs little CPU, but promptly: a full ring loses what the target does meanwhile.
	 * Not earlier: with many threads there was much to do, for which the target must not wait.
	 */
	if (setpriority(PRIO_PROCESS, 0, RECORDER_NICE))
		info("cannot raise the recorder's priority: %s", strerror(errno));
	s->start_ns = now_ns();
	session__describe_attaching(s);
	memory_calls__begin(&s->calls, &s->bpf, s->cost.start_ns);
	s->waiting = !s->targets.marked.nr;
	runtimes__read(&s->runtimes, s->start_ns, false);
	heaps = session__heap_sources(s);
	if (!s->opts->sums_only)
		heap_reader__begin(&s->heaps, &heaps, s->start_ns);
	session__begin_allocs(s);
	s->next_second_ns = s->start_ns + SECOND_NS;
	if (!s->opts->argv) {
		session__announce(s->opts);
		return 0;
	}
	return session__release_command(s);
}

static void session__finish(struct session *s)
{
	struct heap_sources heaps = session__heap_sources(s);
	uint64_t now;

	s->stop = s->stop ?: TARE_END_ERROR;
	allocs__stop(s->allocs, s->writer);
	s->allocs = NULL;
	if (s->waiting && !s->exec_error)
		warn("none has come: there is nothing in the recording");
	session__snapshot(s, 1);
	runtimes__read(&s->runtimes, now_ns(), true);
	if (!s->opts->sums_only) {
		bytes_reader__last(&s->bytes, &s->runtimes, s->writer);
		heap_reader__write(&s->heaps, &heaps, now_ns());
	}
	memory_calls__write(&s->calls, s->writer);
	bpf__activate(&s->bpf, false);
	now = now_ns();
	program_cost__stop(&s->cost);
	rings__drain(s->rings, s->writer);
	stacks__settle(&s->stacks);
	stacks__write(&s->stacks, s->writer);
	targets__describe_unseen(&s->targets, s->writer);
	session__write_findings(s, NAMES_NS);
	naming__end(&s->symbols.naming);
	if (s->symbols.naming.unnamed)
		warn("%llu addresses have no names: debug information takes too long to read",
		     (unsigned long long)s->symbols.naming.unnamed);
	session__end_frame(s, now);
	if (s->opts->listener)
		s->opts->listener->finish(s->opts->listener->ctx);
}

static void session__result(const struct session *s, struct session_result *result)
{
	if (s->flight.buffer) {
		result->lost = s->flight.lost;
		result->bytes = s->flight.bytes;
		return;
	}
	result->lost = writer__lost_bytes(s->writer) + (s->cost.bpf ? program_cost__lost(&s->cost) : 0);
	result->bytes = writer__bytes(s->writer);
}

int session__record(const struct session_opts *opts, struct session_result *result)
{
	struct session s = {
		.opts = opts,
		.signals = SIGNALS_INIT,
		.wait_status = -1,
		.launch = { .release_fd = -1, .error_fd = -1 },
		.targets = { .bpf = &s.bpf, .opts = opts, .runtimes = &s.runtimes, .since.limit = MAX_SINCE },
		.runtimes = { .bpf = &s.bpf, .goroutines = opts->goroutines, .by_pid.limit = MAX_TARGET_PROCESSES },
	};
	int ret, error;

	symbols__init(&s.symbols);
	if (!opts->sums_only)
		naming__begin(&s.symbols.naming, &opts->debug); /* first: it is to have nothing that is opened here */
	stacks__init(&s.stacks, &(struct stacks_opts){ session__code, session__note_address, &s });
	if ((opts->unwind_bytes || opts->alloc_sites) && stacks__unwind(&s.stacks))
		warn("no thread to find callers in: only frame pointers are followed");
	pages__init(&s.pages);
	runtime_files__init(&s.targets.files);
	quotas__init(&s.quotas);
	ret = session__begin(&s);
	if (!ret) {
		error = session__loop(&s);
		if (s.exec_error)
			ret = session__no_command(&s, s.exec_error);
		if (error) {
			err("cannot read the ring buffers: %s", strerror(-error));
			ret = -EIO;
		}
		session__finish(&s);
		if (s.flight.buffer)
			ret = session__land(&s) ?: ret;
		if (s.exec_error)
			launch__cancel(&s.launch);
		else
			session__end_command(&s);
	} else {
		launch__cancel(&s.launch);
	}
	result->wait_status = s.exec_error ? -1 : s.wait_status;
	result->exec_error = s.exec_error;
	result->told = s.runtimes.told;
	if (s.writer) {
		if (s.exec_error)
			writer__discard(s.writer);
		else
			session__result(&s, result);
		if (writer__close(s.writer))
			ret = -EIO;
	}
	allocs__stop(s.allocs, NULL);
	flight__close(&s.flight);
	rings__free(s.rings);
	if (s.cost.bpf)
		program_cost__stop(&s.cost);
	runtimes__free(&s.runtimes);
	symbols__free(&s.symbols);
	stacks__free(&s.stacks);
	pages__free(&s.pages);
	quotas__free(&s.quotas);
	memory_calls__free(&s.calls);
	bytes_reader__free(&s.bytes);
	heap_reader__free(&s.heaps);
	calibration__end(&s.calibration);
	bpf__close(&s.bpf);
	signals__close(&s.signals);
	targets__free(&s.targets);
	return ret;
}
