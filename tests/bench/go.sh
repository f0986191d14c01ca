#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
#
#   tests/bench/go.sh            what it costs live Go programs to be watched, side by side with others
#   tests/bench/go.sh --json     the figures, for a program
#   BENCH_GO_ROUNDS=7 BENCH_GO_SECONDS=1
#
# Three programs (go/alloc.go, go/switch.go, go/http.go), each one process all the while; in each round it works alone,
# with tare recording, alone, with bpftrace counting goroutine switches and allocations where the runtime does them,
# alone, and under Go's own execution tracer. Each is held against the two that were alone before and after it.
set -u
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
test_done=1	# no TAP here
rounds=${BENCH_GO_ROUNDS:-7}
seconds=${BENCH_GO_SECONDS:-1}
samples=$tmp/samples

say() { printf '%s\n' "$*" >&2; }
die() { say "go.sh: $*"; [ ! -s "$tmp/log" ] || tail -n 3 "$tmp/log" >&2; exit 1; }

# line COMMAND: one measurement's figures
line()
{
	echo "$1" >&"$to"
	read -r -t 120 figures <&"$from" || die "$program ended"
}

# measured TOOL ROUND COMMAND
measured()
{
	line "$3"
	jq -c --arg program "$program" --arg tool "$1" --argjson round "$2" '. + { $program, $tool, $round }' \
		<<<"$figures" >>"$samples" || die "no figures: $figures"
}

with_tare()
{
	spawn "$TARE" record -q -o "$tmp/data" -p "$program_pid" 2>"$tmp/log"
	local recorder=$pid
	wait_for grep -q 'recording to' "$tmp/log" || die "tare does not record"
	measured tare "$1" run
	kill -INT "$recorder"
	wait "$recorder" || die "tare ended with $?"
}

with_bpftrace()
{
	spawn bpftrace -B line -e "
		uprobe:$binary:\"runtime.execute\" /pid == $program_pid/ { @switches = count(); }
		uprobe:$binary:\"runtime.mallocgc\" /pid == $program_pid/ { @allocations = count(); }
		interval:ms:100 /@on == 0/ { printf(\"on\\n\"); @on = 1; }" >"$tmp/bpftrace" 2>"$tmp/log"
	local tracer=$pid
	wait_for grep -qx on "$tmp/bpftrace" || die "bpftrace does not trace"
	measured bpftrace "$1" run
	kill -INT "$tracer"
	wait "$tracer" || die "bpftrace ended with $?"
	grep -qE '^@(switches|allocations): [1-9]' "$tmp/bpftrace" || die "bpftrace saw nothing"
}

# bench PROGRAM ARGS...
bench()
{
	local i word
	program=$1 binary=$tmp/$1
	shift
	say "$program"
	(cd "$root/tests/bench/go" && GOFLAGS=-buildvcs=false go build -o "$binary" "$program.go" measure.go) 2>"$tmp/log" ||
		die "$program.go cannot be built"
	coproc BENCH { exec "$binary" -d "${seconds}s" "$@" 2>"$tmp/log.go"; }
	exec {from}<&"${BENCH[0]}" {to}>&"${BENCH[1]}"
	eval "exec ${BENCH[0]}<&- ${BENCH[1]}>&-"	# or closing $to would be no end of input
	read -r word program_pid <&"$from" && [ "$word" = ready ] || die "$program did not start: $(cat "$tmp/log.go")"
	line run	# warm
	for ((i = 0; i < rounds; i++)); do
		measured alone "$i" run
		with_tare "$i"
		measured alone "$i" run
		[ -z "$has_bpftrace" ] || { with_bpftrace "$i"; measured alone "$i" run; }
		measured tracer "$i" trace
		measured alone "$i" run
	done
	exec {to}>&- {from}<&-
	wait "$BENCH_PID" 2>/dev/null
}

[ "$(id -u)" -eq 0 ] || die "only root may record here"
[ -x "$TARE" ] || die "$TARE is not built: run make"
command -v go >/dev/null || die "there is no go in PATH"
has_bpftrace=$(command -v bpftrace) || say "there is no bpftrace here"
bench alloc
bench switch -procs 1
bench http
if [ "${1-}" = --json ]; then jq -s . "$samples"; else python3 "$root/tests/bench/go_table.py" "$samples"; fi
