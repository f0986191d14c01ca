#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""
What perf prints of an export, against tare's own text and report:

  lines    PERF TARE          `perf script` and perf-script have the same lines, stacks apart, and apart from names of
                              wakers and of who is late: these may be known only later
  stacks   PERF TARE          and under each sample as many frames, the same functions where both know one, and then byte
                              for byte the same
  delays   TIMEHIST LINES     `perf sched timehist`: run-queue delays after wake-ups are those of json-lines, by thread
  running  TIMEHIST REPORT    and the time on a CPU is the report's
"""
import collections
import json
import re
import sys


def samples(path):
    """Each line with the frames below it."""
    found = []
    with open(path, encoding="utf-8", newline="\n") as f:
        for line in f.read().split("\n"):
            if line.startswith("\t"):
                found[-1][1].append(line)
            elif line.strip():
                found.append((line, []))
    return found


def check_lines(perf, tare):
    wake = re.compile(r"^ *\S.*?( +\d+ \[\d+\] .*(?:sched:sched_wak|tare:pause))")
    a, b = ([wake.sub(r"\1", line) for line, _ in samples(path)] for path in (perf, tare))
    if not a or collections.Counter(a) != collections.Counter(b):
        only = list((collections.Counter(a) - collections.Counter(b)))[:3], list((collections.Counter(b) - collections.Counter(a)))[:3]
        return f"{len(a)} and {len(b)} lines; only perf: {only[0]}, only tare: {only[1]}"
    print(f"{len(a)} lines")


SUFFIX = re.compile(r"\.(abi0|abiinternal|isra|constprop|part|cold).*$|@@?GLIBC.*$")
FRAME = re.compile(r"\t *([0-9a-f]+) (.*?)(?:\+0x[0-9a-f]+)? \((.*)\)$")


def names(frames):
    """By address, the outermost function there: those inlined into it depend on who looks at the debug information."""
    found = []
    for line in frames:
        m = FRAME.match(line)
        if not m:
            raise SystemExit(f"no frame: {line!r}")
        if found and found[-1][0] == m[1]:
            found.pop()
        # of the kernel's functions some have several names
        found.append((m[1], "unknown" if "[kernel" in m[3] else m[2], line))
    return [(name, line) for _, name, line in found]


def check_stacks(perf, tare):
    known = same = exact = frames = 0
    taken = ([s for s in samples(path) if s[0].endswith(("cpu-clock: ", "offcpu-time: "))] for path in (perf, tare))
    for (line, a), (_, b) in zip(*map(sorted, taken)):
        a, b = names(a), names(b)
        if bool(a) != bool(b):
            return f"only one has a stack: {line}"
        frames += len(b)
        for (x, whole_x), (y, whole_y) in zip(reversed(a), reversed(b)):
            if "unknown" in x or "unknown" in y:
                continue
            known += 1
            same += SUFFIX.sub("", x) == SUFFIX.sub("", y)
            if x == y and whole_x != whole_y:
                return f"{whole_x!r} and {whole_y!r}"
            exact += x == y
    if not known or same < 0.98 * known:
        return f"{same} of {known} functions are called the same"
    print(f"{frames} frames, {same} of {known} functions are called the same, {exact} lines are the same")


def history(path):
    """(tid, wait, delay, run) in ms of each line of `perf sched timehist`."""
    line = re.compile(r" *\d+\.\d+ \[\d+\]  (.*?\[(\d+)(?:/\d+)?\]|<idle>) +(\d+\.\d+) +(\d+\.\d+) +(\d+\.\d+)")
    with open(path, encoding="utf-8", errors="replace") as f:
        for text in f:
            m = line.match(text)
            if m and m[2]:
                yield int(m[2]), float(m[3]), float(m[4]), float(m[5])


def against(path, want, column, slack_ns):
    """The sums of a column by thread are those in want, by tid in ns. perf cuts each line to the us."""
    sums, counts = collections.Counter(), collections.Counter()
    for entry in history(path):
        sums[entry[0]] += entry[column] * 1e6
        counts[entry[0]] += 1
    for tid, ns in want.items():
        if abs(sums[tid] - ns) > counts[tid] * 1000 + ns / 200 + slack_ns:
            return f"thread {tid}: perf has {sums[tid]:.0f} ns in {counts[tid]} lines, tare {ns}"
    if not counts or not want:
        return "there is no thread"
    print(f"{sum(counts.values())} lines of {len(counts)} threads")
    return None


def check_delays(path, lines):
    """A thread that was preempted waits without a wake-up: perf has that in its wait, not in the delay."""
    waits = collections.Counter()
    with open(lines, encoding="utf-8") as f:
        for e in map(json.loads, f):
            if e["event"] == "switch" and "waker_tid" in e and "wait_ns" in e:
                waits[e["next_tid"]] += e["wait_ns"]
    return against(path, waits, 2, 0)


def check_running(path, report):
    """From the first switch to the last."""
    with open(report, encoding="utf-8") as f:
        return against(path, {t["tid"]: t["on_cpu_ns"] + t["waits_early_ns"] for t in json.load(f)["threads"]}, 3, 2e6)


CHECKS = {"lines": check_lines, "stacks": check_stacks, "delays": check_delays, "running": check_running}
sys.exit(CHECKS[sys.argv[1]](*sys.argv[2:]))
