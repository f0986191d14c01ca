#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# A process that is frozen, stopped or traced is reported as such, with the cgroup or the signal, for as long as it was:
# checked against the times written down by whatever did it. The thread burns its CPU, so it leaves it for no other
# reason of its own.
set -u
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
need_bpf

cpu=$(($(nproc) - 1))
stall=$root/build/helpers/stall

waited_ns() { cut -d' ' -f2 /proc/$burn/schedstat; }

# record CMD...: burn, held up by CMD, in which the word PID is the process's id. In $waited: for how long it waited for
# a CPU between the request and its being held.
record()
{
	local recorder holder
	rm -f "$tmp/log" "$tmp/burn.in" "$tmp/stall.in" "$tmp/held"
	mkfifo "$tmp/burn.in" "$tmp/stall.in"
	"$root/build/helpers/burn" "$cpu" 0 <>"$tmp/burn.in" >"$tmp/burn.out" &
	burn=$!
	wait_for grep -q ready "$tmp/burn.out" && quiet $burn || return
	[ -z "$group" ] || echo $burn >"$group/cgroup.procs" || return
	spawn "$TARE" record -q -o "$tmp/data" -p $burn 2>"$tmp/log"
	recorder=$pid
	wait_for grep -q 'recording to' "$tmp/log" || return
	echo >"$tmp/burn.in"
	sleep 0.2 # it is running, or about to: it is held up in either case
	waited=$(waited_ns)
	"${@/#PID/$burn}" 0 <>"$tmp/stall.in" >"$tmp/held" &
	holder=$!
	wait_for grep -q holding "$tmp/held" && wait_for is_held || return
	waited=$(($(waited_ns) - waited))
	sleep 0.3
	echo >"$tmp/stall.in"
	wait $holder || return
	sleep 0.2
	kill -INT "$recorder"
	wait "$recorder" || return
	kill -KILL $burn
	wait $burn 2>/dev/null
	tare report -i "$tmp/data" --json >"$tmp/json" && tare export -i "$tmp/data" -f json-lines >"$tmp/events"
}

is_held()
{
	grep -qs '^State:.[Tt]' /proc/$burn/status || grep -qsx FROZEN "$group/freezer.state" ||
		grep -qsx 'frozen 1' "$group/cgroup.events"
}

# record_held CMD...: likewise, but held up before the recording begins, and released during it
record_held()
{
	local recorder holder
	rm -f "$tmp/log" "$tmp/burn.in" "$tmp/stall.in" "$tmp/held"
	mkfifo "$tmp/burn.in" "$tmp/stall.in"
	"$root/build/helpers/burn" "$cpu" 0 <>"$tmp/burn.in" >"$tmp/burn.out" &
	burn=$!
	wait_for grep -q ready "$tmp/burn.out" || return
	[ -z "$group" ] || echo $burn >"$group/cgroup.procs" || return
	echo >"$tmp/burn.in"
	"${@/#PID/$burn}" 0 <>"$tmp/stall.in" >"$tmp/held" &
	holder=$!
	wait_for grep -q holding "$tmp/held" && wait_for is_held || return
	spawn "$TARE" record -q -o "$tmp/data" -p $burn 2>"$tmp/log"
	recorder=$pid
	wait_for grep -q 'recording to' "$tmp/log" || return
	sleep 0.1
	echo >"$tmp/stall.in"
	wait $holder || return
	sleep 0.1
	kill -INT "$recorder"
	wait "$recorder" || return
	kill -KILL $burn
	wait $burn 2>/dev/null
	tare report -i "$tmp/data" --json >"$tmp/json" && tare export -i "$tmp/data" -f json-lines >"$tmp/events"
}

# How long it took from a wake-up until the thread was queued, which counts as held still: where its CPU was idle, that
# CPU must be there to do it, and a virtual one may not be. ns.
woken_late() { jq -s '[.[] | select(.event == "switch") | .wake_delay_ns // 0] | add // 0' "$tmp/events"; }

# check_held NAME REASON CMD...
check_held()
{
	local name="$1 before" reason=$2 ns begin
	shift 2
	ok "$name: recorded" record_held "$@" || return
	ns=$(json "$tmp/json" "[.context_switches.off_cpu[] | select(.reason == \"$reason\") | .total_ns] | add // 0")
	begin=$(json "$tmp/events" 'select(.event == "task" and .phase == 0) | .ts_ns')
	read -r _ _ _ c d < <(grep held "$tmp/held")
	compare "$ns" '>=' $((c - begin - 1000000)) "$name: \"$reason\" until it is let go"
	compare "$ns" '<=' $((d - begin + 1000000 + $(woken_late))) "$name: and not longer"
	is "$(json "$tmp/json" '[.context_switches.off_cpu[] | select(.reason == "stopped" or .reason == "frozen")] | length')" 0 \
		"$name: it is known by what"
}

# check NAME REASON CMD...
check()
{
	local name=$1 reason=$2 ns least most waited
	shift 2
	ok "$name: recorded" record "$@" || return
	ns=$(json "$tmp/json" "[.context_switches.off_cpu[] | select(.reason == \"$reason\") | .total_ns] | add // 0")
	read -r _ a b c d < <(grep held "$tmp/held")
	# it may have been switched out already when the request came, and must get a CPU before it can stop
	least=$((c - b - waited - 100000000)) most=$((d - a + 1000000 + $(woken_late)))
	compare "$ns" '>' $least "$name: \"$reason\" for about as long as it was held up"
	compare "$ns" '<' $most "$name: and not longer"
	is "$(json "$tmp/json" '[.context_switches.off_cpu[] | select(.reason == "page fault" or .reason == "stopped") | .total_ns | select(. > 100000000)] | length')" 0 "$name: it is not taken for anything else"
	compare "$(json "$tmp/events" 'select(.event == "stop") | .tid' | wc -l)" '>=' 1 "$name: exported"
}

group=
check SIGSTOP "stopped by SIGSTOP" "$stall" stop PID
check_held SIGSTOP "stopped by SIGSTOP" "$stall" stop PID
is "$(json "$tmp/events" 'select(.event == "task" and .phase == 0) | .signal')" 19 "SIGSTOP before: exported"
check ptrace "stopped by a debugger" "$stall" trace PID
check_held ptrace "stopped by a debugger" "$stall" trace PID

made=
while read -r _ at type options _; do
	case $type,$options in
	cgroup,*freezer*) file=freezer.state on=FROZEN off=THAWED ;;
	cgroup2,*) file=cgroup.freeze on=1 off=0 ;;
	*) continue ;;
	esac
	name=$(printf 'tare-stopped-%d-%064d.scope' $$ 0) # as long as those of container runtimes
	group=$at/$name
	mkdir "$group" && at_exit rmdir "$group" || continue
	[ -e "$group/$file" ] || continue
	made=1
	check "$type" "frozen (cgroup ${name:0:28}..${name: -14})" "$stall" freeze "$group/$file" "$on" "$off"
	is "$(json "$tmp/events" 'select(.event == "stop") | .cgroup' | sort -u)" "$name" "$type: exported with the whole name"
	check_held "$type" "frozen (cgroup ${name:0:28}..${name: -14})" "$stall" freeze "$group/$file" "$on" "$off"
	is "$(json "$tmp/events" 'select(.event == "task" and .phase == 0) | .cgroup')" "$name" "$type before: exported"
done </proc/mounts
[ -n "$made" ] || skip 1 "no cgroup freezer is mounted"
done_testing
