#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# Samples, faults and interrupts are recorded only for a process whose own world is being stopped: not for other targets,
# and no more once it has ended or become another program in the middle of a stop.
set -u
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
need_bpf
command -v go >/dev/null || skip_all "there is no go in PATH"
[ "$(nproc)" -ge 2 ] || skip_all "the one that stops the world and the one that does not stand need a CPU each"

burn=$root/build/helpers/burn
last=$(($(nproc) - 1))
build() { cd "$root/tests/live/stopping_go" && CGO_ENABLED=0 GOTOOLCHAIN=local go build -buildvcs=false -o "$tmp/prog" .; }
sleeps() { awk '/^voluntary_/ { print $2 }' "/proc/$1/task/$1/status"; }
# the initiator checks every 100 us whether all have stopped: it slept so often since that nothing else explains it
stops() { [ "$(sleeps "$1")" -gt $(($2 + 500)) ]; }
count() { json "$tmp/events" "select(.event | IN(\"sample\", \"irq\", \"fault\")) | select($1) | 1" | wc -l; }

said_twice() { [ "$(grep -c "^$1" "$tmp/prog.out")" -eq 2 ]; }

# record ARGS...: the program and another target, from before the request until the other has burned for long
record()
{
	local recorder before
	rm -f "$tmp"/{prog,burn}.{in,out} "$tmp/log"
	mkfifo "$tmp/prog.in" "$tmp/burn.in"
	GODEBUG=asyncpreemptoff=1 "$tmp/prog" "$@" <>"$tmp/prog.in" >"$tmp/prog.out" &
	prog=$!
	"$burn" "$last" 1000 <>"$tmp/burn.in" >"$tmp/burn.out" &
	other=$!
	wait_for grep -q ready "$tmp/prog.out" && wait_for grep -q ready "$tmp/burn.out" && quiet $prog || return
	spawn "$TARE" record -q -F 0 -o "$tmp/data" -p "$prog,$other" 2>"$tmp/log"
	recorder=$pid
	wait_for grep -q 'recording to' "$tmp/log" || return
	before=$(sleeps $prog)
	echo >"$tmp/prog.in"
	wait_for stops $prog "$before" || return
	if [ $# -gt 0 ]; then
		echo >"$tmp/prog.in"
		wait_for said_twice ready # the second time by its successor, which gets the line
	else
		kill -KILL $prog
		wait $prog 2>/dev/null
	fi
	echo >"$tmp/burn.in"
	wait_for grep -q '^done' "$tmp/burn.out" || return
	[ $# -eq 0 ] || wait_for grep -q '^done' "$tmp/prog.out" || return
	kill -INT "$recorder"
	wait "$recorder" || return
	[ $# -eq 0 ] || kill $prog
	kill $other
	tare export -i "$tmp/data" -f json-lines >"$tmp/events"
}

ok "builds" build || { done_testing; }

ok "killed: recorded" record
request=$(json "$tmp/events" 'select(.event == "runtime" and .what == "stw_request") | .ts_ns' | tail -n 1)
end=$(json "$tmp/events" "select(.event == \"exit\" and .tgid == $prog) | .ts_ns" | tail -n 1)
compare "$end" '>' "$request" "killed: in the middle of a stop"
compare "$(count ".tid == $prog or .tgid == $prog")" '>' 0 "killed: the stop has evidence"
is "$(count ".tid == $other")" 0 "killed: the other target, which burned, has none"
is "$(count ".ts_ns > $end")" 0 "killed: afterwards there is none"

ok "exec: recorded" record "$burn" 0 500
exec=$(json "$tmp/events" "select(.event == \"exec\" and .tid == $prog) | .ts_ns" | tail -n 1)
compare "$(count ".ts_ns < ${exec:-0}")" '>' 0 "exec: the stop has evidence"
is "$(count ".ts_ns > ${exec:-0}")" 0 "exec: the program in its place has none"
done_testing
