#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Holds the exports of a recording against its report, and against each other.

usage: perfetto_check.py CHECK TRACE [FILE]
       perfetto_check.py each TRACE    many, each a line of standard input: WHAT, CHECK and its FILEs between tabs; a line
                                       for each comes out: ok or wrong, WHAT, why

  wire   TRACE              every byte is a known field of the type that Perfetto gives it, text is UTF-8,
                            the sequence's rules are kept, clocks and machine come first
  chain  TRACE              on each CPU who leaves is who came last, and time does not go back; a thread is
                            on one CPU at a time
  tree   TRACE PID          each thread that runs is in the process tree; PID is there with its name and parent
  count  TRACE REPORT.json  switches out of each thread are as many as the report says
  on-cpu TRACE REPORT.json  and so is the time that each spent on a CPU
  waking TRACE              threads that slept and came back were woken in between
  samples TRACE REPORT.json FOLDED WAITS  samples weigh what the report and folded stacks say, by function too
  script TRACE SCRIPT       the lines of perf-script tell the same, in order of time

Decodes protobuf by itself, from a list of fields written for this test from Perfetto's published .proto files.
"""
import collections
import json
import os
import re
import sys

INT, FIXED, STR, PACKED = "int", "fixed", "str", "packed"
CLOCK = {1: ("clock_id", INT), 2: ("timestamp", INT)}
UTSNAME = {1: ("sysname", STR), 2: ("version", STR), 3: ("release", STR), 4: ("machine", STR)}
PROCESS = {1: ("pid", INT), 2: ("ppid", INT), 3: ("cmdline", STR), 9: ("cmdline_is_comm", INT)}
THREAD = {1: ("tid", INT), 2: ("name", STR), 3: ("tgid", INT)}
SWITCH = {1: ("prev_comm", STR), 2: ("prev_pid", INT), 3: ("prev_prio", INT), 4: ("prev_state", INT),
          5: ("next_comm", STR), 6: ("next_pid", INT), 7: ("next_prio", INT)}
WAKING = {1: ("comm", STR), 2: ("pid", INT), 3: ("prio", INT), 4: ("success", INT), 5: ("target_cpu", INT)}
NEWTASK = {1: ("pid", INT), 2: ("comm", STR), 3: ("clone_flags", INT)}
RENAME = {1: ("pid", INT), 2: ("oldcomm", STR), 3: ("newcomm", STR)}
EXIT = {1: ("comm", STR), 2: ("pid", INT), 3: ("tgid", INT), 4: ("prio", INT)}
EVENT = {1: ("timestamp", INT), 2: ("pid", INT), 5: ("common_flags", INT), 4: ("sched_switch", SWITCH),
         20: ("sched_waking", WAKING), 235: ("task_newtask", NEWTASK), 236: ("task_rename", RENAME),
         238: ("sched_process_exit", EXIT)}
COMPACT = {5: ("intern_table", STR), 1: ("switch_timestamp", PACKED), 2: ("switch_prev_state", PACKED),
           3: ("switch_next_pid", PACKED), 4: ("switch_next_prio", PACKED), 6: ("switch_next_comm_index", PACKED),
           7: ("waking_timestamp", PACKED), 8: ("waking_pid", PACKED), 9: ("waking_target_cpu", PACKED),
           10: ("waking_prio", PACKED), 11: ("waking_comm_index", PACKED), 12: ("waking_common_flags", PACKED)}
BUNDLE = {1: ("cpu", INT), 2: ("event", EVENT), 3: ("lost_events", INT), 4: ("compact_sched", COMPACT)}
ANNOTATION = {1: ("name_iid", INT), 2: ("bool", INT), 3: ("uint", INT), 6: ("string", STR), 7: ("pointer", INT)}
TRACK_EVENT = {3: ("category_iids", INT), 4: ("debug_annotations", ANNOTATION), 9: ("type", INT),
               10: ("name_iid", INT), 11: ("track_uuid", INT), 30: ("counter_value", INT), 47: ("flow_ids", FIXED),
               48: ("terminating_flow_ids", FIXED)}
TRACK = {1: ("uuid", INT), 2: ("name", STR), 3: ("process", {1: ("pid", INT)}),
         4: ("thread", {1: ("pid", INT), 2: ("tid", INT)}), 5: ("parent_uuid", INT), 8: ("counter", {3: ("unit", INT)})}
NAMED = {1: ("iid", INT), 2: ("str", STR)}
INTERNED = {1: ("event_categories", NAMED), 2: ("event_names", NAMED), 3: ("debug_annotation_names", NAMED),
            5: ("function_names", NAMED), 6: ("frames", {1: ("iid", INT), 2: ("function_name_id", INT), 4: ("rel_pc", INT),
                                                         6: ("line", INT), 7: ("kind", INT)}),
            7: ("callstacks", {1: ("iid", INT), 2: ("frame_ids", INT)}),
            51: ("async_context_descriptors", {1: ("iid", INT), 2: ("name", STR), 3: ("kind", STR)})}
COUNTER = {2: ("name", STR), 3: ("unit", INT)}
STACK_SAMPLE = {1: ("task_context", {2: ("pid", INT), 3: ("tid", INT), 4: ("async_id", INT)}),
                3: ("execution_context", {2: ("cpu", INT), 3: ("mode", INT)}), 6: ("callstack_iid", INT),
                11: ("primary_weight", INT)}
PACKET = {1: ("ftrace_events", BUNDLE), 2: ("process_tree", {1: ("processes", PROCESS), 2: ("threads", THREAD)}),
          6: ("clock_snapshot", {1: ("clocks", CLOCK), 2: ("primary_trace_clock", INT)}), 8: ("timestamp", INT),
          10: ("trusted_packet_sequence_id", INT), 11: ("track_event", TRACK_EVENT),
          13: ("sequence_flags", INT), 60: ("track_descriptor", TRACK), 42: ("previous_packet_dropped", INT),
          12: ("interned_data", INTERNED), 135: ("stack_sample", STACK_SAMPLE),
          59: ("trace_packet_defaults", {100: ("stack_sample_defaults", {2: ("primary_descriptor", COUNTER)})}),
          45: ("system_info", {1: ("utsname", UTSNAME), 3: ("hz", INT), 6: ("page_size", INT), 8: ("num_cpus", INT)})}
TRACE = {1: ("packet", PACKET)}

REALTIME, MONOTONIC, BOOTTIME = 1, 3, 6
SLEEPING = 0x01 | 0x02
STATES = {"R": 0, "S": 1, "D": 2, "T": 4, "t": 8, "X": 0x10, "Z": 0x20, "P": 0x40, "I": 0x80, "R+": 0x100}


class Bad(Exception):
    pass


def varint(buf, pos):
    value = shift = 0
    while True:
        if pos >= len(buf) or shift > 63:
            raise Bad(f"a varint does not end at byte {pos}")
        byte = buf[pos]
        value |= (byte & 0x7F) << shift
        pos, shift = pos + 1, shift + 7
        if byte < 0x80:
            return value, pos


def integers(body):
    pos = 0
    while pos < len(body):
        value, pos = varint(body, pos)
        yield value


def decode(buf, schema):
    """A message as {name: [values]}."""
    out, pos = collections.defaultdict(list), 0
    while pos < len(buf):
        key, pos = varint(buf, pos)
        if key >> 3 not in schema:
            raise Bad(f"field {key >> 3} is not one of {[v[0] for v in schema.values()]}")
        name, kind = schema[key >> 3]
        if key & 7 != {INT: 0, FIXED: 1}.get(kind if isinstance(kind, str) else None, 2):
            raise Bad(f"{name} has wire type {key & 7}")
        if kind is FIXED:
            value, pos = int.from_bytes(buf[pos:pos + 8], "little"), pos + 8
            if pos > len(buf):
                raise Bad(f"{name} ends beyond its message")
        else:
            value, pos = varint(buf, pos)
        if kind not in (INT, FIXED):
            body = buf[pos:pos + value]
            if len(body) != value:
                raise Bad(f"{name} ends beyond its message")
            pos += value
            if kind is PACKED:
                out[name] += integers(body)
                continue
            value = body.decode("utf-8") if kind is STR else decode(body, kind)
        out[name].append(value)
    return out


def one(message, name):
    if len(message[name]) != 1:
        raise Bad(f"{name} is there {len(message[name])} times in {dict(message)}")
    return message[name][0]


def compact(bundle, kind):
    """(time, {field: value}) of each event of one kind in the compact form: the i-th of each list is one event."""
    for data in bundle["compact_sched"]:
        columns = {name[len(kind) + 1:]: values for name, values in data.items() if name.startswith(kind) and values}
        if not columns:
            continue
        if set(columns) != {n[len(kind) + 1:] for n, _ in COMPACT.values() if n.startswith(kind)} or \
                len({len(values) for values in columns.values()}) != 1:
            raise Bad(f"{kind}: {({name: len(values) for name, values in columns.items()})}")
        time, comm_index = 0, "next_comm_index" if kind == "switch" else "comm_index"
        for row in zip(*columns.values()):
            row = dict(zip(columns, row))
            time += row.pop("timestamp")
            comm = row.pop(comm_index)
            if comm >= len(data["intern_table"]) or time >= 1 << 63:
                raise Bad(f"{kind} at {time}: name {comm} of {len(data['intern_table'])}")
            row[comm_index[:-len("_index")]] = data["intern_table"][comm]
            yield time, row


class Trace:
    def __init__(self, path):
        with open(path, "rb") as f:
            self.packets = decode(f.read(), TRACE)["packet"]
        self.replayed = None
        known = collections.defaultdict(lambda: collections.defaultdict(dict))
        for packet in self.packets:
            self.resolve(packet, known[one(packet, "trusted_packet_sequence_id")])

    @staticmethod
    def resolve(packet, known):
        """Puts texts for their numbers in a track event: those that its sequence told since its state was cleared."""
        kinds = {"category_iids": "event_categories", "name_iid": "event_names"}
        if one(packet, "sequence_flags") & 1:
            known.clear()
        for data in packet["interned_data"]:
            for kind in *kinds.values(), "debug_annotation_names":
                for entry in data[kind]:
                    if one(entry, "iid") in known[kind] or not one(entry, "iid"):
                        raise Bad(f"{kind} {entry['iid']} is told twice")
                    known[kind][one(entry, "iid")] = one(entry, "str")
        for event in packet["track_event"]:
            for field, kind in kinds.items():
                for iid in event[field]:
                    event[field.split("_")[0]].append(known[kind][iid])
            for annotation in event["debug_annotations"]:
                annotation["name"] = [known["debug_annotation_names"][one(annotation, "name_iid")]]

    def told(self):
        """(time, pid or None, kind, fields) of all events by CPU, as they are told: in a bundle, compact ones come first."""
        cpus = collections.defaultdict(list)
        for packet in self.packets:
            for bundle in packet["ftrace_events"]:
                cpu = cpus[one(bundle, "cpu")]
                cpu += [(time, None, "sched_switch", row) for time, row in compact(bundle, "switch")]
                cpu += [(time, None, "sched_waking", row) for time, row in compact(bundle, "waking")]
                for event in bundle["event"]:
                    kind = next(k for k in event if isinstance(event[k][0], dict))
                    body = {name: one(event[kind][0], name) for name in event[kind][0]}
                    if event["common_flags"]:
                        body["common_flags"] = one(event, "common_flags")
                    cpu.append((one(event, "timestamp"), one(event, "pid"), kind, body))
        return cpus

    def replay(self):
        """
        (cpu, time, pid, kind, fields) as an importer makes of them: by time, then in the order of the file. It takes
        from the last switch there who leaves in a compact switch, and who wakes in a compact wake-up; without such a
        switch it would drop them.
        """
        events, on, names = [], {}, {}
        for cpu, told in self.told().items():
            events += [(time, cpu, i, *rest) for i, (time, *rest) in enumerate(told)]
        for time, cpu, _, pid, kind, body in sorted(events, key=lambda e: e[:3]):
            if pid is None:
                if cpu not in on:
                    raise Bad(f"CPU {cpu} at {time}: a compact {kind} before the first switch: it would be dropped")
                pid = on[cpu]
                if kind == "sched_switch":
                    body.update(prev_pid=pid, prev_comm=names[pid] if pid else f"swapper/{cpu}", prev_prio=120)
                else:
                    body["success"] = 1
            if kind == "sched_switch":
                on[cpu] = body["next_pid"]
                names[body["prev_pid"]], names[body["next_pid"]] = body["prev_comm"], body["next_comm"]
            elif kind in ("task_rename", "task_newtask"):
                names[body["pid"]] = body["newcomm" if kind == "task_rename" else "comm"]
            yield cpu, time, pid, kind, body

    def events(self, kind):
        """(cpu, time, pid, fields) of each event of one kind, in order of time."""
        if not self.replayed:
            self.replayed = collections.defaultdict(list)
            for cpu, time, pid, k, body in self.replay():
                body.pop("common_flags", None)
                self.replayed[k].append((cpu, time, pid, body))
        return self.replayed[kind]

    def clocks(self):
        for packet in self.packets:
            for snapshot in packet["clock_snapshot"]:
                return {one(c, "clock_id"): one(c, "timestamp") for c in snapshot["clocks"]}
        raise Bad("no clock snapshot")


def check_wire(trace):
    sequences = collections.defaultdict(list)
    for packet in trace.packets:
        sequences[one(packet, "trusted_packet_sequence_id")].append(packet)
    for packets in sequences.values():
        if not one(packets[0], "sequence_flags") & 1 or any(one(p, "sequence_flags") not in (2, 3) for p in packets):
            raise Bad("sequence_flags: the first packet must clear the state, all need it")
        # else the last thread described is taken for the thread of all events of the sequence
        if len({bool(p["track_descriptor"]) for p in packets}) != 1:
            raise Bad("tracks are described among other packets")
    clocks = trace.clocks()
    if set(clocks) != {REALTIME, MONOTONIC, BOOTTIME} or clocks[BOOTTIME] < clocks[MONOTONIC]:
        raise Bad(f"clocks: {clocks}")
    system = one(trace.packets[1], "system_info")
    uname = os.uname()
    got = tuple(one(one(system, "utsname"), k) for k in ("sysname", "release", "version", "machine"))
    if got != (uname.sysname, uname.release, uname.version, uname.machine):
        raise Bad(f"system_info says {got}")
    for packet in trace.packets:
        for bundle in packet["ftrace_events"]:
            events = len(bundle["event"]) + sum(len(c["switch_timestamp"]) + len(c["waking_timestamp"])
                                                for c in bundle["compact_sched"])
            if events > 1024 or not events or len(bundle["compact_sched"]) > 1:
                raise Bad(f"a bundle of {events} events")
            if bundle["lost_events"] or packet["previous_packet_dropped"]:
                raise Bad("says that something was lost")


def check_chain(trace):
    for cpu, told in trace.told().items():
        times = [time for time, _, kind, _ in told if kind == "sched_switch"]
        if times != sorted(times):
            raise Bad(f"CPU {cpu}: switches are not in order of time")
    on, where, last, seen = {}, {}, collections.Counter(), 0
    switches = sorted((time, cpu, i, s) for i, (cpu, time, pid, s) in enumerate(trace.events("sched_switch")))
    for cpu, time, pid, s in trace.events("sched_switch"):
        if time < last[cpu]:
            raise Bad(f"CPU {cpu}: {time} comes after {last[cpu]}")
        if pid != s["prev_pid"] or s["prev_pid"] == s["next_pid"]:
            raise Bad(f"CPU {cpu} at {time}: {s}")
        if s["prev_pid"] != on.get(cpu, s["prev_pid"]):
            raise Bad(f"CPU {cpu} at {time}: {on[cpu]} came, {s['prev_pid']} leaves")
        for side in "prev", "next":
            if (s[side + "_pid"] == 0) != (s[side + "_comm"] == f"swapper/{cpu}"):
                raise Bad(f"CPU {cpu} at {time}: {side} is {s[side + '_pid']} {s[side + '_comm']}")
        if not s["prev_pid"] and s["prev_state"]:
            raise Bad(f"CPU {cpu} at {time}: swapper leaves in state {s['prev_state']}")
        on[cpu], last[cpu], seen = s["next_pid"], time, seen + 1
    for time, cpu, _, s in switches:
        if where.get(s["prev_pid"], cpu) != cpu:
            raise Bad(f"{s['prev_pid']} leaves CPU {cpu} at {time}, it was on {where[s['prev_pid']]}")
        where.pop(s["prev_pid"], None)
        if s["next_pid"] in where:
            raise Bad(f"{s['next_pid']} comes onto CPU {cpu} at {time}, it is on {where[s['next_pid']]}")
        if s["next_pid"]:
            where[s["next_pid"]] = cpu
    if not seen:
        raise Bad("no switches at all")


def check_tree(trace, pid):
    threads, processes = {}, {}
    for packet in trace.packets:
        for tree in packet["process_tree"]:
            threads.update({one(t, "tid"): one(t, "tgid") for t in tree["threads"]})
            processes.update({one(p, "pid"): p for p in tree["processes"]})  # what is told last holds
    ran = {s["next_pid"] for _, _, _, s in trace.events("sched_switch")} - {0}
    if ran - set(threads):
        raise Bad(f"not in the process tree: {ran - set(threads)}")
    # others are there while a target waits
    if not any(threads[tid] == int(pid) for tid in ran):
        raise Bad(f"threads of {pid}: {threads}")
    names = {}
    for packet in trace.packets:
        for tree in packet["process_tree"]:
            names.update({one(t, "tid"): one(t, "name") for t in tree["threads"]})
    last = {r["pid"]: r["newcomm"] for _, _, _, r in trace.events("task_rename")}
    if any(names[tid] != name for tid, name in last.items() if tid in names):
        raise Bad(f"renamed to {last}, the process tree has {names}")
    described = [one(d, "pid") for p in trace.packets for t in p["track_descriptor"] for d in t["process"]]
    if len(described) != len(set(described)):
        raise Bad(f"a process has several tracks: {described}")
    process = processes.get(int(pid))
    if not process or "pingpong" not in process["cmdline"][0] or not one(process, "ppid"):
        raise Bad(f"process {pid}: {process}")


def report_threads(path):
    with open(path, encoding="utf-8") as f:
        report = json.load(f)
    if report["lost"]["total"]:
        raise Bad("the recording lost something: nothing can be compared")
    return report, {t["tid"]: t for t in report["threads"]}


def check_count(trace, path):
    report, threads = report_threads(path)
    outs = collections.Counter(s["prev_pid"] for _, _, _, s in trace.events("sched_switch"))
    outs = {tid: n for tid, n in outs.items() if tid in threads}
    want = {tid: t["voluntary"] + t["involuntary"] for tid, t in threads.items()}
    if outs != {tid: n for tid, n in want.items() if n}:
        raise Bad(f"switches: {dict(outs)}, report: {want}")
    if sum(outs.values()) != report["context_switches"]["count"]:
        raise Bad(f"{sum(outs.values())} switches, report: {report['context_switches']['count']}")


def check_on_cpu(trace, path):
    """The report counts as wait what the kernel does: with a preempted thread the end of its time on the CPU too."""
    _, threads = report_threads(path)
    since, spent = {}, collections.Counter()
    for cpu, time, _, s in trace.events("sched_switch"):
        if s["prev_pid"]:
            spent[s["prev_pid"]] += time - since[cpu]
        since[cpu] = time
    for tid, t in threads.items():
        want = t["on_cpu_ns"] + t["waits_early_ns"]
        if abs(spent[tid] - want) > want / 1000 + 1000:
            raise Bad(f"{tid} was on a CPU for {spent[tid]} ns; report: {want}")


def check_waking(trace):
    events = [(t, 0, w["pid"], w) for _, t, _, w in trace.events("sched_waking")]
    targets = {e[2] for e in events}
    events += [(t, 1, s["prev_pid"], s) for _, t, _, s in trace.events("sched_switch") if s["prev_pid"] in targets]
    events += [(t, 2, s["next_pid"], s) for _, t, _, s in trace.events("sched_switch") if s["next_pid"] in targets]
    slept, woken, missing, seen = {}, {}, 0, 0
    for time, what, pid, e in sorted(events, key=lambda x: x[:3]):
        if what == 0:
            woken[pid] = time
        elif what == 1:
            slept[pid] = bool(e["prev_state"] & SLEEPING)
        elif pid:
            # the waker may be there before the thread has quite left: so not "after it left"
            seen += slept.get(pid, False)
            missing += slept.pop(pid, False) and pid not in woken
            woken.pop(pid, None)
    # the kernel may miss a program's run now and then
    if missing * 1000 > seen or not seen:
        raise Bad(f"{missing} of {seen} threads that came back were woken by nobody")


def stack_samples(trace):
    """(counter, weight, thread, functions from the outermost on) of each; what is interned is told before it is used."""
    known = collections.defaultdict(lambda: collections.defaultdict(dict))
    counters = {}
    for packet in trace.packets:
        sequence = one(packet, "trusted_packet_sequence_id")
        for defaults in packet["trace_packet_defaults"]:
            counters[sequence] = one(one(one(defaults, "stack_sample_defaults"), "primary_descriptor"), "name")
        for data in packet["interned_data"]:
            for kind, entries in data.items():
                for entry in entries:
                    if one(entry, "iid") in known[sequence][kind]:
                        raise Bad(f"{kind} {entry['iid']} is told twice")
                    known[sequence][kind][one(entry, "iid")] = entry
        for sample in packet["stack_sample"]:
            told = known[sequence]
            frames = told["callstacks"][sample["callstack_iid"][0]]["frame_ids"] if sample["callstack_iid"] else []
            functions = [one(told["function_names"][one(told["frames"][f], "function_name_id")], "str") for f in frames]
            yield counters[sequence], one(sample, "primary_weight"), one(one(sample, "task_context"), "tid"), functions


def leaves(path):
    """The innermost function of each line of folded stacks, without marks, and its weight."""
    sums = collections.Counter()
    with open(path, encoding="utf-8") as f:
        for line in f:
            stack, weight = line.rstrip("\n").rsplit(" ", 1)
            sums[re.sub(r"_\[[ik]\]$", "", stack.split(";")[-1])] += int(weight)
    return sums


def check_samples(trace, report, folded, waits):
    with open(report, encoding="utf-8") as f:
        report = json.load(f)
    samples = list(stack_samples(trace))
    for counter, path, count in (("CPU time", folded, report["profile"]["cpu"]["samples"]),
                                 ("off CPU", waits, report["profile"]["off_cpu"]["waits"])):
        mine = [s for s in samples if s[0] == counter]
        if len(mine) != count:
            raise Bad(f"{counter}: {len(mine)} samples, the report has {count}")
        got, want = collections.Counter(), leaves(path)
        for _, weight, _, functions in mine:
            got[functions[-1] if functions else ""] += weight
        whole = sum(want.values())
        if abs(sum(got.values()) - whole) > whole / 1000 or not whole:
            raise Bad(f"{counter}: {sum(got.values())} ns, folded stacks have {whole}")
        for name, weight in want.most_common(5):
            if "unknown" not in name and abs(got[name] - weight) > whole / 1000:
                raise Bad(f"{counter}: {name} has {got[name]} ns, in folded stacks {weight}")


HEAD = re.compile(r"^ *(\S.*?) +(\d+) \[(\d{3})\] +(\d+)\.(\d{6}): +(sched:\w+): (.*)$")
LINE = {
    "sched:sched_switch": re.compile(r"prev_comm=(.*) prev_pid=(\d+) prev_prio=120 prev_state=(\S+) ==> "
                                     r"next_comm=(.*) next_pid=(\d+) next_prio=120"),
    "sched:sched_waking": re.compile(r"comm=(.*) pid=(\d+) prio=120 target_cpu=(\d{3})"),
}


def script_events(path):
    last = 0
    with open(path, encoding="utf-8", newline="\n") as f:
        for line in f:
            head = HEAD.match(line.rstrip("\n"))
            if not head or head[6] not in LINE:
                continue  # samples, stacks, and what Perfetto's format has no event for
            body = LINE[head[6]].fullmatch(head[7])
            if not body:
                raise Bad(f"no line of perf script: {line!r}")
            time = int(head[4]) * 1000000 + int(head[5])
            if time < last:
                raise Bad(f"not in order of time: {line!r}")
            last = time
            if head[6] == "sched:sched_switch":
                if head[2] != body[2]:
                    raise Bad(f"a line of another thread than the one that leaves: {line!r}")
                yield (time, int(head[3]), body[1], int(body[2]), STATES[body[3]], body[4], int(body[5]))
            else:
                yield (time, int(head[3]), int(head[2]), body[1], int(body[2]), int(body[3]))


def check_script(trace, path):
    clocks = trace.clocks()
    offset = clocks[BOOTTIME] - clocks[MONOTONIC]
    want = collections.Counter(((t - offset) // 1000, cpu, s["prev_comm"], s["prev_pid"], s["prev_state"],
                                s["next_comm"], s["next_pid"]) for cpu, t, _, s in trace.events("sched_switch"))
    want.update(((t - offset) // 1000, cpu, pid, w["comm"], w["pid"], w["target_cpu"])
                for cpu, t, pid, w in trace.events("sched_waking"))
    got = collections.Counter(script_events(path))
    if got != want or not got:
        raise Bad(f"only in perf-script: {list((got - want))[:3]}, only in perfetto: {list((want - got))[:3]}")


CHECKS = {"wire": check_wire, "chain": check_chain, "tree": check_tree, "count": check_count,
          "on-cpu": check_on_cpu, "waking": check_waking, "samples": check_samples, "script": check_script}


def run(checks, read):
    """The command line of both programs of checks; read(path) gives what the checks take."""
    check, path, *files = sys.argv[1:]
    if check != "each":
        try:
            checks[check](read(path), *files)
        except (Bad, KeyError, UnicodeDecodeError) as e:
            sys.exit(f"{check}: {e!r}")
        return
    trace = read(path)
    for line in sys.stdin:
        what, check, *files = line.rstrip("\n").split("\t")
        try:
            checks[check](trace, *files)
            print("ok", what, "", sep="\t")
        except Exception as e:  # pylint: disable=broad-except
            print("wrong", what, f"{check}: {e!r}".replace("\n", " "), sep="\t")


if __name__ == "__main__":
    run(CHECKS, Trace)
