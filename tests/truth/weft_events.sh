#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
#
# What tare sees of weft against weft's own log: each event, in order, with its numbers and its time; and the counters
# read from outside against those that the program prints.
set -u
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
need_bpf

bench=$root/build/workloads/weft-bench

# final COUNTER: the last value that the program printed
final() { jq -s ".[1].$1" "$tmp/printed"; }
# counted KEY: the value in the recording
counted() { json "$tmp/report.json" "$1"; }

# scenario NAME ARGS...
scenario()
{
	local name=$1 agreed
	shift
	rm -f "$tmp/log" "$tmp/data"
	WEFT_TRACE=$tmp/log exits 0 "$name is recorded" "$TARE" run -q --goroutines --ring-size 64M -o "$tmp/data" -- \
		"$bench" -c "$@" "$name" || return
	cp "$tmp/stdout" "$tmp/printed"
	tare export -i "$tmp/data" -f json-lines >"$tmp/seen" || return
	tare report -i "$tmp/data" --json >"$tmp/report.json" || return
	is "$(counted .lost.total)" 0 "$name: nothing was lost"
	agreed=$("$root/tests/truth/same_events.py" "$tmp/log" "$tmp/seen" 2>&1)
	like "$agreed" "^events [0-9]+ median" "$name: the same events, thread by thread in the same order"
	diag "$name: $agreed"
	# times: on a busy machine the CPU may be lost between the two, so only the median is checked
	compare "$(awk '{ print $4 }' <<<"$agreed")" "<" 2000 "$name: times agree (median difference below 2 us)"

	is "$(counted .context_switches.goroutine_switches)" "$(final switches)" "$name: goroutine switches"
	is "$(counted .allocation.bytes)" "$(final alloc_bytes)" "$name: allocated bytes"
	is "$(counted .allocation.objects)" "$(final alloc_objects)" "$name: allocated objects"
	is "$(counted .allocation.freed_bytes)" "$(final freed_bytes)" "$name: freed bytes"
	is "$(counted .runtime.collections)" "$(final collections)" "$name: collections"
	is "$(counted .runtime.pauses)" "$(final stw)" "$name: pauses"
	is "$(counted .runtime.pause_ns)" "$(final stw_ns)" "$name: their sum"
	is "$(counted .runtime.preempts)" "$(final preempts)" "$name: preemptions"
	is "$(grep -c '"stw_started"' "$tmp/seen")" "$(final stw)" "$name: each pause is told"
}

scenario pingpong -n 20000
scenario preempt -t 0.5
scenario churn -t 0.5
scenario server -t 1

done_testing
