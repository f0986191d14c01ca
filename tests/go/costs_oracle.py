#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""costs_oracle.py KIND TRUTH EVENTS: where the CPU time of tests/go/costs KIND went, by samples and the costs of symbols.

EVENTS is what `tare export -f json-lines` gives. Prints "ok" or "not ok", what was judged and the figures, with tabs between.
"""
import collections
import json
import sys

# Bounds on shares in percent: a class, a group of classes, or "net"; of what is not OTHERS'. They are wide: how much the
# scheduler and the collector do beside the work itself depends on who else runs. What is exact is "own": the program's own
# account of its CPU time.
BOUNDS = {
    "sums": [("net", ">", 85)],
    "clears": [("net", ">", 85)],
    "alloc": [("net", "<", 25), ("alloc", ">", 30), ("alloc_fast", ">", 15)],
    "large": [("net", "<", 20), ("alloc_zero", ">", 15)],
    "marks": [("net", "<", 20), ("gc_mark", ">", 20)],
    "halves": [("net", "=", "own")],
    "switch": [("sched", ">", 30), ("gc", "<", 15), ("alloc", "<", 15)],
    "pull": [("sched", ">", 20), ("gc", "<", 15), ("alloc", "<", 15)],
    "grows": [("stack_growth", ">", 25)],
    "timers": [("sched_timers", ">", 5), ("sched", ">", 30)],
    "network": [("sched_netpoll", ">", 2), ("gc", "<", 15)],
}
# A marker's stack begins with its goroutine: no other function of the runtime is outside of it.
IMPOSSIBLE = ("runtime.gcDrain", {"runtime.newproc", "runtime.mstart1", "runtime.rt0_go", "runtime.main"})
OTHERS = ("kernel_irq", "probes")  # it depends on the machine how often it is interrupted, and on tare
NEAR = 12  # of "=": four times the standard deviation of 280 samples


def read(path):
    symbols, stacks, samples, stacked = {}, {}, set(), []
    with open(path, encoding="utf-8") as lines:
        for e in map(json.loads, lines):
            if e["event"] == "symbol":
                symbols[e["pid"], int(e["ip"], 16)] = e
            elif e["event"] == "call_stack":
                stacks[e["stack"]] = e
            elif e["event"] == "sample":
                samples.add((e["tid"], e["ts_ns"]))
            elif e["event"] == "stacked":
                stacked.append(e)
    # one of a thread that was off its CPU is no sample
    return symbols, stacks, [e["stack"] for e in stacked if (e["tid"], e["ts_ns"]) in samples]


def frames(symbols, pid, addresses):
    """Outermost first."""
    # but for the first, these are return addresses
    return [symbols.get((pid, int(a, 16) - (i > 0)), {}) for i, a in enumerate(addresses)][::-1]


def group(cost):
    return cost.split("_")[0]


def outermost(chain):
    cost = None
    for f in chain:
        if "cost" not in f:
            continue
        where = f.get("cost_where")
        if where == "within":
            if cost and group(cost) == group(f["cost"]):
                cost = f["cost"]
        elif where == "always" or not cost:
            cost = f["cost"]
    return cost


def cost_of(symbols, stack):
    in_kernel = outermost(frames(symbols, 0, stack["kernel"]))
    return in_kernel or outermost(frames(symbols, stack["pid"], stack["user"])) or "net"


def is_impossible(symbols, stack):
    names = [f.get("name") for f in frames(symbols, stack["pid"], stack["user"])]
    inner, outer = IMPOSSIBLE
    return inner in names and not outer.isdisjoint(names[: names.index(inner)])


def shares(path):
    """Of each cost, in percent; how many samples there are; one with callers that cannot be."""
    symbols, stacks, sampled = read(path)
    whole = {n: stacks[s["same_as"]] if "same_as" in s else s for n, s in stacks.items()}
    sampled = [whole[n] for n in sampled if n in whole]
    counts = collections.Counter(cost_of(symbols, s) for s in sampled)
    wrong = next((s for s in sampled if is_impossible(symbols, s)), None)
    return {cost: 100 * n / len(sampled) for cost, n in counts.items()}, len(sampled), wrong


def share(of, name):
    return sum(v for cost, v in of.items() if cost == name or cost.startswith(name + "_"))


def judge(kind, truth, of, nr, wrong):
    said = ", ".join(f"{cost} {v:.0f}" for cost, v in sorted(of.items(), key=lambda x: -x[1]))
    yield nr >= 100, "enough samples", f"{nr}"
    yield not wrong, "every caller of the marker can be", f"{wrong}"
    own = 100 - sum(share(of, name) for name in OTHERS)
    for name, how, bound in BOUNDS[kind]:
        got = 100 * share(of, name) / own
        if bound == "own":
            bound = 100 * truth["own"] / truth["cpu"]
            good = abs(got - bound) <= NEAR
        else:
            good = got > bound if how == ">" else got < bound
        yield good, f"{name} {how} {bound:.0f} %", f"{got:.1f} of {nr} samples: {said}"


def main():
    kind, truth_path, events = sys.argv[1:]
    with open(truth_path, encoding="utf-8") as f:
        truth = json.load(f)
    good = True
    for fine, what, why in judge(kind, truth, *shares(events)):
        print("ok" if fine else "not ok", f"{kind}: {what}", why, sep="\t")
        good = good and fine
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
