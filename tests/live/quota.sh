#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# Time taken by the CPU quota is told apart from time taken by others, and these are named.
set -u
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
need_bpf

cpu=$(last_cpu)
burn=$root/build/helpers/burn
report() { tare report -i "$tmp/data" --json >"$tmp/json"; }
field() { json "$tmp/json" "$1"; }

# One program with its own fifos: its id in $burn_pid, then burn_go and burn_end.
burn_start()
{
	rm -f "$tmp/burn.in"
	mkfifo "$tmp/burn.in"
	"$@" <>"$tmp/burn.in" >"$tmp/burn.out" &
	burn_pid=$!
	wait_for grep -q ready "$tmp/burn.out" && quiet $burn_pid
}
burn_go() { echo >"$tmp/burn.in"; wait_for grep -q '^done' "$tmp/burn.out" && quiet $burn_pid; }
burn_end() { echo >"$tmp/burn.in"; wait $burn_pid; }

# recorded PID: PID while it burns
recorded()
{
	local recorder
	spawn "$TARE" record -q -o "$tmp/data" -p "$1" 2>"$tmp/log"
	recorder=$pid
	wait_for grep -q 'recording to' "$tmp/log" && burn_go && kill -INT "$recorder"
	wait "$recorder"
}

# ---- a quota: 20 ms of each 100 ms ----

# Sets $throttled_key with its $unit in ns.
limit_group()
{
	if [ $group_version = 1 ]; then
		throttled_key=throttled_time unit=1
		echo 100000 >"$group/cpu.cfs_period_us" && echo 20000 >"$group/cpu.cfs_quota_us" && echo 262144 >"$group/cpu.shares"
	else
		throttled_key=throttled_usec unit=1000
		echo '20000 100000' >"$group/cpu.max" && echo 10000 >"$group/cpu.weight"
	fi
}
throttled_ns() { awk -v k="$throttled_key" -v unit="$unit" '$1 == k { printf "%.0f", $2 * unit }' "$group/cpu.stat"; }
waited_ns() { cut -d' ' -f2 "/proc/$1/schedstat"; }

if make_cgroup cpu && limit_group; then
	result 0 "a cgroup with a quota"
	burn_start "$burn" "$cpu" 300
	echo "$burn_pid" >"$group/cgroup.procs"
	quiet "$burn_pid"
	before=$(throttled_ns) before_wait=$(waited_ns "$burn_pid")
	ok "records a process under a quota" recorded "$burn_pid"
	kernel=$(($(throttled_ns) - before)) kernel_wait=$(($(waited_ns "$burn_pid") - before_wait))
	ok "and reports" report
	throttled=$(field '.threads[0].throttled_ns') run_queue=$(field '.threads[0].run_queue_ns')
	# others on this machine may want the CPU too: the time they took is waiting, not an error
	others=$(field '[.context_switches.rivals[] | select(.target or .comm == "idle" or .comm == "unknown" | not) | .total_ns] | add // 0')
	compare "$kernel" '>' 500000000 "the quota took a good part of its time"
	near "$throttled" "$kernel" 5 "throttled time is what the cgroup's cpu.stat says"
	near "$((throttled + run_queue))" "$kernel_wait" 2 "with the run queue it is what schedstat says"
	compare "$((run_queue - others))" '<' "$((throttled / 20))" "the run queue beyond what others took is next to nothing"
	is "$(field '.context_switches.throttled_ns.total_ns')" "$throttled" "the distribution has all of it"
	compare "$(field '.context_switches.throttled_ns.count')" '>=' 10 "and each period is one of its values"
	is "$(drawn_last "$tmp/data" "throttled since start")" "$throttled" "a trace counts it, too"
	is "$(field '[.context_switches.off_cpu[] | select(.reason == "throttled") | .total_ns] | add')" "$throttled" \
		"it is one of the reasons for which it was off the CPU"
	burn_end

	# Both in the same group: a command that waits at its first instruction must leave the recorder its share. cat says
	# what CPU time it had when it began; only the hold is more than a moment.
	sh -c 'echo $$ >"$0" && exec "$@"' "$group/cgroup.procs" "$TARE" run -q -o "$tmp/data" -- \
		cat /proc/self/schedstat >"$tmp/out" 2>"$tmp/log"
	result $? "records a command, both under one quota" || diag "$(<"$tmp/log")"
	report
	if works exec_hold tare; then
		began=$(cut -d' ' -f1 "$tmp/out") held=$(field '.ledger.probes.by_probe[] | select(.name == "exec_hold_cpu").timed_ns')
		compare "$began" '<' "$((held + 100000000))" "all but a moment of its start is told as time that it was held"
		compare "$(field .ledger.probes_ns)" '>=' "$held" "which the ledger takes for the probes' own"
		compare "$held" '<' 900000000 "it was not spinning until its time was over"
	fi
else
	result 1 "a cgroup with a quota"
fi

# ---- no quota, but a rival on the same CPU ----

rival=rival-$$	# a unique name: there may be others
cp "$burn" "$tmp/$rival"
mkfifo "$tmp/antagonist.in"
"$tmp/$rival" "$cpu" 0 <>"$tmp/antagonist.in" >"$tmp/antagonist.out" &
antagonist=$!
wait_for grep -q ready "$tmp/antagonist.out"
burn_start "$burn" "$cpu" 500 "$antagonist"
echo >"$tmp/antagonist.in"
before_wait=$(waited_ns "$burn_pid")
ok "records a process that shares its CPU" recorded "$burn_pid"
kernel_wait=$(($(waited_ns "$burn_pid") - before_wait))
took=$(awk '/^done/ { print $2 }' "$tmp/burn.out")
kill "$antagonist"
ok "and reports" report
run_queue=$(field '.threads[0].run_queue_ns')
compare "$took" '>' 100000000 "the rival took a good part of the CPU"
near "$run_queue" "$kernel_wait" 2 "waiting is what schedstat says"
is "$(field '.threads[0].throttled_ns')" 0 "none of it is throttled"
named=$(field "[.context_switches.rivals[] | select(.comm == \"$rival\") | .total_ns] | add // 0")
# A kernel may hide its own tasks from tracing: where one of these ran, the CPU has no known owner
compare "$named" '>=' $((took * 8 / 10)) "the rival is named with the time that it took"
compare "$named" '<=' "$run_queue" "which is part of the waiting"
shown=$(tare export -f perf-script -i "$tmp/data" | sed -n "s/.*sched_stat_runtime: comm=$rival pid=.* runtime=\([0-9]*\) .*/\1/p" | awk '{ n += $1 } END { printf "%.0f", n }')
near "$shown" "$named" 5 "and is on that CPU meanwhile in exports"
near "$(field '[.context_switches.rivals[].total_ns] | add // 0')" "$run_queue" 2 "all of the waiting is told, also what nobody knows the owner of"
like "$(tare report -i "$tmp/data")" "$rival" "who reads the report sees the rival"
burn_end

done_testing
