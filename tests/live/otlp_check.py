#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Holds OTLP exports of a recording against its report and against its folded stacks.

usage: otlp_check.py CHECK FILE [MORE]

  profiles FILE FOLDED      the values of the main profile are, by process and functions, those of the folded stacks;
                            every number points to something that is there, which is there once
  total    FILE TYPE        prints the sum of the profile with values of that type
  kernel   FILE             prints how many locations are marked as the kernel's
  metrics  FILE REPORT      sums, gauges and histograms are the report's
  parts    FILE PART...     what threads did, and waited for, in the parts that FILE was cut into adds up to what it is in all
  sum      FILE NAME LABEL  prints the sum of a metric with that label
  resources FILE            prints the attributes of each resource, a line each
  same     FILE             what OpenTelemetry's own decoder reads is the same, field by field (it is a package of pip)

Decodes protobuf by itself, from a list of fields written for this test from OpenTelemetry's published .proto files,
version 1.11.0. A field that is not in it is an error.
"""
import collections
import json
import struct
import sys

INT, I64, U64, DOUBLE, STR, BYTES = "int", "sfixed64", "fixed64", "double", "str", "bytes"
# name, type; a list: repeated
ANY = {1: ("string_value", STR), 2: ("bool_value", INT), 3: ("int_value", INT), 4: ("double_value", DOUBLE)}
KEY_VALUE = {1: ("key", STR), 2: ("value", ANY)}
RESOURCE = {1: ("attributes", [KEY_VALUE])}
SCOPE = {1: ("name", STR), 2: ("version", STR)}
VALUE_TYPE = {1: ("type_strindex", INT), 2: ("unit_strindex", INT)}
SAMPLE = {1: ("stack_index", INT), 2: ("attribute_indices", [INT]), 4: ("values", [INT])}
PROFILE = {1: ("sample_type", VALUE_TYPE), 2: ("samples", [SAMPLE]), 3: ("time_unix_nano", U64), 4: ("duration_nano", INT)}
MAPPING = {1: ("memory_start", INT), 2: ("memory_limit", INT), 3: ("file_offset", INT), 4: ("filename_strindex", INT),
           5: ("attribute_indices", [INT])}
LINE = {1: ("function_index", INT), 2: ("line", INT)}
LOCATION = {1: ("mapping_index", INT), 2: ("address", INT), 3: ("lines", [LINE]), 4: ("attribute_indices", [INT])}
FUNCTION = {1: ("name_strindex", INT), 2: ("system_name_strindex", INT), 3: ("filename_strindex", INT)}
LINK = {1: ("trace_id", BYTES), 2: ("span_id", BYTES)}
ATTRIBUTE = {1: ("key_strindex", INT), 2: ("value", ANY)}
STACK = {1: ("location_indices", [INT])}
DICTIONARY = {1: ("mapping_table", [MAPPING]), 2: ("location_table", [LOCATION]), 3: ("function_table", [FUNCTION]),
              4: ("link_table", [LINK]), 5: ("string_table", [STR]), 6: ("attribute_table", [ATTRIBUTE]),
              7: ("stack_table", [STACK])}
PROFILES = {1: ("resource_profiles", [{1: ("resource", RESOURCE),
                                       2: ("scope_profiles", [{1: ("scope", SCOPE), 2: ("profiles", [PROFILE])}])}]),
            2: ("dictionary", DICTIONARY)}
POINT = {2: ("start_time_unix_nano", U64), 3: ("time_unix_nano", U64), 4: ("as_double", DOUBLE), 6: ("as_int", I64),
         7: ("attributes", [KEY_VALUE])}
HISTOGRAM_POINT = {2: ("start_time_unix_nano", U64), 3: ("time_unix_nano", U64), 4: ("count", U64), 5: ("sum", DOUBLE),
                   6: ("bucket_counts", [U64]), 7: ("explicit_bounds", [DOUBLE]), 9: ("attributes", [KEY_VALUE]),
                   11: ("min", DOUBLE), 12: ("max", DOUBLE)}
METRIC = {1: ("name", STR), 2: ("description", STR), 3: ("unit", STR), 5: ("gauge", {1: ("data_points", [POINT])}),
          7: ("sum", {1: ("data_points", [POINT]), 2: ("aggregation_temporality", INT), 3: ("is_monotonic", INT)}),
          9: ("histogram", {1: ("data_points", [HISTOGRAM_POINT]), 2: ("aggregation_temporality", INT)})}
METRICS = {1: ("resource_metrics", [{1: ("resource", RESOURCE),
                                     2: ("scope_metrics", [{1: ("scope", SCOPE), 2: ("metrics", [METRIC])}])}])}

FIXED = {I64: "<q", U64: "<Q", DOUBLE: "<d"}
CUMULATIVE = 2


class Bad(Exception):
    pass


def need(holds, what):
    if not holds:
        raise Bad(what)


# ---- the wire ----

def varint(buf, pos):
    value = shift = 0
    while True:
        need(pos < len(buf) and shift < 64, "a varint does not end")
        byte = buf[pos]
        value |= (byte & 0x7F) << shift
        pos, shift = pos + 1, shift + 7
        if byte < 0x80:
            return value, pos


def signed(value):
    return value - (1 << 64) if value >> 63 else value


def scalars(kind, data):
    """The packed numbers in @data."""
    if kind in FIXED:
        return [v for v, in struct.iter_unpack(FIXED[kind], data)]
    values, pos = [], 0
    while pos < len(data):
        value, pos = varint(data, pos)
        values.append(signed(value))
    return values


def decode(buf, fields):
    out = {name: [] for name, kind in fields.values() if isinstance(kind, list)}
    pos = 0
    while pos < len(buf):
        key, pos = varint(buf, pos)
        number, wire = key >> 3, key & 7
        need(number in fields, f"field {number} is not among {[n for n, _ in fields.values()]}")
        name, kind = fields[number]
        many = isinstance(kind, list)
        kind = kind[0] if many else kind
        if wire == 0:
            need(kind == INT, f"{name} is a varint")
            value, pos = varint(buf, pos)
            value = signed(value)
        elif wire == 1:
            need(kind in list(FIXED), f"{name} has 64 bits")
            value, = struct.unpack_from(FIXED[kind], buf, pos)
            pos += 8
        else:
            need(wire == 2, f"{name} has wire type {wire}")
            length, pos = varint(buf, pos)
            data, pos = buf[pos:pos + length], pos + length
            need(len(data) == length, f"{name} ends early")
            if many and kind in (INT, *FIXED):
                out[name] += scalars(kind, data)
                continue
            need(kind in (STR, BYTES) or isinstance(kind, dict), f"{name} is not a message or text")
            value = data.decode() if kind == STR else data if kind == BYTES else decode(data, kind)
        if many:
            out[name].append(value)
        else:
            need(name not in out, f"{name} is there twice")
            out[name] = value
    return out


def read(path, fields):
    with open(path, "rb") as f:
        return decode(f.read(), fields)


def attributes(resource):
    out = {}
    for a in resource["attributes"]:
        need(a["key"] not in out, f"{a['key']} is there twice")
        (out[a["key"]],) = a["value"].values()
    return out


# ---- profiles ----

def need_once(table, what):
    seen = set(json.dumps(row, default=bytes.hex) for row in table)
    need(len(seen) == len(table), f"{what}: {len(table) - len(seen)} are there twice")


def check_dictionary(d):
    sizes = {name: len(d[name]) for name in d}
    need(all(sizes.values()), f"an empty table: {sizes}")
    need(d["string_table"][0] == "", "text 0")
    for name in ("mapping_table", "location_table", "function_table", "attribute_table", "stack_table"):
        need(not any(d[name][0].values()), f"{name} does not begin with none")
    need(d["link_table"] == [{"trace_id": bytes(16), "span_id": bytes(8)}], "links")
    for name in set(d) - {"link_table"}:
        need_once(d[name], name)

    def points(rows, key, table):
        for row in rows:
            at = row.get(key, 0)
            for index in at if isinstance(at, list) else [at]:
                need(0 <= index < sizes[table], f"{key} {index} of {sizes[table]}")

    for key, table in (("filename_strindex", "string_table"), ("attribute_indices", "attribute_table")):
        points(d["mapping_table"], key, table)
    for key, table in (("mapping_index", "mapping_table"), ("attribute_indices", "attribute_table")):
        points(d["location_table"], key, table)
    for location in d["location_table"][1:]:
        need(location["lines"], "a location without a function")
        points(location["lines"], "function_index", "function_table")
        mapping = d["mapping_table"][location["mapping_index"]]
        need(not mapping.get("memory_limit") or
             mapping["memory_start"] <= location["address"] < mapping["memory_limit"] % (1 << 64),
             f"{location['address']:#x} is not in its mapping")
    for key in ("name_strindex", "filename_strindex"):
        points(d["function_table"], key, "string_table")
    points(d["stack_table"], "location_indices", "location_table")
    points(d["attribute_table"], "key_strindex", "string_table")


def profiles_of(data):
    """(resource's attributes, type, unit, profile) for each."""
    text = data["dictionary"]["string_table"]
    for resource in data["resource_profiles"]:
        for scope in resource["scope_profiles"]:
            need(scope["scope"]["name"] == "tare", "measured by tare")
            for profile in scope["profiles"]:
                kind = profile["sample_type"]
                yield attributes(resource["resource"]), text[kind["type_strindex"]], text[kind["unit_strindex"]], profile


def functions_of(d, stack):
    """As folded stacks have them, the outermost first."""
    for location in reversed(d["stack_table"][stack]["location_indices"]):
        location = d["location_table"][location]
        kernel = any(d["string_table"][d["attribute_table"][a]["key_strindex"]] == "profile.frame.type" and
                     d["attribute_table"][a]["value"] == {"string_value": "kernel"}
                     for a in location["attribute_indices"])
        lines = location["lines"]
        for i, line in reversed(list(enumerate(lines))):
            name = d["string_table"][d["function_table"][line["function_index"]]["name_strindex"]].replace(";", ":")
            yield name + ("_[k]" if kernel else "_[i]" if i + 1 < len(lines) else "")


def check_profiles(path, folded):
    data = read(path, PROFILES)
    d = data["dictionary"]
    check_dictionary(d)
    want, got = collections.Counter(), collections.Counter()
    for line in open(folded, encoding="utf-8"):
        stack, value = line.rstrip("\n").rsplit(" ", 1)
        want[stack] += int(value)
    seen = set()
    for n, (who, kind, _, profile) in enumerate(profiles_of(data)):
        need(profile["samples"] or n % 2, f"no samples of {kind}")
        need(profile["time_unix_nano"] > 1600000000 * 10**9 and profile["duration_nano"] > 0, "when it was")
        main = kind if n == 0 else main
        need(n % 2 or kind == main, "the first profile of a process is the main one")
        for sample in profile["samples"]:
            need(len(sample["values"]) == 1 and sample["values"][0] > 0, f"values {sample['values']}")
            identity = n, sample["stack_index"]
            need(identity not in seen, f"a stack is there twice: {identity}")
            seen.add(identity)
            if kind == main:
                process = who.get("process.executable.name", "[unknown]").replace(";", ":")
                got[";".join([process, *functions_of(d, sample["stack_index"])])] += sample["values"][0]
    need(got and got == want, f"these differ: {sorted((got - want) + (want - got))[:5]}")


def total(path, kind):
    print(sum(sample["values"][0] for _, name, _, profile in profiles_of(read(path, PROFILES)) if name == kind
              for sample in profile["samples"]))


def kernel(path):
    d = read(path, PROFILES)["dictionary"]
    print(sum("profile.frame.type" in [d["string_table"][d["attribute_table"][a]["key_strindex"]]
                                       for a in location["attribute_indices"]] for location in d["location_table"]))


# ---- metrics ----

def points_of(data):
    """{(pid or None, metric, attribute's value or None): value}, with times in ns; and the histograms."""
    points, hists = {}, {}
    for resource in data["resource_metrics"]:
        pid = attributes(resource["resource"]).get("process.pid")
        for metric in (m for scope in resource["scope_metrics"] for m in scope["metrics"]):
            (kind,) = {"gauge", "sum", "histogram"} & set(metric)
            need(metric["description"] and metric["unit"], f"{metric['name']} without words")
            need(kind == "gauge" or metric[kind]["aggregation_temporality"] == CUMULATIVE, metric["name"])
            for p in metric[kind]["data_points"]:
                need(p["time_unix_nano"] > p["start_time_unix_nano"] > 1600000000 * 10**9, "when it was")
                if kind == "histogram":
                    hists[metric["name"]] = p
                    continue
                need(metric["unit"] != "s" or "as_double" in p, f"{metric['name']}: seconds")
                value = round(p["as_double"] * 1e9) if metric["unit"] == "s" else p["as_int"]
                (label,) = [a["value"]["string_value"] for a in p["attributes"]] or [None]
                need((pid, metric["name"], label) not in points, f"{metric['name']} {label} is there twice")
                points[pid, metric["name"], label] = value
    return points, hists


def check_hist(name, h, want):
    need(h["count"] == want["count"] == sum(h["bucket_counts"]), f"{name}: {h['count']} of {want['count']}")
    need(len(h["bucket_counts"]) == len(h["explicit_bounds"]) + 1, f"{name}: bounds")
    for ours, theirs in (("sum", "total_ns"), ("min", "min_ns"), ("max", "max_ns")):
        need(round(h[ours] * 1e9) == want[theirs], f"{name}: {ours} {h[ours]}, not {want[theirs]}")
    below = 0
    bounds = [float("-inf"), *h["explicit_bounds"], float("inf")]
    need(bounds == sorted(bounds), f"{name}: order of bounds")
    for i, count in enumerate(h["bucket_counts"]):
        # the report's percentiles are at most 1/64 off
        for key, share in (("p50_ns", 0.5), ("p90_ns", 0.9), ("p99_ns", 0.99)):
            if below < share * h["count"] <= below + count:
                need(bounds[i] * 1e9 * 63 / 64 - 1 <= want[key] <= bounds[i + 1] * 1e9 * 65 / 64 + 1, f"{name}: {key}")
        below += count


def check_metrics(path, report):
    points, hists = points_of(read(path, METRICS))
    r = json.load(open(report))
    whole = r["processes"][0]["pid"] if len(r["processes"]) == 1 else None
    want = {}

    def tell(name, label, value, pid=whole):
        if value is not None:
            want[pid, name, label] = value

    for p in r["processes"]:
        for key in ("voluntary", "involuntary"):
            tell("process.context_switches", key, p[key], p["pid"])
        for key in ("on_cpu", "run_queue", "throttled", "sleep"):
            tell("tare.thread.time", key, p[key + "_ns"], p["pid"])
        tell("tare.allocated", None, p["alloc_bytes"], p["pid"])
        tell("tare.goroutine.switches", None, p["goroutine_switches"], p["pid"])
        if p["pauses"]:
            tell("tare.process.pauses", None, p["pauses"]["count"], p["pid"])
            tell("tare.process.pause.time", None, p["pauses"]["world_ns"], p["pid"])
    tell("tare.recording.duration", None, r["duration_ns"])
    for name, count in r["lost"]["by_class"].items():
        tell("tare.lost", name, count)
    for c in (r["ledger"]["classes"] or []) + [{"name": "net", "ns": r["ledger"]["net_ns"]},
                                              {"name": "probes", "ns": r["ledger"]["probes_ns"]}]:
        tell("tare.cpu.ledger", c["name"], c["ns"])
    tell("tare.cpu.time", None, r["ledger"]["gross_ns"])
    for o in r["context_switches"]["off_cpu"]:
        tell("tare.off_cpu.time", o["reason"], o["total_ns"])
        tell("tare.off_cpu.waits", o["reason"], o["count"])
    for kind in ("minor", "major"):
        tell("tare.page_faults", kind, r["allocation"][kind + "_faults"])
    for key, ns in (r["stop_the_world"]["by_cause_ns"] or {}).items():
        tell("tare.pause.time", key, ns)
    for key, reason in (r["stop_the_world"]["by_reason"] or {}).items():
        tell("tare.pauses", key, reason["count"])
    for key, n in (r["bytes"] or {}).get("at_end", {}).items():
        if key.endswith("_bytes") and key not in ("rss_bytes", "swapped_bytes"):
            tell("tare.memory.resident", key[:-len("_bytes")], n)
    tell("tare.collections", None, r["runtime"]["collections"])
    tell("tare.recorder.cpu.time", None, r["recorder"]["cpu_ns"])
    for key, value in want.items():
        need(points.get(key) == value, f"{key} is {points.get(key)}, not {value}")
    for key in points:
        need(key in want or not {k for k in want if k[1] == key[1]}, f"{key}, which the report has not")
    if r["ledger"]["classes"]:
        need(sum(v for (_, name, _), v in points.items() if name == "tare.cpu.ledger") == r["ledger"]["gross_ns"], "gross")
    if r["bytes"]:
        need(sum(v for (_, name, _), v in points.items() if name == "tare.memory.resident") ==
             r["bytes"]["at_end"]["rss_bytes"], "VmRSS")
    switches, pauses = r["context_switches"], r["stop_the_world"]
    for name, of in (("run_queue", switches["run_queue_ns"]), ("throttled", switches["throttled_ns"]),
                     ("wake_up", switches["wake_latency_ns"]), ("slice", switches["slice_ns"]),
                     ("switch_cost", switches["direct_cost_ns"]), ("pause.stopping", pauses["stopping_ns"]),
                     ("pause.total", pauses["total_ns"]), ("pause.world", pauses["world_ns"]),
                     ("preemption_signal", r["runtime"]["preemption_signals"]["latency_ns"])):
        name = f"tare.{name}.duration"
        need((name in hists) == bool(of and of["count"]), f"{name} is {'' if name in hists else 'not '}there")
        if name in hists:
            check_hist(name, hists[name], of)


def check_parts(path, *parts):
    """A thread that is runnable where a part ends seems to sleep still in that part: its wake-up is told when it comes."""
    whole, summed = points_of(read(path, METRICS))[0], collections.Counter()
    for part in parts:
        summed.update(points_of(read(part, METRICS))[0])

    def both(metric, *labels):
        return [sum(v for (_, m, label), v in of.items() if m == metric and label in labels) for of in (whole, summed)]

    for label in ("voluntary", "involuntary"):
        need(len(set(both("process.context_switches", label))) == 1, f"{label}: {both('process.context_switches', label)}")
    for labels in (("on_cpu",), ("run_queue", "throttled", "sleep")):
        time = both("tare.thread.time", *labels)
        # the kernel begins a preempted thread's wait some us before the switch, which a part may begin in
        need(abs(time[0] - time[1]) <= 1000000 + time[0] // 100, f"{labels}: {time}")
    # told about once a second: each part has its share; the runtime's own count from its last reading before that part on
    hits = both("tare.probe.hits", None)
    need(abs(hits[1] - hits[0]) <= 100 + hits[0] // 100, f"hits: {hits}")
    for name in ("tare.allocated", "tare.collections"):
        sums = both(name, None)
        need(not sums[0] or sums[0] == sums[1], f"{name}: {sums}")
    at, in_parts = both("tare.thread.time", "run_queue")
    need(in_parts <= at + 1000000, f"run_queue: {in_parts} of {at}")
    for reason in {k[2] for k in [*whole, *summed] if k[1] == "tare.off_cpu.time"}:
        waits, time = both("tare.off_cpu.waits", reason), both("tare.off_cpu.time", reason)
        need(waits[0] == waits[1], f"waits in {reason}: {waits}")
        need(-1000000 <= time[1] - time[0] <= at - in_parts + 1000000, f"time in {reason}: {time}")


def print_sum(path, name, label):
    print(sum(v for (_, m, what), v in points_of(read(path, METRICS))[0].items() if m == name and what == label))


def resources(path):
    kind = METRICS if "metrics" in path else PROFILES
    for resource in read(path, kind)["resource_metrics" if kind is METRICS else "resource_profiles"]:
        print(json.dumps(attributes(resource["resource"]), sort_keys=True))


# ---- another decoder ----

def plain(message):
    from google.protobuf.unknown_fields import UnknownFieldSet
    """A message of that decoder as decode() has it: without what is unset, and 0."""
    need(not len(UnknownFieldSet(message)), f"{message.DESCRIPTOR.name} has a field that it does not know")
    out = {}
    for field, value in message.ListFields():
        each = value if field.is_repeated else [value]
        each = [plain(v) if field.message_type else v for v in each]
        out[field.name] = each if field.is_repeated else each[0]
    return out


def bare(value):
    """What decode() gives without what is unset, and 0."""
    if isinstance(value, list):
        return [bare(v) for v in value]
    if not isinstance(value, dict):
        return value % (1 << 64) if isinstance(value, int) and value < 0 else value
    return {k: bare(v) for k, v in value.items() if v not in ([], "", 0) or k in ("as_int", "as_double", "sum", "min", "max")}


def same(path):
    from opentelemetry.proto.collector.metrics.v1 import metrics_service_pb2
    from opentelemetry.proto.collector.profiles.v1development import profiles_service_pb2
    fields = METRICS if "metrics" in path else PROFILES
    message = (metrics_service_pb2.ExportMetricsServiceRequest if fields is METRICS else
               profiles_service_pb2.ExportProfilesServiceRequest)()
    message.ParseFromString(open(path, "rb").read())
    need(bare(plain(message)) == bare(read(path, fields)), "they differ")


CHECKS = {"profiles": check_profiles, "total": total, "kernel": kernel, "metrics": check_metrics, "parts": check_parts, "sum": print_sum,
          "resources": resources, "same": same}

if __name__ == "__main__":
    if len(sys.argv) < 3 or sys.argv[1] not in CHECKS:
        sys.exit(__doc__)
    try:
        CHECKS[sys.argv[1]](*sys.argv[2:])
    except Bad as e:
        sys.exit(f"{sys.argv[2]}: {e}")
