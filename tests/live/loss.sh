#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# Losses are counted: recorded + lost = happened, and the report and the exit status say so.
set -u
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
need_bpf

report() { tare report -i "$tmp/data" --json >"$tmp/json"; }
sum() { switches "$1" | awk '{ n += $2 + $3 } END { print n }'; }
begins() { wait_for grep -q 'recording to' "$tmp/log"; }

# as_it_happened NAME: the counts in $tmp/json match $happened
as_it_happened()
{
	local out in recorded
	recorded=$(json "$tmp/json" .context_switches.count)
	out=$(json "$tmp/json" .lost.by_class.switch_out)
	is "$((recorded + out))" "$happened" "$1: recorded + lost = what happened"
	is "$(json "$tmp/json" '.lost.total == ([.lost.by_class | del(.disk_bytes)[]] | add)')" true "$1: the classes make up the total"
}

# storm NAME PROGRAM... -- ARGS...: tare with rings of $ring, run by PROGRAM and stopped while a workload with ARGS works
storm()
{
	local name=$1 recorder status before turns by=()
	shift
	while [ "$1" != -- ]; do by+=("$1"); shift; done
	shift
	workload_start pingpong "$@" || { result 1 "$name: starts"; return; }
	before=$(sum "$workload_pid")
	spawn "${by[@]}" "$TARE" record $strict --ring-size $ring "${only[@]}" -o "$tmp/data" -p "$workload_pid" 2>"$tmp/log" >"$tmp/summary"
	recorder=$pid
	begins
	case $stopped in
	1) kill -STOP "$recorder" ;;
	often) for _ in {1..5}; do kill -STOP "$recorder"; sleep 0.06; kill -CONT "$recorder"; sleep 0.02; done & turns=$! ;;
	esac
	workload_go
	[ "$stopped" != often ] || wait "$turns"
	[ -z "$stopped" ] || kill -CONT "$recorder"
	kill -INT "$recorder"
	wait "$recorder"
	status=$?
	happened=$(($(sum "$workload_pid") - before))
	workload_end
	ok "$name: reports" report
	as_it_happened "$name"
	recorder_status=$status
}

strict='' stopped=1 ring=4K only=()
for args in "yield --cpus 1" "futex --cpus 1" "pipe --cpus 2"; do
	# shellcheck disable=SC2086
	storm "$args" env -- --by $args --round-trips 20000
	is "$recorder_status" 0 "$args: loss is no failure of record"
	compare "$(json "$tmp/json" .lost.total)" '>' 10000 "$args: most is lost"
	is "$(drawn_last "$tmp/data" "lost by the recording since start")" "$(json "$tmp/json" .lost.total)" "$args: a trace counts it, too"
	like "$(<"$tmp/log")" 'events were lost' "$args: record says so"
	like "$(<"$tmp/summary")" "lost" "$args: and its summary"
done
ok "a report of it is no failure" tare report -i "$tmp/data"
like "$(tr -d , <"$tmp/stdout")" "lost +$(json "$tmp/json" .lost.total) events" "it says how much was lost"
exits 1 "but is with --strict" tare report --strict -i "$tmp/data"
like "$(<"$tmp/stdout")" "lost" "after the whole report"
exits 1 "also as JSON" tare report --strict --json -i "$tmp/data"
is "$(json "$tmp/stdout" .lost.complete)" false "which says that it is not complete"

# of more than 1 MB it is several: all are filled before anything is lost, and read in that order
ring=16M only=(--no-compress --freq 0 --off-cpu-min 0) # switches: stacks fill any ring, if the machine is slow
storm "several rings" env -- --by yield --cpus 1 --round-trips 40000
is "$(json "$tmp/json" '.lost.by_class | .switch_in + .switch_out')" 0 "several rings: nothing of the target is lost"
is "$(json "$tmp/json" '.check | .threads == .agree')" true "several rings: every switch is in its place"
compare "$(stat -c %s "$tmp/data")" '>' 1500000 "several rings: more than one was needed"

# round and round; how much waits each time, and whether it fits, is up to the machine
stopped=often ring=2M
storm "two rings" env -- --by yield --cpus 1 --round-trips 100000
is "$(json "$tmp/json" '(.lost.by_class | .switch_in + .switch_out) > 0 or (.check | .threads == .agree)')" true "two rings: every switch is in its place"

strict=--strict stopped=1 ring=4K only=()
storm "strict" env -- --by pipe --cpus 1 --round-trips 20000
is "$recorder_status" 1 "loss is a failure of record --strict"

# not stopped: with a low priority on the storm's own CPU it may or may not lose some
strict='' stopped=
storm "slow" taskset -c 0 nice -n 19 -- --by futex --cpus 1 --round-trips 50000
storm "in time" env -- --by pipe --cpus 2 --round-trips 50000

# ---- when nothing is lost, nothing is counted lost ----

workload_start pingpong --by futex --round-trips 1000
spawn "$TARE" record --strict -q -o "$tmp/data" -p "$workload_pid" 2>"$tmp/log"
recorder=$pid
begins
workload_go
kill -INT "$recorder"
wait "$recorder"
is $? 0 "where nothing is lost, record --strict succeeds"
workload_end
ok "and report --strict" tare report --strict --json -i "$tmp/data"
is "$(json "$tmp/stdout" '.lost | "\(.total) \(.complete)"')" "0 true" "which says that nothing is missing"

# ---- a command, with the smallest ring ----

exits 0 "a command may lose events" tare run -q --ring-size 4K -o "$tmp/data" -- "$root/build/workloads/pingpong" \
	--by futex --cpus 1 --round-trips 50000
ok "and is reported" report
# a thread whose birth or end was lost cannot be compared with the kernel's counters
is "$(json "$tmp/json" '.lost.by_class as $lost | .check | .switches_extra == 0 and .switches_missing <= $lost.switch_out and
	($lost.task > 0 or .switches_missing == $lost.switch_out)')" true \
	"what is missing by the kernel's counters is what was lost" ||
	diag "$(json "$tmp/json" '.lost.by_class, .check, .threads' | jq -c .)"
if command -v perf >/dev/null; then
	tare export -f perf -i "$tmp/data" -o "$tmp/perf.data"
	is "$(perf script --show-lost-events -i "$tmp/perf.data" 2>/dev/null | awk '/PERF_RECORD_LOST/ { n += $NF } END { print n + 0 }')" \
		"$(json "$tmp/json" '.lost.total - .lost.by_class.other_switch')" "and perf says so of an export"
fi

done_testing
