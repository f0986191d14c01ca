#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# The Trace Event Format: the same as the Perfetto trace and the report, as JSON.
set -u
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
need_bpf

cat >"$tmp/check.py" <<'PY'
"""check.py TRACE REPORT PAUSES: slices nest and end, CPUs have each thread for as long as the report says, pauses are all there"""
import collections
import json
import sys

events = json.load(open(sys.argv[1]))["traceEvents"]
report, pauses = (json.load(open(p)) for p in sys.argv[2:4])
open_slices, spent, names, bad = collections.defaultdict(list), collections.Counter(), {}, []
told = []
# where one ends and the next one begins at the same time, the end is first, as it stands in the file
for e in sorted((e for e in events if e["ph"] != "M"), key=lambda e: e["ts"]):
    where = e["pid"], e["tid"]
    if e["ph"] == "B":
        open_slices[where].append(e)
        if "verdict" in e.get("args", {}):
            told.append((e["pid"], e["args"]["verdict"], e["args"]["total_ns"]))
    elif e["ph"] == "E":
        if not open_slices[where]:
            bad.append(f"the end of nothing: {e}")
            continue
        begin = open_slices[where].pop()
        if e.get("name") != begin["name"]:
            bad.append(f"{begin} is ended by {e}")
        if begin.get("cat") == "sched":
            spent[begin["args"]["tid"]] += (e["ts"] - begin["ts"]) * 1000
bad += [f"left open: {left}" for left in open_slices.values() if left]
for e in events:
    if e["ph"] == "M" and e["name"] == "thread_name":
        names[e["tid"]] = e["args"]["name"]
for t in report["threads"]:
    want = t["on_cpu_ns"] + t["waits_early_ns"]
    if abs(spent[t["tid"]] - want) > want / 1000 + 1000:
        bad.append(f"thread {t['tid']}: {spent[t['tid']]} ns, the report has {want}")
    if names[t["tid"]] != t["comm"]:
        bad.append(f"thread {t['tid']} is called {names[t['tid']]}, not {t['comm']}")
want = sorted((p["pid"], p["verdict"], p["total_ns"]) for p in pauses["pauses"])
if sorted(told) != want or not want:
    bad.append(f"{len(told)} pauses, not {len(want)}")
arrows = collections.Counter((e["id"], e["ph"]) for e in events if e["ph"] in "stf")
if any(ph == "f" and not arrows[i, "s"] for i, ph in arrows):
    bad.append("an arrow ends that did not begin")
sys.exit("\n".join(bad) or 0)
PY

ok "recorded" tare run -q --no-compress -o "$tmp/data" -- "$root/build/workloads/weft-bench" churn -t 0.3 -l 14
ok "exported" tare export -f chrome -i "$tmp/data" -o "$tmp/trace.json"
tare report --json -i "$tmp/data" >"$tmp/report" && tare pauses --json --longest 0 -i "$tmp/data" >"$tmp/pauses"
ok "it is what the report says" python3 "$tmp/check.py" "$tmp/trace.json" "$tmp/report" "$tmp/pauses"
is "$(jq '[.traceEvents[] | select(.ph == "C" and .name == "heap")] | length > 0' "$tmp/trace.json")" true "with counters"
exits 1 "a full disk" tare export -f chrome -i "$tmp/data" -o /dev/full
like "$(<"$tmp/stderr")" 'No space left' "says so"
head -c 60000 "$tmp/data" >"$tmp/cut"
ok "a recording that is cut: what is whole" tare export -f chrome -i "$tmp/cut" -o "$tmp/cut.json"
ok "is JSON" jq -e '.traceEvents | length > 0' "$tmp/cut.json"
ok "around the longest pause" tare export -f chrome --pause 1 -i "$tmp/data" -o "$tmp/pause.json"
is "$(jq --argjson ns "$(jq '.pauses[0].total_ns' "$tmp/pauses")" '[.traceEvents[] | select(.args.total_ns? == $ns)] | length > 0' "$tmp/pause.json")" \
	true "it is there"

# ---- names ----

cat >"$tmp/names.c" <<'C'
#include <sys/prctl.h>
#include <time.h>

int main(void)
{
	prctl(PR_SET_NAME, "a\"b\\\n\303\251\377");
	for (int i = 0; i < 50; i++)
		nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
	return 0;
}
C
ok "compiles" gcc -o "$tmp/names" "$tmp/names.c"
ok "recorded: a thread with any name" tare run -q -o "$tmp/data" -- "$tmp/names"
ok "exported" tare export -f chrome -i "$tmp/data" -o "$tmp/trace.json"
is "$(jq -r '[.traceEvents[] | select(.ph == "M" and .name == "thread_name").args.name | select(startswith("a"))] | last' "$tmp/trace.json")" \
	'a"b\?é?' "it is whole"
done_testing
