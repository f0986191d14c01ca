#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
#
#   tests/bench/real.sh [option...]   what tare costs real servers, to half a percent, side by side with others
#
#   --servers LIST    of gohttp prometheus epoll pingpong (all)
#   --tools LIST      of nothing tare tare-all perf bpftrace gotrace (all)
#   --half-width P    until the 95 % interval of what is left is so many points to each side (0.5)
#   --limit SECONDS   but no longer than this for each server and tool (240)
#   --load SHARE      of the requests that the server can answer (0.4)
#   --json            the figures, for a program
#   --raw FILE        keep what was measured, one JSON line each
#
# A server runs all the while, under the same number of requests a second. What it takes for them is measured in windows
# of 0.3 s, with the tool and without. A tool takes up to seconds to attach and to detach, so it cannot change from window
# to window: a block is four windows, a pair is a block with the tool and one without, in random order. Where two blocks
# with it follow each other it stays. "With" begins when the tool says that it records, and ends before it is told to
# stop; the window right after either is not used. A pair gives one ratio, and the interval is that of the pairs' (tare's
# windows are not independent: what disturbs one disturbs the next).
#
# gohttp is tests/bench/real/server.go, prometheus Debian's, which answers queries on a day of generated data, epoll the
# native-bench serve of this project, pingpong two threads on one CPU that only switch: a switch is its request. tare is
# a recording as by default, tare-all has --alloc-sites burst too; perf is perf sched record, bpftrace runs switches.bt,
# gotrace is Go's execution tracer, by net/http/pprof.
#
# It is no test, and no figure fails it. Exit status: 0; 1 where something does not run at all; 2 wrong usage.
set -u

servers="gohttp prometheus epoll pingpong" tools="nothing tare tare-all perf bpftrace gotrace"
half_width=0.5 limit=240 load=0.4 json= raw=
window_s=0.3 block=4 connections=8
while [ $# -gt 0 ]; do
	case $1 in
	--servers | --tools | --half-width | --limit | --load | --raw)
		[ -n "${2-}" ] || { echo "bench: $1 takes a value" >&2; exit 2; }
		name=${1#--}
		printf -v "${name//-/_}" %s "${2//,/ }"
		shift ;;
	--json) json=--json ;;
	-h | --help) sed -n '/^#   /s/^#  *//p' "$0"; exit 0 ;;
	*) echo "bench: '$1' is not understood; see --help" >&2; exit 2 ;;
	esac
	shift
done
for name in "$half_width" "$limit" "$load"; do
	[[ $name =~ ^[0-9]+(\.[0-9]+)?$ ]] || { echo "bench: $name is no number" >&2; exit 2; }
done
[ -z "$raw" ] || raw=$(realpath -- "$raw")

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P) || exit 1
. "$here/../lib.sh"
test_done=1	# it counts no tests
. "$here/tools.bash"
samples=$tmp/samples

# ---- servers: each sets $target_pid, and $port and $path unless its work is switches ----

# port_of COMMAND...: starts a server that says {"port":P}
port_of()
{
	spawn "$@" >"$tmp/server" 2>"$tmp/server.log"
	target_pid=$pid
	wait_for test -s "$tmp/server" || die "$1 does not start: $(cat "$tmp/server.log")"
	port=$(head -n 1 "$tmp/server" | jq .port)
}

gohttp__serve()
{
	command -v go >/dev/null || { say "there is no go: no gohttp"; return 1; }
	(cd "$here/real" && GOFLAGS=-buildvcs=false go build -o "$tmp/gohttp" server.go) 2>"$tmp/log" || die "server.go cannot be built"
	port_of "$tmp/gohttp"
	path=/work trace=http://127.0.0.1:$port/debug/pprof/trace
}

# 50 series, one sample each 15 s, in the TSDB before it starts: queries always meet the same data.
prometheus__serve()
{
	command -v prometheus >/dev/null || { say "there is no prometheus: no prometheus"; return 1; }
	perl -e 'print "# TYPE requests counter\n";
		for $s (0 .. 49) { for ($t = 0; $t < 86400; $t += 15) {
			printf "requests_total{instance=\"%d\",job=\"%d\"} %d %d\n", $s, $s % 5, $t * ($s + 1), 1700000000 + $t } }
		print "# EOF\n"' >"$tmp/data.txt"
	promtool tsdb create-blocks-from openmetrics "$tmp/data.txt" "$tmp/tsdb" >"$tmp/log" 2>&1 || die "promtool fails"
	echo "global: {}" >"$tmp/prometheus.yml"
	port=$((20000 + RANDOM % 10000))
	spawn prometheus --config.file="$tmp/prometheus.yml" --storage.tsdb.path="$tmp/tsdb" --storage.tsdb.retention.time=100y \
		--web.listen-address="127.0.0.1:$port" --log.level=error >"$tmp/server" 2>"$tmp/server.log"
	target_pid=$pid
	path='/api/v1/query?query=sum(rate(requests_total[5m]))&time=1700080000' trace=http://127.0.0.1:$port/debug/pprof/trace
	wait_for curl -sf "http://127.0.0.1:$port/-/ready" || die "prometheus does not start: $(cat "$tmp/server.log")"
	[ "$(curl -sg "http://127.0.0.1:$port$path" | jq '.data.result | length')" = 1 ] || die "prometheus does not answer the query"
}

epoll__serve()
{
	port_of "$root/build/workloads/native-bench" serve -b 65536
	path=/ trace=
}

pingpong__serve()
{
	spawn "$root/build/workloads/pingpong" --cpus 1 --cpu-base "$cpu" --round-trips 4000000000 >/dev/null 2>"$tmp/server.log"
	target_pid=$pid port= path= trace=
}

# ---- tools beside those of tools.bash ----

tare-all__start()
{
	begin "$TARE" record -q -o "$tmp/file" -p "$target_pid" --alloc-sites burst
	wait_for grep -q 'recording to' "$tmp/log"
}

# It is the server that traces, until whoever asked for it goes away. What it traces comes when there is much of it; but
# meanwhile it refuses others.
gotrace__start()
{
	begin curl -sv -o "$tmp/file" "$trace?seconds=100000"
	wait_for grep -q '^> GET' "$tmp/log" && ! curl -sf -o /dev/null "$trace?seconds=0.01"
}

# What a recording says that its probes took of the target's time
account()
{
	"$TARE" report --json -i "$tmp/file" >"$tmp/report" 2>"$tmp/log" || die "tare report fails"
	jq -c --arg server "$server" --arg tool "$tool" '{ what: "account", $server, $tool, gross_ns: .ledger.gross_ns,
		in_target_ns: .ledger.probes_ns, lost: .lost.total, bytes: .file.bytes }' "$tmp/report" >>"$samples"
}

# ---- windows ----

# figures RATE: of one window
figures()
{
	local recorder_pid=0
	[ -z "$recorder" ] || read -r recorder_pid _ <"/proc/$recorder/task/$recorder/children"
	echo "$1 $window_s ${recorder_pid:-0}" >&"$to"
	read -r -t 120 line <&"$from" || die "the load ended: $(cat "$tmp/load.log")"
}

# block PAIR WITH: its windows
block()
{
	local i
	if [ "$2" != "$with" ]; then
		with=$2
		if [ "$with" = 1 ]; then
			rm -f "$tmp/file" "$tmp/out" "$tmp/log"
			"${tool}__start" || die "$tool does not begin to record"
		else
			stop
		fi
		figures "$rate"	# not used
	fi
	for ((i = 0; i < block; i++)); do
		figures "$rate"
		jq -c --arg server "$server" --arg tool "$tool" --argjson pair "$1" --argjson with "$2" \
			'. + { what: "window", $server, $tool, $pair, $with }' <<<"$line" >>"$samples"
	done
}

stop()
{
	[ -n "$recorder" ] || return 0
	# curl that is interrupted has got no whole answer
	finish || [ "$tool" = gotrace ] || die "$tool failed"
	recorder=
	case $tool in tare | tare-all) account ;; esac
	rm -f "$tmp/file"
}

compare_tool()
{
	local pair first end=$((SECONDS + ${limit%.*}))
	with=0 recorder=
	for ((pair = 0; SECONDS < end; pair++)); do
		first=$((RANDOM & 1))
		block $pair $first
		block $pair $((1 - first))
		[ $pair -lt 7 ] || ! perl "$here/real_table.pl" --is-narrow "$half_width" "$server" "$tool" "$samples" || break
	done
	stop
	say "$server, $tool: $(perl "$here/real_table.pl" --line "$server" "$tool" "$samples")"
}

compare_server()
{
	local limit_line
	"${server}__serve" || return 0
	# shellcheck disable=SC2086 # no port: no words
	coproc LOAD { exec "$window" "$target_pid" ${port:+"$port" "$path" $connections} 2>"$tmp/load.log"; }
	exec {from}<&"${LOAD[0]}" {to}>&"${LOAD[1]}"
	eval "exec ${LOAD[0]}<&- ${LOAD[1]}>&-"	# or closing $to would be no end of input
	recorder= rate=0
	for _ in 1 2 3 4 5 6; do figures 0; done	# warm
	limit_line=$line
	[ -z "$port" ] || rate=$(jq --argjson load "$load" '.work / .wall_ns * 1e9 * $load | round' <<<"$limit_line")
	say "$server: $rate requests a second"
	jq -c --arg server "$server" --argjson rate "$rate" '{ what: "server", $server, $rate }' <<<'{}' >>"$samples"
	for tool in $tools; do
		[ "$tool" != gotrace ] || [ -n "$trace" ] || continue
		case $tool in perf | bpftrace) command -v "$tool" >/dev/null || { say "there is no $tool"; continue; } ;; esac
		compare_tool
	done
	exec {to}>&- {from}<&-
	wait "$LOAD_PID" 2>/dev/null
	kill -KILL "$target_pid"
	wait "$target_pid" 2>/dev/null
}

[ "$(id -u)" -eq 0 ] || die "only root may record here"
[ -x "$TARE" ] || die "$TARE is not built: run make"
window=$root/build/bench/window
make -C "$root" --no-print-directory -s build/helpers/measure build/bench/window >&2 || die "what measures cannot be compiled"
for name in $servers; do declare -F "${name}__serve" >/dev/null || die "there is no server $name"; done
for name in $tools; do declare -F "${name}__start" >/dev/null || die "there is no tool $name"; done
cpu=$(($(nproc) - 1))
jq -nc --arg kernel "$(uname -r)" --argjson cpus "$(nproc)" --arg began "$(cut -d' ' -f1-3 /proc/loadavg)" \
	--argjson block "$block" --argjson window_s "$window_s" --argjson half_width "$half_width" \
	'{ what: "machine", $kernel, $cpus, $began, $block, $window_s, $half_width }' >"$samples"
[ -z "$raw" ] || at_exit cp "$samples" "$raw"	# of a run that is interrupted, real_table.pl prints what there is
for server in $servers; do compare_server; done
jq -nc --arg ended "$(cut -d' ' -f1-3 /proc/loadavg)" '{ what: "end", $ended }' >>"$samples"
perl "$here/real_table.pl" $json "$samples"
