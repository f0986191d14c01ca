#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# Stacks of native programs: with and without frame pointers, 99 % of the samples are whole and right; time off CPU is
# where the program itself measured it.
set -u
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
need_bpf

here=$root/tests/live/stacks_native

# samples NAME OPTION...: until there are enough of them, however slow the machine is
samples()
{
	local name=$1 pid recorder
	shift
	"$tmp/$name" &
	pid=$!
	"$TARE" record -q -F 997 --off-cpu-min 0 "$@" -o "$tmp/data" -p $pid 2>"$tmp/log" &
	recorder=$!
	wait_for grep -q 'recording to' "$tmp/log"
	# 3 s of its CPU time, in clock ticks
	wait_for eval '[ "$(awk "{ print \$14 + \$15 }" /proc/'$pid'/stat)" -ge "$((3 * $(getconf CLK_TCK)))" ]'
	kill -INT $recorder
	wait $recorder
	kill $pid
	wait $pid 2>/dev/null
	tare export -i "$tmp/data" -f json-lines >"$tmp/lines"
}

# right NAME: what they must be
right()
{
	local status=0
	"$here/oracle.py" shapes <"$tmp/lines" >"$tmp/said" || status=1
	result $status "$1" || diag "$(cat "$tmp/said")"
	diag "$1: $(head -n 1 "$tmp/said")"
}

gcc -O2 -fomit-frame-pointer -pthread -o "$tmp/without" "$here/shapes.c" &&
	gcc -O2 -fno-omit-frame-pointer -mno-omit-leaf-frame-pointer -pthread -o "$tmp/with" "$here/shapes.c" &&
	gcc -O2 -fomit-frame-pointer -pthread -static -o "$tmp/static" "$here/shapes.c"
is $? 0 "the program compiles"

samples without --call-graph dwarf
right "without frame pointers, by call frame information: 99 % are whole and right"
samples with --call-graph dwarf
right "with frame pointers too"
samples static --call-graph dwarf,16K
right "linked statically too"

# ---- off CPU ----

"$tmp/without" waits >"$tmp/truth" &
pid=$!
"$TARE" record -q -F 0 --call-graph dwarf -o "$tmp/data" -p $pid 2>"$tmp/log" &
recorder=$!
wait_for grep -q 'recording to' "$tmp/log"
sleep 6
kill -INT $recorder
wait $recorder
is $? 0 "recorded its waits"
kill -TERM $pid
wait $pid
tare export -i "$tmp/data" -f json-lines >"$tmp/lines"
ok "each place has its share of the time off CPU, within 2 points" \
	eval '"$here/oracle.py" waits "$tmp/truth" <"$tmp/lines" >"$tmp/said"'
diag "$(cat "$tmp/said")"
done_testing
