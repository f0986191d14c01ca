#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# A pause during which the whole process was frozen or stopped is attributed to that, for as long as it lasted, whether
# the awaited thread was running or asleep when it came. Checked against the times written down by whatever did it.
set -u
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
need_bpf
command -v go >/dev/null || skip_all "there is no go in PATH"

stall=$root/build/helpers/stall
build() { cd "$root/tests/live/frozen_go" && CGO_ENABLED=0 GOTOOLCHAIN=local go build -buildvcs=false -o "$tmp/prog" .; }

# record CMD...: the program, held up by CMD so often that it must hit pauses, which are most of its time
record()
{
	local recorder
	rm -f "$tmp/log" "$tmp/held"
	"$tmp/prog" >"$tmp/prog.out" &
	prog=$!
	wait_for grep -q ready "$tmp/prog.out" || return
	[ -z "$group" ] || echo $prog >"$group/cgroup.procs" || return
	spawn "$TARE" record -q -o "$tmp/data" -p $prog 2>"$tmp/log"
	recorder=$pid
	wait_for grep -q 'recording to' "$tmp/log" || return
	for _ in {1..14}; do
		sleep 0.05
		"${@/#PID/$prog}" 100 >>"$tmp/held" || return
	done
	sleep 0.1
	kill -INT "$recorder"
	wait "$recorder" || return
	kill -KILL $prog
	wait $prog 2>/dev/null
	tare pauses -i "$tmp/data" --longest 1000 --json >"$tmp/json"
}

# For each pause: its overlap with being held up, the least and the most; how much of it is attributed to that; how long
# it waited for a CPU, without which no thread comes to a stop.
pauses() # REASON
{
	jq -r --arg reason "$1" '.pauses[] | [.start_ns, .start_ns + .world_ns,
		([.chain[] | select(.cause == "blocked" and .detail == $reason) | .ns] | add // 0),
		([.chain[] | select(.cause == "runqueue") | .ns] | add // 0)] | @tsv' "$tmp/json"
}

# check NAME REASON CMD...
check()
{
	local name=$1 reason=$2 hit short long
	shift 2
	ok "$name: recorded" record "$@" || return
	read -r hit short long < <(awk '
		function within(a, b, c, d) { a = a > c ? a : c; b = b < d ? b : d; return b > a ? b - a : 0 }
		$1 == "held" { least[++n] = $3; least_end[n] = $4; most[n] = $2; most_end[n] = $5; next }
		{
			sure = any = 0
			for (i = 1; i <= n; i++) {
				sure += within($1, $2, least[i], least_end[i])
				any += within($1, $2, most[i], most_end[i])
			}
			hit += sure > 5e7
			short += $3 + $4 < sure * 0.9 - 5e6
			long += $3 > any + 5e6
		}
		END { print hit + 0, short + 0, long + 0 }' "$tmp/held" <(pauses "$reason"))
	compare "$hit" '>=' 1 "$name: it hits pauses"
	is "$short" 0 "$name: none is told to have been \"$reason\" for less"
	is "$long" 0 "$name: or for more"
}

ok "builds" build || { done_testing; }
group=
check SIGSTOP "stopped by SIGSTOP" "$stall" stop PID
while read -r _ at type options _; do
	case $type,$options in
	cgroup,*freezer*) file=freezer.state on=FROZEN off=THAWED ;;
	cgroup2,*) file=cgroup.freeze on=1 off=0 ;;
	*) continue ;;
	esac
	group=$at/tare-frozen-$$
	mkdir "$group" && at_exit rmdir "$group" || continue
	[ -e "$group/$file" ] || continue
	check "$type" "frozen (cgroup tare-frozen-$$)" "$stall" freeze "$group/$file" "$on" "$off"
done </proc/mounts
done_testing
