#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
#
#   tests/live/what_if.sh                 as a test
#   CONCURRENT=1 tests/live/what_if.sh    as a measurement, on a machine with nothing else to do
#   STEPS=400 KINDS="map buffers tree"   how much is allocated, in MB, beside which kind of live heap
#
# One recording of a Go program tells how often it would collect, how large its heap would get and what marking would
# cost with another GOGC: held against runs with that GOGC and the same work. How much is allocated while the collector
# marks, and so lives on until the next time, depends on the machine: so as a test, it marks with the world stopped, and
# what it costs is not judged. As a measurement it runs as programs do, and marking is timed by Go's CPU profiler.
set -u
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
. "$root/tests/go/lib.sh"
need_bpf
command -v go >/dev/null || skip_all "there is no go in PATH"

program=$tmp/what_if
args=(-steps "${STEPS:-400}")
[ -n "${CONCURRENT-}" ] || export GODEBUG=gcstoptheworld=1
export GOMAXPROCS=2
ok "built" sh -c "cd '$root/tests/live/what_if_go' && GOFLAGS=-buildvcs=false go build -o '$program' ."

# run KIND GOGC: its own figures in $tmp/truth, what marking cost in $tmp/marking
run()
{
	local profile=()
	[ -z "${CONCURRENT-}" ] || profile=(-profile "$tmp/profile")
	GOGC=$2 go__start "$program" -kind "$1" "${args[@]}" "${profile[@]}" && go__work "$tmp/truth"
	local status=$?
	go__end && [ $status = 0 ] || return
	echo 0 >"$tmp/marking"
	[ -z "${CONCURRENT-}" ] || { echo 0; go tool pprof -top -unit ms -focus '^runtime\.gc(BgMarkWorker|AssistAlloc)$' "$program" \
		"$tmp/profile" 2>/dev/null | sed -n 's/^Showing nodes accounting for \([0-9.]*\)ms.*/\1/p'; } |
		tail -n 1 >"$tmp/marking"	# nothing where no sample was of it
}

# as_sampled: with the setting that it was recorded with, the estimate is what the samples say, if they are enough
as_sampled()
{
	python3 - "$tmp/report" <<'EOF'
import json, sys
ledger = json.load(open(sys.argv[1]))["ledger"]
marking = {c["name"]: c for c in ledger["classes"] if c["name"].startswith("gc_mark")}
now = next(w for w in ledger["what_if"] if w["gogc"] == 100)
same = abs(now["gc_cpu_ns"] + now["gc_idle_cpu_ns"] - sum(c["ns"] for c in marking.values())) < 1000
print("ok" if same or sum(c["samples"] for c in marking.values()) < 30 else f"{now}, {marking}")
EOF
}

# compare GOGC: what was estimated, what came
compare()
{
	python3 - "$tmp/report" "$tmp/truth" "$tmp/marking" "$1" <<'EOF'
import json, sys
report, truth, marking, gogc = *(json.load(open(p)) for p in sys.argv[1:4]), int(sys.argv[4])
e = next(w for w in report["ledger"]["what_if"] if w["gogc"] == gogc)
# one more or less is chance, and the program makes one itself
within = abs(e["collections"] - truth["cycles"]) <= 0.15 * truth["cycles"] + 1
print("ok" if within else f"{e['collections']} collections estimated, {truth['cycles']} came")
off = 100 * (e["peak_bytes"] - truth["peak_bytes"]) / truth["peak_bytes"]
print("ok" if abs(off) <= 15 else f"{e['peak_bytes']} bytes estimated, {truth['peak_bytes']} came")
mark = (e["gc_cpu_ns"] + e["gc_idle_cpu_ns"]) / 1e6
print(f"GOGC={gogc}: {e['collections']} collections ({truth['cycles']} came); peak {e['peak_bytes'] >> 20} MiB "
      f"({off:+.0f} %); marking {mark:.0f} ms" + (f" ({marking:.0f} came, {100 * (mark - marking) / marking:+.0f} %)"
      if marking else ""))
EOF
}

for kind in ${KINDS:-map buffers tree}; do
	GOGC=100 go__record "$program" -kind "$kind" "${args[@]}"
	is $? 0 "$kind: recorded" || continue
	tare report -i "$tmp/data" --json >"$tmp/report" 2>"$tmp/log"
	is $? 0 "$kind: report" || continue
	tare report -i "$tmp/data" >"$tmp/text" 2>"$tmp/log"
	like "$(cat "$tmp/text")" "The runtime's own account: .*What if: an estimate .*GOGC=50 .*GOGC=off GOMEMLIMIT=" \
		"$kind: both are in the text"
	is "$(as_sampled)" ok "$kind: what marking costs is by samples"
	for gogc in 50 200 400 ${CONCURRENT:+100}; do
		run "$kind" $gogc
		is $? 0 "$kind: runs with GOGC=$gogc" || continue
		mapfile -t said < <(compare $gogc)
		is "${said[0]}" ok "$kind: collections with GOGC=$gogc are within 15 % of the estimate"
		is "${said[1]}" ok "$kind: the heap's peak with GOGC=$gogc is within 15 % of the estimate"
		diag "$kind, ${said[2]}"
	done
done
done_testing
