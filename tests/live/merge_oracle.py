#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Holds what an export has of a Go execution trace against Go's own reader of it, and against the recording.

usage: merge_oracle.py CHECK MERGED FILE

  parsed MERGED TEXT         time by goroutine, P, thread and state, ranges, regions, tasks and logs are those of
                             `go tool trace -d=parsed`
  pauses MERGED PAUSES.json  a stop of the world lies at each pause that was recorded, and the other way round
  kernel MERGED              whoever logs something is on a CPU at that moment, by the kernel
  chrome MERGED CHROME.json  the same slices on Ps
  part   MERGED WHOLE        the slices of a part are those of the whole, cut at its ends
"""
import collections
import json
import re
import sys

from perfetto_check import BOOTTIME, MONOTONIC, Bad, Trace
from perfetto_tracks import Tracks

LINE = re.compile(r"M=(-?\d+) P=(-?\d+) G=(-?\d+) (\w+) Time=(\d+) ?(.*)")
STATES = {"Runnable": "runnable", "Running": "running", "Syscall": "syscall", "Waiting": "waiting"}
ASSIST = "GC mark assist"
THREAD = "goroutine, by the runtime's trace"


def close(what, got, want, slack):
    """Both as {key: (how many, ns)}: as many, and as long but for @slack of it and 100 ns for each."""
    for key in sorted(set(got) | set(want), key=str):
        g, w = got.get(key, (0, 0)), want.get(key, (0, 0))
        if g[0] != w[0] or abs(g[1] - w[1]) > w[1] * slack + 100 * w[0]:
            raise Bad(f"{what}, {key}: {g[0]} of {g[1]} ns, Go's own reader has {w[0]} of {w[1]} ns")
    if not want:
        raise Bad(f"{what}: there is none")


class Sums(dict):
    def add(self, key, ns):
        nr, total = self.get(key, (0, 0))
        self[key] = nr + 1, total + ns


class Parsed:
    """What Go's own reader tells."""

    def __init__(self, path):
        self.on_p, self.on_thread, self.states, self.ranges = Sums(), Sums(), Sums(), Sums()
        self.regions, self.tasks, self.logs = Sums(), Sums(), collections.Counter()
        self.chosen, self.first, self.last = None, None, 0
        self.state, self.on, self.open = {}, {}, {}
        self.stops = []
        with open(path, encoding="utf-8") as f:
            for text in f:
                if m := LINE.match(text):
                    self.event(*m.groups())
        for g in list(self.state):
            self.becomes(g, None, self.last)
        for key, since in self.open.items():
            self.ended(key, self.last - since)

    def event(self, m, p, g, kind, time, rest):
        time = int(time)
        if kind == "Sync":
            return
        self.last = time
        if kind == "StateTransition" and (t := re.search(r"GoID=(\d+) (\w+)->(\w+)", rest)):
            if t[2] == t[3] and int(t[1]) in self.state:
                return  # told again, as a generation begins
            self.transition(int(t[1]), t[3], int(m), int(p), time)
        elif kind == "StateTransition" and (t := re.search(r"ProcID=(\d+) \w+->(\w+)", rest)):
            self.lost_p(int(t[1]), t[2], time)
        elif kind in ("RangeBegin", "RangeActive", "RangeEnd"):
            t = re.search(r'Name="(.*?)" Scope=(\w+)(?:\((\d+)\))?', rest)
            self.range(("range", t[1], t[2], t[3]), kind, time)
        elif kind in ("RegionBegin", "RegionEnd"):
            self.range(("region", re.search(r'Type="(.*)"', rest)[1], "G", g), kind, time)
        elif kind in ("TaskBegin", "TaskEnd"):
            t = re.search(r'ID=(\d+) .*Type="(.*)"', rest)
            self.range(("task", t[2], "task", t[1]), kind, time)
        elif kind == "Log":
            t = re.search(r'Category="(.*)" Message="(.*)"', rest)
            self.logs[int(m), t[1] or "log", t[2]] += 1

    def transition(self, g, to, m, p, time):
        self.becomes(g, STATES.get(to), time)
        if to in ("Running", "Syscall"):
            self.on[g] = (m, p if p >= 0 else None, time)

    def becomes(self, g, state, time):
        if g in self.state:
            was, since = self.state.pop(g)
            self.states.add((g, was), time - since)
            if was in ("running", "syscall"):
                m, p, since = self.on.pop(g)
                self.on_thread.add((m, g, was), time - since)
                if p is not None:
                    self.on_p.add((p, g, was), time - since)
        if state:
            self.state[g] = state, time

    def lost_p(self, p, to, time):
        """A P that leaves its thread leaves the goroutine in a system call there."""
        if to != "Idle":
            return
        for g, (m, has, since) in self.on.items():
            if has == p:
                self.on_p.add((p, g, self.state[g][0]), time - since)
                self.on[g] = m, None, since

    def range(self, key, kind, time):
        if kind in ("RangeActive",) and key in self.open:
            return
        if not kind.endswith("End"):
            self.open[key] = time
        elif key in self.open:
            self.ended(key, time - self.open.pop(key))

    def ended(self, key, ns):
        what, name, _, whose = key
        if what == "region":
            self.regions.add((int(whose), name), ns)
        elif what == "task":
            self.tasks.add(name, ns)
        else:
            name = re.sub(r"^stop-the-world \((.*)\)$", r"stop: \1", name)
            self.ranges.add(f"{name} {whose}" if name == ASSIST else name, ns)


def text_of(s):
    return s.args.get("goroutine"), "syscall" if s.name == "syscall" else "running"


def check_parsed(t, path):
    want = Parsed(path)
    on_p, on_thread, states, ranges, regions, tasks = Sums(), Sums(), Sums(), Sums(), Sums(), Sums()
    lanes = set()
    for s in t.slices:
        name, ns = s.track["name"] or "", s.end[0] - s.start
        if re.fullmatch(r"P \d+", name):
            if s.name == "sweep":
                ranges.add("GC incremental sweep", ns)
            elif s.name not in ("idle", "stopped"):
                on_p.add((int(name[2:]), *text_of(s)), ns)
        elif name == THREAD:
            on_thread.add((s.args["tid"], *text_of(s)), ns)
        elif m := re.fullmatch(r"goroutine (\d+): regions", name):
            if s.name == "mark assist":
                ranges.add(f"{ASSIST} {m[1]}", ns)
            else:
                regions.add((int(m[1]), s.name), ns)
        elif m := re.match(r"goroutine (\d+)", name):
            lanes.add(int(m[1]))
            states.add((int(m[1]), s.name.split(":")[0]), ns)
        elif name == "marking":
            ranges.add("GC concurrent mark phase", ns)
        elif name == "stops of the world":
            ranges.add("stop: " + s.name, ns)
        elif name == "tasks":
            tasks.add(s.name, ns)
    logs = collections.Counter((args["tid"], name, args.get("reason", "")) for _, name, _, args in t.instants
                               if set(args) >= {"tid", "goroutine", "p"})
    close("on Ps", on_p, want.on_p, 0.001)
    close("on threads", on_thread, want.on_thread, 0.001)
    close("states", states, {k: v for k, v in want.states.items() if k[0] in lanes}, 0.001)
    close("regions", regions, want.regions, 0.001)
    close("tasks", tasks, want.tasks, 0.001)
    close("ranges", ranges, {k: v for k, v in want.ranges.items()
                             if not k.startswith(ASSIST) or int(k.split()[-1]) in lanes}, 0.001)
    if logs != want.logs or not logs:
        raise Bad(f"logs: {logs - want.logs} too many, {want.logs - logs} missing")
    if len(lanes) != 64 or not any(k.startswith("stop: GC mark") for k in ranges):
        raise Bad(f"{len(lanes)} lanes of goroutines, ranges {sorted(ranges)}")


def check_pauses(t, path):
    with open(path, encoding="utf-8") as f:
        pauses = json.load(f)["pauses"]
    stops = [s for s in t.slices if s.track["name"] == "stops of the world"]
    marks = [s for s in t.slices if (s.track["name"] or "").startswith("P ")]
    first, last = min(s.start for s in marks), max(s.end[0] for s in marks)
    seen = [s for s in t.slices if s.track["name"] == "stop the world" and s.depth == 0 and
            s.start >= first and s.end[0] <= last]
    if len(seen) < 10 or len(seen) > len(pauses):
        raise Bad(f"{len(seen)} pauses in the trace's time, {len(pauses)} in all")
    for s in seen:
        if not any(o.name == s.args["reason"] and o.start < s.end[0] and s.start < o.end[0] for o in stops):
            raise Bad(f"no stop in the trace at the pause from {s.start} to {s.end[0]}, {s.args['reason']}")
    for o in stops:
        if o.start > first + 1_000_000 and not any(s.args["reason"] == o.name and s.start < o.end[0] and o.start < s.end[0] for s in seen):
            raise Bad(f"no pause at the stop from {o.start} to {o.end[0]}, {o.name}")


def check_kernel(t, path):
    trace = Trace(path)
    clocks = trace.clocks()
    offset = clocks[BOOTTIME] - clocks[MONOTONIC]
    runs, since = collections.defaultdict(list), {}
    for cpu, time, _, fields in sorted(trace.events("sched_switch"), key=lambda e: e[1]):
        if cpu in since:
            tid, begin = since[cpu]
            runs[tid].append((begin, time - offset))
        since[cpu] = fields["next_pid"], time - offset
    logs = [(time, args["tid"]) for _, _, time, args in t.instants if set(args) >= {"tid", "goroutine", "p"}]
    off = [log for log in logs if not any(b - 1000 <= log[0] <= e + 1000 for b, e in runs[log[1]])]
    if off or len(logs) < 100:
        raise Bad(f"{len(off)} of {len(logs)} logs are by threads that are on no CPU: {off[:3]}")
    # and that would fail were it another time
    late = sum(not any(b - 1000 <= time + 50_000_000 <= e + 1000 for b, e in runs[tid]) for time, tid in logs)
    if not late:
        raise Bad("threads are always on a CPU, so this tells nothing")


def check_part(t, path):
    def runs(tracks):
        return [s for s in tracks.slices if re.fullmatch(r"P \d+", s.track["name"] or "") and s.depth == 0]

    part, whole = runs(t), runs(Tracks(path))
    first, last = min(s.start for s in part), max(s.end[0] for s in part)
    want, got = Sums(), Sums()
    for s in whole:
        if s.start <= last and s.end[0] >= first:
            want.add((s.track["name"], s.name), min(s.end[0], last) - max(s.start, first))
    for s in part:
        got.add((s.track["name"], s.name), s.end[0] - s.start)
    for key, (_, ns) in want.items():
        if abs(got.get(key, (0, 0))[1] - ns) > 1000:
            raise Bad(f"{key}: {got.get(key)} ns, the whole has {ns} between these moments")
    if not 0.08e9 < last - first < 0.12e9:
        raise Bad(f"{last - first} ns of it, not 0.1 s")


def check_chrome(t, path):
    with open(path, encoding="utf-8") as f:
        events = json.load(f)["traceEvents"]
    names = {(e["pid"], e["tid"]): e["args"]["name"] for e in events if e["ph"] == "M" and e["name"] == "thread_name"}
    stacks, got, want = collections.defaultdict(list), Sums(), Sums()
    for e in sorted((e for e in events if e["ph"] in "BE"), key=lambda e: e["ts"]):
        where = e["pid"], e["tid"]
        if e["ph"] == "B":
            stacks[where].append(e)
        elif not stacks[where]:
            raise Bad(f"the end of nothing: {e}")
        else:
            begin = stacks[where].pop()
            if re.fullmatch(r"P \d+", names.get(where, "")):
                got.add((names[where], begin["name"]), (e["ts"] - begin["ts"]) * 1000)
    for s in t.slices:
        if re.fullmatch(r"P \d+", s.track["name"] or ""):
            want.add((s.track["name"], s.name), s.end[0] - s.start)
    close("on Ps", got, want, 0.001)


CHECKS = {"parsed": check_parsed, "chrome": check_chrome, "pauses": check_pauses, "kernel": check_kernel, "part": check_part}


def main():
    if len(sys.argv) < 3 or sys.argv[1] not in CHECKS:
        sys.exit(__doc__)
    try:
        CHECKS[sys.argv[1]](Tracks(sys.argv[2]), (sys.argv[3:] or sys.argv[2:])[0])
    except Bad as e:
        sys.exit(f"{sys.argv[1]}: {e}")


if __name__ == "__main__":
    main()
