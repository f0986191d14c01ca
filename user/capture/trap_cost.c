// SPDX-License-Identifier: BSD-2-Clause
#include <unistd.h>

#include "modules.h"
#include "trap_cost.h"
#include "uprobe_multi.h"
#include "util.h"

#define USUAL_NS 800 /* x86-64, in a virtual machine */
#define ROUNDS	 8
#define CALLS	 200 /* in a round */

/* One begins with an instruction that the kernel emulates, as most functions do; of the other it steps over a copy. */
void trap_cost__probed(void);
void trap_cost__stepped(void);
#if defined(__x86_64__)
__asm__(".text\n.type trap_cost__probed, @function\ntrap_cost__probed:\n\tpush %rbp\n\tpop %rbp\n\tret\n"
	".size trap_cost__probed, . - trap_cost__probed\n"
	".type trap_cost__stepped, @function\ntrap_cost__stepped:\n\tcmp $0x1000, %rdi\n\tret\n"
	".size trap_cost__stepped, . - trap_cost__stepped\n");
#else
__attribute__((noinline)) void trap_cost__probed(void)
{
	__asm__ volatile("");
}

__attribute__((noinline)) void trap_cost__stepped(void)
{
	__asm__ volatile("");
}
#endif

/* The least of several rounds: the others were interrupted. */
static uint64_t call_ns(void (*function)(void))
{
	uint64_t least = UINT64_MAX, began, ns;

	for (int i = 0; i < ROUNDS; i++) {
		began = thread_cpu_ns();
		for (int k = 0; k < CALLS; k++)
			function();
		ns = (thread_cpu_ns() - began) / CALLS;
		least = ns < least ? ns : least;
	}
	return least;
}

uint64_t trap_cost__ns(int prog_fd, bool stepped)
{
	void (*function)(void) = stepped ? trap_cost__stepped : trap_cost__probed;
	uint64_t plain = call_ns(function), offset, probed;
	struct uprobe_multi at = { 1, &offset, NULL, NULL };
	int link;

	if (mapping__own_offset(function, &offset))
		return USUAL_NS;
	link = uprobe_multi__attach(prog_fd, "/proc/self/exe", getpid(), &at);
	if (link < 0)
		return USUAL_NS;
	probed = call_ns(function);
	close(link);
	return probed > plain ? probed - plain : USUAL_NS;
}
