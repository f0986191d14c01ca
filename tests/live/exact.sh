#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# Switches, time on the CPU and waiting of each thread match /proc. The kernel's own counters are the truth, and all
# threads are quiet at both ends: however busy the machine, the figures must agree.
set -u
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
need_bpf

# counters PID: "TID VOLUNTARY INVOLUNTARY EXEC_NS WAIT_NS NAME" for each thread, as the kernel counts
counters()
{
	local task
	for task in "/proc/$1/task/"[0-9]*; do
		echo "${task##*/}" "$(awk '/^voluntary_/ { v = $2 } /^nonvoluntary_/ { i = $2 } END { print v, i }' "$task/status")" \
			"$(cut -d' ' -f1,2 "$task/schedstat")" "$(tr ' ' _ <"$task/comm")"
	done
}

# differences FILE FILE: the second counters minus the first; a thread that was not there began at 0
differences()
{
	awk 'FILENAME == ARGV[1] { for (i = 2; i <= 5; i++) was[$1, i] = $i; next }
		{ for (i = 2; i <= 5; i++) $i = sprintf("%.0f", $i - was[$1, i]); print }' "$1" "$2"
}

# reported FILE PID: the same columns for PID's live threads, from a report
reported()
{
	json "$1" ".threads[] | select(.tgid == $2 and (.exited | not)) |
		\"\(.tid) \(.voluntary) \(.involuntary) \(.charged_ns) \(.run_queue_ns + .throttled_ns) \(.comm)\"" |
		sort -n
}

# beyond COLUMN PERCENT FLOOR: threads whose figures differ by more than PERCENT, and by more than FLOOR ns
beyond()
{
	awk -v c="$1" -v percent="$2" -v floor="$3" '
		FILENAME == ARGV[1] { want[$1] = $c; next }
		{ d = $c - want[$1]; if (d < 0) d = -d }
		d > want[$1] * percent / 100 && d > floor { print $1, $6 ": reported", $c, "and is", want[$1] }' \
		"$tmp/want" "$tmp/got"
}

# agree NAME PID: the report in $tmp/json and the counters in $tmp/before and $tmp/after
agree()
{
	local name=$1 floor=20000
	differences "$tmp/before" "$tmp/after" | sort -n >"$tmp/want"
	reported "$tmp/json" "$2" >"$tmp/got"
	is "$(cut -d' ' -f1-3,6- "$tmp/got")" "$(cut -d' ' -f1-3,6- "$tmp/want")" "$name: switches of each thread, exactly"
	is "$(beyond 4 1 $floor)" "" "$name: time on the CPU of each thread"
	is "$(beyond 5 2 $floor)" "" "$name: waiting for a CPU of each thread"
	# while a thread waits, others may switch any number of times: they must not crowd out the target's own
	is "$(json "$tmp/json" '[.lost.by_class | .switch_out, .switch_in, .task, .thread], .context_switches.inconsistent,
		.check.switches_missing, .check.switches_extra' | jq -sc flatten)" "[0,0,0,0,0,0,0]" \
		"$name: nothing lost, and by its own check whole"
	is "$(json "$tmp/json" '[.threads[] | select(.lifetime_ns !=
		.on_cpu_ns + .run_queue_ns + .throttled_ns + .sleep_ns + .unknown_ns)] | length')" 0 \
		"$name: each nanosecond has an owner"
}

# live NAME ARGS...: a workload that is already running, and stays
live()
{
	local name="live $*" recorder
	workload_start "$@" || { result 1 "$name: starts"; return; }
	counters "$workload_pid" >"$tmp/before"
	spawn "$TARE" record -q -o "$tmp/data" -p "$workload_pid" 2>"$tmp/log"
	recorder=$pid
	wait_for grep -q 'recording to' "$tmp/log"
	workload_go
	kill -INT "$recorder"
	wait "$recorder"
	is $? 0 "$name: records"
	counters "$workload_pid" >"$tmp/after"
	ok "$name: reports" report
	agree "$name" "$workload_pid"
	workload_end
}

report() { tare report -i "$tmp/data" --json >"$tmp/json"; }

total() { awk '{ n += $2 + $3 } END { print n }' "$@"; }
# caught_up PID: all switches that happened are in the file
caught_up() { report && [ "$(reported "$tmp/json" "$1" | total)" -ge "$(total "$tmp/after")" ]; }

# born NAME ARGS...: tare starts it, so it is counted from its first instruction. It is the child of a shell: a direct
# child of tare has waited for tare, which /proc counts as well.
born()
{
	local name="run ${*##*/}" word
	: >"$tmp/before"
	coproc RUN { exec "$TARE" run -q -o "$tmp/data" -- sh -c '"$@"; exit $(($? + 3))' sh "$@" 2>"$tmp/log"; }
	run_job=$RUN_PID
	exec {run_out}<&"${RUN[0]}" {run_in}>&"${RUN[1]}"
	read -r word workload_pid <&"$run_out"
	echo >&"$run_in"
	read -r word <&"$run_out"
	quiet "$workload_pid"
	counters "$workload_pid" >"$tmp/after"
	# the recorder writes the rest within its next rounds; the process is idle
	ok "$name: all of it comes into the file" wait_for caught_up "$workload_pid"
	agree "$name" "$workload_pid"
	echo >&"$run_in"
	exec {run_in}>&- {run_out}<&-
	wait "$run_job"
	is $? 3 "$name: ends with the command's status"
	like "$(<"$tmp/log")" 'ended with status 3' "$name: and tells it"
	ok "$name: reports" report
	is "$(json "$tmp/json" '.recorder.command_status, .ended' | paste -sd' ')" "3 target_gone" \
		"$name: and says so"
	is "$(json "$tmp/json" '.check | "\(.threads - .agree) \(.switches_missing) \(.switches_extra)"')" "0 0 0" \
		"$name: by the kernel's counters at each thread's end none is missing"
}

pingpong=$root/build/workloads/pingpong threads=$root/build/helpers/threads
for by in futex pipe yield; do
	for cpus in 1 2 none; do
		trips=4000
		# on two CPUs, each hand-over waits until all others that want the other CPU have had their turn
		[ "$by/$cpus" = yield/2 ] || [ "$by/$cpus" = yield/none ] && trips=300
		live pingpong --by $by --cpus $cpus --round-trips $trips
	done
	born "$pingpong" --wait --by $by --cpus 1 --round-trips 4000
done
live ../helpers/threads
born "$threads"

done_testing
