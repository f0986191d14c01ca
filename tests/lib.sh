# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
#
# What live tests share. A test begins
#
#     #!/usr/bin/env bash
#     set -u
#     . "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
#     need_bpf
#
# and ends with `done_testing`; without that it counts as dead, so as failed. A test has
#
#     $root $TARE $tmp     the tree, the program (TARE=... overrides), a fresh folder that goes away at the end
#     tare ARGS...         runs $TARE
#
# Helpers that count results are called by the test itself, not in a pipe or a subshell. At the end everything that the
# test started is killed, in any process group and however deep.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P) || exit 1
TARE=${TARE:-$root/build/tare}
PATH=$PATH:/usr/sbin:/sbin	# bpftool is there, and not in everyone's PATH
export LC_ALL=C

tare() { "$TARE" "$@"; }

# ---- TAP ----

test_count=0 test_failures=0 test_done=

diag() { printf '%s\n' "$*" | sed 's/^/# /' >&2; }

# result STATUS NAME: one test's line; returns STATUS
result()
{
	local up=1
	test_count=$((test_count + 1))
	[ "$1" -eq 0 ] || { printf 'not '; test_failures=$((test_failures + 1)); }
	printf 'ok %d - %s\n' $test_count "${2//#/\\#}"
	[ "$1" -ne 0 ] || return 0
	while [ "${BASH_SOURCE[up]}" = "${BASH_SOURCE[0]}" ]; do up=$((up + 1)); done
	diag "failed: $2 (${BASH_SOURCE[up]##*/}, line ${BASH_LINENO[up - 1]})"
	return "$1"
}

# exits STATUS NAME CMD...: runs CMD, which must exit with STATUS. Its output is in $tmp/stdout and $tmp/stderr.
exits()
{
	local want=$1 name=$2 got=0
	shift 2
	"$@" >"$tmp/stdout" 2>"$tmp/stderr" || got=$?
	[ "$got" -eq "$want" ]
	result $? "$name" && return
	diag "exit status $got, should be $want: $*"
	diag "$(tail -n 20 "$tmp/stdout" "$tmp/stderr")"
	return 1
}

# ok NAME CMD...: CMD must succeed; a command, a function, or `test` / [
ok()
{
	local name=$1
	shift
	exits 0 "$name" "$@"
}

# is GOT WANT NAME
is()
{
	[ "$1" = "$2" ]
	result $? "$3" && return
	diag "got:  $1"
	diag "want: $2"
	return 1
}

# like GOT REGEX NAME (extended)
like()
{
	[[ $1 =~ $2 ]]
	result $? "$3" && return
	diag "got:          $1"
	diag "should match: $2"
	return 1
}

# compare GOT OP WANT NAME: numbers; OP is one of < <= > >= == !=
compare()
{
	numbers "$1" "$3" && awk -v a="$1" -v b="$3" "BEGIN { exit !(a + 0 $2 b + 0) }"
	result $? "$4" && return
	diag "got: $1, should be $2 $3"
	return 1
}

# near GOT WANT PERCENT NAME: GOT differs from WANT by at most PERCENT
near()
{
	numbers "$1" "$2" "$3" &&
		awk -v a="$1" -v b="$2" -v p="$3" '
			BEGIN { d = a - b; if (d < 0) d = -d; if (b < 0) b = -b; exit !(d * 100 <= b * p) }'
	result $? "$4" && return
	diag "got: $1, should be within $3 % of $2"
	return 1
}

# An empty figure, or jq's "null", is not a number.
numbers()
{
	local n
	for n; do [[ $n =~ ^-?[0-9]+(\.[0-9]+)?([eE][-+]?[0-9]+)?$ ]] || return 1; done
}

# skip N WHY: N tests that cannot run here
skip()
{
	local i
	for ((i = 0; i < $1; i++)); do
		test_count=$((test_count + 1))
		printf 'ok %d # SKIP %s\n' $test_count "${2//#/\\#}"
	done
}

# skip_all WHY: only before the first test
skip_all()
{
	[ $test_count -eq 0 ] || { diag "skip_all after the first test"; exit 1; }
	test_done=1
	printf '1..0 # SKIP %s\n' "$1"
	exit 0
}

done_testing()
{
	test_done=1
	printf '1..%d\n' $test_count
	[ $test_count -gt 0 ] && [ $test_failures -eq 0 ]
	exit
}

# each NAME SCRIPT: of an exported trace. A result for each line of the input, which says WHAT, CHECK and its FILEs between
# tabs. tests/live/SCRIPT.py makes them of $tmp/NAME.pftrace, which is read once.
each()
{
	local verdict what why wanted=0 made=0
	tee "$tmp/wanted" | python3 "$root/tests/live/$2.py" each "$tmp/$1.pftrace" >"$tmp/verdicts" 2>"$tmp/log"
	while IFS=$'\t' read -r verdict what why; do
		[ "$verdict" = ok ]
		result $? "$1: $what" || diag "$why"
		made=$((made + 1))
	done <"$tmp/verdicts"
	wanted=$(wc -l <"$tmp/wanted")
	is "$made" "$wanted" "$1: every check was made" || diag "$(tail -n 3 "$tmp/log")"
}
# tabbed WORD...: between tabs
tabbed() { local IFS=$'\t'; printf '%s\n' "$*"; }

# ---- cleaning up at the end ----

at_exit_hooks=()

# at_exit CMD...: runs at the end, last first, once all processes of the test are dead (umount, rmdir of a cgroup)
at_exit() { at_exit_hooks+=("$(printf '%q ' "$@")"); }

# Every process below $1.
descendants()
{
	local child
	for child in $(cat "/proc/$1/task/"*/children 2>/dev/null); do
		echo "$child"
		descendants "$child"
	done
}

# What this test started and is still running: its descendants or, if a parent has gone, whatever has a mark in its
# environment.
leftovers()
{
	local f pid
	descendants $$
	for f in $(grep -lszxF "TARE_TEST=$tmp" /proc/[0-9]*/environ); do
		pid=${f#/proc/} pid=${pid%/environ}
		[ "$pid" = $$ ] || echo "$pid"
	done
}

clean_up()
{
	local status=$? i pid alive
	trap '' INT TERM HUP
	trap - EXIT
	disown -a	# so that bash does not report each one killed
	for ((i = 0; i < 200; i++)); do
		alive=
		for pid in $(leftovers); do
			kill -KILL "$pid" 2>/dev/null && alive=1
		done
		[ -n "$alive" ] || break
		sleep 0.05
	done
	for ((i = ${#at_exit_hooks[@]} - 1; i >= 0; i--)); do
		eval "${at_exit_hooks[i]}" || diag "at the end: failed: ${at_exit_hooks[i]}"
	done
	[ $test_failures -eq 0 ] || [ -z "${TEST_KEEP:-}" ] || cp -a "$tmp" "$TEST_KEEP/"
	rm -rf --one-file-system "$tmp"
	if [ -z "$test_done" ]; then
		diag "ended without done_testing, exit status $status"
		[ "$status" -ne 0 ] || status=1
	fi
	exit "$status"
}

tmp=$(mktemp -d "${TMPDIR:-/tmp}/tare-test.XXXXXX") || exit 1
chmod 755 "$tmp"	# for tests that run something as another user
export TARE_TEST=$tmp
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

# ---- waiting, starting, reading ----

# nap SECONDS: sleeps without a process of its own
exec {nothing}<> <(:)
nap() { read -r -t "$1" -u "$nothing"; :; }

# wait_for [-t SECONDS] CMD...: until CMD succeeds; fails after 240 s, which means a hang and is no measure of speed
wait_for()
{
	local seconds=240 end
	[ "$1" != -t ] || { seconds=$2; shift 2; }
	end=$((SECONDS + seconds))
	until "$@" >/dev/null 2>&1; do
		[ $SECONDS -le $end ] || { diag "waited $seconds s in vain for: $*"; return 1; }
		nap 0.05
	done
}

# deny_bpf CONDITION: makes $tmp/deny.so. If a program preloads it, bpf() returns EINVAL, as on an older kernel, where
# CONDITION (C, on cmd and attr) holds.
deny_bpf()
{
	cat >"$tmp/deny.c" <<-C
		#define _GNU_SOURCE
		#include <dlfcn.h>
		#include <errno.h>
		#include <linux/bpf.h>
		#include <stdarg.h>
		#include <string.h>
		#include <sys/syscall.h>

		static int denied(long cmd, const union bpf_attr *attr) { return $1; }

		long syscall(long nr, ...)
		{
			long (*next)(long nr, ...) = (long (*)(long, ...))dlsym(RTLD_NEXT, "syscall"), a[6];
			va_list args;

			va_start(args, nr);
			for (int i = 0; i < 6; i++)
				a[i] = va_arg(args, long);
			va_end(args);
			if (nr == SYS_bpf && denied(a[0], (const union bpf_attr *)a[1])) {
				errno = EINVAL;
				return -1;
			}
			return next(nr, a[0], a[1], a[2], a[3], a[4], a[5]);
		}
	C
	ok "an older kernel can be played" "${CC:-cc}" -shared -fPIC -O2 -o "$tmp/deny.so" "$tmp/deny.c" -ldl
}

# spawn CMD...: CMD (no function) in the background, its id in $pid. A shell makes its background children ignore Ctrl-C;
# this one does not, once spawn has returned.
spawn()
{
	env --default-signal=INT,QUIT "$@" &
	pid=$!
	wait_for heeds_interrupt $pid
}

heeds_interrupt()
{
	local ignored
	ignored=$(sed -n 's/^SigIgn:[[:space:]]*//p' "/proc/$1/status" 2>/dev/null)
	[ -z "$ignored" ] || (((16#$ignored & 2) == 0))
}

# works FEATURE TARE...: does this machine have it, by the doctor's own answer? TARE: tare, or CMD that runs it
works() { "${@:2}" doctor --json 2>/dev/null | jq -e --arg id "$1" '.features[] | select(.id == $id and .state == "works")' >/dev/null; }

# make_cgroup CONTROLLER: an empty cgroup, $group, until the test ends; $group_version is 1, or 2 if the controller is
# delegated to folders below the root
make_cgroup()
{
	local at type options
	while read -r _ at type options _; do
		case $type,,$options, in
		cgroup,,*,"$1",*) group_version=1 ;;
		cgroup2,*)
			grep -qw "$1" "$at/cgroup.controllers" || continue
			group_version=2
			grep -qw "$1" "$at/cgroup.subtree_control" || {
				echo "+$1" >"$at/cgroup.subtree_control" && at_exit eval "echo '-$1' >'$at/cgroup.subtree_control'" || return
			} ;;
		*) continue ;;
		esac
		group=$at/tare-$1-$$
		mkdir "$group" && at_exit rmdir "$group"
		return
	done </proc/mounts
	return 1
}

# json FILE FILTER: by jq, strings without quotes
json() { jq -r "$2" "$1"; }

# last_cpu: of those that this may run on; interrupts are on the first
last_cpu() { awk '/^Cpus_allowed_list/ { n = split($2, a, /[-,]/); print a[n] }' /proc/self/status; }

# steal_ns CPU: what the hypervisor has taken of it, to a clock tick of 10 ms
steal_ns() { awk -v cpu="cpu$1" '$1 == cpu { printf "%.0f\n", $9 * 10000000 }' /proc/stat; }

# drawn_last DATA NAME: the last value of that counter in a trace of the recording
drawn_last()
{
	"$TARE" export -i "$1" -o "$tmp/drawn.pftrace" && python3 "$root/tests/live/perfetto_tracks.py" show "$tmp/drawn.pftrace" |
		grep -F "'$2')" | grep -oE '[0-9]+\)$' | tr -d ')'
}

# cpu_results: what the parts of a workload's scenario cpu have computed, from its result on standard input
cpu_results() { jq -c '[.fib, .primes, .matmul_sum, .mandelbrot_points, .different_words]'; }

# switches PID: "TID VOLUNTARY INVOLUNTARY STATE" for each thread, as the kernel counts
switches()
{
	local task
	for task in "/proc/$1/task/"[0-9]*; do
		awk '/^Pid:/ { t = $2 } /^State:/ { s = $2 } /^voluntary_/ { v = $2 } /^nonvoluntary_/ { i = $2 }
			END { print t, v, i, s }' "$task/status"
	done
}

# quiet PID: waits until all its threads sleep, and none was switched between two looks
quiet()
{
	local before after i
	after=$(switches "$1")
	for ((i = 0; i < 1000; i++)); do
		before=$after
		nap 0.02
		after=$(switches "$1")
		[ -n "$after" ] || break
		[ "$before" = "$after" ] && ! grep -qv ' S$' <<<"$after" && return 0
	done
	diag "process $1 does not come to rest: $after"
	return 1
}

# workload_start NAME ARGS...: a bundled workload with --wait, ready and asleep; its id is in $workload_pid
workload_start()
{
	local word name=$1
	shift
	coproc WORKLOAD { exec "$root/build/workloads/$name" --wait "$@"; }
	workload_job=$WORKLOAD_PID
	exec {workload_out}<&"${WORKLOAD[0]}" {workload_in}>&"${WORKLOAD[1]}"
	read -r word workload_pid <&"$workload_out" && [ "$word" = ready ] || { diag "$name did not start"; return 1; }
	quiet "$workload_pid"
}

# workload_go: lets it do its work; afterwards it is alive and asleep, and its result is in $workload_json
workload_go()
{
	echo >&"$workload_in"
	read -r workload_json <&"$workload_out" || { diag "the workload gave no result"; return 1; }
	quiet "$workload_pid"
}

# workload_end: lets it exit; returns its exit status
workload_end()
{
	echo >&"$workload_in"
	exec {workload_in}>&- {workload_out}<&-
	wait "$workload_job"
}

# need_bpf: skips the whole test if this machine or this user allows no BPF. The kernel is asked, not tare: where BPF is
# allowed, anything that tare cannot do is a failure.
need_bpf()
{
	local why
	[ "$(id -u)" -eq 0 ] || skip_all "not root"
	[ -r /sys/kernel/btf/vmlinux ] || skip_all "this kernel has no BTF (/sys/kernel/btf/vmlinux)"
	! grep -qs '\[confidentiality\]' /sys/kernel/security/lockdown || skip_all "kernel lockdown is at confidentiality"
	command -v bpftool >/dev/null || { diag "bpftool is missing: run tools/setup --test"; exit 1; }
	why=$(bpftool prog show 2>&1 >/dev/null) || skip_all "bpf() is not allowed here: ${why//$'\n'/ }"
}

# pauses_differ FILE: the difference between the pauses recorded between two readings of the runtime's counters and its
# own count
pauses_differ()
{
	tare export -f json-lines -i "$1" | jq -s '[.[] | select(.event == "counters")] as $c | $c[0] as $first | $c[-1] as $last |
		[.[] | select(.event == "runtime" and .what == "stw_started" and .ts_ns > $first.ts_ns and .ts_ns < $last.ts_ns)] |
		length - ($last.pauses - $first.pauses) | fabs'
}
