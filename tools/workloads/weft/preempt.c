// SPDX-License-Identifier: BSD-2-Clause
/*
 * Preemption. A request is a flag in the P, which runtime calls look at, and a signal to the thread, whose handler
 * makes the interrupted instruction seem to call preempt__entry() (switch_*.S), which gives way and later goes on
 * as if nothing had been, on whatever thread.
 *
 * That is only sound where no code keeps what belongs to the thread: in the program's own text, and there outside
 * of the runtime. In libc it would not be: errno's address, malloc's arena and stdio's owner are the thread's. The
 * PLT is nobody's: through it also the runtime may be on its way into a library (sanitizers call there where the
 * compiler was told to use no PLT), and an instruction later it is known who is.
 */
#include <errno.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/syscall.h>
#include <stdlib.h>
#include <ucontext.h>
#include <unistd.h>

#include "runtime.h"

/* C frames below the saved registers, up to the switch */
#define CALL_BYTES     1024
#define ALTSTACK_BYTES (32 * 1024)
#define RED_ZONE_BYTES 128

/* of the linker: the program's text, and the runtime's section */
extern const char __executable_start[], etext[], __start_weft_text[], __stop_weft_text[];

static bool pc_is_the_programs(uintptr_t pc)
{
	return pc >= (uintptr_t)__executable_start && pc < (uintptr_t)etext &&
	       !(pc >= (uintptr_t)__start_weft_text && pc < (uintptr_t)__stop_weft_text);
}

void preempt__entry(void);

#if defined(__x86_64__)
#include <cpuid.h>

uint64_t preempt__xsave_mask __attribute__((visibility("hidden")));
uint64_t preempt__xsave_bytes __attribute__((visibility("hidden")));
void preempt__give_way(void);

/* Protection keys (9) are the thread's; the tiles of AMX (17, 18) are too large for a goroutine's stack */
#define TILES	  (3ull << 17)
#define NOT_SAVED (1ull << 9 | TILES)

static bool has_tiles;

static bool arch__init(void)
{
	unsigned int a, b, c, d;
	uint32_t low, high;

	if (!__get_cpuid(1, &a, &b, &c, &d) || !(c & bit_OSXSAVE))
		return false;
	__asm__("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
	has_tiles = ((uint64_t)high << 32 | low) & TILES;
	preempt__xsave_mask = ((uint64_t)high << 32 | low) & ~NOT_SAVED;
	preempt__xsave_bytes = 512 + 64;
	for (int i = 2; i < 63; i++) {
		if (!(preempt__xsave_mask >> i & 1))
			continue;
		__cpuid_count(0xd, i, a, b, c, d);
		if (preempt__xsave_bytes < a + b)
			preempt__xsave_bytes = a + b;
	}
	return true;
}

static uintptr_t arch__pc(ucontext_t *uc)
{
	return uc->uc_mcontext.gregs[REG_RIP];
}

/* It would lose its tiles. What the interrupted code had in use is in the header of what the kernel saved of it. */
static bool arch__must_go_on(ucontext_t *uc)
{
	return has_tiles && ((const struct _xstate *)uc->uc_mcontext.fpregs)->xstate_hdr.xstate_bv & TILES;
}

/* jmp *(GOT), with an endbr64 or a bnd before it */
static bool arch__is_plt(uintptr_t pc)
{
	const unsigned char *at = (const unsigned char *)pc;

	if (!memcmp(at, "\xf3\x0f\x1e\xfa", 4))
		at += 4;
	if (*at == 0xf2)
		at++;
	return at[0] == 0xff && at[1] == 0x25;
}

static uintptr_t arch__sp(ucontext_t *uc)
{
	return uc->uc_mcontext.gregs[REG_RSP];
}

static size_t arch__frame_bytes(void)
{
	return RED_ZONE_BYTES + 17 * 8 + 64 + preempt__xsave_bytes;
}

static bool arch__inject(ucontext_t *uc, siginfo_t *info)
{
	uintptr_t sp = arch__sp(uc) - RED_ZONE_BYTES - sizeof(uintptr_t);

	*(uintptr_t *)sp = arch__pc(uc);
	uc->uc_mcontext.gregs[REG_RSP] = sp;
	uc->uc_mcontext.gregs[REG_RIP] = (uintptr_t)preempt__entry;
	return true;
}

void preempt__give_way(void)
{
	sched__yield_preempted(true);
}

#elif defined(__aarch64__)

/* What the kernel lays on the stack for a signal, and reads back from sp in rt_sigreturn */
struct frame {
	siginfo_t info;
	ucontext_t uc;
};
void preempt__give_way_frame(struct frame *frame);

#define EXTRA_MAGIC 0x45585401

static bool arch__init(void)
{
	return true;
}

static uintptr_t arch__pc(ucontext_t *uc)
{
	return uc->uc_mcontext.pc;
}

static bool arch__must_go_on(ucontext_t *uc)
{
	return false;
}

/* adrp x16, ldr x17, add x16, br x17 */
static bool arch__is_plt(uintptr_t pc)
{
	const uint32_t *at = (const uint32_t *)pc;

	return at[0] == 0xd61f0220 || at[1] == 0xd61f0220 || at[2] == 0xd61f0220 || at[3] == 0xd61f0220;
}

static uintptr_t arch__sp(ucontext_t *uc)
{
	return uc->uc_mcontext.sp;
}

static size_t arch__frame_bytes(void)
{
	return sizeof(struct frame) + 16;
}

/* Registers too wide for the frame itself (long SVE vectors) lie beside it: such a frame cannot just be copied */
static bool frame_is_whole(ucontext_t *uc)
{
	unsigned char *at = uc->uc_mcontext.__reserved, *end = at + sizeof(uc->uc_mcontext.__reserved);

	while (at + 8 <= end) {
		uint32_t record[2];

		memcpy(record, at, sizeof(record));
		if (record[0] == EXTRA_MAGIC)
			return false;
		if (!record[0] || record[1] < 8)
			return true;
		at += record[1];
	}
	return true;
}

static bool arch__inject(ucontext_t *uc, siginfo_t *info)
{
	struct frame *frame = (void *)((arch__sp(uc) - sizeof(*frame)) & ~15ul);

	if (!frame_is_whole(uc))
		return false;
	frame->info = *info;
	frame->uc = *uc;
	uc->uc_mcontext.sp = (uintptr_t)frame;
	uc->uc_mcontext.pc = (uintptr_t)preempt__entry;
	return true;
}

void preempt__give_way_frame(struct frame *frame)
{
	sched__yield_preempted(true);
	/* rt_sigreturn also sets the thread's signal stack */
	frame->uc.uc_stack = this_m()->sigstack;
}
#else
#error "weft knows x86-64 and arm64"
#endif

static void on_request(int sig, siginfo_t *info, void *context)
{
	struct m *m = this_m();
	struct p *p = m ? get_relaxed(&m->p) : NULL;
	struct g *g = m ? m->g : NULL;
	uintptr_t sp = arch__sp(context);

	/* late, or on g0, in a system call, or between weft_nopreempt_begin() and _end() */
	if (!p || !g || get_relaxed(&m->locks) || !get_relaxed(&p->preempt))
		return;
	if (sp > g->stack_hi || sp < g->stack_lo || sp - g->stack_lo < arch__frame_bytes() + CALL_BYTES)
		return;
	if (pc_is_the_programs(arch__pc(context)) && !arch__is_plt(arch__pc(context)) && !arch__must_go_on(context))
		arch__inject(context, info);
}

static sigset_t mask;

void preempt__init(void)
{
	struct sigaction sa = { .sa_sigaction = on_request, .sa_flags = SA_SIGINFO | SA_ONSTACK | SA_RESTART };

#ifdef __SANITIZE_THREAD__
	/* it calls handlers when it sees fit, with a copy of the context */
	sched.async_preempt = false;
#endif
	/* linked without a dynamic linker: libc lies in the program's own text */
	if (!getauxval(AT_BASE) || !arch__init())
		sched.async_preempt = false;
	pthread_sigmask(SIG_SETMASK, NULL, &mask);
	sigdelset(&mask, SIGURG);
	sigemptyset(&sa.sa_mask);
	if (sigaction(SIGURG, &sa, NULL))
		os__die("cannot handle SIGURG: %s", strerror(errno));
}

void preempt__init_m(struct m *m)
{
	size_t bytes = getauxval(AT_MINSIGSTKSZ) + ALTSTACK_BYTES;

	m->sigstack.ss_size = bytes;
	m->sigstack.ss_sp = malloc(bytes);
	if (!m->sigstack.ss_sp || sigaltstack(&m->sigstack, NULL))
		os__die("no signal stack: %s", strerror(errno));
	/* it may be the monitor, which has no signals, that started this thread */
	pthread_sigmask(SIG_SETMASK, &mask, NULL);
}

/* A moment later it may be another one; structs g and m stay what they are */
__attribute__((no_sanitize("thread"))) static uint64_t running_on(struct m *m)
{
	struct g *g = __atomic_load_n(&m->g, __ATOMIC_RELAXED);

	return g ? g->id : 0;
}

void preempt__request(struct p *p)
{
	struct m *m = get_acquire(&p->m);

	if (!m)
		return;
	stats__add_shared(preempt_requests, 1);
	EVENT(preempt_request, running_on(m), p->id, m->tid, 0);
	set_relaxed(&p->preempt, 1);
	if (sched.async_preempt)
		syscall(SYS_tgkill, getpid(), m->tid, SIGURG);
}

void preempt__all(void)
{
	for (int i = 0; i < sched.n_procs; i++)
		if (get_relaxed(&sched.p[i].status) == P_RUNNING)
			preempt__request(&sched.p[i]);
}
