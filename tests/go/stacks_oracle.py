#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""stacks_oracle.py MINOR TRUTH EVENTS: are the stacks of tests/go/stacks whole, and its calls as it makes them?

MINOR is of the Go that built it, TRUTH what it printed, EVENTS what `tare export -f json-lines` gives. Prints "ok" or "not ok",
what was judged and the figures, with tabs between.
"""
import collections
import json
import re
import sys

ENOUGH = 100  # samples of each phase
SHARE = 0.99  # of them must be right

# A stack is a string: its functions, the outermost first, "?" where there is no name. What the runtime calls by itself,
# at last perhaps the kernel's code in the process:
RUNTIME = (
    r"( ((runtime|internal/runtime|runtime/internal|time|sync|internal/sync|internal/abi|internal/bytealg|syscall)[./]\S+"
    r"|[A-Za-z_]\w*))*( \?)*"
)
RUN = r"runtime\.goexit runtime\.main main\.main main\.run"
GOROUTINE = r"runtime\.goexit main\.\S+\.(func|gowrap)1"
# Beside each phase: the runtime's own goroutines and threads, those that left one goroutine and have no other yet, and the
# program's look at how much time is over.
OTHERS = [
    rf"runtime\.goexit runtime\.(gc|bg|forcegc|runfinq|runFinalizers|runCleanups|init)\S*{RUNTIME}",
    rf"runtime\.(mstart|rt0_go|mcall|morestack)\S*{RUNTIME}",
    rf"{RUN}( main\.cpu)?{RUNTIME}",
    rf"runtime\.goexit runtime\.goexit1{RUNTIME}",
    r"gogo",  # from one stack to another
]
# Not whole, and said so: a signal's handler, the C library's own code.
OTHERS_CUT = [rf"([?\w]+ )?runtime\.(s|cgoS)igtramp{RUNTIME}", rf"[?\w]+ crosscall2 runtime\.cgocallback{RUNTIME}", r"[?\w]+( [?\w]+)*"]


def calls(*names):
    """Each inside the one before, as far as the sample was late enough."""
    return "".join(f"( {n}" for n in names) + ")?" * len(names)


def recursion(depth):
    return rf"( main\.recurse){{0,{depth}}}|( main\.recurse){{{depth}}} main\.spin"


CALLBACK = rf"crosscall2 runtime\.cgocallback{RUNTIME}( main\.\S*goCalled({recursion(21)}))?"
INTO_C = rf"runtime\.cgocall{RUNTIME}"

# After RUN and the phase's function; whole stacks of the phase's other goroutines; what some of its samples must be in.
PHASES = {
    "depth": (f"({recursion(51)})", None, r" main\.recurse main\.spin$"),
    "leaf": (calls(r"main\.frame5000", r"main\.frame100", r"main\.frame8", r"main\.leaf") + RUNTIME, None, r" main\.frame5000$"),
    "sha256": (r"( (crypto|hash)\S*| runtime\.\S+)*", None, r"\.Sum256 .*sha256"),
    "sha512": (r"( (crypto|hash)\S*| runtime\.\S+)*", None, r"\.Sum512 .*sha512"),
    "gcm": (r"( crypto/\S+| slices\.\S+| runtime\.\S+)*", None, r"\.Seal .*gcm"),
    "big": (r"( math/big\.\S+| sync\.\S+| runtime\.\S+)*", None, r"math/big\."),
    "morestack": (RUNTIME, rf"{GOROUTINE}( main\.grows( main\.grow){{0,101}})?{RUNTIME}", r" main\.grow runtime\.morestack "),
    "alloc": (RUNTIME, None, r" runtime\.mallocgc"),
    "collect": (RUNTIME, None, r" runtime\.gcBgMarkWorker( \S+)* runtime\.systemstack "),
    "switch": (RUNTIME, rf"{GOROUTINE}( main\.pongs)?{RUNTIME}", r"^runtime\.goexit .* runtime\.mcall"),
    "yield": (RUNTIME, None, r"^runtime\.goexit .* runtime\.mcall"),
    "c": (calls(r"main\._Cfunc_\S+", INTO_C, r"(\?|_cgo_\S+)", r"(\?|cCalls)", r"(\?|cSpins)"), None, r"(\?|cSpins)$"),
    "back": (calls(r"main\._Cfunc_\S+", INTO_C, r"(\?|_cgo_\S+)", r"(\?|cCallsBack)", r"(\?|goCalled)", CALLBACK),
             None, r" main\.recurse main\.spin$"),
}
# Not whole, and said so; what there is of them, from the innermost function on, is right.
CUT = {
    "deep": r"( (runtime\.goexit|runtime\.main|main\.main|main\.run|main\.phaseDeep))*( main\.recurse)+( main\.spin)?",
    "thread": rf"( [?\w]+){{0,9}} (\?|thread) (\?|cCallsBack) (\?|goCalled) {CALLBACK}",
}
# Until Go 1.20 what called C is not known while C calls back.
CUT_20 = {"back": rf"( runtime\.asmcgocall)? (\?|_cgo_\S+) (\?|cCallsBack) (\?|goCalled) {CALLBACK}"}


class Recorded:
    def __init__(self, path):
        self.symbols, self.stacks, self.samples, self.stacked = {}, {}, set(), []
        with open(path, encoding="utf-8") as lines:
            for e in map(json.loads, lines):
                if e["event"] == "symbol":
                    self.symbols[e["pid"], int(e["ip"], 16)] = e
                elif e["event"] == "call_stack":
                    self.stacks[e["stack"]] = e
                elif e["event"] == "sample":
                    self.samples.add((e["tid"], e["ts_ns"]))
                elif e["event"] == "stacked":
                    self.stacked.append(e)

    def names(self, stack):
        """As in RUNTIME. What is inlined into the program's own function is a call like any other."""
        for i, ip in enumerate(reversed(stack["user"]), 1 - len(stack["user"])):
            s = self.symbols.get((stack["pid"], int(ip, 16) - (i < 0)), {})
            if "within" in s:
                yield s["within"]
            yield s.get("name", "?")

    def between(self, began, ended):
        """Each sample's stack, unless it was in the kernel alone: .whole and so on, and .chain."""
        for e in self.stacked:
            # one of a thread that was off its CPU is no sample
            if began <= e["ts_ns"] <= ended and (e["tid"], e["ts_ns"]) in self.samples:
                stack = self.stacks.get(e["stack"], {"pid": 0, "user": ["0"], "sure": 0, "whole": False, "cut": False})
                stack = self.stacks.get(stack.get("same_as"), stack)
                if stack["user"]:
                    yield {**stack, "chain": " ".join(self.names(stack))}


def is_right(phase, minor, s):
    if any(re.fullmatch(o, s["chain"]) for o in (OTHERS if s["whole"] else OTHERS_CUT)):
        return True
    if phase == "frameless":
        return s["sure"] == 1 or bool(re.fullmatch(rf"{RUN} main\.phaseFrameless( main\._Cfunc_\S+)?{RUNTIME}", s["chain"]))
    cut = CUT.get(phase) or (CUT_20.get(phase) if minor <= 20 else None)
    if cut and not s["whole"]:
        return bool(re.fullmatch(cut, " " + s["chain"]))
    if phase in CUT:
        return bool(re.fullmatch(rf"{RUN} main\.phase\w+( main\.\S+)*{RUNTIME}", s["chain"])) or s["sure"] < len(s["user"])
    inside, other, _ = PHASES[phase]
    wanted = rf"{RUN} main\.phase{phase.capitalize()}({inside})"
    return s["whole"] and any(w and re.fullmatch(w, s["chain"]) for w in (wanted, other))


def judge(phase, minor, stacks):
    right = [s for s in stacks if is_right(phase, minor, s)]
    wrong = collections.Counter((s["whole"], s["cut"], s["sure"], s["chain"][-300:]) for s in stacks if s not in right)
    yield len(stacks) >= ENOUGH, "enough samples", f"{len(stacks)}"
    yield len(right) >= SHARE * len(stacks), "whole and right", f"{len(right)} of {len(stacks)}; not: {wrong.most_common(3)}"
    if phase in PHASES:
        some = [s for s in right if re.search(PHASES[phase][2], s["chain"])]
        yield bool(some), f"some in {PHASES[phase][2]}", f"{len(some)} of {len(right)}"


def main():
    minor, truth, events = sys.argv[1:]
    recorded = Recorded(events)
    good = True
    with open(truth, encoding="utf-8") as lines:
        for line in lines:
            phase, began, ended = line.split()
            for fine, what, why in judge(phase, int(minor), list(recorded.between(int(began), int(ended)))):
                print("ok" if fine else "not ok", f"{phase}: {what}", why, sep="\t")
                good = good and fine
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
