#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""
What json-lines on standard input says of the program `shapes`:

    oracle.py shapes         each sample's functions must be a chain that the program can have
    oracle.py waits TRUTH    the time off CPU in each place, against the program's own account of the same span: a file
                             of lines "PLACE FROM UNTIL"

Prints "N samples, N right, N whole" or "PLACE off by N points" for each place. Exit status 0: right.
"""
import collections
import json
import sys

# Outermost first; '*': as often as it likes.
CHAINS = [
    ["main", "phase_leaf", "inner", "leaf"],
    ["main", "phase_recursion", "recurse*", "leaf"],
    ["main", "phase_alloca", "with_alloca", "leaf"],
    ["edge", "at_edge", "leaf"],
    ["main", "phase_library", "compare", "leaf"],
    ["main", "phase_signal", "handler", "leaf"],
]
OWN = {name.rstrip("*") for chain in CHAINS for name in chain}


def possible(names):
    """Is this, outermost first and without the library's functions, the beginning of one of the chains?"""
    for chain in CHAINS:
        at = 0
        for name in names:
            if at and chain[at - 1] == name + "*":
                continue
            if at == len(chain) or chain[at].rstrip("*") != name:
                break
            at += 1
        else:
            return True
    return False


class Recording:
    def __init__(self, lines):
        self.names, self.stacks, self.same = {}, {}, {}
        self.samples, self.waits, self.ends = collections.Counter(), collections.Counter(), []
        last = {}
        for line in lines:
            e = json.loads(line)
            kind = e["event"]
            if kind == "symbol":
                self.names.setdefault((e["pid"], int(e["ip"], 16)), e.get("name", ""))
            elif kind == "call_stack" and "same_as" in e:
                self.same[e["stack"]] = e["same_as"]
            elif kind == "call_stack":
                self.stacks[e["stack"]] = e
            elif kind == "stacked":
                last[e["tid"]] = e["stack"]
            elif kind == "sample":
                self.samples[last.pop(e["tid"], 0)] += 1
            elif kind == "off_cpu":
                self.waits[last.pop(e["tid"], 0)] += e["ns"]
                self.ends.append(e["ts_ns"])

    def stack(self, number):
        return self.stacks.get(self.same.get(number, number))

    def functions(self, stack):
        """Innermost first; "" where no name is known."""
        ips = [int(ip, 16) for ip in stack["user"]]
        return [self.names.get((stack["pid"], ip - (i > 0)), "") for i, ip in enumerate(ips)]


def shapes(recording):
    total = right = whole = 0
    wrong = collections.Counter()
    for number, n in recording.samples.items():
        stack = recording.stack(number)
        names = recording.functions(stack) if stack else []
        total += n
        own = [name for name in reversed(names) if name in OWN]
        is_whole = bool(stack) and stack["whole"]
        # before main and after it are the library's
        good = possible(own) and bool(own) and is_whole
        right += n if good else 0
        whole += n if is_whole else 0
        if not good:
            wrong[" < ".join(name or "?" for name in names[:12])] += n
    print(f"{total} samples, {right} right, {whole} whole")
    for names, n in wrong.most_common(8):
        print(f"wrong: {n} x {names}")
    return total >= 300 and right >= 0.99 * total


def waits(recording, lines):
    truth = collections.Counter()
    for name, begin, end in (line.split() for line in lines):
        if min(recording.ends) <= int(end) and int(begin) < max(recording.ends):
            truth[name] += int(end) - int(begin)
    got = dict.fromkeys(truth, 0)
    for number, ns in recording.waits.items():
        stack = recording.stack(number)
        for name in set(recording.functions(stack) if stack else []) & set(truth):
            got[name] += ns
    good = True
    for name, ns in truth.items():
        points = 100 * abs(got[name] / (sum(got.values()) or 1) - ns / sum(truth.values()))
        print(f"{name}: {got[name]} of {sum(got.values())} ns, off by {points:.2f} points")
        good = good and points <= 2
    return good


def main():
    recording = Recording(sys.stdin)
    if sys.argv[1] == "shapes":
        good = shapes(recording)
    else:
        with open(sys.argv[2], encoding="utf-8") as f:
            good = waits(recording, f)
    return 0 if good else 1


sys.exit(main())
