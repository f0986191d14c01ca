#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# A limit on pauses, and the flight recorder: only the last seconds, saved at a signal or at the first long pause.
set -u
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
need_bpf

bench=$root/build/workloads/weft-bench
burn=$root/build/helpers/burn
second=1000000000

report() { tare report -i "$1" --json >"$tmp/json"; }
# whole NAME FILE: it lacks nothing, and the kernel's counts match
whole()
{
	exits 0 "$1: is whole" "$TARE" report --strict -i "$2"
	report "$2"
	is "$(json "$tmp/json" '"\(.lost.total) \(.context_switches.inconsistent) \(.check.switches_missing) \(.check.switches_extra)"')" \
		"0 0 0 0" "$1: every switch is there"
	is "$(json "$tmp/json" '.check.threads - .check.agree')" 0 "$1: all threads agree with the kernel"
	compare "$(json "$tmp/json" .check.threads)" '>' 0 "$1: there are threads to agree"
}
# lasts NAME MIN MAX: the duration in seconds of the recording last reported
lasts()
{
	compare "$(json "$tmp/json" .duration_ns)" '>=' $(($2 * second)) "$1: is of $2 s at least"
	compare "$(json "$tmp/json" .duration_ns)" '<' $(($3 * second)) "$1: .. and no more than must be"
}
# is_an_end NAME: the recording last reported covers the second before it was written, without the one in which the
# flight began. On a busy machine a pause may end the flight within its first second: then it covers all of it, and tare
# says so.
is_an_end()
{
	if [ "$(json "$tmp/json" .duration_ns)" -lt $second ]; then
		ok "$1: is all of a flight of less than 1 s" grep -q 'wrote all since the beginning' "$tmp/log"
	else
		result 0 "$1: is of 1 s at least"
	fi
	compare "$(json "$tmp/json" .duration_ns)" '<' $((flight_ended - flight_began - second)) "$1: .. and no more than must be" ||
		diag "$(<"$tmp/log")"
}

# ---- usage ----

exits 2 "a trigger needs a flight" "$TARE" record --trigger 5ms -p $$
exits 2 "a flight of no time" "$TARE" record --flight 10ms -p $$
exits 2 "a limit that is no time" "$TARE" record --fail-over five -p $$
exits 2 "a trigger that is no time" "$TARE" run --flight 2s --trigger 0 -- true
ln -s "$tmp/else" "$tmp/link"
exits 1 "a flight that could not be written is refused at once" "$TARE" record --flight 2s -o "$tmp/link" -p $$
like "$(<"$tmp/stderr")" "symbolic link" "which is said"
exits 1 "so is one into no folder" "$TARE" record --flight 2s -o "$tmp/no/where" -p $$

# ---- --fail-over, from the file and live ----

exits 5 "a pause over the limit" "$TARE" run -q -o "$tmp/data" --fail-over 1us -- "$bench" churn -t 0.2
like "$(<"$tmp/stderr")" "--fail-over: a stop-the-world pause of [^,]*, longer than 1.00 us, at [0-9:.]+ \([^)]*\): ." \
	"is told with its length, its time and why"
is "$(grep -c fail-over "$tmp/stderr")" 1 "in one line"
longest=$(tare pauses -i "$tmp/data" --json | jq '[.pauses[].world_ns] | max')
is "$(awk '/fail-over/ { for (i = 1; i < NF; i++) if ($i == "of") { print $(i + 1); exit } }' "$tmp/stderr")" \
	"$(awk -v ns="$longest" 'BEGIN { split("1 1e3 1e6 1e9", u, " "); for (i = 4; i > 1 && ns < u[i]; i--); v = ns / u[i]
		printf v < 10 ? "%.2f" : v < 100 ? "%.1f" : "%.0f", v }')" "it is the longest one"
exits 0 "none over the limit" "$TARE" run -q -o "$tmp/data" --fail-over 100s -- "$bench" churn -t 0.2
exits 5 "over the limit, with the summary" "$TARE" run -o "$tmp/data" --fail-over 1us -- "$bench" churn -t 0.2
like "$(<"$tmp/stdout")" "context switches" "which is there as well"

exits 5 "over the limit, into a pipe" "$TARE" run -q -o - --fail-over 1us -- "$bench" churn -t 0.2
like "$(<"$tmp/stderr")" "--fail-over: a stop-the-world pause" "is told as well"
cp "$tmp/stdout" "$tmp/piped"
whole "into a pipe" "$tmp/piped"
exits 0 "none over the limit, into a pipe" "$TARE" run -q -o - --fail-over 100s -- "$bench" churn -t 0.2
exits 3 "a program without pauses" "$TARE" run -q -o "$tmp/data" --fail-over 1us -- true
like "$(<"$tmp/stderr")" "--fail-over was never watched" "whose limit nobody watched"
exits 3 "a live program without pauses" "$TARE" record -q -d 100ms -o "$tmp/data2" --fail-over 1us -p $$
like "$(<"$tmp/stderr")" "nothing tells of stop-the-world pauses" "is refused"
ok "before anything is recorded" [ ! -e "$tmp/data2" ]
exits 3 "one of which a child might tell" "$TARE" record -q -d 100ms -o "$tmp/data2" --follow --flight 1s --trigger 1us -p $$
like "$(<"$tmp/stderr")" "--trigger TIME was never watched" "and none did"

# ---- --flight until a signal ----

# flight ARGS...: the recorder's id in $recorder; it is holding records
flight()
{
	spawn "$TARE" record -q -o "$tmp/flight" "$@" 2>"$tmp/log" # the last -o counts
	recorder=$pid
	rm -f "$tmp/flight" "$tmp/flight.old"
	wait_for grep -q 'holding the last' "$tmp/log"
	flight_began=$(date +%s%N)
}

cpu=$(last_cpu)
rival=rival-$$	# a unique name: there may be others
cp "$burn" "$tmp/$rival"
for program in "$burn" "$tmp/$rival"; do
	mkfifo "$tmp/in.${program##*/}"
	"$program" "$cpu" 0 <>"$tmp/in.${program##*/}" >"$tmp/out" &
	[ "$program" != "$burn" ] || target=$!
	wait_for grep -q ready "$tmp/out" && echo >"$tmp/in.${program##*/}"
done
flight --flight 1s -p "$target"
sleep 3
ok "nothing is written by itself" test ! -e "$tmp/flight"
kill -USR1 "$recorder"
wait_for grep -q 'wrote' "$tmp/log"
flight_ended=$(date +%s%N)
whole "at SIGUSR1" "$tmp/flight"
is_an_end "at SIGUSR1"
named() { json "$tmp/json" "[.context_switches.rivals[] | select(.comm == \"$rival\") | .total_ns] | add // 0"; }
compare "$(named)" '>' 0 "at SIGUSR1: who else ran is known by name"
ok "and it goes on" kill -0 "$recorder"
sleep 1.5
kill -INT "$recorder"
wait "$recorder"
is $? 0 "until Ctrl-C"
flight_ended=$(date +%s%N)
whole "at Ctrl-C" "$tmp/flight"
is_an_end "at Ctrl-C"
compare "$(named)" '>' 0 "at Ctrl-C: who else ran is known by name"
ok "the other one is kept" test -s "$tmp/flight.old"
compare "$(tare export -f json-lines -i "$tmp/flight" | jq -s '[.[] | select(.phase == 0)] | length')" '==' 1 \
	"it has one first snapshot"

# ---- where there is no room for it, or the one before it must not be followed ----

mkdir "$tmp/small"
mount -t tmpfs -o size=16m tare-test "$tmp/small" && at_exit umount "$tmp/small"
fill() { ! dd if=/dev/zero of="$tmp/small/ballast" bs=4k 2>"$tmp/dd" && grep -q 'No space' "$tmp/dd"; }
# said TIMES WHAT: the log has it so often
said() { [ "$(grep -c "$2" "$tmp/log")" -ge "$1" ]; }

flight --flight 1s -p "$target" -o "$tmp/small/flight"
sleep 1.5
kill -USR1 "$recorder"
wait_for said 1 wrote
sum=$(sha256sum <"$tmp/small/flight")
ok "a disk is full" fill
kill -USR1 "$recorder"
wait_for said 1 'goes on'
like "$(<"$tmp/log")" "cannot write to $tmp/small/flight: No space left on device" "a flight on a full disk: that is said"
like "$(<"$tmp/log")" "the flight goes on, and $tmp/small/flight is what it was; make room" "a flight on a full disk: and what became of it"
is "$(sha256sum <"$tmp/small/flight")" "$sum" "a flight on a full disk: the recording before it is untouched"
is "$(ls "$tmp/small")" "$(printf 'ballast\nflight')" "a flight on a full disk: and nothing else is left there"
rm "$tmp/small/ballast"
kill -USR1 "$recorder"
wait_for said 2 wrote
whole "once there is room again" "$tmp/small/flight"
is "$(sha256sum <"$tmp/small/flight.old")" "$sum" "once there is room again: the recording before it is kept"
sum=$(sha256sum <"$tmp/small/flight")
ok "the disk is full again" fill
kill -INT "$recorder"
wait "$recorder"
is $? 1 "its end on a full disk: exit status 1"
is "$(sha256sum <"$tmp/small/flight.old")" "$sum" "its end on a full disk: the recording before it is kept"

spawn "$TARE" record -q --flight 1s -p "$target" -o - 2>"$tmp/log" >"$tmp/piped"
recorder=$pid
wait_for said 1 'holding the last'
sleep 1.5
kill -USR1 "$recorder"
wait_for said 1 wrote
sum=$(sha256sum <"$tmp/piped")
kill -USR1 "$recorder"
wait_for said 1 'a second one cannot follow'
ok "a second recording to standard output is refused, and the flight goes on" kill -0 "$recorder"
kill -INT "$recorder"
wait "$recorder"
is $? 1 "a second recording to standard output: exit status 1"
is "$(sha256sum <"$tmp/piped")" "$sum" "a second recording to standard output: nothing follows the first"
whole "the first one" "$tmp/piped"
kill "$target" %2

exits 0 "a flight whose target ends" "$TARE" run -q -o "$tmp/ended" --flight 1s -- "$bench" churn -t 2.5
whole "at the target's end" "$tmp/ended"
lasts "at the target's end" 1 3
exits 0 "a flight in which nothing happens" "$TARE" run -q -o "$tmp/none" --flight 1s --trigger 100s -- "$bench" churn -t 1
like "$(<"$tmp/stderr")" "nothing happened" "is said to have been quiet"
ok "and writes nothing" test ! -e "$tmp/none"

# ---- --flight until a long pause: the CPU quota is cut while the world stops ----

# triggered NAME STATUS ARGS... -- CMD...: a flight beside CMD, whose quota is cut
triggered()
{
	local name=$1 status=$2 args=()
	shift 2
	while [ "$1" != -- ]; do args+=("$1"); shift; done
	shift
	echo "$free" >"$group/$limit"
	"$@" >"$tmp/out" &
	target=$!
	echo $target >"$group/cgroup.procs"
	flight --flight 1s --trigger 50ms "${args[@]}" -p $target
	sleep 3
	echo "$short" >"$group/$limit"
	wait_for -t 120 grep -q 'wrote' "$tmp/log"
	flight_ended=$(date +%s%N)
	wait "$recorder"
	is $? "$status" "$name: ends by itself with status $status" || diag "$(<"$tmp/log")"
	echo "$free" >"$group/$limit"
	kill $target
	wait $target
	like "$(<"$tmp/log")" "a stop-the-world pause of [^,]*, longer than 50.0 ms, at" "$name: says which pause it was"
	whole "$name" "$tmp/flight"
	is_an_end "$name"
	compare "$(tare pauses -i "$tmp/flight" --json | jq '[.pauses[].world_ns] | max')" '>' 50000000 \
		"$name: the pause is there"
}

if make_cgroup cpu; then
	if [ $group_version = 1 ]; then
		limit=cpu.cfs_quota_us free=-1 short=10000
		echo 100000 >"$group/cpu.cfs_period_us"
	else
		limit=cpu.max free='max 100000' short='10000 100000'
	fi
	triggered "weft" 0 -- "$bench" churn -t 300
	if command -v go >/dev/null; then
		mkdir "$tmp/churn"
		cat >"$tmp/churn/main.go" <<-'GO'
			package main

			import "os"

			func main() {
				os.Stdout.WriteString("ready\n")
				var live [1 << 16][]byte
				for i := 0; ; i++ {
					live[i%len(live)] = make([]byte, 1024)
				}
			}
		GO
		ok "a Go program is built" env GO111MODULE=off go build -o "$tmp/churn/churn" "$tmp/churn/main.go"
		triggered "Go, with a limit" 5 --fail-over 50ms -- "$tmp/churn/churn"
	else
		skip 1 "no go in PATH"
		triggered "weft, with a limit" 5 --fail-over 50ms -- "$bench" churn -t 300
	fi
	like "$(<"$tmp/log")" "--fail-over: a stop-the-world pause" "which is said"
else
	result 1 "a cgroup with a quota"
fi

done_testing
