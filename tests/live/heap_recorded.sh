#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# The heap by site in a recording: as it was when it began, last, and how it has grown; also of a program that was
# killed. A cache that only grows is found by name.
set -u
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
. "$root/tests/go/lib.sh"
need_bpf
command -v go >/dev/null || skip_all "there is no go in PATH"

version=$("$root/tests/go/build" --full installed)
export GO_VARIANTS="plain stripped-pie"
ok "Go $version: built" "$root/tests/go/build" "$version" || diag "$(cat "$tmp/stderr")"
leak=$go_out/$version/stripped-pie/leak
export RATE=1	# every object is sampled

# heap ARGS...: of $tmp/data, in $tmp/heap
heap() { tare heap --json -i "$tmp/data" "$@" >"$tmp/heap"; }
# at FIGURE [FUNCTION]: of the objects of 4096 bytes that are allocated there; the runtime allocates there for itself, too
at()
{
	json "$tmp/heap" ". as \$h | [.stacks[] | select(.size_bytes == 4096 and .frames[0] != null and
		\$h.frames[.frames[0]].function == \"main.${2-remember}\") | .estimate.$1] | add // 0"
}
record()
{
	spawn "$TARE" record -q -o "$tmp/data" "$@" 2>"$tmp/log"
	recorder=$pid
	wait_for grep -qE 'recording to|holding' "$tmp/log"
}

# ---- a live process: where it began, last, what has changed ----

go__start "$leak"
go__work "$tmp/before"
record -p "$go_pid"
go__work "$tmp/after"
kill -INT "$recorder"
wait "$recorder"
is $? 0 "a live process: recorded"
# as it is, read by itself
ok "a live process: read from outside" tare heap --json -p "$go_pid"
cp "$tmp/stdout" "$tmp/outside"
go__end
ok "a live process: its heap is in the recording" heap
is "$(at inuse_bytes)" "$(cat "$tmp/after")" "a live process: the cache, to the byte"
totals='[.total, .rate_bytes, .collections, ([.stacks[] | select(.sampled.allocs > 0) | [.size_bytes, .sampled, (.addresses | length)]] | sort)]'
is "$(json "$tmp/heap" "$totals" | sha256sum)" "$(json "$tmp/outside" "$totals" | sha256sum)" \
	"a live process: the same as from outside, stack by stack"
is "$(json "$tmp/heap" '[.sites[] | select(.function == null)] | length')" 0 "a live process: every site has its function"
ok "a live process: what has changed" heap --diff
is "$(at inuse_bytes)" $(($(cat "$tmp/after") - $(cat "$tmp/before"))) "a live process: the cache has grown, to the byte"
is "$(json "$tmp/heap" '.sites[0].function')" main.remember "a live process: what grows is the first one told"
compare "$(at alloc_bytes forget)" '>' $((8 << 20)) "a live process: what lives for a moment is allocated"
ok "a live process: as a table" tare heap --diff --stacks -i "$tmp/data"
like "$(<"$tmp/stdout")" '\+33\.6 MB +\+8,19[0-9] +\+33\.6 MB +\+8,19[0-9]  main\.remember .*/leak/main\.go:[0-9]+.*main\.main ' \
	"a live process: the table says what grew and where"
ok "a live process: report" tare report -i "$tmp/data"
like "$(<"$tmp/stdout")" 'in use +grew by +allocated .*67\.1 MB +\+33\.6 MB +33\.6 MB +main\.remember \(main\.go:[0-9]+\)' "a live process: the report does too"
tare report --json -i "$tmp/data" >"$tmp/report"
is "$(json "$tmp/report" '.heaps[0].sites[0].function')" main.remember "a live process: as JSON"
near "$(json "$tmp/report" '.heaps[0].sites[0].grew_by.inuse_bytes')" $(($(cat "$tmp/after") - $(cat "$tmp/before"))) 1 \
	"a live process: as JSON, with what it has grown by"
is "$(tare export -f json-lines -i "$tmp/data" | jq -s '[.[] | select(.event == "heap")] | [.[].begin] | tostring' -r)" "[true,false]" \
	"a live process: one reading at each end"

# nothing happens
go__start "$leak"
go__work "$tmp/before"
record -p "$go_pid"
kill -INT "$recorder"
wait "$recorder"
go__end
ok "a process at rest" tare heap --diff -i "$tmp/data"
like "$(<"$tmp/stdout")" 'What has changed is not known: no collection was over' "a process at rest: nothing was published, and that is said"
tare report --json -i "$tmp/data" >"$tmp/report"
is "$(json "$tmp/report" '.heaps[0] | [.grew_by, .sites[0].grew_by] | tostring')" '[null,null]' "a process at rest: not known is not 0"

# ---- born and killed within the recording ----

mkfifo "$tmp/in"
exec {feed}<>"$tmp/in"	# writing to it never blocks
"$TARE" run -q -o "$tmp/data" -- "$leak" <"$tmp/in" >"$tmp/out" 2>"$tmp/log" &
recorder=$!
wait_for grep -q ready "$tmp/out"
go_pid=$(sed -n 's/^ready //p' "$tmp/out")
echo >&"$feed"
wait_for grep -qE '^[0-9]+$' "$tmp/out"
sleep 3	# it is read every second
kill -STOP "$recorder"	# so that the last reading is older than what need not be said
sleep 0.5
kill -KILL "$go_pid"
# its memory stays until its last thread is gone
gone() { grep -q '^State:.*Z' "/proc/$go_pid/status" && [ "$(ls "/proc/$go_pid/task" | wc -l)" -eq 1 ]; }
wait_for gone
kill -CONT "$recorder"
wait "$recorder"
is $? 137 "killed: recorded"
ok "killed: its last heap is there" heap
is "$(at inuse_bytes)" 33554432 "killed: the cache, to the byte"
ok "killed: what has changed since its birth" heap --diff -p "$go_pid"
is "$(at inuse_bytes)" 33554432 "killed: is all of it"
ok "killed: report" tare report -i "$tmp/data"
like "$(<"$tmp/stdout")" '\+33\.6 MB +33\.6 MB +main\.remember .*as last read, [0-9.]+ [a-z]+ before the end' "killed: the report says of when it is"

# ---- a flight: as it is when it is written ----

go__start "$leak"
record --flight 1s -p "$go_pid"
go__work "$tmp/after"
kill -USR1 "$recorder"
wait_for grep -q wrote "$tmp/log"
ok "a flight: the heap is in it" heap
is "$(at inuse_bytes)" "$(cat "$tmp/after")" "a flight: the cache, to the byte"
go__work "$tmp/after"
sleep 3	# the recording's beginning is not in it any more
go__work "$tmp/after"
kill -INT "$recorder"
wait "$recorder"
go__end
ok "a flight, a second one: what has changed since its begin" heap --diff
is "$(json "$tmp/heap" '.known')" true "a flight, a second one: is known"
compare "$(at inuse_bytes)" '>' 0 "a flight, a second one: the cache has grown"
compare "$(at inuse_bytes)" '<=' "$(cat "$tmp/after")" "a flight, a second one: and no more than it is"
ok "a flight, a second one" heap
is "$(at inuse_bytes)" "$(cat "$tmp/after")" "a flight, a second one: the cache as it is then"

# ---- killed for want of memory: its last heap, of all runs ----

if make_cgroup memory; then
	[ $group_version = 1 ] && limit=memory.limit_in_bytes || limit=memory.max
	echo 134217728 >"$group/$limit"
	{ echo 0 >"$group/memory.swap.max" || echo 134217728 >"$group/memory.memsw.limit_in_bytes"; } 2>"$tmp/log"
	for ((run = 1; run <= ${OOM_RUNS:-3}; run++)); do
		# shellcheck disable=SC2016
		sh -c 'echo $$ >"$0/cgroup.procs" && exec "$1"' "$group" "$leak" <"$tmp/in" >"$tmp/out" &
		go_pid=$!
		wait_for grep -q ready "$tmp/out"
		record --flight 1s --trigger memory -p "$go_pid"
		echo >&"$feed"
		wait_for grep -qE '^[0-9]+$' "$tmp/out"
		sleep 2	# it is read every second, and soon after it has grown
		for ((i = 0; i < 8; i++)); do echo >&"$feed"; done
		wait "$recorder"
		is $? 0 "want of memory, run $run: ends the flight"
		wait "$go_pid"
		is $? 137 "want of memory, run $run: the program was killed"
		while read -r -t 0.01 _ <&"$feed"; do :; done	# what it has not read
		like "$(<"$tmp/log")" "the kernel kills process $go_pid \(leak\) for want of memory: cgroup ${group##*/} may have 134 MB" \
			"want of memory, run $run: said"
		ok "want of memory, run $run: its last heap is there" heap
		is "$(json "$tmp/heap" '.sites[0].function')" main.remember "want of memory, run $run: .. and what fills it"
		is "$(at inuse_bytes | awk '{ print ($1 >= 33554432) }')" 1 "want of memory, run $run: .. with all that is published"
	done
	like "$(tare report -i "$tmp/data")" "! killed +leak \(pid $go_pid\), by the kernel for want of memory, after .*: cgroup ${group##*/} may have 134 MB" \
		"want of memory: the report says so"
	is "$(tare report --json -i "$tmp/data" | jq -r '.oom_kills | map([.pid, .comm, .cgroup, .limit_bytes]) | tostring')" \
		"[[$go_pid,\"leak\",\"${group##*/}\",134217728]]" "want of memory: as JSON"
else
	result 1 "a cgroup with a limit on memory"
fi
exits 0 "both triggers, where there are no pauses" "$TARE" record -q -d 100ms -o "$tmp/none" --flight 1s --trigger memory --trigger 1s -p $$
like "$(<"$tmp/stderr")" 'only --trigger memory was watched' "both triggers: which one was watched"
exits 2 "a trigger by memory needs a flight" "$TARE" record --trigger memory -p $$

# ---- sampled as usual; live, within a time ----

unset RATE
go__start "$leak" 128
ok "within a time: read twice" tare heap --json --diff=100ms -p "$go_pid"
is "$(json "$tmp/stdout" '.difference')" true "within a time: a difference"
record -p "$go_pid"
go__work "$tmp/after"
kill -INT "$recorder"
wait "$recorder"
go__end
ok "sampled" heap --diff
near "$(at inuse_bytes)" "$(cat "$tmp/after")" 35 "sampled: the cache, as near as one in 512 KiB can tell"

# ---- what has none ----

go__start "$go_out/$version/stripped-pie/truth"
record -p "$go_pid"
kill -INT "$recorder"
wait "$recorder"
go__end
exits 3 "linked out" tare heap -i "$tmp/data"
like "$(<"$tmp/stderr")" 'no heap profile: .*linker has left it out' "linked out: said"
like "$(tare report -i "$tmp/data")" 'no heap by site: .*linker has left it out' "linked out: the report says so"
ok "native: recorded" tare run -q -o "$tmp/data" -- true
exits 3 "native" tare heap -i "$tmp/data"
like "$(<"$tmp/stderr")" 'no process in it had a runtime that samples its allocations' "native: said"
exits 2 "a time with a blank" tare heap -p $$ --diff 3s
like "$(<"$tmp/stderr")" "what is '3s'\? .*--diff=TIME" "a time with a blank: said"
exits 2 "a recording has one beginning" tare heap -i "$tmp/data" --diff=1s
exits 1 "no such recording" tare heap -i "$tmp/none"
exits 3 "no such process in it" tare heap -i "$tmp/data" -p 1
done_testing
