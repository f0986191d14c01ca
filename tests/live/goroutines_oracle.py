#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
#
#   tests/live/goroutines_oracle.py TARE.json DUMP      the program's own dump (goroutine?debug=2) against tare's groups
#
# Prints "GOROUTINES SAME" (how many parked goroutines of the dump there are, and how many of them tare has with the same
# state, frames and creator), then what differs. Functions of the runtime itself are left out, as the dump does.
import collections
import json
import re
import sys


def shown(name, first=False):
    """showframe(), runtime/traceback.go: not the runtime's own, but those of it that others call by name."""
    if name == "runtime.gopanic" and not first:
        return True
    if not name.startswith("runtime."):
        return "." in name
    return len(name) > 8 and name[8].isupper()


def from_tare(path):
    stacks = collections.Counter()
    for g in json.load(open(path))["groups"]:
        if g["stack"] is None:
            continue
        frames = []
        for f in g["stack"]:
            # the compiler's wrappers are left out, too
            if shown(f["function"], f is g["stack"][0]) and not f["wrapper"]:
                frames.append((f["function"].replace("runtime.gopanic", "panic"), "%s:%s" % (f["file"], f["line"])))
        by = g["created_by"]
        made = (by["function"], "%s:%s" % (by["file"], by["line"])) if by and shown(by["function"]) else None
        stacks[(g["reason"] or g["state"], tuple(frames), made)] += g["count"]
    return stacks


def from_dump(path):
    stacks = collections.Counter()
    for block in open(path).read().split("\n\n"):
        lines = block.strip().split("\n")
        head = re.match(r"goroutine \d+ (?:gp=\S+ m=\S+ (?:mp=\S+ )?)?\[([^\],]*)", lines[0])
        if not head or head.group(1) == "running":
            continue
        state = {"syscall": "in a system call"}.get(head.group(1), head.group(1))
        frames, made = [], None
        for call, at in zip(lines[1::2], lines[2::2]):
            at = re.sub(r" \+0x[0-9a-f]+$", "", at.strip())
            if call.startswith("created by "):
                made = (re.sub(r" in goroutine \d+$", "", call[len("created by "):]), at)
            else:
                frames.append((re.sub(r"\([^()]*\)$", "", call), at))
        stacks[(state, tuple(frames), made)] += 1
    return stacks


ours, own = from_tare(sys.argv[1]), from_dump(sys.argv[2])
same = sum(min(n, ours[key]) for key, n in own.items())
print(sum(own.values()), same)
for key, n in own.items():
    if ours[key] < n:
        print("dump: %d, tare: %d of %s\n%s" % (n, ours[key], key[0], "\n".join(map(str, key[1:]))))
for key, n in ours.items():
    if own[key] < n:
        print("tare: %d, dump: %d of %s\n%s" % (n, own[key], key[0], "\n".join(map(str, key[1:]))))
