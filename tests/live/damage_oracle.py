#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""damage_oracle.py TARE RECORDING FOLDER: what every command says of a recording that was cut off or changed.

TARE is built with sanitizers. For each damaged file: an exit status that is documented, no sanitizer's report, a
message wherever something is missing, JSON that parses, and never more switches than the whole recording has.
Prints one line of figures; exit status 1 and the faults on standard error where there are any."""

import json
import os
import random
import struct
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

FRAME = struct.Struct("<IHHIIQ")
MAGIC = 0x45524154
COMMANDS = [
    ["report", "--json", "-i"],
    ["report", "--threads", "-i"],
    ["report", "--json", "-i"],
    ["export", "-f", "perf-script", "-i"],
    ["report", "--json", "-i"],
    ["export", "-f", "perfetto", "-i"],
    ["report", "--html", "-i"],
]


def frames(data):
    at = 0
    while at + FRAME.size <= len(data):
        magic, _, _, length, _, _ = FRAME.unpack_from(data, at)
        assert magic == MAGIC, "the recording to begin with is not whole"
        yield at, FRAME.size + length
        at += FRAME.size + length


def cases(data, rng):
    """(name, bytes, whether anything must be said to be missing)"""
    ends = {at + length for at, length in frames(data)}
    for n in sorted(set(list(range(0, 200, 3)) + [rng.randrange(len(data)) for _ in range(90)])):
        yield f"cut-{n}", data[:n], True
    for n in sorted(ends - {len(data)})[:40]:
        yield f"cut-between-{n}", data[:n], True
    for i in range(110):
        at, bit = rng.randrange(len(data)), rng.randrange(8)
        changed = bytearray(data)
        changed[at] ^= 1 << bit
        yield f"bit-{at}-{bit}", bytes(changed), True
    for i in range(25):
        changed = bytearray(data)
        for _ in range(rng.randrange(2, 60)):
            changed[rng.randrange(len(data))] = rng.randrange(256)
        yield f"bytes-{i}", bytes(changed), True
    for i in range(15):
        at = rng.randrange(len(data))
        yield f"zeroes-{at}", data[:at] + bytes(4096) + data[at:], True
    for i in range(15):
        at, n = rng.randrange(len(data)), rng.randrange(1, 3000)
        yield f"missing-{at}-{n}", data[:at] + data[at + n:], True
    yield "twice", data + data, False
    yield "whole", data, False


def run(tare, args):
    env = dict(os.environ, ASAN_OPTIONS="exitcode=99", UBSAN_OPTIONS="exitcode=98:halt_on_error=1")
    p = subprocess.run([tare] + args, stdin=subprocess.DEVNULL, capture_output=True, env=env, timeout=120, check=False)
    return p.returncode, p.stdout, p.stderr.decode(errors="replace")


def fault(command, status, out, said, most, must_say):
    if status not in (0, 1):
        return f"exit status {status}"
    if "Sanitizer" in said or "runtime error" in said:
        return "a sanitizer's report"
    if status and not said.startswith("tare: "):
        return "failed without a word"
    if status == 0 and not out and command[0] == "report":
        return "succeeded with nothing to show"
    if status == 0 and "--html" in command and not out.endswith(b"</html>\n"):
        return "no whole page"
    if status == 0 and "--json" in command:
        try:
            report = json.loads(out)
        except ValueError as e:
            return f"no JSON: {e}"
        if report["schema"] != "tare.report/1":
            return "another schema"
        count = report["context_switches"]["count"]
        if count > most:
            return f"{count} switches, the whole recording has {most}"
        if must_say and report["lost"]["complete"]:
            return "nothing is said to be missing"
    return None


def main():
    tare, recording, folder = sys.argv[1:]
    with open(recording, "rb") as f:
        data = f.read()
    rng = random.Random(4711)
    status, out, said = run(tare, ["report", "--json", "-i", recording])
    if status:
        sys.exit(f"the recording to begin with cannot be read: {said}")
    whole = json.loads(out)["context_switches"]["count"]
    if not whole:
        sys.exit("the recording to begin with has no switches")

    def check(job):
        i, (name, content, must_say) = job
        command = COMMANDS[i % len(COMMANDS)]
        path = os.path.join(folder, f"damaged-{i}")
        with open(path, "wb") as f:
            f.write(content)
        output = [] if command[0] == "report" else ["-o", path + ".out"]
        status, out, said = run(tare, command + [path] + output)
        for p in (path, path + ".out"):
            if os.path.exists(p):
                os.unlink(p)
        what = fault(command, status, out, said, whole * (2 if name == "twice" else 1), must_say)
        return status, what and f"{name}: {' '.join(command)}: {what}\n{said[-1500:]}"

    with ThreadPoolExecutor(2) as pool:
        results = list(pool.map(check, enumerate(cases(data, rng))))
    faults = [what for _, what in results if what]
    for what in faults[:5]:
        print(what, file=sys.stderr)
    shown = sum(status == 0 for status, _ in results)
    refused = len(results) - shown
    print(f"{len(results)} damaged files, {shown} of them shown in part, {refused} refused, {len(faults)} faults")
    # most are whole in some part, and that must be shown: only what has lost its first frame or nothing left is refused
    sys.exit(1 if faults or shown < len(results) / 2 else 0)


main()
