#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# The output of `tare export`, read by others: protoc, and a reader that knows Perfetto's fields (perfetto_check.py) and
# draws what a viewer would (perfetto_tracks.py).
set -u
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
need_bpf

decodes() { protoc --decode_raw <"$1" >/dev/null; }
# export_both NAME: $tmp/NAME.data to .pftrace and .txt
export_both()
{
	tare export -i "$tmp/$1.data" -f perfetto -o "$tmp/$1.pftrace" &&
		tare export -i "$tmp/$1.data" -f perf-script -o "$tmp/$1.txt" &&
		tare report -i "$tmp/$1.data" --json >"$tmp/$1.json"
}
# agree NAME: everything that must hold for the exports of $tmp/NAME.data
agree()
{
	ok "$1: both exports and the report are written" export_both "$1"
	ok "$1: protoc takes the trace apart" decodes "$tmp/$1.pftrace"
	each "$1" perfetto_check < <(
		tabbed "every field is known to Perfetto, text is UTF-8" wire
		tabbed "on each CPU who leaves is who came" chain
		tabbed "threads belong to their process" tree "$(json "$tmp/$1.json" .target.pid)"
		tabbed "as many switches of each thread as in the report" count "$tmp/$1.json"
		tabbed "as much time on the CPU" on-cpu "$tmp/$1.json"
		tabbed "who slept was woken" waking
		tabbed "perf-script tells the same" script "$tmp/$1.txt"
	)
}

# runtime_agrees NAME [WHAT CHECK]...: what $tmp/NAME.data knows of a language runtime is drawn as reported elsewhere; also
# by these checks, whose files are events one by one and pauses
runtime_agrees()
{
	local name=$1 at=$tmp/$1
	shift
	ok "$name: exports and report are written" export_both "$name"
	is "$(json "$at.json" .lost.total)" 0 "$name: nothing was lost"
	ok "$name: .. events one by one" tare export -i "$at.data" -f json-lines -o "$at.lines"
	ok "$name: .. and the pauses" pauses_to "$name"
	ok "$name: .. and folded stacks" folded_to "$name"
	ok "$name: protoc takes the trace apart" decodes "$at.pftrace"
	each "$name" perfetto_tracks < <(
		tabbed "every field is known to Perfetto, text is UTF-8" wire
		tabbed "on each CPU who leaves is who came" chain
		tabbed "perf-script tells of switches what it tells without a runtime" script "$at.txt"
		tabbed "slices nest, each on a track of the process or a thread" tracks
		tabbed "each pause has its time, its parts and causes" pauses "$at.pauses"
		tabbed "collections, their phases, the heap" gc "$at.lines"
		tabbed "signals, faults, interrupts, and what the runtime told" instants "$at.lines"
		tabbed "samples with their stacks and weights" samples "$at.json" "$at.cpu" "$at.off"
		tabbed "counters" counters "$at.lines"
		while [ $# -gt 0 ]; do
			tabbed "$1" "$2" "$at.lines" "$at.pauses"
			shift 2
		done
	)
}
folded_to()
{
	tare export -i "$tmp/$1.data" -f folded -w cpu -o "$tmp/$1.cpu" &&
		tare export -i "$tmp/$1.data" -f folded -w off-cpu -o "$tmp/$1.off"
}
pauses_to() { tare pauses -i "$tmp/$1.data" --json >"$tmp/$1.pauses"; }

# ---- a program from first instruction to end ----

ok "records a run" \
	tare run -q -o "$tmp/run.data" -- "$root/build/workloads/pingpong" --by futex --cpus 1 --round-trips 2000
agree run

# ---- a live process: threads that were there before ----

workload_start pingpong --by pipe --cpus 2 --round-trips 2000
live=$workload_pid
spawn "$TARE" record -q -o "$tmp/live.data" -p "$live" 2>"$tmp/recorder"
recorder=$pid
wait_for grep -q 'recording to' "$tmp/recorder"
workload_go
kill -INT "$recorder"
wait "$recorder"
is $? 0 "records a live process"
workload_end
agree live
is "$(json "$tmp/live.json" .target.pid)" "$live" "it is that process"

# ---- a language runtime ----

bench=$root/build/workloads/weft-bench
ok "records a runtime" tare run -q -o "$tmp/churn.data" -- "$bench" -t 0.02 churn
runtime_agrees churn
ok "records each step of its goroutines" tare run -q --goroutines -o "$tmp/steps.data" -- "$bench" -t 0.015 churn
runtime_agrees steps "a slice for each time that a goroutine ran" goroutines "and on a lane for each P" stepped

# 3: the program's own figures are not the truth, which matters elsewhere
record_go() { go__record "$@" || [ $? -eq 3 ]; }

if command -v go >/dev/null; then
	. "$root/tests/go/lib.sh"
	version=$("$root/tests/go/build" --full installed)
	ok "Go $version: built" env GO_VARIANTS=plain "$root/tests/go/build" "$version"
	ok "records a live Go program" record_go "$go_out/$version/plain/truth"
	mv "$tmp/data" "$tmp/go.data"
	runtime_agrees go "a slice for each time that a thread with a goroutine was off the CPU" off \
		"a lane for each P, with who was seen with it and when it was stopped" lanes
fi

# ---- the command ----

exits 2 "an unknown format is wrong usage" tare export -i "$tmp/run.data" -f nonsense
like "$(<"$tmp/stderr")" 'perfetto, chrome, perf, perf-script' "and the error lists those that there are"
exits 2 "no format is wrong usage" tare export -i "$tmp/run.data"
exits 2 "the recording is not overwritten by its own export" \
	tare export -i "$tmp/run.data" -f perfetto -o "$tmp/run.data"
ok "and is whole" tare report -i "$tmp/run.data"
exits 1 "no such recording" tare export -i "$tmp/none" -f perfetto
for format in perfetto perf-script; do
	exits 1 "$format: a full disk is an error" tare export -i "$tmp/run.data" -f $format -o /dev/full
	like "$(<"$tmp/stderr")" '/dev/full: No space left on device' "$format: and says so"
	tare export -i - -f $format <"$tmp/run.data" >"$tmp/piped"
	ok "$format: from standard input to standard output it is the same" \
		cmp "$tmp/piped" "$tmp/run.$([ $format = perfetto ] && echo pftrace || echo txt)"
done
ln -s "$tmp/elsewhere" "$tmp/link"
exits 1 "a symbolic link is not written through" tare export -i "$tmp/run.data" -f perfetto -o "$tmp/link"
ok "and what it points to is not made" test ! -e "$tmp/elsewhere"
quiet_pipe() { tare export -i "$tmp/run.data" -f perf-script | head -n 1; }
ok "a reader that ends early is no error" quiet_pipe
is "$(<"$tmp/stderr")" "" "and no word is said of it"
on_terminal() { script -qec "'$TARE' export -i '$tmp/run.data' -f perfetto" /dev/null; }
exits 2 "binary is not written to a terminal" on_terminal

ok "records a long run" \
	tare run -q --no-compress -o "$tmp/long.data" -- "$root/build/workloads/pingpong" --by futex --cpus 1 --round-trips 8000
ok "whose trace is not much larger than it" tare export -i "$tmp/long.data" -f perfetto -o "$tmp/long.pftrace"
ok "as switches are told briefly" \
	test "$(stat -c %s "$tmp/long.pftrace")" -lt $(($(stat -c %s "$tmp/long.data") * 3 / 2))

# a recording cut off anywhere exports up to there
size=$(stat -c %s "$tmp/long.data")
for bytes in $((size / 3)) $((size / 2)) $((size - 1)); do
	head -c $bytes "$tmp/long.data" >"$tmp/cut.data"
	ok "cut to $bytes bytes of $size it still exports" \
		tare export -i "$tmp/cut.data" -f perfetto -o "$tmp/cut.pftrace"
	each cut perfetto_check < <(tabbed "and the chain on each CPU holds" chain)
done

done_testing
