#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# Several processes in one recording, by two versions of Go if two are available: each has its own figures, and the sums
# match the whole.
set -u
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
. "$root/tests/go/lib.sh"
need_bpf
command -v go >/dev/null || skip_all "there is no go in PATH"

version=$("$root/tests/go/build" --full installed)
ok "Go $version: built" "$root/tests/go/build" "$version-plain" || diag "$(cat "$tmp/stderr")"
programs=("$go_out/$version/plain/truth" "$go_out/$version/plain/truth")
# until 1.20, Go had words for reasons that are numbers since
if "$root/tests/go/build" 1.19.13-plain >"$tmp/log" 2>&1; then
	programs+=("$go_out/1.19.13/plain/truth")
else
	diag "one version only: $(tail -n 1 "$tmp/log")"
fi

pids=
for program in "${programs[@]}"; do
	n=$((${n-0} + 1))
	mkfifo "$tmp/in$n"
	"$program" -pingpongs 1000 -gosched 1000 -syscalls 1000 -cycles 4 <>"$tmp/in$n" >"$tmp/out$n" &
	wait_for grep -q ready "$tmp/out$n"
	pids+=${pids:+,}$!
done
spawn "$TARE" record -q -o "$tmp/data" -p "$pids" 2>"$tmp/log"
recorder=$pid
wait_for grep -q 'recording to' "$tmp/log"
for ((i = 1; i <= n; i++)); do
	echo >"$tmp/in$i"
	wait_for grep -q '^{' "$tmp/out$i"
done
kill -INT $recorder
wait $recorder
is $? 0 "records"

tare report -i "$tmp/data" --json >"$tmp/report"
tare pauses -i "$tmp/data" --longest 0 --json >"$tmp/pauses"
is "$(json "$tmp/report" '[.processes[].pid] | sort | join(",")')" "$(tr , '\n' <<<"$pids" | sort -n | paste -sd,)" \
	"each process has its row"
for sum in voluntary:.context_switches.voluntary involuntary:.context_switches.involuntary \
	throttled_ns:.context_switches.throttled_ns.total_ns on_cpu_ns:.ledger.on_cpu_ns alloc_bytes:.allocation.bytes \
	goroutine_switches:.context_switches.goroutine_switches; do
	is "$(json "$tmp/report" "[.processes[].${sum%%:*}] | add")" "$(json "$tmp/report" "${sum#*:}")" "the sum is the whole: ${sum%%:*}"
done
is "$(json "$tmp/report" '[.processes[].pauses.count] | add')" "$(json "$tmp/pauses" .count)" "the sum is the whole: pauses"
is "$(json "$tmp/report" '[.processes[] | "\(.pid) \(.comm) \(.pauses.count)"] | sort | join(",")')" \
	"$(json "$tmp/pauses" '[.pauses | group_by(.pid)[] | "\(.[0].pid) \(.[0].comm) \(length)"] | sort | join(",")')" \
	"each pause is of the process that it is said to be of"
# by the programs' own figures: oracle.py of tests/go checks more
is "$(json "$tmp/pauses" '[.pauses[].reason | select(test("^reason [0-9]|unknown"))] | length')" 0 "every reason has a name"
is "$(json "$tmp/pauses" '[.pauses | group_by(.pid)[] | [.[] | select(.reason == "GC mark termination")] | length | . >= 4] | all')" \
	true "each made its collections"
is "$(json "$tmp/report" '.stop_the_world.by_reason["GC mark termination"].count')" \
	"$(json "$tmp/pauses" '[.pauses[] | select(.reason == "GC mark termination")] | length')" "reasons are summed by name"

tare report -i "$tmp/data" >"$tmp/text"
like "$(head -n 1 "$tmp/text")" "^$n processes named truth: " "the report says what was recorded"
is "$(awk '/^ +pid name/ { in_table = 1; next } in_table && !NF { exit } in_table { print $1 }' "$tmp/text" | sort -n | paste -sd,)" \
	"$(tr , '\n' <<<"$pids" | sort -n | paste -sd,)" "and has the table"
is "$(tare pauses -i "$tmp/data" --longest 5 | grep -cE "^    of truth \(pid (${pids//,/|})\)$")" 5 "each pause says whose it is"
is "$(tare report -i "$tmp/data" --processes --all | awk 'length > 100' | wc -l)" 0 "within 100 columns"
for ((i = 1; i <= n; i++)); do echo >"$tmp/in$i"; done
done_testing
