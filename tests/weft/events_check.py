#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""events_check.py LOG OUTPUT: holds a log of weft against the counters that the program printed (the last line of its
output; a line before it may say what else to expect) and against the rules that hold between events."""
import collections
import json
import sys

COUNTED = {  # counter: event
    "switches": "g_run", "created": "g_create", "exited": "g_exit", "parks": "g_park", "steals": "steal",
    "preempt_requests": "preempt_request", "preempts": "preempt_taken", "stw": "stw_started", "handoffs": "handoff",
}
STOP_TEST = 12
errors = []


def wrong(line, what):
    errors.append(f"{' '.join(map(str, line))}: {what}" if line else what)


def read(path):
    with open(path, encoding="ascii") as f:
        first, *rest = f.read().splitlines()
    if not first.startswith("# weft log 1:") or not first.endswith("lost 0"):
        wrong(None, f"the log begins with {first!r}")
    log = []
    for text in rest:
        ns, tid, event, *numbers = text.split(" ")
        log.append((int(ns), int(tid), event, *map(int, numbers)))
    return log


def check_times(log):
    last, by_thread = 0, collections.defaultdict(int)
    for line in log:
        if line[0] < last:
            wrong(line, "is earlier than the line before")
        if line[0] <= by_thread[line[1]]:
            wrong(line, "is not later than this thread's event before")
        last = by_thread[line[1]] = line[0]
    if not log or log[-1][2] != "exit" or sum(line[2] == "exit" for line in log) != 1:
        wrong(None, "one exit, as the last event, is wanted")
    elif log[-1][5]:
        wrong(log[-1], "not all stood in the end")


def check_goroutines(log):
    """Which events each may have next. Returns how many were still there in the end"""
    state, on = {}, {}
    may = {  # event: states before it, state after it
        "g_run": (("ready", "on"), "on"), "g_park": (("on",), "parked"), "g_ready": (("parked",), "ready"),
        "g_exit": (("on",), "gone"), "preempt_taken": (("on",), "on"),
    }
    for line in log:
        _, tid, event, g, a, b, _ = line
        if event == "g_create":
            if g in state or (a and state.get(a) != "on"):
                wrong(line, f"it was {state.get(g)}, its creator {state.get(a)}")
            state[g] = "ready"
        if event not in may:
            continue
        before, after = may[event]
        if state.get(g) not in before:
            wrong(line, f"it was {state.get(g)}")
        if event == "g_ready" and a and state.get(a) != "on":
            wrong(line, f"who readied it was {state.get(a)}")
        if event == "g_run":
            on[g] = a
        if event == "preempt_taken" and on[g] != a:
            wrong(line, f"it ran on P {on[g]}")
        state[g] = after
    return sum(s != "gone" for s in state.values())


def check_stops(log):
    """request, p_stopped for each that was waited for, stopped, restart, started; and nothing runs meanwhile"""
    at, reason, who, stopped = "started", 0, 0, set()
    order = {"stw_request": "started", "stw_stopped": "stw_request", "stw_restart": "stw_stopped",
             "stw_started": "stw_restart"}
    for line in log:
        _, _, event, g, a, b, _ = line
        if event == "p_stopped":
            if at != "stw_request" or a in stopped or not 0 <= b <= 3:
                wrong(line, f"after {at}, stopped were {stopped}")
            stopped.add(a)
        elif event in order:
            if at != order[event] and not (event == "stw_request" and at == "stw_started"):
                wrong(line, f"after {at}")
            if event == "stw_request":
                reason, who, stopped = a, g, set()
            elif (reason, who) != (a, g):
                wrong(line, f"asked for by {who} because of {reason}")
            if event == "stw_stopped" and len(stopped) != b:
                wrong(line, f"{len(stopped)} have stopped")
            at = event
        elif at == "stw_stopped" and event in ("g_run", "g_create", "g_park", "g_exit", "preempt_taken", "steal"):
            wrong(line, "in a world that stands")


def main():
    log = read(sys.argv[1])
    with open(sys.argv[2], encoding="ascii") as f:
        *before, counters = [json.loads(text) for text in f.read().splitlines() if text.startswith("{")]
    n = collections.Counter(line[2] for line in log)
    check_times(log)
    alive = check_goroutines(log)
    check_stops(log)
    for counter, event in COUNTED.items():
        if counters[counter] != n[event]:
            wrong(None, f"{counter} is {counters[counter]}, but {event} is in the log {n[event]} times")
    sums = {"stolen": sum(line[6] for line in log if line[2] == "steal"),
            "preempts_async": sum(line[5] for line in log if line[2] == "preempt_taken")}
    for counter, total in sums.items():
        if counters[counter] != total:
            wrong(None, f"{counter} is {counters[counter]}, but {total} by the log")
    if counters["created"] != counters["exited"] + alive:
        wrong(None, f"{alive} goroutines never ended by the log")
    expected = before[-1] if before and "forever" in before[-1] else {}
    # the runtime has goroutines and pauses of its own
    done = {"created": sum(line[2] == "g_create" and (line[4] != 0 or line[3] == 1) for line in log),
            "stw": sum(line[2] == "stw_started" and line[4] == STOP_TEST for line in log),
            "syscalls": counters["syscalls"]}
    for what, count in done.items():
        if expected and count != expected[what]:
            wrong(None, f"{what} is {count}, not {expected[what]}")
    # others may have told that they are done and not yet have ended
    if expected and alive < expected["forever"]:
        wrong(None, f"{alive} goroutines never ended: fewer than {expected['forever']}")
    print(f"{len(log)} events:", *(f"{name} {count}" for name, count in sorted(n.items())))
    for text in errors[:20]:
        print(text)
    return bool(errors)


sys.exit(main())
