# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
#
# What the tests of causes share. The test defines faulty(), which runs the program that makes the faults:
#
#     cause__both KIND ARGS...     a recording with the fault and one of the same load without it
#     cause__sums                  at the end: over all pauses, at most 1 % is unexplained
#
#     $within                      the cgroup to run the program in
#     cause__group                 sets $group, a cgroup favoured over all others, with one below it for a quota
#     cause__quota US              sets its quota to US of every 50000 us

within=
tries=5		# if others on the machine leave too few pauses clear

# cause__record LOG PAUSES ARGS...
cause__record()
{
	local log=$1 pauses=$2 pid recorder job
	shift 2
	rm -f "$tmp"/{in,out,err,data,record}
	mkfifo "$tmp/in"
	(
		[ -z "$within" ] || echo "$BASHPID" >"$within/cgroup.procs"
		faulty "$@" --log "$log" <>"$tmp/in" >"$tmp/out" 2>"$tmp/err"
	) &
	job=$!
	if ! wait_for grep -q '^ready' "$tmp/out"; then
		diag "$(cat "$tmp/err")"
		return 1
	fi
	pid=$(awk '/^ready/ { print $2 }' "$tmp/out")
	"$TARE" record -q --ring-size 16M -o "$tmp/data" -p "$pid" 2>"$tmp/record" &
	recorder=$!
	wait_for grep -q 'recording to' "$tmp/record" || return
	echo >"$tmp/in"
	wait $job || { diag "$(cat "$tmp/err")"; return 1; }
	wait $recorder || { diag "$(cat "$tmp/record")"; return 1; }
	tare pauses -i "$tmp/data" --longest 0 --json >"$pauses"
}

# cause__judge NAME ORACLE_ARG RECORD_ARGS...: over all that was recorded, so a wrong first result is not hidden
cause__judge()
{
	local name=$1 mode=$2 try status files=()
	rm -f "$tmp/judged"
	shift 2
	for ((try = 1; try <= tries; try++)); do
		status=1
		files+=("$tmp/log.$try" "$tmp/pauses.$try")
		cause__record "${files[@]: -2}" "$@" || break
		status=0
		"$root/tests/truth/causes_oracle.py" $mode "${files[@]}" >"$tmp/judged" || status=$?
		[ $status -eq 4 ] || break
	done
	head -n 1 "$tmp/judged" >>"$tmp/all"
	result $status "$name" || diag "$(cat "$tmp/judged")"
	diag "$(awk -v name="$name" 'NR == 1 {
		printf "%s: %d stops, %d clear, %d right, median error %s %%", name, $3, $4, $5, $6 }' "$tmp/judged")"
	return $status
}

cause__fault() { cause__judge "$1: blamed" "" "$@"; }
cause__control() { cause__judge "$1: not blamed where there is none" --control "$@" --control; }
cause__both() { cause__fault "$@"; cause__control "$@"; }

cause__sums()
{
	local world unexplained
	world=$(awk '{ n += $7 } END { printf "%.0f", n }' "$tmp/all")
	unexplained=$(awk '{ n += $8 } END { printf "%.0f", n }' "$tmp/all")
	compare "$unexplained" '<=' "$((world / 100))" "of all pauses' $world ns at most 1 % is unexplained"
}

# The cgroup v1 controller cpu, or v2 if it is delegated to folders below.
cause__group()
{
	local at type options
	while read -r _ at type options _; do
		case $type,$options in
		cgroup,*,cpu | cgroup,*,cpu,*)
			group=$at/tare-test-$$
			mkdir "$group" "$group/quota" && at_exit rmdir "$group/quota" "$group" &&
				echo 262144 >"$group/cpu.shares"
			return ;;
		cgroup2,*)
			grep -qw cpu "$at/cgroup.controllers" || continue
			group=$at/tare-test-$$
			grep -qw cpu "$at/cgroup.subtree_control" || {
				echo +cpu >"$at/cgroup.subtree_control" && at_exit eval "echo -cpu >'$at/cgroup.subtree_control'" || return
			}
			mkdir "$group" "$group/quota" && at_exit rmdir "$group/quota" "$group" &&
				echo 10000 >"$group/cpu.weight" && echo threaded >"$group/quota/cgroup.type" &&
				echo +cpu >"$group/cgroup.subtree_control"
			return ;;
		esac
	done </proc/mounts
	return 1
}

cause__quota()
{
	if [ -e "$group/quota/cpu.max" ]; then
		echo "$1 50000" >"$group/quota/cpu.max"
	else
		echo 50000 >"$group/quota/cpu.cfs_period_us" && echo "$1" >"$group/quota/cpu.cfs_quota_us"
	fi
}
