#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Holds what a Perfetto trace shows of a language runtime against the recording's pauses and its events.

usage: perfetto_tracks.py CHECK TRACE [FILE]
       perfetto_tracks.py each TRACE    many, also those of perfetto_check.py, which has more on this

  tracks     TRACE               each event is on a track that was described, slices nest and end, counters have values
  pauses     TRACE PAUSES.json   the slices of stops are `tare pauses --json`: times, reasons, parts, causes
  gc         TRACE LINES         collections, phases and heap sizes are those of the events (json-lines)
  instants   TRACE LINES         signals, faults, interrupts and what else the runtime told: as many, there and then
  goroutines TRACE LINES         a slice for each time that a goroutine ran, on its thread, ended by what ended it
  off        TRACE LINES         a slice for each time that a thread with a goroutine on it was off the CPU
  lanes      TRACE LINES PAUSES.json  each P's lane: who was seen with it, since when, and when the world stood still
  stepped    TRACE LINES PAUSES.json  the same where each step of goroutines was recorded
  counters   TRACE LINES         counter tracks hold the readings
  show       TRACE               print slices as a person sees them
"""
import collections
import functools
import json

import perfetto_check
from perfetto_check import BOOTTIME, MONOTONIC, Bad, Trace, one

BEGIN, END, INSTANT, COUNTER = 1, 2, 3, 4
Slice = collections.namedtuple("Slice", "track depth name start end args children")


def args_of(event):
    out = {}
    for a in event["debug_annotations"]:
        out[one(a, "name")] = next(a[kind][0] for kind in ("bool", "uint", "string", "pointer") if kind in a)
    return out


class Tracks:
    """What a viewer makes of it: events sorted by time, those of one time in the order of the file."""

    def __init__(self, path):
        self.trace = trace = Trace(path)
        clocks = trace.clocks()
        offset = clocks[BOOTTIME] - clocks[MONOTONIC]
        self.tracks, self.slices, self.instants, self.open = {}, [], [], []
        self.counters, self.flows = collections.defaultdict(list), collections.defaultdict(list)
        events = []
        for packet in trace.packets:
            for t in packet["track_descriptor"]:
                self.describe(t)
            for e in packet["track_event"]:
                if one(e, "track_uuid") not in self.tracks:
                    raise Bad(f"an event on track {e['track_uuid']}, which is not described before it")
                events.append((one(packet, "timestamp") - offset, e))
        stacks = collections.defaultdict(list)
        for time, e in sorted(events, key=lambda x: x[0]):
            self.event(time, e, stacks)
        for track, stack in stacks.items():
            self.open += [(self.tracks[track]["name"], s.name) for s in stack]

    def describe(self, t):
        uuid = one(t, "uuid")
        if not uuid or uuid in self.tracks:
            raise Bad(f"track {uuid} is described twice")
        parent = self.tracks.get(t["parent_uuid"][0]) if t["parent_uuid"] else None
        if t["parent_uuid"] and not parent:
            raise Bad(f"track {uuid} has a parent that is not described before it")
        out = {"name": t["name"][0] if t["name"] else None, "counter": bool(t["counter"]), "tid": None}
        if t["process"]:
            out["pid"] = one(one(t, "process"), "pid")
        elif t["thread"]:
            out["pid"], out["tid"] = one(one(t, "thread"), "pid"), one(one(t, "thread"), "tid")
        elif parent:
            out["pid"] = parent["pid"]
        else:
            raise Bad(f"track {uuid} is of no process")
        if out["counter"] and one(one(t, "counter"), "unit") not in (1, 2, 3):
            raise Bad(f"unit of {out['name']}")
        self.tracks[uuid] = out

    def event(self, time, e, stacks):
        track, kind = one(e, "track_uuid"), one(e, "type")
        stack, where = stacks[track], self.tracks[track]
        if (kind == COUNTER) != where["counter"]:
            raise Bad(f"an event of type {kind} on {where}")
        for flow in e["flow_ids"] + e["terminating_flow_ids"]:
            self.flows[flow].append((time, bool(e["terminating_flow_ids"])))
        if kind == BEGIN:
            stack.append(Slice(where, len(stack), one(e, "name"), time, [], args_of(e), []))
        elif kind == END:
            if not stack:
                raise Bad(f"the end of no slice on {where} at {time}")
            s = stack.pop()
            s.end.append(time)
            s.args.update(args_of(e))
            self.slices.append(s)
            if stack:
                stack[-1].children.append(s)
        elif kind == INSTANT:
            self.instants.append((where, one(e, "name"), time, args_of(e)))
        elif kind == COUNTER:
            self.counters[where["pid"], where["name"]].append((time, one(e, "counter_value")))
        else:
            raise Bad(f"an event of type {kind}")

    def named(self, name):
        return [s for s in self.slices if s.track["name"] == name]


@functools.lru_cache(1)
def lines(path):
    with open(path, encoding="utf-8") as f:
        return [json.loads(line) for line in f]


def told(path, *what):
    return [e for e in lines(path) if e["event"] == "runtime" and e["what"] in what]


def same(what, got, want):
    got, want = collections.Counter(got), collections.Counter(want)
    if got != want or not got:
        raise Bad(f"{what}: {sum(got.values())} against {sum(want.values())}; only in the trace: "
                  f"{list(got - want)[:3]}, missing: {list(want - got)[:3]}")


def check_tracks(t):
    if not t.slices:
        raise Bad("no slices")
    # the recording may end in the middle of a collection, a goroutine's run, or a wait
    bad = [o for o in t.open if o[0] == "stop the world"]
    if bad:
        raise Bad(f"never end: {bad}")
    for s in t.slices:
        if s.end[0] < s.start:
            raise Bad(f"{s.name} ends before it begins")
        if any(c.start < s.start or c.end[0] > s.end[0] for c in s.children):
            raise Bad(f"what is in {s.name} is longer than it")
    for name, points in t.counters.items():
        if not points:
            raise Bad(f"{name} has no values")
    for events in t.flows.values():
        if any(last for _, last in events[:-1]):
            raise Bad("an arrow goes on behind its end")


def check_pauses(t, path):
    with open(path, encoding="utf-8") as f:
        report = json.load(f)
    if report["shown"] != report["count"]:
        raise Bad("not all pauses are in the JSON")
    want, got = [], []
    for p in report["pauses"]:
        causes = collections.Counter()
        for seg in p["chain"]:
            causes[seg["cause"]] += seg["ns"]
        parts = tuple((k, p["parts"][k + "_ns"]) for k in ("stopping", "stopped", "restart") if p["parts"][k + "_ns"])
        want.append((p["verdict"], p["pid"], p["start_ns"], p["world_ns"], p["reason"], p["main_cause"], p["stopping_ns"],
                     p["total_ns"], p["initiator"]["tid"], (p["straggler"] or {}).get("tid"), parts,
                     tuple(sorted(causes.items()))))
    for s in t.named("stop the world"):
        if s.depth:
            continue
        causes = collections.Counter()
        for part in s.children:
            if sum(c.end[0] - c.start for c in part.children) != part.end[0] - part.start:
                raise Bad(f"the causes of {part.name} at {s.start} do not fill it")
            for c in part.children:
                causes[c.name] += c.end[0] - c.start
        if s.name != f"{s.args['reason']}: {s.args['main_cause']}":
            raise Bad(f"a pause called {s.name}: {s.args}")
        got.append((s.args["verdict"], s.track["pid"], s.start, s.end[0] - s.start, s.args["reason"], s.args["main_cause"], s.args["stopping_ns"],
                    s.args["total_ns"], s.args["initiator.tid"], s.args.get("straggler.tid"),
                    tuple((c.name, c.end[0] - c.start) for c in s.children), tuple(sorted(causes.items()))))
    same("pauses", got, want)


def check_gc(t, path):
    slices, begun, want = t.named("GC"), {}, []
    for e in told(path, "gc_start", "gc_end"):
        if e["what"] == "gc_start":
            begun[e["tgid"]] = e
        elif e["tgid"] in begun:
            start = begun.pop(e["tgid"])
            want.append((start["ts_ns"], e["ts_ns"], start.get("cycle"), start["heap_bytes"], e["live_bytes"]))
    same("cycles", [(s.start, s.end[0], s.args.get("cycle"), s.args["heap_bytes"], s.args["live_bytes"])
                    for s in slices if s.name == "GC cycle"], want)
    open_phases = sum(o[0] == "GC" and o[1] != "GC cycle" for o in t.open)
    want = collections.Counter(e["phase_name"] for e in told(path, "gc_phase"))
    got = collections.Counter(s.name for s in slices if s.name != "GC cycle")
    del want["off"]
    # Go does not tell when marking begins: it does with the cycle
    first = {}
    for e in told(path, "gc_start", "gc_phase"):
        if e["what"] == "gc_start":
            first[e["tgid"]] = e["ts_ns"]
        elif first.pop(e["tgid"], None) and e["phase_name"] == "mark termination":
            want["mark"] += 1
    if set(want) != set(got) or sum(want.values()) != sum(got.values()) + open_phases:
        raise Bad(f"phases: {got}, events: {want}")
    heap = [e for e in lines(path) if "heap_bytes" in e] + told(path, "gc_end")
    same("heap", [p for points in (v for k, v in t.counters.items() if k[1] == "heap") for p in points],
         [(e["ts_ns"], e["heap_bytes"] if "heap_bytes" in e else e["live_bytes"]) for e in heap])


def check_instants(t, path):
    want, irqs = collections.Counter(), 0
    drawn = ("gc_start", "gc_phase", "gc_end", "g_run", "g_park", "g_exit", "own_stopping", "own_total", "exit")
    for e in lines(path):
        if e["event"] == "signal":
            want["preemption signal " + e["what"], e["ts_ns"]] += 1
        elif e["event"] == "fault":
            want["page fault", e["ts_ns"]] += 1
        elif e["event"] == "runtime" and e["what"] not in drawn:
            want[e["what"], e["ts_ns"]] += 1
        irqs += e["event"] == "irq"
    if any(track["tid"] is None for track, _, _, _ in t.instants):
        raise Bad("an instant that is of no thread")
    same("instants", [(name, time) for _, name, time, _ in t.instants], want.elements())
    got = sum(s.name == "hardware interrupt" or s.name.startswith("softirq ") for s in t.slices)
    # one may be left out where its thread was not known yet
    if got > irqs or irqs - got > max(2, irqs / 10):
        raise Bad(f"{got} interrupts, events: {irqs}")
    delivered = [a for _, name, _, a in t.instants if name == "preemption signal delivered"]
    if delivered and not any(last for events in t.flows.values() for _, last in events):
        raise Bad("no arrow leads to a signal's delivery")


def check_goroutines(t, path, _=None):
    running, want = {}, []
    for e in told(path, "g_run", "g_park", "g_exit", "preempt_taken"):
        tid, ended = e["tid"], []
        if e["what"] == "g_run":
            ended = [k for k, (g, _) in running.items() if k == tid or g == e["goroutine"]]
        elif running.get(tid):
            ended = [tid]
        for k in ended:
            g, start = running.pop(k)
            want.append((k, f"goroutine {g}", start, e["ts_ns"]))
        if e["what"] == "g_run":
            running[tid] = (e["goroutine"], e["ts_ns"])
    got = [(s.track["tid"], s.name, s.start, s.end[0]) for s in t.slices
           if s.track["tid"] and s.name.startswith("goroutine ") and not s.name.endswith(" off CPU")]
    # a thread's end, and what was lost, may end a slice too
    if abs(len(got) - len(want)) > 16 or len(set(want) - set(got)) > 16:
        raise Bad(f"{len(got)} runs, events: {len(want)}; missing: {list(set(want) - set(got))[:3]}")
    if not got:
        raise Bad("no goroutine ran")


def check_off(t, path, _=None):
    on, off, want = {}, {}, []
    for e in lines(path):
        if e["event"] == "goroutine":
            on[e["tid"]] = e
        elif e["event"] == "switch":
            if e["next_tid"] in off:
                want.append(off.pop(e["next_tid"]) + (e["ts_ns"],))
            g = on.get(e["prev_tid"])
            if g and g["ts_ns"] == e["ts_ns"] and "voluntary" in e:
                off[e["prev_tid"]] = (e["prev_tid"], g["goroutine"], e["ts_ns"])
    same("waits", [(s.track["tid"], s.args["goroutine"], s.start, s.end[0]) for s in t.slices if s.name == "goroutine off CPU"], want)


def sightings(path):
    """(tid, pid, p, what, from, to): threads on the CPU up to where they were seen with a P, and off it with one."""
    came, seen, off, named, known = {}, {}, {}, {}, set()
    for e in lines(path):
        # a thread is only looked at once something was drawn of it
        if e["event"] in ("goroutine", "signal", "fault", "irq") or e.get("what", "").startswith(("stw_", "p_", "g_", "preempt_")):
            known.add(e["tid"])
        if e["event"] == "number_name" and e["kind"] == "status":
            named[e["number"]] = e["name"]
        elif e["event"] == "goroutine":
            tid, start = e["tid"], max(came.get(e["tid"], 0), seen.get(e["tid"], (0,))[0]) if e["tid"] in came else e["ts_ns"]
            seen[tid] = e["ts_ns"], e
            if e.get("p", -1) >= 0:
                yield tid, e["p"], f"goroutine {e['goroutine']}", start, e["ts_ns"]
        elif e["event"] == "switch":
            tid = e["prev_tid"]
            came.pop(tid, None)
            time, g = seen.get(tid, (0, None))
            if time == e["ts_ns"] and g.get("p", -1) >= 0 and named.get(g["status"]) != "in a system call":
                off[tid] = time, g["p"]
            if e["next_tid"] in off:
                start, p = off.pop(e["next_tid"])
                yield e["next_tid"], p, "thread off CPU", start, e["ts_ns"]
            if e["next_tid"] in known:
                came[e["next_tid"]] = e["ts_ns"]


def runs(t):
    """Likewise, from the threads' own tracks: each says by an argument which P it was."""
    for s in sorted(t.slices, key=lambda s: s.end[0]):
        if s.track["tid"] and "p" in s.args and s.name.startswith("goroutine ") and not s.name.endswith(" off CPU"):
            yield s.track["tid"], s.args["p"], s.name, s.start, s.end[0]


def check_on_lanes(t, pauses, source):
    """As sums, to the nanosecond: what ran on a lane by thread and name, without what was there before."""
    with open(pauses, encoding="utf-8") as f:
        begin = [(p["start_ns"] + p["parts"]["stopping_ns"], p["parts"]["stopped_ns"]) for p in json.load(f)["pauses"]]
    stops, lanes = sorted((time, time + ns) for time, ns in begin if ns), collections.defaultdict(list)
    for s in t.slices:
        if (s.track["name"] or "").startswith("P "):
            lanes[int(s.track["name"][2:])].append(s)
    until, want, got = {}, collections.Counter(), collections.Counter()
    for tid, p, what, start, end in source:
        start = max(start, until.get(p, 0))
        if start < end:
            until[p] = end
            want[p, tid, what] += end - start - sum(max(0, min(end, b) - max(start, a)) for a, b in stops)
    for p, slices in lanes.items():
        last, mine = 0, []
        for s in sorted(slices, key=lambda s: s.start):
            if s.depth or s.start < last or s.end[0] <= s.start:
                raise Bad(f"lane {p}: {s} overlaps what ended at {last}")
            last = s.end[0]
            if s.name == "stopped":
                mine.append((s.start, last))
            else:
                got[p, s.args["tid"], s.name] += last - s.start
        # from the time on when this P was first seen
        if mine != [stop for stop in stops if stop[1] > min(s.start for s in slices)]:
            raise Bad(f"lane {p}: {len(mine)} stops of {len(stops)}")
    same("on lanes", +got, +want)


def check_lanes(t, path, pauses):
    check_on_lanes(t, pauses, sightings(path))


def check_stepped(t, _, pauses):
    check_on_lanes(t, pauses, runs(t))


def check_counters(t, path):
    names = {"alloc_bytes": "allocated since start", "goroutine_switches": "goroutine switches since start"}
    for key, name in names.items():
        same(name, [(pid, *p) for (pid, n), points in t.counters.items() if n == name for p in points],
             [(e["pid"], e["ts_ns"], e[key]) for e in lines(path) if e["event"] == "counters" and key in e])
    # a rate holds from one reading to the next
    for (pid, name), points in t.counters.items():
        if name != "allocated a second":
            continue
        readings = dict(t.counters[pid, "allocated since start"])
        times = sorted(readings)
        for time, rate in points:
            then = times[times.index(time) + 1]
            grown = readings[then] - readings[time]
            if abs(rate * (then - time) / 1e9 - grown) > 1 + grown / 1000:
                raise Bad(f"{pid} allocates {rate} B/s from {time} to {then}: {grown}")


def show(t):
    for s in sorted(t.slices, key=lambda s: (str(s.track), s.start, s.depth)):
        name = s.track["name"] or f"thread {s.track['tid']}"
        print(f"{name:16} {s.start} {s.end[0] - s.start:>10} {'  ' * s.depth}{s.name} {s.args}")
    for track, name, time, args in t.instants:
        print(f"thread {track['tid']:<9} {time} {name} {args}")
    for name, points in t.counters.items():
        print(name, points[:3], "..", points[-1])
    print("open:", t.open)


def main():
    checks = {"tracks": check_tracks, "pauses": check_pauses, "gc": check_gc, "instants": check_instants,
              "goroutines": check_goroutines, "off": check_off, "lanes": check_lanes, "stepped": check_stepped,
              "counters": check_counters, "show": show}
    for name, check in perfetto_check.CHECKS.items():
        checks[name] = lambda t, *files, check=check: check(t.trace, *files)
    perfetto_check.run(checks, Tracks)


if __name__ == "__main__":
    main()
