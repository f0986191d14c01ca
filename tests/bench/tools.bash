# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
#
# The tools that benchmarks compare. Source it after tests/lib.sh; $here is tests/bench. For each tool NAME__start has it
# record process $target_pid, and returns when it does; finish ends it.

measure=$root/build/helpers/measure

say() { printf 'bench: %s\n' "$*" >&2; }
die()
{
	say "$*"
	tail -n 20 "$tmp/log" 2>/dev/null | sed 's/^/  /' >&2
	exit 1
}

# begin CMD...: a recorder in the background; what it took will be in $tmp/usage
begin()
{
	"$measure" "$tmp/usage" "$@" >"$tmp/out" 2>"$tmp/log" &
	recorder=$!
}

# Ctrl-C is how each is told to end; perf then lets the signal kill it
finish()
{
	local status=0
	kill -INT "$recorder" || return
	wait "$recorder" || status=$?
	[ $status -eq 0 ] || [ $status -eq 130 ]
}

nothing__start() { recorder=; }

tare__start()
{
	begin "${1:-$TARE}" record -q -o "$tmp/file" -p "$target_pid"
	wait_for grep -q 'recording to' "$tmp/log"
}

also__start() { tare__start "$also"; }

# it records all processes; there is no such thing as one process's run-queue waits for perf
perf__start()
{
	local answer
	rm -f "$tmp/control" "$tmp/answer"
	mkfifo "$tmp/control" "$tmp/answer" || return
	begin perf sched record -D -1 --control "fifo:$tmp/control,$tmp/answer" -o "$tmp/file"
	exec {control}<>"$tmp/control" {answers}<>"$tmp/answer"
	echo enable >&"$control"
	read -r -t 60 answer <&"$answers" && [[ $answer == ack* ]]
	local status=$?
	exec {control}>&- {answers}>&-
	return $status
}

# "ready" comes every 0.1 s; the first may come while other probes are not attached yet
bpftrace__start()
{
	begin bpftrace "$here/switches.bt" "$target_pid"
	wait_for has_lines 5 ready "$tmp/out"
}

has_lines() { [ "$(grep -c "$2" "$3")" -ge "$1" ]; }
