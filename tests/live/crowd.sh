#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# Thousands of threads: each is found, told apart and counted as by the kernel, the program keeps its name, and it need not
# wait long for a CPU while tare attaches.
set -u
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
need_bpf

threads=10000 naps=2
crowd=$root/build/helpers/crowd

# how often each thread of process $1 left a CPU voluntarily, as counted by the kernel: "TID COUNT", by number
voluntary()
{
	awk 'FNR == 1 { split(FILENAME, part, "/") } $1 == "voluntary_ctxt_switches:" { print part[5], $2 }' \
		/proc/"$1"/task/*/status | sort -n
}

# the sizes of process $1's ring buffers (map type 27), one on a line
rings() { awk '$1 == "map_type:" { ring = $2 == 27 } ring && $1 == "max_entries:" { print $2 }' /proc/"$1"/fdinfo/*; }

mkfifo "$tmp/in"
"$crowd" $threads $naps <>"$tmp/in" >"$tmp/out" &
wait_for grep -q ready "$tmp/out"
target=$!
voluntary $target >"$tmp/before"
spawn "$TARE" record -q -o "$tmp/data" -p $target 2>"$tmp/log"
recorder=$pid
wait_for grep -q 'recording to' "$tmp/log"
# the kernel makes each without a pause: 16 MB take up to 50 ms of CPU time
rings $recorder >"$tmp/rings"
compare "$(sort -n "$tmp/rings" | tail -n 1)" '<=' 1048576 "no ring buffer takes long to make"
compare "$(awk '{ n += $1 } END { print n }' "$tmp/rings")" '>=' $((256 << 10)) "and together they hold a burst"
echo >"$tmp/in"
wait_for grep -q "done" "$tmp/out"
kill -INT $recorder
wait $recorder
is $? 0 "records $threads threads"
voluntary $target >"$tmp/after"

tare report -i "$tmp/data" --json >"$tmp/report"
is "$(json "$tmp/report" '[.threads[].tid] | unique | length')" $((threads + 1)) "each thread is there at the first snapshot"
is "$(json "$tmp/report" "[.threads[] | select(.tgid != $target)] | length")" 0 "and is of its process"
is "$(json "$tmp/report" .check.threads)" $((threads + 1)) "each can be held against the kernel's counters"
is "$(json "$tmp/report" .check.agree)" $((threads + 1)) "and agrees in every switch"
# all were idle at both ends, except the first, which read a line and was counted until it did
is "$(json "$tmp/report" ".threads[] | select(.tid != $target) | \"\(.tid) \(.voluntary)\"" | sort -n | sha256sum)" \
	"$(join "$tmp/before" "$tmp/after" | awk -v first=$target '$1 != first { print $1, $3 - $2 }' | sha256sum)" \
	"and so by what /proc says"
compare "$(json "$tmp/report" '[.threads[] | select(.voluntary >= '$naps')] | length')" '>=' $threads "each took its naps"
like "$(tare report -i "$tmp/data" | head -n 1)" "^crowd \(pid $target\): " "the report says whose they are"

echo >"$tmp/in"
wait $target

# all end during the recording, most of them without a row of their own
printf '\n\n' >"$tmp/lines"
ok "runs $threads threads" "$TARE" run -q -o "$tmp/ended" -- "$crowd" $threads $naps <"$tmp/lines"
tare report -i "$tmp/ended" --json >"$tmp/report"
pid=$(json "$tmp/report" .target.pid)
like "$(tare report -i "$tmp/ended" | head -n 1)" "^crowd \(pid $pid\): " "the report says what ran"
is "$(json "$tmp/report" '.processes | map("\(.pid) \(.comm) \(.threads)") | join(",")')" "$pid crowd $((threads + 1))" \
	"ended threads are of their process"
is "$(json "$tmp/report" '.check | .threads == .agree')" true "and agree with what the kernel counted of them"
is "$(json "$tmp/report" '([.threads[].voluntary] | add) == .context_switches.voluntary')" true "the sum is the whole"
done_testing
