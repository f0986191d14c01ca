#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""causes_oracle.py [--control] LOG PAUSES [LOG PAUSES]...: tare blames for each pause what was done to it.

LOG is what `faulty` wrote down, PAUSES its recording as tare.pauses/1. Prints one line: the kind, how many stops there
were, how many were long enough for a verdict, how many verdicts were right, the median error in %, and in ns how long
the world stood and how much of that is unexplained. Then a line for each thing that is wrong.

How long the fault held the world up is known only within bounds, as others want the CPUs too. So a figure must lie
between these, give or take 10 % or 100 us; and where the fault was not the greater part of the pause, nothing is said
about what else should be the main cause. Exit status: 0 right, 1 wrong, 4 too few pauses that are clear enough.
"""
import json
import statistics
import sys

SLACK, SLACK_NS = 0.1, 100_000
AFFECTED_NS = 1_000_000         # the least that counts as a long pause, and the most that a control may have
AFTER_NS = 30_000_000           # a hog that runs later belongs to the next stop
CLEAR = 0.6                     # share of the pause that the fault must have to be beyond doubt its main cause
INTERRUPTS = 0.2                # share that these may have taken at most: nobody else has measured them
ENTRY_NS = 10_000               # that an interruption may take to its handlers and back
WOKEN = 0.7                     # share that is left of a sleep that a signal interrupts each 100 us
ENOUGH = 8                      # pauses for a verdict
SHARE = 95                      # % of the verdicts that must be right; of a few, all but one


def read_log(path):
    rounds, hogs = [], []
    with open(path) as f:
        for line in f:
            words = line.split()
            if words[0] == "hog":
                hogs.append((int(words[1]), int(words[2])))
                continue
            r = dict(zip(words[::2], words[1::2]))
            rounds.append({k: v if k in ("kind", "cause", "detail", "where") else int(v) for k, v in r.items()})
    return rounds, hogs


def overlap(spans, start, end):
    return sum(max(0, min(e, end) - max(s, start)) for s, e in spans)


def taken(p, causes, least):
    """What these causes, by tare's own account, took of a fault."""
    return min(sum(c["ns"] for c in p["causes"] if c["cause"] in causes), INTERRUPTS * max(least, 0))


def bounds(r, p, hogs):
    """The least and the most ns of its cause that the pause of round r can have."""
    start = max(r["start_ns"], r["request_ns"])
    straggler, initiator = r["straggler_delay_ns"], r["initiator_delay_ns"]
    delays = straggler + initiator
    if r["where"] == "stopping":        # a hog instead of the straggler, until that stood; who asks may be late to begin
        least = overlap(hogs, max(r["request_ns"], p["start_ns"]), r["stopped_ns"]) - initiator
        return max(least, 0), max(least, delays)
    if r["where"] == "initiator":
        least = overlap(hogs, start, r["stopped_ns"])
        return least, max(least, delays)
    if r["where"] == "restart":
        least = overlap(hogs, r["restart_ns"], r["restart_ns"] + AFTER_NS)
        return least, least + delays
    if r["where"] == "clock":           # what was sent by its end may come later, until it stands
        end = min(r["end_lo_ns"], r["stopped_ns"])
        most = overlap(hogs, start, end)
        least = most - ENTRY_NS * sum(s < end and e > start for s, e in hogs)
        return max(least - taken(p, ["steal"], least), 0), most + r["less_ns"] + max(0, r["stopped_ns"] - r["end_lo_ns"])
    least, most = r["end_lo_ns"] - start - r["less_ns"], r["end_hi_ns"] - start - r["less_ns"]
    if r["kind"] == "throttled" and r["end_lo_ns"] > r["stopped_ns"]:
        least = 0                       # the sum is of a later time too: on a busy machine the thread is moved out late
    if r["where"] in ("cpu", "work"):   # it needs the CPU, which others may have had, and interrupts
        least -= straggler if r["where"] == "cpu" else initiator
        least -= taken(p, ["irq", "steal"], least)
    if r["where"] == "interrupted":     # and is asked again and again meanwhile: each time it must be woken
        least = WOKEN * (least - straggler)
    return max(least, 0), most


def within(ns, least, most):
    return least - max(SLACK * least, SLACK_NS) <= ns <= most + max(SLACK * most, SLACK_NS)


def off_by(ns, least, most):
    return max(0, least - ns, ns - most) * 100 / most


def find(pauses, r):
    return [p for p in pauses if r["request_ns"] <= p["start_ns"] <= r["stopped_ns"]]


def describe(p):
    causes = ", ".join(f"{c['cause']} {c['ns'] / 1e6:.3f} ({c['detail']})" for c in p["causes"][:4])
    return f"at {p['start_ns']}, {p['world_ns'] / 1e6:.3f} ms: {causes}"


def conserved(p):
    chain = p.get("chain", [])
    ends = [0] + [s["start_ns"] + s["ns"] for s in chain]
    return (sum(c["ns"] for c in p["causes"]) == p["world_ns"] and all(c["ns"] > 0 for c in p["causes"])
            and [s["start_ns"] for s in chain] + [p["world_ns"]] == ends)


def timed(r, p):
    """The pause lies where the program itself says that it stopped and started the world."""
    end = p["start_ns"] + p["total_ns"]
    return end <= r["started_ns"] and (end >= r["restart_ns"] or r["restart_ns"] == r["started_ns"])


def judge(r, p, hogs):
    """(affected, clear, error in %, what is wrong or None)"""
    least, most = bounds(r, p, hogs)
    if least < AFFECTED_NS:
        return False, False, 0, None
    cause = next((c for c in p["causes"] if c["cause"] == r["cause"]), {"ns": 0, "detail": None})
    # a sleep that is interrupted is one with being woken for that
    causes = [r["cause"]] + (["wakeup"] if r["where"] == "interrupted" else [])
    # nobody has measured how late threads ran after the pause, or came to stop, but where that is the fault
    late = r["where"] == "restart"
    ns = sum(s["ns"] for s in p["chain"] if s["cause"] in causes and (s["part"] == "restart") == late)
    error = off_by(ns, least, most)
    said = f"{r['cause']} should be {least / 1e6:.3f} .. {most / 1e6:.3f} ms; {describe(p)}"
    if not within(ns, least, most):
        return True, True, error, said
    if r["where"] == "clock" and sum(c["ns"] for c in p["causes"] if c["cause"] == "fault") > SLACK_NS:
        return True, True, error, f"it has no page faults: {said}"
    if least < CLEAR * p["world_ns"]:
        return True, False, error, None
    if p["causes"][0]["cause"] not in causes:
        return True, True, error, said
    if r["detail"] != "-" and r["detail"] not in (cause["detail"] or ""):
        return True, True, error, f"it should name {r['detail']}: {said}"
    return True, True, error, None


def blamed(r, p):
    """In a control: is it taken for the fault that it has not?"""
    main = p["causes"][0] if p["causes"] else {"cause": None, "ns": 0}
    served = max(0, r["end_hi_ns"] - r["request_ns"]) if r["cause"] == "fault" else 0   # at once, but after a while
    if main["cause"] != r["cause"] or main["ns"] <= AFFECTED_NS + served:
        return None
    waited = r["straggler_delay_ns"] + r["initiator_delay_ns"]
    if r["cause"] == "runqueue" and (r["detail"] not in (main["detail"] or "") or main["ns"] <= waited + AFFECTED_NS):
        return None                     # others took the CPU, or it did, by the kernel's own account too
    return describe(p)


def matched(files):
    """((round, its pauses, hogs) of all recordings, all pauses)"""
    rounds, every = [], []
    for log, recording in zip(files[::2], files[1::2]):
        (logged, hogs), pauses = read_log(log), json.load(open(recording))["pauses"]
        rounds += [(r, find(pauses, r), hogs) for r in logged]
        every += pauses
    return rounds, every


def main():
    control = sys.argv[1] == "--control"
    rounds, pauses = matched(sys.argv[2 if control else 1:])
    wrong = [f"not conserved: {describe(p)}" for p in pauses if not conserved(p)]
    clear = right = 0
    errors, misses = [], []
    for r, found, hogs in rounds:
        if len(found) != 1:
            wrong.append(f"{len(found)} pauses where there should be one, from {r['request_ns']} to {r['stopped_ns']}")
            continue
        if not timed(r, found[0]):
            wrong.append(f"it was to end from {r['restart_ns']} to {r['started_ns']}: {describe(found[0])}")
        if control:
            clear += 1
            miss = blamed(r, found[0])
            right += not miss
            if miss:
                wrong.append(f"blamed in the control: {miss}")
            continue
        hit, sure, error, miss = judge(r, found[0], hogs)
        if hit:
            errors.append(error)
        if sure:
            clear += 1
            right += not miss
            if miss:
                misses.append(miss)
    world = sum(p["world_ns"] for p in pauses)
    unexplained = sum(c["ns"] for p in pauses for c in p["causes"] if c["cause"] == "unexplained")
    if len(misses) > -(-clear * (100 - SHARE) // 100):
        wrong += misses
    print(rounds[0][0]["kind"], "control" if control else "fault", len(rounds), clear, right,
          f"{statistics.median(errors):.2f}" if errors else "-", world, unexplained)
    for w in wrong:
        print("wrong:", w)
    for m in misses if not wrong else []:
        print("missed:", m)
    if wrong:
        sys.exit(1)
    sys.exit(0 if clear >= min(ENOUGH, len(rounds)) else 4)


main()
