// SPDX-License-Identifier: BSD-2-Clause
/*
 * What the kernel's functions belong to, x86-64 and arm64, Linux 5.10 and later. Other system calls are for whoever
 * made them. A thread's switch, an interrupt and a probe are none of the call's business that they happen in.
 */
#include "kernel_costs.h"

#define ALWAYS TARE_SYMBOL_COST_ALWAYS

const struct runtime_cost kernel_costs[] = {
	{ "schedule", TARE_COST_KERNEL_SWITCH, ALWAYS },
	{ "__schedule", TARE_COST_KERNEL_SWITCH, ALWAYS },
	{ "preempt_schedule*", TARE_COST_KERNEL_SWITCH, ALWAYS },
	{ "finish_task_switch*", TARE_COST_KERNEL_SWITCH, ALWAYS },
	{ "schedule_tail", TARE_COST_KERNEL_SWITCH, ALWAYS },

	{ "asm_exc_page_fault", TARE_COST_KERNEL_FAULT, 0 },
	{ "exc_page_fault", TARE_COST_KERNEL_FAULT, 0 },
	{ "do_user_addr_fault", TARE_COST_KERNEL_FAULT, 0 },
	{ "handle_mm_fault", TARE_COST_KERNEL_FAULT, 0 },
	{ "do_mem_abort", TARE_COST_KERNEL_FAULT, 0 },
	{ "el0_da", TARE_COST_KERNEL_FAULT, 0 },
	{ "el0_ia", TARE_COST_KERNEL_FAULT, 0 },

	{ "__x64_sys_mmap*", TARE_COST_KERNEL_MEMORY, 0 },
	{ "__x64_sys_munmap", TARE_COST_KERNEL_MEMORY, 0 },
	{ "__x64_sys_mremap", TARE_COST_KERNEL_MEMORY, 0 },
	{ "__x64_sys_mprotect", TARE_COST_KERNEL_MEMORY, 0 },
	{ "__x64_sys_madvise", TARE_COST_KERNEL_MEMORY, 0 },
	{ "__x64_sys_process_madvise", TARE_COST_KERNEL_MEMORY, 0 },
	{ "__x64_sys_brk", TARE_COST_KERNEL_MEMORY, 0 },
	{ "__arm64_sys_mmap*", TARE_COST_KERNEL_MEMORY, 0 },
	{ "__arm64_sys_munmap", TARE_COST_KERNEL_MEMORY, 0 },
	{ "__arm64_sys_mremap", TARE_COST_KERNEL_MEMORY, 0 },
	{ "__arm64_sys_mprotect", TARE_COST_KERNEL_MEMORY, 0 },
	{ "__arm64_sys_madvise", TARE_COST_KERNEL_MEMORY, 0 },
	{ "__arm64_sys_process_madvise", TARE_COST_KERNEL_MEMORY, 0 },
	{ "__arm64_sys_brk", TARE_COST_KERNEL_MEMORY, 0 },
	{ "ksys_mmap_pgoff", TARE_COST_KERNEL_MEMORY, 0 },
	{ "vm_mmap_pgoff", TARE_COST_KERNEL_MEMORY, 0 },
	{ "__vm_munmap", TARE_COST_KERNEL_MEMORY, 0 },
	{ "do_madvise*", TARE_COST_KERNEL_MEMORY, 0 },

	{ "asm_sysvec_*", TARE_COST_KERNEL_IRQ, ALWAYS },
	{ "sysvec_*", TARE_COST_KERNEL_IRQ, ALWAYS },
	{ "asm_common_interrupt", TARE_COST_KERNEL_IRQ, ALWAYS },
	{ "common_interrupt", TARE_COST_KERNEL_IRQ, ALWAYS },
	{ "el0_interrupt", TARE_COST_KERNEL_IRQ, ALWAYS },
	{ "el1_interrupt", TARE_COST_KERNEL_IRQ, ALWAYS },
	{ "el0t_64_irq*", TARE_COST_KERNEL_IRQ, ALWAYS },
	{ "el1h_64_irq*", TARE_COST_KERNEL_IRQ, ALWAYS },
	{ "gic_handle_irq", TARE_COST_KERNEL_IRQ, ALWAYS },
	{ "irq_exit*", TARE_COST_KERNEL_IRQ, ALWAYS },
	{ "__irq_exit_rcu", TARE_COST_KERNEL_IRQ, ALWAYS },
	{ "__do_softirq", TARE_COST_KERNEL_IRQ, ALWAYS },
	{ "handle_softirqs*", TARE_COST_KERNEL_IRQ, ALWAYS },

	/* any BPF program's, not only tare's: its name cannot say whose it is. The kernel times programs, not what is
	   around */
	{ "bpf_prog_*", TARE_COST_PROBES, ALWAYS },
	{ "__bpf_prog_*", TARE_COST_PROBES_AROUND, ALWAYS },
	{ "bpf_trampoline_*", TARE_COST_PROBES_AROUND, ALWAYS },
	{ "bpf_trace_run*", TARE_COST_PROBES_AROUND, ALWAYS },
	{ "__bpf_trace_*", TARE_COST_PROBES_AROUND, ALWAYS },
	{ "__traceiter_*", TARE_COST_PROBES_AROUND, ALWAYS },
	{ "asm_exc_int3", TARE_COST_PROBES_AROUND, ALWAYS },
	{ "exc_int3", TARE_COST_PROBES_AROUND, ALWAYS },
	{ "asm_exc_debug", TARE_COST_PROBES_AROUND, ALWAYS },
	{ "exc_debug*", TARE_COST_PROBES_AROUND, ALWAYS },
	{ "__x64_sys_uprobe", TARE_COST_PROBES_AROUND, ALWAYS },
	{ "__x64_sys_uretprobe", TARE_COST_PROBES_AROUND, ALWAYS },
	{ "el0_dbg", TARE_COST_PROBES_AROUND, ALWAYS },
	{ "el0_brk64", TARE_COST_PROBES_AROUND, ALWAYS },
	{ "el0_softstp", TARE_COST_PROBES_AROUND, ALWAYS },
	{ "uprobe_*", TARE_COST_PROBES_AROUND, ALWAYS },
	{ "handle_swbp", TARE_COST_PROBES_AROUND, ALWAYS },
	/* called only while someone watches software events */
	{ "__perf_sw_event", TARE_COST_PROBES_AROUND, ALWAYS },
	{ "___perf_sw_event", TARE_COST_PROBES_AROUND, ALWAYS },
	{ 0 },
};
