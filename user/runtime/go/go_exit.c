// SPDX-License-Identifier: BSD-2-Clause
/*
 * A Go process's last counters. Go announces no exit, and once the process has ended its memory is gone. So a probe
 * where it exits copies what the counters are made of (bpf/runtime/go_exit.bpf.h), and the copy is read like a live
 * process.
 */
#include <errno.h>
#include <string.h>

#include "event.h"
#include "go.h"
#include "golive.h"
#include "util.h"

enum {
	SCHED_BYTES = 1024,
	SCHED_MAX_BYTES = 16384, /* how much of these structs is looked at, at least and at most */
	GC_BYTES = 512,
	SCAVENGE_BYTES = 32,
	PAGE_BYTES = 4096, /* the smallest there is */
	MSTATS_MAX_BYTES = 24576,
	P_BYTES = 512,
	SPAN_MAX_BYTES = 128,
};

/* Add what is at @address, if that is known, split at page boundaries: one of two pages might not be there. */
static void add(struct go_exit *x, unsigned *nr, uint64_t address, uint64_t len)
{
	for (uint64_t n; address && len && *nr < MAX_EXIT_PIECES; address += n, len -= n) {
		n = PAGE_BYTES - address % PAGE_BYTES;
		n = n < TARE_MEMORY_MAX ? n : TARE_MEMORY_MAX;
		n = n < len ? n : len;
		x->pieces[(*nr)++] = (struct exit_piece){ .address = address, .len = n };
	}
}

/*
 * Where a global is: as found in the process or, before that, by what the file says: @in bytes into @symbol, unless
 * that is not known.
 */
static uint64_t place(struct go *go, enum go_global nr, const char *symbol, int32_t in)
{
	uint64_t addr = go->live ? go_globals__get(&go->live->at, nr) : 0;

	if (addr)
		return addr - go->live->bias;
	if (in >= 0 && !image__symbol(go->prog->img, symbol, &addr, NULL))
		return addr + in;
	return go__by_pattern(go, nr == GO_CPU_STATS_AT ? "runtime.work.cpuStats" : symbol);
}

static uint64_t bounded(int32_t size, uint64_t least, uint64_t most)
{
	uint64_t n = size < 0 ? 0 : size;

	return n < least ? least : n > most ? most : n;
}

static void add_globals(struct go *go, struct go_exit *x)
{
	const int32_t *at = go->layout.at;
	unsigned nr = 0;

	x->allp = place(go, GO_ALLP_AT, "runtime.allp", 0);
	add(x, &nr, x->allp, 24);
	add(x, &nr, place(go, GO_GC_AT, "runtime.gcController", 0), GC_BYTES);
	add(x, &nr, place(go, GO_GCPHASE_AT, "runtime.gcphase", 0), 4);
	add(x, &nr, place(go, GO_CPU_STATS_AT, "runtime.work", at[WORK_CPUSTATS]), sizeof(struct tare_cpu_account));
	add(x, &nr, place(go, GO_SCAVENGE_AT, "runtime.scavenge", 0), SCAVENGE_BYTES);
	add(x, &nr, place(go, GO_SCHED_AT, "runtime.sched", 0), bounded(at[SCHED_SIZE], SCHED_BYTES, SCHED_MAX_BYTES));
	add(x, &nr, place(go, GO_MEMSTATS_AT, "runtime.memstats", 0), bounded(at[MSTATS_SIZE], 0, MSTATS_MAX_BYTES));
}

/* What hangs off each P. */
static void add_ps(struct go *go, struct go_exit *x)
{
	const int32_t *at = go->layout.at;
	const uint32_t spans = MAX_EXIT_SPANS * 8;

	x->p_mcache = at[P_MCACHE];
	x->p[0] = (struct exit_field){ 0, P_BYTES };
	if (at[P_GOROUTINESCREATED] >= 0)
		x->p[1] = (struct exit_field){ at[P_GOROUTINESCREATED], 8 };
	if (at[P_LIMITEREVENT] >= 0)
		x->p[2] = (struct exit_field){ at[P_LIMITEREVENT], 8 };
	if (at[MCACHE_ALLOC] < 0 || at[MCACHE_TINYALLOCS] < 0 || at[MSPAN_NELEMS] < 0 ||
	    at[MSPAN_ELEMSIZE] < at[MSPAN_NELEMS] || at[MSPAN_ELEMSIZE] + 8 - at[MSPAN_NELEMS] > SPAN_MAX_BYTES)
		return;
	x->mcache[0] = (struct exit_field){ at[MCACHE_TINYALLOCS], 8 };
	x->mcache[1] = (struct exit_field){ at[MCACHE_ALLOC], TARE_MEMORY_MAX };
	x->mcache[2] = (struct exit_field){ at[MCACHE_ALLOC] + TARE_MEMORY_MAX, spans - TARE_MEMORY_MAX };
	x->spans = at[MCACHE_ALLOC];
	x->span = (struct exit_field){ at[MSPAN_NELEMS], at[MSPAN_ELEMSIZE] + 8 - at[MSPAN_NELEMS] };
	x->span_size = at[MSPAN_ELEMSIZE];
}

int go_exit__describe(struct go *go, struct go_exit *x)
{
	memset(x, 0, sizeof(*x));
	if (!go->exit_site)
		return -ENOENT;
	x->site = go->exit_site;
	add_globals(go, x);
	if (go->layout.at[P_MCACHE] >= 0)
		add_ps(go, x);
	else
		x->allp = 0;
	return 0;
}

/* All is copied: the runtime as it was, opened only now if the process was too short-lived for more. */
static int go__open_last(struct go *go, uint64_t bias, uint64_t ts_ns)
{
	struct go_live_input in = {
		.pid = go->prog->pid,
		.img = go->prog->img,
		.bias = bias,
		.layout = go->layout,
		.copy = go->last,
		.copied_ns = ts_ns,
	};
	const char *problem;
	int err;
	struct {
		uint64_t *addr;
		const char *symbol;
	} globals[] = {
		{ &in.pattern.sched, "runtime.sched" },
		{ &in.pattern.allp, "runtime.allp" },
		{ &in.pattern.gc_controller, "runtime.gcController" },
		{ &in.pattern.memstats, "runtime.memstats" },
		{ &in.pattern.cpu_stats, "runtime.work.cpuStats" },
		{ &in.pattern.scavenge, "runtime.scavenge" },
	};

	if (go->live) {
		go_live__use(go->live, go->last, ts_ns);
		return 0;
	}
	for (size_t i = 0; i < ARRAY_SIZE(globals); i++) {
		*globals[i].addr = go__by_pattern(go, globals[i].symbol);
		*globals[i].addr += *globals[i].addr ? bias : 0;
	}
	err = go_live__open(&go->live, &in);
	for (unsigned i = 0; !err && (problem = go_live__problem(go->live, i)); i++)
		info("process %d, at its end: %s", in.pid, problem);
	return err;
}

/*
 * The probe can read only what is in memory. If nobody ever looked into the process, that is all it ever wrote, and
 * the rest is zero; later on, pages may have been swapped out, or be about to migrate to another node.
 */
static int go__add_piece(struct go *go, const struct tare_memory *m)
{
	static const char zero[TARE_MEMORY_MAX];
	size_t head = offsetof(struct tare_memory, bytes), len = record__len(&m->rec);

	if (len < head || m->len > len - head)
		return -EPROTO;
	if (m->len)
		return go_copy__add(go->last, m->address, m->bytes, m->len);
	return go_copy__add(go->last, m->address, go->live ? NULL : zero, len - head);
}

int go__last_counters(void *self, const struct tare_memory *m, struct tare_counters *c)
{
	struct go *go = self;
	struct exit_end end;
	uint64_t ts_ns = c->ts_ns;
	int err;

	if (!go->last)
		go->last = go_copy__new();
	if (!go->last)
		return -ENOMEM;
	if (m->address)
		return go__add_piece(go, m) ?: -EAGAIN;
	if (m->len < sizeof(end))
		return -EPROTO;
	memcpy(&end, m->bytes, sizeof(end));
	err = end.failed ? -ENODATA : go__open_last(go, end.bias, ts_ns);
	if (!err) {
		unsigned valid = go->live->valid;

		err = go_live__counters(go->live, c);
		/* other threads ran during the copy, and it is inconsistent */
		if (!err && valid != go->live->valid)
			err = -EBADMSG;
	}
	c->ts_ns = ts_ns;
	c->final = 1;
	return err;
}
