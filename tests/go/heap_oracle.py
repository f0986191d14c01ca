# SPDX-License-Identifier: BSD-2-Clause
"""heap_oracle.py TEXT PROTO JSON: is what tare says of a heap (JSON) what the program itself wrote by runtime/pprof, as
text (raw samples by addresses) and as protobuf (estimates by functions and lines)? A line for each question: "ok" or
"not ok", a tab, the question, a tab, what differs."""
import collections
import gzip
import json
import re
import sys


def verdict(fine, what, why=""):
    print("%s\t%s\t%s" % ("ok" if fine else "not ok", what, why))


def varint(data, at):
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            return value, at


def fields(data):
    """(number, value) of each field; a value is an int or bytes"""
    at = 0
    while at < len(data):
        key, at = varint(data, at)
        if key & 7 == 0:
            value, at = varint(data, at)
        elif key & 7 == 2:
            size, at = varint(data, at)
            value, at = data[at:at + size], at + size
        else:
            raise ValueError("field of type %d" % (key & 7))
        yield key >> 3, value


def numbers(value):
    """a repeated number, packed or not"""
    if isinstance(value, int):
        return [value]
    out, at = [], 0
    while at < len(value):
        n, at = varint(value, at)
        out.append(n)
    return out


def name_of(function):
    """Go prints the types of generic functions as [...]"""
    return re.sub(r"\[.*\]", "[...]", function or "")


def without_inner(frames):
    """which of the innermost ones are hidden is up to the instruction after the call, in runtime/pprof"""
    for i, (function, _, _) in enumerate(frames):
        if not function.startswith(("runtime.", "internal/runtime/")):
            return tuple(frames[i:])
    return tuple(frames)


def read_text(path):
    """stack of addresses to the sorted figures of its buckets; and the rate"""
    out, rate = collections.defaultdict(list), 0
    for line in open(path):
        head = re.match(r"heap profile: .*@ heap/(\d+)", line)
        if head:
            rate = int(head[1]) // 2
        m = re.match(r"(\d+): (\d+) \[(\d+): (\d+)\] @((?: 0x[0-9a-f]+)*)", line)
        if m and any(map(int, m.groups()[:4])):
            inuse, inuse_bytes, allocs, alloc_bytes = map(int, m.groups()[:4])
            stack = tuple(int(pc, 16) for pc in m[5].split())
            out[stack].append((allocs, allocs - inuse, alloc_bytes, alloc_bytes - inuse_bytes))
    return {stack: sorted(figures) for stack, figures in out.items()}, rate


def read_proto(path):
    """[(frames, (alloc objects, bytes, inuse objects, bytes))]"""
    samples, locations, functions, strings = [], {}, {}, []
    for nr, value in fields(gzip.open(path).read()):
        if nr == 6:
            strings.append(value.decode())
        elif nr == 2:
            ids, values = [], []
            for n, v in fields(value):
                if n == 1:
                    ids += numbers(v)
                elif n == 2:
                    values += numbers(v)
            samples.append((ids, tuple(values)))
        elif nr == 4:
            ident, lines = 0, []
            for n, v in fields(value):
                if n == 1:
                    ident = v
                elif n == 4:
                    line = dict(fields(v))
                    lines.append((line[1], line.get(2, 0)))
            locations[ident] = lines
        elif nr == 5:
            f = dict(fields(value))
            functions[f[1]] = (f.get(2, 0), f.get(4, 0))
    def frame(function, line):
        name, file = functions[function]
        return name_of(strings[name]), strings[file], line
    return [(without_inner([frame(*line) for i in ids for line in locations[i]]), values)
            for ids, values in samples if any(values)]


def read_json(path):
    tare = json.load(open(path))
    raw, estimates = collections.defaultdict(list), []
    for s in tare["stacks"]:
        c, e = s["sampled"], s["estimate"]
        figures = (c["allocs"], c["frees"], c["alloc_bytes"], c["free_bytes"])
        if not any(figures):
            continue
        raw[tuple(s["addresses"])].append(figures)
        frames = [tare["frames"][i] for i in s["frames"]]
        frames = [(name_of(f["function"]), f["file"] or "", f["line"] or 0) for f in frames]
        estimates.append((without_inner(frames),
                          (e["alloc_objects"], e["alloc_bytes"], e["inuse_objects"], e["inuse_bytes"])))
    return tare, {stack: sorted(figures) for stack, figures in raw.items()}, estimates


def main():
    text, rate = read_text(sys.argv[1])
    proto = read_proto(sys.argv[2])
    tare, raw, estimates = read_json(sys.argv[3])

    differ = [s for s in set(text) | set(raw) if text.get(s) != raw.get(s)]
    verdict(not differ and text, "no bucket differs (%d)" % sum(map(len, text.values())), "%d of %d stacks differ, as %s: %s, but %s" % (
        len(differ), len(text), [hex(pc) for pc in (differ or [()])[0]], text.get((differ or [0])[0]), raw.get((differ or [0])[0])))
    verdict(tare["rate_bytes"] == rate, "the rate", "%d, not %d" % (tare["rate_bytes"], rate))
    verdict(tare["torn_stacks"] == 0, "read at one moment", "%d torn" % tare["torn_stacks"])

    # exp() may differ in its last bit, and so what is cut off to an integer
    def rounded(samples):
        return sorted(samples)
    ours, theirs = rounded(estimates), rounded(proto)
    same = len(ours) == len(theirs)
    wrong = next(((a, b) for a, b in zip(ours, theirs)
                  if a[0] != b[0] or any(abs(x - y) > 1 for x, y in zip(a[1], b[1]))), None)
    verdict(same and not wrong, "estimates, functions and lines as runtime/pprof has them (%d)" % len(theirs),
            "%d, not %d; %s" % (len(ours), len(theirs), wrong))

    total = tare["total"]
    for key in total:
        verdict(total[key] == sum(s[key] for s in tare["sites"]) == sum(s["estimate"][key] for s in tare["stacks"]),
                "the sites and the stacks make up %s" % key, "%d" % total[key])


main()
