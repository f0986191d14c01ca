#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""
The ledgers of several recordings (report --json), against what the programs themselves measured:

    ledger_oracle.py CLASSES TRUTH.json TWIN.json REPORT.json [TRUTH TWIN REPORT...]

TRUTH is what the recorded program measured, TWIN what the same program did just before, without probes: what these
cost is in the parts that they are hit in, by a program's own clocks, but in no part of the ledger. So shares are the
twin's, gross is the program's own. A program may be its own twin: then what it was held before its first instruction is in
no part.

CLASSES: which of the ledger's classes each of the program's parts belongs to, as PART=CLASS[+CLASS...], by commas; "net" is
what is left. Interrupts and switches come in any part, and have classes of their own. Over all recordings together each
part's share is right within SYSTEMATIC and four times the sampling error; gross is what getrusage() counted, and the sum is
exact. Of many recordings, 95 % have each share within 2 points or in their interval: that is counted and printed.
"""
import json
import math
import sys

# A tick that is due while interrupts are off comes when they are on again: the last part of a system call counts to the code
# that it returns to, and that of a page fault by an estimate. And the twin runs at another time than the program.
SYSTEMATIC = 0.025
# What a program spends after its last look at getrusage(), on giving its memory back, is in gross only.
LAST = 0.02


def load(path):
    with open(path, encoding="utf-8") as f:
        return json.load(f)


def ledger_of(report, classes):
    """ns, low and high of these classes together. Intervals of sums are those of their samples together."""
    ledger = report["ledger"]
    if "net" in classes:
        return ledger["net_ns"], *ledger["net_ci95_ns"]
    found = [c for c in ledger["classes"] if c["name"] in classes or c["group"] in classes]
    ns = sum(c["ns"] for c in found)
    n, whole = ledger["samples"], ledger["tare_ns"] + ledger["net_ns"]
    p = sum(c["samples"] for c in found) / n
    half = 1.96 * math.sqrt(p * (1 - p) / n + 0.25 / n / n) * whole
    return ns, ns - half, ns + half


def spent(truth, twin, report, parts, classes):
    """What the program spent on these classes, in the ledger's ns."""
    ledger = report["ledger"]
    everything = twin["all"]
    if twin == truth:
        everything -= sum(p["timed_ns"] for p in ledger["probes"]["by_probe"] if p["name"] == "exec_hold_cpu")
    whole = ledger["gross_ns"] - ledger["probes_ns"]
    whole -= sum(c["ns"] for c in ledger["classes"] if c["name"] in ("kernel_irq", "kernel_switch"))
    if "net" in classes:
        ns = everything - sum(twin[part] for part in parts if parts[part] != "net")
    else:
        ns = sum(twin[part] for part in parts if parts[part] == classes)
    return ns / everything * whole


def main():
    parts = dict(part.split("=") for part in sys.argv[1].split(","))
    recordings = list(zip(*(map(load, sys.argv[at::3]) for at in (2, 3, 4))))
    bad = []
    for truth, _, report in recordings:
        ledger = report["ledger"]
        if ledger["gross_ns"] != ledger["tare_ns"] + ledger["probes_ns"] + ledger["net_ns"]:
            bad.append("gross is not the sum of tare, probes and net")
        more = ledger["gross_ns"] - truth["all"]
        if not -0.005 * truth["all"] - 2e6 <= more <= LAST * truth["all"] + 2e6:
            bad.append(f"gross is {ledger['gross_ns']}, getrusage says {truth['all']}")
    samples = sum(report["ledger"]["samples"] for *_, report in recordings)
    for classes in dict.fromkeys(parts.values()):
        inside, want_all, got_all, whole = 0, 0.0, 0.0, 0.0
        for truth, twin, report in recordings:
            gross = report["ledger"]["gross_ns"]
            want = spent(truth, twin, report, parts, classes)
            ns, low, high = ledger_of(report, classes.split("+"))
            inside += low <= want <= high or abs(ns - want) < 0.02 * gross
            want_all, got_all, whole = want_all + want, got_all + ns, whole + gross
        p = want_all / whole
        slack = 100 * (SYSTEMATIC + 4 * math.sqrt(p * (1 - p) / samples))
        off = 100 * (got_all - want_all) / whole
        print(f"{classes}: {100 * got_all / whole:.1f} %, should be {100 * p:.1f} %; {inside} of {len(recordings)} in their interval")
        if abs(off) > slack:
            bad.append(f"{classes} is off by {off:.2f} points, more than {slack:.2f}")
    for line in bad:
        print("wrong:", line)
    return 1 if bad else 0


sys.exit(main())
