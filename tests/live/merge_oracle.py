#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Holds what an export has of a Go execution trace against Go's own reader of it, and against the recording.

usage: merge_oracle.py CHECK MERGED FILE
       merge_oracle.py each MERGED     the checks of standard input; see perfetto_check.py. It reads MERGED once

  parsed MERGED TEXT         each moment of goroutines, Ps, threads, ranges, regions and tasks is that of
                             `go tool trace -d=parsed`, and logs are there
  pauses MERGED PAUSES.json  a stop of the world lies at each pause that was recorded, and the other way round
  kernel MERGED              whoever logs something is on a CPU at that moment, by the kernel
  chrome MERGED CHROME.json  the same slices on Ps
  part   MERGED PART         the slices of a part are those of the whole, cut at its ends
  wire, tracks MERGED        as perfetto_tracks.py has them
"""
import collections
import json
import re
import sys

from perfetto_check import BOOTTIME, MONOTONIC, Bad, check_wire, run
from perfetto_tracks import Tracks, check_tracks

LINE = re.compile(r"M=(-?\d+) P=(-?\d+) G=(-?\d+) (\w+) Time=(\d+) ?(.*)")
STATES = {"Runnable": "runnable", "Running": "running", "Syscall": "syscall", "Waiting": "waiting"}
SWEEP = "GC incremental sweep"
ASSIST = "GC mark assist"
THREAD = "goroutine, by the runtime's trace"


class Sums(dict):
    def add(self, key, ns):
        nr, total = self.get(key, (0, 0))
        self[key] = nr + 1, total + ns


def close(what, got, want, slack):
    """Both as {key: (how many, ns)}: as many, and as long but for @slack of it and 100 ns for each."""
    for key in sorted(set(got) | set(want), key=str):
        g, w = got.get(key, (0, 0)), want.get(key, (0, 0))
        if g[0] != w[0] or abs(g[1] - w[1]) > w[1] * slack + 100 * w[0]:
            raise Bad(f"{what}, {key}: {g[0]} of {g[1]} ns, should be {w[0]} of {w[1]} ns")


def same(what, got, want):
    """
    Both as {lane: [(name, begin, end)]}. Go's reader moves what a thread told before something that led to it behind
    that: such times are no multiples of the clock's 64 ns, and come later than the thread itself says. All others are
    the thread's own, and equal. An end of None is that of the trace.
    """
    for lane in sorted(set(got) | set(want), key=str):
        g, w = got.get(lane, []), want.get(lane, [])
        if [x[0] for x in g] != [x[0] for x in w]:
            raise Bad(f"{what}, {lane}: {len(g)} slices, Go's own reader has {len(w)}; or in another order")
        for ours, theirs in zip(g, w):
            for x, y in zip(ours[1:], theirs[1:]):
                if y is not None and (x > y or (x != y and y % 64 == 0)):
                    raise Bad(f"{what}, {lane}: {ours}, Go's own reader has {theirs}")
    if not want:
        raise Bad(f"{what}: there is none")


def lists():
    return collections.defaultdict(list)


class Parsed:
    """What Go's own reader tells."""

    def __init__(self, path):
        self.on_p, self.on_thread, self.states, self.ranges = lists(), lists(), lists(), lists()
        self.regions, self.tasks, self.logs = lists(), lists(), collections.Counter()
        self.state, self.on, self.open, self.has = {}, {}, {}, {}
        with open(path, encoding="utf-8") as f:
            for text in f:
                if m := LINE.match(text):
                    self.event(*m.groups())
        for g in list(self.state):
            self.becomes(g, None, None)
        for key, since in self.open.items():
            self.ended(key, since, None)

    def event(self, m, p, g, kind, time, rest):
        time, m, p, g = int(time), int(m), int(p), int(g)
        if kind == "StateTransition" and (t := re.search(r"GoID=(\d+) (\w+)->(\w+)", rest)):
            if t[2] == t[3] and int(t[1]) in self.state:
                return  # told again, as a generation begins
            self.becomes(int(t[1]), STATES.get(t[3]), time)
            if t[3] in ("Running", "Syscall"):
                self.on[int(t[1])] = m, p if p >= 0 else None
        elif kind == "StateTransition" and (t := re.search(r"ProcID=(\d+) (\w+)->(\w+)", rest)):
            self.lost_p(int(t[1]), t[3], time)
        elif kind in ("RangeBegin", "RangeActive", "RangeEnd"):
            t = re.search(r'Name="(.*?)" Scope=(\w+)(?:\((\d+)\))?', rest)
            self.range(("range", t[1], t[3]), kind, time)
        elif kind in ("RegionBegin", "RegionEnd"):
            self.range(("region", re.search(r'Type="(.*)"', rest)[1], g), kind, time)
        elif kind in ("TaskBegin", "TaskEnd"):
            t = re.search(r'ID=(\d+) .*Type="(.*)"', rest)
            self.range(("task", t[2], t[1]), kind, time)
        elif kind == "Log":
            t = re.search(r'Category="(.*)" Message="(.*)"', rest)
            self.logs[m, t[1] or "log", t[2]] += 1

    def becomes(self, g, state, time):
        if g in self.state:
            was, since = self.state.pop(g)
            self.states[g].append((was, since, time))
            if was in ("running", "syscall"):
                m, p = self.on.pop(g)
                self.on_thread[m].append(((g, was), since, time))
                if p is not None:
                    self.on_p[p].append(((g, was), since, time))
        if state:
            self.state[g] = state, time

    def lost_p(self, p, to, time):
        """A P that leaves its thread leaves the goroutine in a system call there."""
        if to != "Idle":
            return
        for g, (m, has) in self.on.items():
            if has == p:
                self.on_p[p].append(((g, self.state[g][0]), self.state[g][1], time))
                self.on[g] = m, None

    def range(self, key, kind, time):
        if kind == "RangeActive" and key in self.open:
            return
        if not kind.endswith("End"):
            self.open[key] = time
        elif key in self.open:
            self.ended(key, self.open.pop(key), time)

    def ended(self, key, since, time):
        what, name, whose = key
        if what == "region":
            self.regions[whose].append((name, since, time))
        elif what == "task":
            self.tasks["tasks"].append((name, since, time))
        elif name == SWEEP or name == ASSIST:
            self.ranges[f"{name} {whose}"].append((name, since, time))
        else:
            stop = re.fullmatch(r"stop-the-world \((.*)\)", name)
            self.ranges["stops" if stop else name].append((stop[1] if stop else name, since, time))


def check_parsed(t, path):
    want = Parsed(path)
    on_p, on_thread, states, ranges, regions, tasks = (lists() for _ in range(6))
    for s in t.slices:
        name, item = s.track["name"] or "", (s.name, s.start, s.end[0])
        run = (s.args.get("goroutine"), "syscall" if s.name == "syscall" else "running"), s.start, s.end[0]
        if m := re.fullmatch(r"P (\d+) \(trace\)", name):
            if s.name == "sweep":
                ranges[f"{SWEEP} {m[1]}"].append((SWEEP, *item[1:]))
            elif s.name not in ("idle", "stopped"):
                on_p[int(m[1])].append(run)
        elif name == THREAD:
            on_thread[s.args["tid"]].append(run)
        elif m := re.fullmatch(r"goroutine (\d+): regions", name):
            if s.name == "mark assist":
                ranges[f"{ASSIST} {m[1]}"].append((ASSIST, *item[1:]))
            else:
                regions[int(m[1])].append(item)
        elif m := re.match(r"goroutine (\d+)", name):
            states[int(m[1])].append((s.name.split(":")[0], *item[1:]))
        elif name == "marking":
            ranges["GC concurrent mark phase"].append(("GC concurrent mark phase", *item[1:]))
        elif name == "stops of the world":
            ranges["stops"].append(item)
        elif name == "tasks":
            tasks[name].append(item)
    logs = collections.Counter((args["tid"], name, args.get("reason", "")) for _, name, _, args in t.instants
                               if set(args) >= {"tid", "goroutine", "p"})
    same("on Ps", on_p, want.on_p)
    same("on threads", on_thread, want.on_thread)
    same("states", states, {k: v for k, v in want.states.items() if k in states})
    same("regions", regions, want.regions)
    same("tasks", tasks, want.tasks)
    same("ranges", ranges, {k: v for k, v in want.ranges.items()
                            if not k.startswith(ASSIST) or int(k.split()[-1]) in states})
    if logs != want.logs or not logs:
        raise Bad(f"logs: {logs - want.logs} too many, {want.logs - logs} missing")
    if len(states) != 64 or not any(x[0].startswith("GC mark") for x in ranges["stops"]):
        raise Bad(f"{len(states)} lanes of goroutines, stops {ranges['stops']}")


def check_pauses(t, path):
    with open(path, encoding="utf-8") as f:
        pauses = json.load(f)["pauses"]
    stops = [s for s in t.slices if s.track["name"] == "stops of the world"]
    marks = [s for s in t.slices if (s.track["name"] or "").endswith("(trace)")]
    first, last = min(s.start for s in marks), max(s.end[0] for s in marks)
    whole = [s for s in t.slices if s.track["name"] == "stop the world" and s.depth == 0]
    seen = [s for s in whole if s.start >= first and s.end[0] <= last]
    if len(seen) < 8 or len(seen) > len(pauses):
        raise Bad(f"{len(seen)} pauses in the trace's time, {len(pauses)} in all")
    for s in seen:
        if not any(o.name == s.args["reason"] and o.start < s.end[0] and s.start < o.end[0] for o in stops):
            raise Bad(f"no stop in the trace at the pause from {s.start} to {s.end[0]}, {s.args['reason']}")
    for o in stops: # that in which the trace begins is told in the midst of it
        if not any(s.args["reason"] == o.name and s.start < o.end[0] and o.start < s.end[0] for s in whole):
            raise Bad(f"no pause at the stop from {o.start} to {o.end[0]}, {o.name}")


def check_kernel(t):
    trace = t.trace
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
        return [s for s in tracks.slices if re.fullmatch(r"P \d+ \(trace\)", s.track["name"] or "") and s.depth == 0]

    part, whole = runs(Tracks(path)), runs(t)
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
            if re.fullmatch(r"P \d+ \(trace\)", names.get(where, "")):
                got.add((names[where], begin["name"]), (e["ts"] - begin["ts"]) * 1000)
    for s in t.slices:
        if re.fullmatch(r"P \d+ \(trace\)", s.track["name"] or ""):
            want.add((s.track["name"], s.name), s.end[0] - s.start)
    close("on Ps", got, want, 0.001)


CHECKS = {"parsed": check_parsed, "chrome": check_chrome, "pauses": check_pauses, "kernel": check_kernel, "part": check_part,
          "wire": lambda t: check_wire(t.trace), "tracks": check_tracks}

if __name__ == "__main__":
    run(CHECKS, Tracks)
