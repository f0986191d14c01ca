#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# --merge: Go's execution trace in the timeline of the recording, where Go's own reader has it, and where the kernel saw
# the same threads.
set -u
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
need_bpf
command -v go >/dev/null || skip_all "there is no go in PATH"

parsed() { go tool trace -d=parsed "$1" | grep '^M='; }

cp -r "$root/tests/live/export_merge_go" "$tmp/src"
ok "a program that traces itself: built" env -C "$tmp/src" GOTOOLCHAIN=local go build -o "$tmp/traced" .
# Where a thread that sweeps is kept off its CPU, Go's other sweeper yields 100,000 times meanwhile. That tells nothing new,
# but takes half a minute to check: rather another trace then.
for _ in 1 2 3 4; do
	ok "recorded" tare run -q -o "$tmp/data" -- "$tmp/traced" "$tmp/trace.out"
	[ "$(stat -c %s "$tmp/trace.out")" -ge 100000 ] || break
done
ok "merged" tare export -f perfetto -i "$tmp/data" --merge "$tmp/trace.out" -o "$tmp/merged.pftrace"
like "$(<"$tmp/stderr")" '64 of its [0-9]+ goroutines have a lane' "it says what is left out"
ok "by Go's own reader" parsed "$tmp/trace.out"
mv "$tmp/stdout" "$tmp/parsed"
ok "pauses" tare pauses --json --longest 0 -i "$tmp/data"
mv "$tmp/stdout" "$tmp/pauses"
ok "as JSON" tare export -f chrome -i "$tmp/data" --merge "$tmp/trace.out" -o "$tmp/merged.json"
ok "a part of it" tare export -f perfetto -i "$tmp/data" --merge "$tmp/trace.out" --from 500ms --to 600ms -o "$tmp/part.pftrace"
each merged merge_oracle < <(
	tabbed "Perfetto's rules are kept" wire
	tabbed "slices nest and end" tracks
	tabbed "each goroutine ran where and as long as Go's reader says; its states, ranges, regions, tasks and logs are those" \
		parsed "$tmp/parsed"
	tabbed "stops of the world are at the pauses that were recorded" pauses "$tmp/pauses"
	tabbed "threads that log are on a CPU then, by the kernel" kernel
	tabbed "the JSON is the same" chrome "$tmp/merged.json"
	tabbed "a part has the whole's slices, cut at its ends" part "$tmp/part.pftrace"
)

# ---- what does not fit ----

exits 2 "a format without a timeline" tare export -f folded -i "$tmp/data" --merge "$tmp/trace.out"
like "$(<"$tmp/stderr")" 'folded draws no timeline.*perfetto and chrome' "says which have one"
exits 1 "no trace" tare export -f chrome -i "$tmp/data" --merge "$tmp/data" -o "$tmp/no"
like "$(<"$tmp/stderr")" "$tmp/data is not an execution trace" "says so"
ok "nothing is written then" test ! -e "$tmp/no"
exits 1 "a trace that is not there" tare export -f chrome -i "$tmp/data" --merge "$tmp/none" -o "$tmp/no"
printf 'go 1.21 trace\0\0\0' >"$tmp/old"
exits 1 "an old one" tare export -f chrome -i "$tmp/data" --merge "$tmp/old" -o "$tmp/no"
like "$(<"$tmp/stderr")" 'Go 1.21, whose clock cannot be tied' "says why that cannot be"
printf 'go 1.99 trace\0\0\0' >"$tmp/new"
exits 1 "one of a Go that is not known" tare export -f chrome -i "$tmp/data" --merge "$tmp/new" -o "$tmp/no"
like "$(<"$tmp/stderr")" 'reads those of Go 1.22 to' "says which are"
exits 2 "the output is the trace" tare export -f chrome -i "$tmp/data" --merge "$tmp/trace.out" -o "$tmp/trace.out"
exits 1 "a pipe" tare export -f chrome -i "$tmp/data" --merge <(cat "$tmp/trace.out") -o "$tmp/no"
like "$(<"$tmp/stderr")" 'read twice' "says why not"

head -c 1000 "$tmp/trace.out" >"$tmp/cut"
exits 1 "one that is cut off at once" tare export -f chrome -i "$tmp/data" --merge "$tmp/cut" -o "$tmp/no"
like "$(<"$tmp/stderr")" 'nothing in it can be drawn: it is cut off' "says so"
head -c -100 "$tmp/trace.out" >"$tmp/cut"	# in its last generation
ok "one that is cut off" tare export -f perfetto -i "$tmp/data" --merge "$tmp/cut" -o "$tmp/cut.pftrace"
like "$(<"$tmp/stderr")" 'it is cut off; what comes before that' "says so"
each cut merge_oracle < <(tabbed "what is whole is there" pauses "$tmp/pauses")

# of another process, at the same time
spawn sleep 1000
coproc RECORD { exec "$TARE" record -p "$pid" -o "$tmp/other" 2>"$tmp/log"; }
record=$RECORD_PID
wait_for grep -q recording "$tmp/log"
ok "of another process" "$tmp/traced" "$tmp/apart.out"
kill -INT "$record"
wait "$record"
exits 1 "that is not in the recording" tare export -f chrome -i "$tmp/other" --merge "$tmp/apart.out" -o "$tmp/no"
like "$(<"$tmp/stderr")" 'a process that is not in the recording' "says so"
exits 1 "of another time" tare export -f chrome -i "$tmp/data" --merge "$tmp/apart.out" -o "$tmp/no"
like "$(<"$tmp/stderr")" 'another time than the recording: [0-9.]+ to [0-9.]+ s .* recording [0-9.]+ to' "says both"
done_testing
