// SPDX-License-Identifier: BSD-2-Clause
/*
 * Go, from 1.19 on, as built and deployed: stripped or not, any link mode. Its events come from uprobes at
 * instructions chosen in its file (go_probes.c), its counters and goroutines from its memory; nothing in it is
 * changed.
 */
#include <elf.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "go.h"
#include "gobuild.h"
#include "golive.h"
#include "gonames.h"
#include "gotrace.h"
#include "gopattern.h"
#include "goversion.h"
#include "probe_site.h"
#include "proc.h"
#include "util.h"

#define VERSION_BYTES 160 /* experiments included */

static int recognise(struct image *img, char *version, size_t size)
{
	struct gobuild build = { 0 };
	char text[VERSION_BYTES];
	int ret = img ? gobuild__read(img, &build) : -ENOENT;

	if (img && ret == -ENOENT && goversion__has_runtime(img, text, sizeof(text))) {
		sanitize(text, strlen(text), version, size);
		ret = 0;
	}
	/* a plugin uses the runtime of its host: its own copy never runs */
	if (!ret && !strcmp(gobuild__setting(&build, "-buildmode") ?: "", "plugin"))
		ret = -ENOENT;
	if (!ret && build.version && build.version[0])
		sanitize(build.version, strlen(build.version), version, size);
	gobuild__free(&build);
	return ret ? 0 : 1;
}

/* ---- functions ---- */

void go__want(struct go *go, const char *name)
{
	for (unsigned i = 0; i < go->nr_funcs; i++)
		if (!strcmp(go->funcs[i].name, name))
			return;
	if (go->nr_funcs < GO_MAX_FUNCS)
		go->funcs[go->nr_funcs++].name = name;
}

const struct go_func *go__func(const struct go *go, const char *name)
{
	for (unsigned i = 0; i < go->nr_funcs; i++)
		if (!strcmp(go->funcs[i].name, name))
			return go->funcs[i].matches ? &go->funcs[i].func : NULL;
	return NULL;
}

int go__code(struct go *go, const char *name, struct code *code)
{
	const struct go_func *f = go__func(go, name);

	return f ? code__of_function(go->prog->img, f->entry, f->end, code) : -ENOENT;
}

static int lookup(void *ctx, const char *name, struct code *code)
{
	return go__code(ctx, name, code);
}

static int arch_of(const struct go *go)
{
	return image__machine(go->prog->img) == EM_AARCH64 ? TARE_ARCH_ARM64 : TARE_ARCH_X86_64;
}

/* ---- opening ---- */

static void go__close(void *self)
{
	struct go *go = self;

	go_live__close(go->live);
	go_copy__free(go->last);
	pclntab__close(go->pclntab);
	free(go);
}

/* The version, from the build information or from the functions. Returns 0, or a negative errno with .problem set. */
static int go__version(struct go *go, char *version, size_t size)
{
	struct gobuild build = { 0 };
	struct program *prog = go->prog;
	int ret = gobuild__read(prog->img, &build);

	if (!ret)
		snprintf(version, size, "%s", build.version);
	gobuild__free(&build);
	if (ret != -ENOENT)
		return ret;
	ret = goversion__find(prog->img, go->pclntab, version, size);
	if (ret == -ENOENT)
		snprintf(prog->problem, sizeof(prog->problem),
			 "its build information is stripped or damaged, and its function "
			 "table without the names of the runtime's functions");
	else if (ret == -ERANGE)
		snprintf(prog->problem, sizeof(prog->problem),
			 "its build information is stripped or damaged, and its functions "
			 "do not tell which version from Go 1.%d to 1.%d it is",
			 GO_OLDEST, GO_NEWEST);
	return ret;
}

static int go__layout(struct go *go)
{
	char version[VERSION_BYTES];
	int ret = go__version(go, version, sizeof(version));

	if (ret)
		return ret;
	ret = go_layout__find(&go->layout, go->prog->fd, version);
	if (ret)
		snprintf(go->prog->problem, sizeof(go->prog->problem),
			 "of version %s: tare knows the runtimes from Go 1.%d "
			 "to 1.%d",
			 version, GO_OLDEST, GO_NEWEST);
	go->minor = go->layout.minor;
	return ret;
}

static int go__look(struct go *go)
{
	const char *why = NULL;
	int ret = pclntab__open(go->prog->img, 0, &go->pclntab, &why);

	if (ret) {
		snprintf(go->prog->problem, sizeof(go->prog->problem), "its function table cannot be used: %s",
			 why ?: strerror(-ret));
		return ret;
	}
	ret = go__layout(go);
	if (ret)
		return ret;
	go_probes__want(go);
	for (const struct gopattern *p = gopatterns; p->name; p++) {
		go__want(go, p->function);
		if (p->callee)
			go__want(go, p->callee);
	}
	go_heap__want(go);
	go_allocators__want(go);
	if (gotls__function(arch_of(go)))
		go__want(go, gotls__function(arch_of(go)));
	ret = pclntab__find_funcs(go->pclntab, go->funcs, go->nr_funcs);
	return ret < 0 ? ret : 0;
}

static int go__open(struct program *prog, void **self)
{
	struct go *go = calloc(1, sizeof(*go));
	int ret;

	if (!go)
		return -ENOMEM;
	go->prog = prog;
	ret = go__look(go);
	if (ret) {
		go__close(go);
		return ret;
	}
	*self = go;
	return 0;
}

static int go__probes(void *self, struct runtime_probes *list)
{
	return go_probes(self, list);
}

/* ---- memory ---- */

uint64_t go__by_pattern(struct go *go, const char *name)
{
	uint64_t addr;

	return gopattern__find(name, go->minor, lookup, go, &addr) ? 0 : addr;
}

static uint64_t by_pattern(struct go *go, const char *name, uint64_t bias)
{
	uint64_t addr = go__by_pattern(go, name);

	return addr ? addr + bias : 0;
}

/*
 * Before there are Ps, zeros may be taken for anything, and what was not found would stay unknown. If there are none
 * after so long, it is another layout. So it is where something else does not fit; but it may just have begun.
 */
#define BEGINS_NS (5 * NSEC_PER_SEC)
#define BEGUN_NS  (NSEC_PER_SEC / 4)

static bool is_early(struct go *go)
{
	uint64_t now = now_ns(), since;

	go->looked_ns = go->looked_ns ?: now;
	since = now - go->looked_ns;
	return since < BEGUN_NS ? go_live__problem(go->live, 0) || !(go->live->valid & GO_VALID_PS) :
				  since < BEGINS_NS && !(go->live->valid & GO_VALID_PS);
}

int go__live(struct go *go)
{
	struct go_live_input in = {
		.pid = go->prog->pid, .img = go->prog->img, .bias = go->prog->bias, .layout = go->layout
	};
	const char *problem;
	int ret;

	if (go->live)
		return 0;
	if (!go->prog->placed)
		return -ESRCH;
	in.pattern = (struct go_globals){
		.sched = by_pattern(go, "runtime.sched", in.bias),
		.allp = by_pattern(go, "runtime.allp", in.bias),
		.allm = by_pattern(go, "runtime.allm", in.bias),
		.allgs = by_pattern(go, "runtime.allgs", in.bias),
		.gc_controller = by_pattern(go, "runtime.gcController", in.bias),
		.memstats = by_pattern(go, "runtime.memstats", in.bias),
		.mheap = by_pattern(go, "runtime.mheap_", in.bias),
		.cpu_stats = by_pattern(go, "runtime.work.cpuStats", in.bias),
		.scavenge = by_pattern(go, "runtime.scavenge", in.bias),
	};
	ret = go_live__open(&go->live, &in);
	if (ret)
		return ret;
	if (is_early(go)) {
		go_live__close(go->live);
		go->live = NULL;
		return -EAGAIN;
	}
	for (unsigned i = 0; (problem = go_live__problem(go->live, i)); i++)
		warn("process %d: %s", in.pid, problem);
	return 0;
}

static int go__counters(void *self, struct tare_counters *c)
{
	struct go *go = self;
	int ret = go__live(go);

	return ret ?: go_live__counters(go->live, c);
}

static int go__memory(void *self, struct runtime_memory *memory)
{
	struct go *go = self;
	int ret = go__live(go);

	return ret ?: go_live__memory(go->live, memory);
}

static int go__delays(void *self, struct tare_delays *d)
{
	struct go *go = self;
	struct go_hist *h;
	int ret = go__live(go);

	if (ret)
		return ret;
	h = malloc(sizeof(*h));
	if (!h)
		return -ENOMEM;
	ret = go_live__histogram(go->live, GO_HIST_TIME_TO_RUN, h);
	d->one_in = 8; /* gTrackingPeriod, runtime/runtime2.go */
	for (unsigned i = 0; !ret && i < h->nr && d->nr < TARE_DELAYS_MAX; i++) {
		if (!h->count[i])
			continue;
		d->buckets[d->nr].from_ns = h->from_ns[i];
		d->buckets[d->nr++].count = h->count[i];
	}
	free(h);
	return ret;
}

static int tls_slot(struct go *go, const struct gotls *tls, int64_t *g_at)
{
	if (!go->prog->placed)
		return -ESRCH;
	return proc__peek(go->prog->pid, tls->slot + go->prog->bias, g_at, sizeof(*g_at));
}

static int go__path(struct go *go, struct goroutine_path *path)
{
	const int32_t *at = go->layout.at;
	struct gotls tls;
	struct code code;
	int64_t slot = 0;
	int ret = go__code(go, gotls__function(arch_of(go)), &code) ?: gotls__decode(&code, &tls);

	if (!ret && tls.kind == GOTLS_SLOT)
		ret = tls_slot(go, &tls, &slot);
	if (!ret && (at[G_M] < 0 || at[M_CURG] < 0 || at[G_GOID] < 0))
		ret = -ENOENT;
	if (ret) {
		warn("process %d: cannot tell which goroutine a thread runs: %s", go->prog->pid, strerror(-ret));
		return ret;
	}
	*path = (struct goroutine_path){
		.noted_at = tls.offset + slot,
		.thread = at[G_M],
		.number = at[M_PROCID],
		.current = at[M_CURG],
		.p = at[M_P],
		.p_id = at[P_ID],
		.id = at[G_GOID],
		.status = at[G_ATOMICSTATUS],
		.wait_reason = at[G_WAITREASON],
		.own = at[M_G0],
		.pc = at[M_G0] < 0 || at[G_SP] < 0 || at[G_BP] < 0 ? -1 : at[G_PC],
		.sp = at[G_SP],
		.bp = at[G_BP],
		.unused = 1 << G_IDLE | 1 << G_DEAD | 1 << G_DEADEXTRA,
	};
	return 0;
}

static void go__install(void *self, runtime_set *set, void *ctx)
{
	struct go *go = self;
	struct goroutine_path path;
	struct go_exit exit;

	if (!go->path_tried && !go__path(go, &path))
		set(GO_PATHS, &path, ctx);
	go->path_tried = true;
	/* only if it is new: the process may have become another program a moment ago */
	if (go_exit__describe(go, &exit) || (go->exit_set && !memcmp(&exit, &go->exit, sizeof(exit))))
		return;
	go->exit = exit;
	go->exit_set = !set(GO_EXITS, &exit, ctx);
}

/* ---- names ---- */

static void say_all(unsigned kind, const char *(*name)(unsigned nr), runtime_say *say, void *ctx)
{
	for (unsigned nr = 0; nr < 64; nr++)
		if (name(nr))
			say(kind, nr, name(nr), ctx);
}

static void go__names(void *self, runtime_say *say, void *ctx)
{
	/* until Go 1.20 a reason is a string */
	static const char *const words[] = {
		"gcing",	   "",
		"write heap dump", "profile",
		"profile cleanup", "stack trace",
		"read mem stats",  "doAllThreadsSyscall",
		"GOMAXPROCS",	   "start tracing",
		"stop tracing",
	};
	struct go *go = self;

	if (go->minor >= 21)
		say_all(TARE_NAME_STOP_REASON, go_stop_reason, say, ctx);
	for (size_t i = 0; i < ARRAY_SIZE(words) && go->minor < 21; i++)
		say(TARE_NAME_STOP_REASON, STRING_KEY(strlen(words[i]), words[i][0]),
		    go_stop_reason(go_stop_reason_of(words[i])), ctx);
	say_all(TARE_NAME_GC_PHASE, go_gc_phase, say, ctx);
	for (unsigned nr = 0; nr < 64; nr++)
		if (go_wait_reason(go->minor, nr))
			say(TARE_NAME_WAIT_REASON, nr, go_wait_reason(go->minor, nr), ctx);
	/* the scan bit is set while the collector looks at the goroutine's stack */
	for (unsigned nr = 0; nr < 64; nr++) {
		if (!go_status(nr))
			continue;
		say(TARE_NAME_STATUS, nr, go_status(nr), ctx);
		say(TARE_NAME_STATUS, nr | GO_STATUS_SCAN, go_status(nr), ctx);
	}
}

const struct runtime runtime_go = {
	.name = "go",
	.title = "Go",
	.recognise = recognise,
	.open = go__open,
	.probes = go__probes,
	.counters = go__counters,
	.delays = go__delays,
	.memory = go__memory,
	.green_thread = "goroutine",
	.preempt_signal = SIGURG, /* sigPreempt, runtime/signal_unix.go */
	.costs = go_costs,
	.trace = &go_trace,
	.maps = (const char *const[]){ GO_PATHS, GO_EXITS, NULL },
	.install = go__install,
	.last_counters = go__last_counters,
	.names = go__names,
	.symbol = go__symbol_at,
	.goroutines = go__goroutines,
	.code = go__code_at,
	.heap = go__heap,
	.allocators = go__allocators,
	.close = go__close,
};
