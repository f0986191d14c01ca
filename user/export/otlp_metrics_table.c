// SPDX-License-Identifier: BSD-2-Clause
/*
 * "process." names are those of OpenTelemetry's semantic conventions 1.44, where they mean the same. The rest is
 * "tare.": those conventions have names for what a runtime tells of itself, which is not always what is measured here.
 */
#include "model.h"
#include "otlp_metrics.h"
#include "util.h"

#define SWITCHES "process.context_switches", "{context_switch}", METRIC_COUNT, "process.context_switch.type"
#define TIME	 "tare.thread.time", "s", METRIC_COUNT, "tare.thread.state"
#define LEDGER	 "tare.cpu.ledger", "s", METRIC_COUNT, "tare.cost"
#define FAULTS	 "tare.page_faults", "{fault}", METRIC_COUNT, "system.paging.fault.type"
#define RESIDENT "tare.memory.resident", "By", METRIC_LEVEL, "tare.memory.class"
#define SIGNALS	 "tare.preemption_signals", "{signal}", METRIC_COUNT, "tare.signal.step"

const struct metric_row metrics_of_process[] = {
	{ "voluntary", SWITCHES, "voluntary", "Context switches of its threads." },
	{ "involuntary", SWITCHES, "involuntary", NULL },
	{ "on_cpu_ns", TIME, "on_cpu", "Time of its threads, by what they did." },
	{ "run_queue_ns", TIME, "run_queue", NULL },
	{ "throttled_ns", TIME, "throttled", NULL },
	{ "sleep_ns", TIME, "sleep", NULL },
	{ "migrations", "tare.migrations", "{migration}", METRIC_COUNT, NULL, NULL,
	  "Moves of its threads between CPUs." },
	{ "threads", "tare.threads", "{thread}", METRIC_COUNT, NULL, NULL, "Threads seen." },
	{ "alloc_bytes", "tare.allocated", "By", METRIC_COUNT, NULL, NULL, "Bytes allocated, as its runtime counts." },
	{ "alloc_objects", "tare.allocations", "{object}", METRIC_COUNT, NULL, NULL,
	  "Objects allocated, as its runtime counts." },
	{ "goroutine_switches", "tare.goroutine.switches", "{switch}", METRIC_COUNT, NULL, NULL,
	  "Switches between goroutines." },
	{ "pauses.count", "tare.process.pauses", "{pause}", METRIC_COUNT, NULL, NULL, "Stop-the-world pauses." },
	{ "pauses.world_ns", "tare.process.pause.time", "s", METRIC_COUNT, NULL, NULL,
	  "Time in stop-the-world pauses, until each thread with work ran again." },
};
const size_t nr_metrics_of_process = ARRAY_SIZE(metrics_of_process);

#define CLASS(id, name, title) { "bytes.at_end." name "_bytes", RESIDENT, name, NULL },

const struct metric_row metrics_of_all[] = {
	{ "duration_ns", "tare.recording.duration", "s", METRIC_GAUGE, NULL, NULL, "How long the recording is." },
	{ "lost.by_class.*", "tare.lost", "{event}", METRIC_COUNT, "tare.loss.class", NULL,
	  "What could not be recorded." },
	{ "ledger.gross_ns", "tare.cpu.time", "s", METRIC_COUNT, NULL, NULL, "CPU time, as the kernel charged it." },
	{ "ledger.net_ns", LEDGER, "net", "That CPU time by what it was for, estimated by samples." },
	{ "ledger.probes_ns", LEDGER, "probes", NULL },
	{ "ledger.classes.[name].ns", LEDGER, NULL, NULL },
	{ "profile.cpu.samples", "tare.samples", "{sample}", METRIC_COUNT, NULL, NULL, "Samples of the CPU clock." },
	{ "context_switches.off_cpu.[reason].count", "tare.off_cpu.waits", "{wait}", METRIC_COUNT,
	  "tare.off_cpu.reason", NULL, "How often threads left a CPU, by why." },
	{ "context_switches.off_cpu.[reason].total_ns", "tare.off_cpu.time", "s", METRIC_COUNT, "tare.off_cpu.reason",
	  NULL, "Time off CPU, by why." },
	{ "allocation.minor_faults", FAULTS, "minor", "Page faults, as the kernel counts." },
	{ "allocation.major_faults", FAULTS, "major", NULL },
	{ "allocation.freed_bytes", "tare.freed", "By", METRIC_COUNT, NULL, NULL, "Bytes freed, as runtimes count." },
	{ "allocation.freed_objects", "tare.frees", "{object}", METRIC_COUNT, NULL, NULL,
	  "Objects freed, as runtimes count." },
	{ "allocation.reclaim.*.total_ns", "tare.reclaim.time", "s", METRIC_COUNT, "tare.reclaim.limit", NULL,
	  "Time in which threads made room before they got memory, by whose limit that was." },
	{ "allocation.syscalls.[name].count", "tare.memory_calls", "{call}", METRIC_COUNT, "tare.memory_call", NULL,
	  "System calls by which memory is got and returned." },
	{ "allocation.syscalls.[name].total_ns", "tare.memory_call.time", "s", METRIC_COUNT, "tare.memory_call", NULL,
	  "Time in them, from entry to return." },
	TARE_BYTES(CLASS){ "bytes.at_end.unexplained_bytes", RESIDENT, "unexplained",
			   "What is resident, by what it is; all of it together is VmRSS." },
	{ "runtime.collections", "tare.collections", "{collection}", METRIC_COUNT, NULL, NULL,
	  "Collections, as runtimes count." },
	{ "runtime.assist_ns", "tare.assist.time", "s", METRIC_COUNT, NULL, NULL,
	  "Time in which goroutines had to help the collector, as runtimes count." },
	{ "runtime.goroutines_created", "tare.goroutine.created", "{goroutine}", METRIC_COUNT, NULL, NULL,
	  "Goroutines created." },
	{ "runtime.heap_bytes", "tare.heap.used", "By", METRIC_LEVEL, NULL, NULL, "The heap, as runtimes count." },
	{ "runtime.goal_bytes", "tare.heap.goal", "By", METRIC_LEVEL, NULL, NULL,
	  "The size of the heap at which the next collection begins." },
	{ "runtime.preemption_signals.sent", SIGNALS, "sent", "Signals by which a runtime makes threads yield." },
	{ "runtime.preemption_signals.delivered", SIGNALS, "delivered", NULL },
	{ "stop_the_world.by_reason.*.count", "tare.pauses", "{pause}", METRIC_COUNT, "tare.pause.reason", NULL,
	  "Stop-the-world pauses, by the runtime's reason." },
	{ "stop_the_world.by_cause_ns.*", "tare.pause.time", "s", METRIC_COUNT, "tare.pause.cause", NULL,
	  "Time in stop-the-world pauses, until each thread with work ran again, by what it was spent on." },
	{ "ledger.probes.hits", "tare.probe.hits", "{hit}", METRIC_COUNT, NULL, NULL, "How often tare's probes ran." },
	{ "recorder.cpu_ns", "tare.recorder.cpu.time", "s", METRIC_COUNT, NULL, NULL,
	  "CPU time of the recorder itself." },
};
const size_t nr_metrics_of_all = ARRAY_SIZE(metrics_of_all);

#define HIST(member, name, what)                           \
	{                                                  \
		offsetof(struct model, member), name, what \
	}

const struct metric_hist metric_hists[] = {
	HIST(switches.run_queue, "tare.run_queue.duration", "Waits for a CPU."),
	HIST(switches.throttled, "tare.throttled.duration", "The part of waits in which the CPU quota was used up."),
	HIST(switches.wake_latency, "tare.wake_up.duration", "From being woken to running."),
	HIST(switches.slice, "tare.slice.duration", "Time on a CPU, from coming to leaving."),
	HIST(switches.direct_cost, "tare.switch_cost.duration", "What a switch itself costs in the kernel."),
	HIST(preemption.latency, "tare.preemption_signal.duration", "From a runtime's signal to its handler."),
	HIST(pauses.stopping, "tare.pause.stopping.duration", "From the request to the last thread's stop."),
	HIST(pauses.total, "tare.pause.total.duration", "From the request to the restart, as the runtime defines it."),
	HIST(pauses.world, "tare.pause.world.duration", "From the request until each thread with work runs again."),
};
const size_t nr_metric_hists = ARRAY_SIZE(metric_hists);
