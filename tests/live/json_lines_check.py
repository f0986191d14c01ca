#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""json_lines_check.py SCHEMA LINES LATE: each line fits its kind in the schema and has no key that is not there; lines of
kinds that are said to be in order are, but for LATE switches, as the report says: the kernel hides some tasks from tracing,
and who came after one of them is known when it leaves. By the package jsonschema. Prints how many kinds there were."""
import collections
import copy
import json
import sys

import jsonschema

SOME = 200  # of each kind are held against all of the schema's words, the others against its keys
schema = json.load(open(sys.argv[1]))
jsonschema.Draft202012Validator.check_schema(schema)


def closed(part):
    """As it is, but with no other keys."""
    part = copy.deepcopy(part)
    for each in [part, *(p["items"] for p in part["properties"].values() if "properties" in p.get("items", {}))]:
        each["additionalProperties"] = False
    return part


defs = {name: jsonschema.Draft202012Validator(closed(part)) for name, part in schema["$defs"].items()}
whole = jsonschema.Draft202012Validator(schema)
late = int(sys.argv[3])
count, last, bad = collections.Counter(), 0, []
for text in open(sys.argv[2], encoding="utf-8"):
    line = json.loads(text)
    name = line["event"] if line["event"] != "runtime" else "runtime." + line["what"]
    count[name] += 1
    part = schema["$defs"][name]
    if count[name] == 1:
        bad += [e.message for e in whole.iter_errors(line)]
    if count[name] <= SOME:
        bad += [f"{name}: {e.message}" for e in defs[name].iter_errors(line)]
    elif not set(part["required"]) <= set(line) <= set(part["properties"]):
        bad.append(f"{name}: keys {sorted(line)}")
    if part["x-ordered"]:
        if line["ts_ns"] < last and name == "switch" and late:
            late -= 1
        elif line["ts_ns"] < last:
            bad.append(f"{name} at {line['ts_ns']} comes after {last}")
        last = max(last, line["ts_ns"])
    if len(bad) > 10:
        break
if late:
    bad.append(f"{late} lines fewer are late than the report says")
if not last:
    bad.append("no line that is in order")
print(len(count))
sys.exit("\n".join(bad) or 0)
