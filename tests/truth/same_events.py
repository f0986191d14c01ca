#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""same_events.py LOG EXPORT: what tare saw of weft is what weft says it did.

LOG is what WEFT_TRACE made, EXPORT the recording as JSON lines. Each thread's events must be the same, with the same
numbers, in the same order. Prints a line "events N median_ns N p99_ns N order_ns N": of the times' differences, and how
far apart two events of different threads are at most that stand in another order here than there.
"""
import collections
import json
import sys

ARGS = {
    "stw_request": ("reason", "ps"), "p_stopped": ("p", "how"), "stw_stopped": ("reason", "waited_for"), "stw_restart": ("reason",),
    "stw_started": ("reason",), "gc_start": ("cycle", "heap_bytes", "goal_bytes"), "gc_phase": ("cycle", "phase"),
    "gc_end": ("cycle", "live_bytes", "goal_bytes"), "g_create": ("creator", "function"), "g_run": ("p",),
    "g_park": ("wait_reason",), "g_ready": ("by",), "g_exit": (), "preempt_request": ("p", "thread"),
    "preempt_taken": ("p", "by_signal"), "steal": ("p", "from_p", "goroutines"), "handoff": ("p",),
    "span_refill": ("size_class", "block_bytes"), "large_alloc": ("bytes",), "assist": ("bytes", "ns"),
    "sweep_end": ("cycle", "freed_bytes"), "exit": ("counters", "running"),
}


def read_log(path):
    events, lost = [], None
    with open(path) as f:
        for line in f:
            words = line.split()
            if words[0] == "#":
                lost = int(words[-1])
                continue
            numbers = [int(w) for w in words[3:7]]
            events.append((int(words[0]), int(words[1]), words[2], numbers[0], *numbers[1:1 + len(ARGS[words[2]])]))
    if lost:
        sys.exit(f"the log itself lost {lost} events")
    return events


def read_export(path):
    events = []
    with open(path) as f:
        for line in f:
            e = json.loads(line)
            if e["event"] == "runtime":
                events.append((e["ts_ns"], e["tid"], e["what"], e["goroutine"], *(e[k] for k in ARGS[e["what"]])))
    return events


def by_thread(events):
    threads = collections.defaultdict(list)
    for e in events:
        threads[e[1]].append(e)
    return threads


def main():
    log, seen = read_log(sys.argv[1]), read_export(sys.argv[2])
    if not log:
        sys.exit("the log is empty")
    if len(log) != len(seen):
        a, b = (collections.Counter(e[2] for e in l) for l in (log, seen))
        sys.exit(f"{len(log)} events in the log, {len(seen)} seen; missing {a - b}, too many {b - a}")
    logged, threads = by_thread(log), by_thread(seen)
    if logged.keys() != threads.keys():
        sys.exit(f"threads {sorted(logged)} in the log, {sorted(threads)} seen")
    differences, pairs = [], []
    for tid, events in logged.items():
        for i, (a, b) in enumerate(zip(events, threads[tid])):
            if a[1:] != b[1:]:
                sys.exit(f"thread {tid}, event {i}: {a} in the log, {b} seen")
            differences.append(abs(b[0] - a[0]))
            pairs.append((a[0], b[0]))
    differences.sort()
    pairs.sort()
    latest = order = 0
    for _, ns in pairs:
        order = max(order, latest - ns)
        latest = max(latest, ns)
    n = len(differences)
    print("events", n, "median_ns", differences[n // 2], "p99_ns", differences[n * 99 // 100], "order_ns", order)


main()
