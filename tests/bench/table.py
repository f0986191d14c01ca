#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""table.py [--json] SAMPLES: what tests/bench/run measured, as figures beside their goals."""
import json
import sys
from statistics import median

SCHEMA = "tare.bench/1"
WIDTH = 99
NAME_WIDTH = 36


def switches(sample):
    return sum(t["voluntary"] + t["involuntary"] for t in sample["workload"]["threads"])


def per_switch(sample, key):
    """cpu_ns: of the workload's threads; elapsed_ns: as the workload itself saw it"""
    ns = sample["cpu_ns"] if key == "cpu_ns" else sample["workload"][key]
    return ns / switches(sample)


def probe_ns(report):
    """What the probes took, from the recording: each probe's hits times its mean where it was timed; None: unknown"""
    total = 0.0
    for p in report["ledger"]["probes"]["by_probe"]:
        if p["hits"] and not p["timed_hits"]:
            return None
        if p["hits"]:
            total += p["hits"] * p["timed_ns"] / p["timed_hits"]
    return total


def medians(values):
    values = [v for v in values if v is not None]
    return median(values) if values else None


class Bench:
    def __init__(self, samples):
        self.samples = samples
        self.machine = self.of("machine")[0]
        self.tools = [t for t in ("tare", "also", "perf", "bpftrace") if self.of("cost", t)]
        self.figures = []

    def of(self, what, tool=None):
        return [s for s in self.samples if s["what"] == what and (tool is None or s["tool"] == tool)]

    def figure(self, name, unit, values, goal=None, decimals=0, note=None):
        """@values by column; @goal: (relation, limit) for tare's"""
        met = None
        if goal and values.get("tare") is not None:
            met = values["tare"] <= goal[1]
        self.figures.append({"name": name, "unit": unit, "values": values, "goal": goal and f"{goal[0]} {goal[1]:g}",
                             "met": met, "decimals": decimals, "note": note})

    def rounds(self):
        """For each round: what each tool adds to a switch, by CPU time and by the clock"""
        out = []
        for r in range(self.machine["rounds"]):
            mine = [s for s in self.of("cost") if s["round"] == r]
            row = {}
            for key in ("cpu_ns", "elapsed_ns"):
                nothing = sum(per_switch(s, key) for s in mine if s["tool"] == "nothing") / 2
                row[key] = {s["tool"]: per_switch(s, key) - nothing for s in mine if s["tool"] != "nothing"}
                row[key]["nothing"] = nothing
            out.append(row)
        return out

    def added(self):
        rounds = self.rounds()
        peers = [t for t in self.tools if t in ("perf", "bpftrace")]
        self.figure("added to a switch", "ns", {t: median(r["cpu_ns"][t] for r in rounds)
                                                for t in ["nothing"] + self.tools})
        ratios = {}
        for r in rounds:
            better = min((r["cpu_ns"][t] for t in peers), default=0)
            for t in self.tools:
                if t not in peers and better > 0:  # else the noise was larger than what is measured
                    ratios.setdefault(t, []).append(r["cpu_ns"][t] / better)
        self.figure(".. of what the better peer adds", "", {t: median(v) for t, v in ratios.items()}, ("<=", 0.5), 2)
        self.figure(".. of pingpong's own CPU time", "%", {
            t: 100 * median(r["cpu_ns"][t] / r["cpu_ns"]["nothing"] for r in rounds) for t in self.tools}, decimals=1)
        self.figure(".. by the clock on the wall", "ns", {t: median(r["elapsed_ns"][t] for r in rounds)
                                                         for t in ["nothing"] + self.tools})

    def probes(self):
        own = {t: medians([probe_ns(s["report"]) and probe_ns(s["report"]) / switches(s) for s in self.of("cost", t)])
               for t in self.tools if t in ("tare", "also")}
        self.figure("BPF run time a switch", "ns", own, ("<=", 250))
        runs = {}
        for t in self.tools:
            pairs = list(zip(self.of("prog_stats", t), self.of("stats", t)))
            if pairs:
                runs[t] = median(p["ns"] / switches(s) for p, s in pairs)
        self.figure(".. by bpftool, every run timed", "ns", runs)

    def disk(self):
        values = {t: median(s["bytes"] / switches(s) for s in self.of("cost", t)) for t in self.tools if t != "bpftrace"}
        self.figure("bytes on disk a switch", "", values, ("<=", 32), 1)

    def recorder(self):
        def cpu(s):
            return s["usage"]["user_ns"] + s["usage"]["system_ns"]

        self.figure("recorder: CPU time in all", "ms", {t: median(cpu(s) for s in self.of("cost", t)) / 1e6
                                                        for t in self.tools})
        self.figure("recorder: memory", "MB", {t: median(s["usage"]["max_rss_bytes"] for s in self.of("cost", t)) / 1e6
                                               for t in self.tools})

    def loss(self):
        for s in self.of("highest"):
            count, rate = s["report"]["context_switches"]["count"], 0
            rate = count * 1e9 / s["report"]["duration_ns"]
            true = sum(switches({"workload": w}) for w in s["workloads"])
            note = f"{rate:,.0f} switches a second"
            if count < true:
                note += f"; {true - count:,} of {true:,} NOT recorded"
            self.figure(f"lost: {s['name']}", "", {"tare": s["report"]["lost"]["total"]}, ("<=", 0), note=note)

    def reading(self):
        by_length = {}
        for s in self.of("reading"):
            by_length.setdefault(s["round_trips"], []).append(s)
        if len(by_length) < 2:
            return
        short, long = by_length[min(by_length)], by_length[max(by_length)]
        rate = median(s["events"] * 1e9 / s["usage"]["user_ns"] for s in long)
        self.figures.append({"name": "report: events a second of CPU", "unit": "M", "values": {"tare": rate / 1e6},
                             "goal": ">= 5", "met": rate >= 5e6, "decimals": 1,
                             "note": f"{median(s['events'] * 1e9 / s['usage']['wall_ns'] for s in long) / 1e6:.1f} M by the clock"})
        small, large = (median(s["usage"]["max_rss_bytes"] for s in l) for l in (short, long))
        times = long[0]["events"] / short[0]["events"]
        self.figure(f"report: memory, {times:.0f} x the file", "x", {"tare": large / small}, ("<=", 1.5), 2,
                    f"{small / 1e6:.1f} -> {large / 1e6:.1f} MB, file {short[0]['bytes'] / 1e6:.0f} -> {long[0]['bytes'] / 1e6:.0f} MB")

    def doubts(self):
        """What makes a comparison unfair, in words"""
        for t in self.tools:
            lost = sum(s["report"]["lost"]["total"] for s in self.of("cost", t) if "report" in s)
            if lost:
                yield f"{t} lost {lost:,} events in the rounds"
            unseen = max((1 - s["counted"] / switches(s) for s in self.of("cost", t) if "counted" in s), default=0)
            if unseen > 0.01:
                yield f"{t} saw only {100 - 100 * unseen:.1f} % of the switches in one round"
        for t in self.machine["missing"]:
            yield f"{t} is missing: not compared with it"
        if self.machine["load"] > 0.5:
            yield f"load average {self.machine['load']} at the start: others' work disturbs the figures"
        for f in self.figures:
            if f["goal"] and f["met"] is None:
                yield f"not known: {f['name']}"

    def weigh(self):
        self.added()
        self.probes()
        self.disk()
        self.recorder()
        self.loss()
        self.reading()


def cell(figure, column):
    value = figure["values"].get(column)
    return "-" if value is None else f"{value:,.{figure['decimals']}f}"


def print_table(b):
    m = b.machine
    columns = ["nothing"] + b.tools
    per_run = median(switches(s) for s in b.of("cost"))
    print(f"pingpong by futex on CPU {m['cpu']}: {m['rounds']} rounds of {per_run:,.0f} switches; medians")
    print(f"Linux {m['kernel']}, {m['cpus']} CPUs; {m['perf'] or 'no perf'}; {m['bpftrace'] or 'no bpftrace'}\n")
    print(f"{'':{NAME_WIDTH}}" + "".join(f"{c:>9}" for c in columns) + "  goal")
    for f in b.figures:
        name = f["name"] + (f", {f['unit']}" if f["unit"] else "")
        goal = f"  {f['goal']} {'met' if f['met'] else 'NOT met'}" if f["met"] is not None else ""
        line = f"{name:{NAME_WIDTH}}" + "".join(f"{cell(f, c):>9}" for c in columns)
        if f["note"]:	# only tare has these figures
            line = f"{name:{NAME_WIDTH}}{'':9}{cell(f, 'tare'):>9}"
            goal += f"; {f['note']}" if len(line + goal + f["note"]) + 2 <= WIDTH else f"\n{'':6}{f['note']}"
        print((line + goal).rstrip())
    doubts = list(b.doubts())
    if doubts:
        print()
    for d in doubts:
        print(f"note: {d}")


def main():
    arguments = sys.argv[1:]
    as_json = arguments[:1] == ["--json"]
    with open(arguments[-1], encoding="utf-8") as f:
        b = Bench([json.loads(line) for line in f])
    b.weigh()
    if as_json:
        print(json.dumps({"schema": SCHEMA, "machine": b.machine, "figures": b.figures, "notes": list(b.doubts()),
                          "rounds": b.rounds()}, indent=2))
    else:
        print_table(b)


main()
