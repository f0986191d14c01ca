# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=dash
# A Go program that stops its world over and over: why each pause was long, and who made it stand still.

# record_go NAME CMD...: beside CMD, in which PID is the program; its pauses go to NAME.json
record_go()
{
	label=$1
	shift
	start pauses_go
	prog=$started
	wait_for grep -q ready said
	[ -z "$group" ] || echo $prog >$group/cgroup.procs
	record $label.data -p $prog
	for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14; do
		usleep 50000
		# shellcheck disable=SC2091 # a command to run
		$(echo "$@" | sed "s/PID/$prog/") >>$label.held
	done
	kill -INT $recorder
	check "$label: recorded" wait $recorder
	kill -9 $prog
	tare pauses -i $label.data --longest 1000 --json >$label.json
	tare report -i $label.data --json >$label.report
}

# named NAME REASON: one of the pauses was spent so, and the threads were off the CPU for that
named()
{
	check "$1: it is the cause of a pause" holds \
		"[.pauses[].causes[] | select(.cause == \"blocked\" and .detail == \"$2\").ns] | max > 1e7" $1.json
	check "$1: and why threads were off the CPU" holds \
		"[.context_switches.off_cpu[] | select(.reason == \"$2\").total_ns] | add > 1e8" $1.report
}

group=
record_go pauses usleep 50000
check "pauses: there are some, of Go" holds '.count > 10 and .unfinished <= 1' pauses.json
check "pauses: causes sum to each pause" holds 'all(.pauses[]; .world_ns == ([.causes[].ns] | add))' pauses.json
check "pauses: each has a verdict" holds 'all(.pauses[]; .verdict != null and .verdict != "")' pauses.json
check "pauses: nearly all is explained" holds '.by_cause_ns.unexplained * 20 < .world_ns' pauses.json
# a slow machine may lose events; where it has not, no pause lacks any, but the one that the end of the recording cut
lost=$(jq .lost.total pauses.report)
check "pauses: none lacks an event" holds "$lost > 0 or [.pauses[] | select(.lost).start_ns] - [[.pauses[].start_ns] | max] == []" pauses.json
echo "# $lost events lost"
tare export -i pauses.data -f json-lines >events
count() { grep -c "\"event\": *\"$1\"" events; }
echo "# $(jq -c .by_cause_ns pauses.json)"
for event in runtime goroutine signal fault fault_end sample stacked call_stack irq counters; do
	echo "# $event $(count $event)"
done
for event in runtime goroutine signal sample stacked call_stack; do
	check "pauses: $event is among the events" [ "$(count $event)" -gt 0 ]
done

record_go SIGSTOP stall stop PID 100
named SIGSTOP "stopped by SIGSTOP"
group=/tmp/cg/tare-frozen
mkdir $group
record_go cgroup stall freeze $group/cgroup.freeze 1 0 100
named cgroup "frozen (cgroup tare-frozen)"
