#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""oracle.py TRUTH REPORT PAUSES all|switches

Holds what tare reported of a Go program against what the program and its runtime say of themselves. Prints
"ok<TAB>NAME" or "not ok<TAB>NAME<TAB>WHY" for each figure.
"""
import json
import re
import sys

COLLECTOR = ("GC sweep termination", "GC mark termination")
failed = 0


def check(good, name, why=""):
    global failed
    failed += not good
    print("ok\t" + name if good else f"not ok\t{name}\t{why}")


def same(got, want, name):
    check(got is not None and got == want, name, f"got {got}, should be {want}")


def near(got, want, percent, name, floor=0):
    good = got is not None and abs(got - want) <= max(want * percent / 100, floor)
    check(good, name, f"got {got}, should be within {percent} % of {want}")


def at(report, path):
    for key in path.split("."):
        report = report.get(key) if isinstance(report, dict) else None
    return report


def count(value):
    return value.get("count") if isinstance(value, dict) else value


def minor(truth):
    found = re.match(r"go1\.(\d+)", truth["go"])
    return int(found[1]) if found else 99  # a development version


def own(pause, name):
    """The runtime's own figure of a pause where it hands one over, else what was measured by its definition."""
    figures = pause.get("own") or {}
    return pause[name] if figures.get(name) is None else figures[name]


def until_restart(pause):
    """What the runtime counts of a pause up to 1.21: of mark termination all but the restart."""
    if pause["reason"] != COLLECTOR[1] or pause.get("stopped_ns") is None:
        return pause["total_ns"]
    return pause["stopping_ns"] + pause["stopped_ns"]


def metric_count(histogram):
    return sum(n for _, _, n in histogram)


def histogram_differs(buckets, values):
    """None, or why the values are not those of the runtime's own histogram."""
    left = sorted(values)
    for low, high, n in buckets:
        inside = [v for v in left if (low is None or v >= low) and (high is None or v < high)]
        if len(inside) != n:
            return f"{len(inside)} of [{low}, {high}) ns, should be {n}"
        left = [v for v in left if v not in inside]
    return f"{len(left)} that the runtime does not know: {left[:5]}" if left else None


def histogram(truth, key, values, name):
    buckets = truth["metrics"][key]
    if buckets is None:
        return
    why = "no figure" if None in values else histogram_differs(buckets, values)
    check(why is None, f"{name}: in the buckets of the runtime's own histogram", why or "")


def stops(truth, report, pauses):
    pauses = pauses["pauses"]
    collector = [p for p in pauses if p["reason"] in COLLECTOR]
    other = [p for p in pauses if p["reason"] not in COLLECTOR]
    others = sum(truth["other"].values())
    exact = minor(truth) >= 22
    by_reason = {k: count(v) for k, v in (at(report, "stop_the_world.by_reason") or {}).items() if count(v)}
    want = {k: v for k, v in truth["other"].items() if v}
    # A collection that finds more to mark stops the world once more for its end: only the histogram knows how often.
    collected = metric_count(truth["metrics"]["gc_pauses"])
    want.update(dict(zip(COLLECTOR, (truth["cycles"], collected - truth["cycles"]))))

    # The program's own account first: if it does not add up, no other figure can be held against it.
    check(collected >= 2 * truth["cycles"], "truth: two stops for each collection", f"{collected} of {truth['cycles']}")
    for key, n in (("total_gc", collected), ("stopping_gc", collected), ("total_other", others),
                   ("stopping_other", others)):
        if truth["metrics"][key] is not None:
            same(metric_count(truth["metrics"][key]), n, f"truth: {key} has one for each stop")

    same(at(report, "stop_the_world.count"), collected + others, "stops of the world")
    same(by_reason, want, "stops of the world by reason")
    same(len(pauses), collected + others, "pauses listed")
    same([p for p in pauses if p.get("lost")], [], "no pause rests on lost events")
    for part in "stopping", "total":
        name = f"{part}_ns"
        listed = [p[name] for p in pauses]
        same(at(report, f"stop_the_world.{name}.count"), len(listed), f"{name} of each stop")
        if None not in listed:
            same(at(report, f"stop_the_world.{name}.total_ns"), sum(listed), f"{name}: the sum is that of the list")
        histogram(truth, f"{part}_gc", [own(p, name) for p in collector], f"{name} of collections")
        histogram(truth, f"{part}_other", [own(p, name) for p in other], f"{name} of other stops")
        less = [p for p in pauses if p[name] is None or p[name] < own(p, name)]
        check(not less, f"{name}: none is shorter than the runtime's own", f"{len(less)} are, as {less[:1]}")
    if exact:
        totals = [own(p, "total_ns") for p in collector]
        same(None if None in totals else sum(totals), truth["pause_total_ns"], "total_ns of collections is MemStats.PauseTotalNs")
        cycles(truth, collector)
    else:
        cycles_nearly(truth, collector)
    for p in pauses:
        causes = sum(c["ns"] for c in p["causes"])
        if causes != p["world_ns"]:
            check(False, "causes sum to the pause", f"{causes} of {p['world_ns']} ns, {p['reason']}")
            break
    else:
        check(True, "causes sum to the pause")


def by_cycle(collector, figure):
    """Sums over each collection's pauses, which are one entry of MemStats.PauseNs."""
    sums = []
    for p in sorted(collector, key=lambda p: p["start_ns"]):
        if p["reason"] == COLLECTOR[0]:
            sums.append(0)
        ns = figure(p)
        if sums and ns is not None:
            sums[-1] += ns
    return sums


def cycles(truth, collector):
    if truth["pause_ns"] is not None:
        same(by_cycle(collector, lambda p: own(p, "total_ns")), truth["pause_ns"],
             "total_ns of each collection is MemStats.PauseNs")


def cycles_nearly(truth, collector):
    """Where the runtime hands nothing over, its clock is read some instructions from the probes. On a busy machine it
    may be another's turn between them, which is no error of either: half of them must be near."""
    got, want = by_cycle(collector, until_restart), truth["pause_ns"]
    name = "total_ns of a collection is MemStats.PauseNs, within 5 % or 10 us"
    if want is None or len(got) != len(want):
        check(False, name, f"{len(got)} collections, should be {truth['cycles']}")
        return
    beyond = [(g, w) for g, w in zip(got, want) if abs(g - w) > max(w * 5 / 100, 10000)]
    check(len(beyond) * 2 <= len(want), name, f"not {len(beyond)} of {len(want)}, got and should be: {beyond}")


def account(truth, report):
    """Go's own account is read twice: as the program itself is told, at a collection's end, and as it is now."""
    got = at(report, "ledger.runtime_account")
    if minor(truth) < 20:
        check(got is None, "no account of CPU time before Go 1.20", f"got {got}")
        return
    want = {k: v for k, v in truth["metrics"].items() if k.endswith("_ns")}
    same({k: at(report, f"ledger.runtime_account.told.{k}") for k in want}, want, "CPU time is /cpu/classes/ to the ns")
    parts = [got[k] or 0 for k in ("gc_total_ns", "scavenge_total_ns", "idle_ns", "user_ns")] if got else []
    same(sum(parts), got and got["total_ns"], "CPU time now: the parts are the whole")
    later = got and all((got[k] or 0) >= want[k] for k in ("gc_assist_ns", "gc_dedicated_ns", "gc_idle_ns"))
    check(later, "CPU time now: no less marking than at the last collection's end", f"{got}, {want}")


def counters(truth, report):
    account(truth, report)
    same(at(report, "allocation.bytes"), truth["bytes"], "allocated bytes are MemStats.TotalAlloc")
    same(at(report, "allocation.objects"), truth["objects"], "allocated objects are MemStats.Mallocs")
    same(at(report, "runtime.collections"), truth["cycles"], "collections are MemStats.NumGC")
    same(at(report, "runtime.goroutines_created"), truth["created"], "goroutines created")


def unclear(truth):
    """Runs that may be moved stacks: after less than 64 ns, as on a fast machine, and 8 for each goroutine created."""
    short = 8 * sum(n for low, high, n in truth["metrics"]["latencies"] or [] if (low, high) == (0, 64))
    return min(short, 8 * truth["created"])


def switches(truth, report):
    got, want = at(report, "context_switches.goroutine_switches"), truth["switches"]
    near(got, want, 1, "goroutine switches", want / 100 + unclear(truth))
    same(at(report, "runtime.goroutines_created"), truth["created"], "goroutines created, with no collection")


def main():
    truth, report, pauses = (json.load(open(name, encoding="utf-8")) for name in sys.argv[1:4])
    same(at(report, "lost.total"), 0, "nothing lost")
    same(at(report, "target.runtime"), "go", "recognised")
    check(truth["go"] in (at(report, "target.runtime_version") or ""), "its version",
          f"got {at(report, 'target.runtime_version')}, should be {truth['go']}")
    if sys.argv[4] == "switches":
        switches(truth, report)
    else:
        stops(truth, report, pauses)
        counters(truth, report)
    return failed > 0


sys.exit(main())
