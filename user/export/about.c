// SPDX-License-Identifier: BSD-2-Clause
#include "about.h"

uint32_t about_thread(const struct event *ev)
{
	switch (ev->kind) {
	case EVENT_RUNTIME:
		return ev->runtime.tid;
	case EVENT_GOROUTINE:
		return ev->goroutine.tid;
	case EVENT_SIGNAL:
		return ev->signal.tid;
	case EVENT_FAULT:
		return ev->fault.tid;
	case EVENT_FAULT_END:
		return ev->fault_end.tid;
	case EVENT_FAULT_SAMPLE:
		return ev->fault_sample.tid;
	case EVENT_SAMPLE:
		return ev->sample.tid;
	case EVENT_OFF_CPU:
		return ev->off_cpu.tid;
	case EVENT_IRQ:
		return ev->irq.tid;
	case EVENT_STOP:
		return ev->stop.tid;
	case EVENT_STACKED:
		return ev->stacked.tid;
	case EVENT_MIGRATE:
		return ev->migrate.tid;
	case EVENT_ALLOC_SAMPLE:
		return ev->alloc_sample.tid;
	case EVENT_RECLAIM:
		return ev->reclaim.tid;
	case EVENT_TASK:
		return ev->task->tid;
	case EVENT_FORK:
		return ev->fork.tid;
	case EVENT_EXIT:
		return ev->exit.tid;
	default:
		return 0;
	}
}

uint32_t about_process(const struct event *ev)
{
	switch (ev->kind) {
	case EVENT_COUNTERS:
		return ev->counters.pid;
	case EVENT_BYTES:
		return ev->bytes.pid;
	case EVENT_HEAP:
		return ev->heap.head->pid;
	case EVENT_MEMORY_CALLS:
		return ev->memory_calls.pid;
	case EVENT_DELAYS:
		return ev->delays->pid;
	case EVENT_PROCESS:
		return ev->process.head->pid;
	default:
		return 0;
	}
}
