#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""go_table.py SAMPLES: a table of what tests/bench/go.sh measured"""
# What is left of a program's throughput, of 1 / p99, and of its work in a second of CPU time. Medians of 5 rounds on a
# virtual machine with 2 CPUs, at load 3 to 4; alone against alone: 1.00 +- 0.05, of 1 / p99 0.7 to 1.3.
#
#              tare throughput   1 / p99   CPU      bpftrace on execute, mallocgc      Go's execution tracer
# alloc                  0.988     0.909  0.994                             0.007                      1.165
# switch                 0.997     0.979  0.997                             0.011                      0.464
# http                   0.983     1.032  0.965                             0.017                      0.889
#
# alloc stops the world 660 times a second, switch makes 5 million goroutine switches a second, http takes 47,000 requests
# a second.
import json
import sys
from statistics import median

TOOLS = {"tare": "tare", "bpftrace": "bpftrace", "tracer": "Go's tracer"}
UNITS = {"alloc": "allocations", "switch": "round trips", "http": "requests"}


def rate(sample):
    return sample["ops"] / sample["seconds"]


def economy(sample):
    return sample["ops"] / sample["cpu_seconds"]


def p99(sample):
    return 1 / sample["p99_ns"]  # so that more is better, as with the rate


FIGURES = (rate, p99, economy)


def ratios(samples, tool, figure):
    """Of each measurement with the tool to the mean of those right before and after it."""
    found = []
    for before, sample, after in zip(samples, samples[1:], samples[2:]):
        if sample["tool"] == tool and before["tool"] == after["tool"] == "alone":
            found.append(2 * figure(sample) / (figure(before) + figure(after)))
    return found


def noise(samples, figure):
    """The same of the program alone: what a ratio is worth on this machine."""
    alone = [s for s in samples if s["tool"] == "alone"]
    return [2 * figure(b) / (figure(a) + figure(c)) for a, b, c in zip(alone, alone[1:], alone[2:])]


def cell(values):
    if not values:
        return "-"
    return f"{median(values):.3f} ({min(values):.2f}-{max(values):.2f})"


def main():
    with open(sys.argv[1], encoding="utf-8") as f:
        samples = [json.loads(line) for line in f]
    print("What is left of a Go program's throughput, of its 1 / p99, and of what it does in a second of CPU time,\n"
          "while it is watched: median (least-most)")
    for program in dict.fromkeys(s["program"] for s in samples):
        own = [s for s in samples if s["program"] == program]
        alone = [s for s in own if s["tool"] == "alone"]
        print(f"\n{program}: alone {median(map(rate, alone)):,.0f} {UNITS[program]}/s, "
              f"p99 {median(s['p99_ns'] for s in alone) / 1000:,.1f} us")
        print(f"  {'':12} {'throughput':>20} {'1 / p99':>20} {'a second of CPU':>20}")
        rows = {"alone": [noise(own, f) for f in FIGURES]}
        rows.update({name: [ratios(own, tool, f) for f in FIGURES] for tool, name in TOOLS.items()})
        for name, cells in rows.items():
            print(f"  {name:12} " + " ".join(f"{cell(values):>20}" for values in cells))


main()
