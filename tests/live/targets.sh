#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# Which processes are measured: by id, by name, by cgroup, with and without children; and how signals and the end are
# handled.
set -u
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
need_bpf

naps=$root/build/helpers/naps
declare -A pids before

# start NAME CMD...: CMD with its own fifo $tmp/NAME.in; it says "ready", and its id is in pids[NAME]
start()
{
	local name=$1
	shift
	mkfifo "$tmp/$name.in"
	"$@" <>"$tmp/$name.in" >"$tmp/$name.out" &
	pids[$name]=$!
	wait_for grep -q ready "$tmp/$name.out" && quiet "${pids[$name]}" && before[$name]=$(total "${pids[$name]}")
}
tell() { echo >"$tmp/$1.in"; }
# go NAME: lets it do its work, say "done" and sleep
go() { tell "$1"; wait_for grep -q 'done' "$tmp/$1.out" && quiet "${pids[$1]}"; }

total() { switches "$1" | awk '{ v += $2; i += $3 } END { print v, i }'; }
# happened NAME: "VOLUNTARY INVOLUNTARY" switches since its start, all threads together
# shellcheck disable=SC2046 # two numbers
happened() { set -- ${before[$1]} $(total "${pids[$1]}"); echo $(($3 - $1)) $(($4 - $2)); }

record()
{
	spawn "$TARE" record -q -o "$tmp/data" "$@" 2>"$tmp/log"
	recorder=$pid
	wait_for grep -q 'recording to' "$tmp/log"
}
# stop NAME: ends the recording; the report is in $tmp/json
stop()
{
	kill -INT "$recorder"
	wait "$recorder"
	is $? 0 "$1: records"
	ok "$1: reports" report
	is "$(json "$tmp/json" '"\(.lost.total) \(.context_switches.inconsistent) \(.check.threads - .check.agree)"')" "0 0 0" \
		"$1: is whole"
}
report() { tare report -i "$tmp/data" --json >"$tmp/json"; }
# recorded PID: "VOLUNTARY INVOLUNTARY" over all its threads
recorded()
{
	json "$tmp/json" "[.threads[] | select(.tgid == $1)] | \"\([.[].voluntary] | add // 0) \([.[].involuntary] | add // 0)\""
}
exactly() { is "$(recorded "${pids[$1]}")" "$(happened "$1")" "$2"; }
absent() { is "$(json "$tmp/json" "[.threads[] | select(.tgid == $1)] | length")" 0 "$2"; }

# ---- by id ----

start one "$naps" 100
start two "$naps" 200
start other "$naps" 50
record -p "${pids[one]},${pids[two]}"
go one; go two; go other
stop "-p"
exactly one "-p: the first process"
exactly two "-p: the second one"
absent "${pids[other]}" "-p: and no other"
tell one; tell two; tell other

start threads "$root/build/helpers/threads" 100
tid=$(ls "/proc/${pids[threads]}/task" | sort -n | sed -n 3p)
record -p "$tid"
like "$(<"$tmp/log")" "$tid .* is a thread of process ${pids[threads]}" "-p of a thread: says that it is one"
go threads
stop "-p of a thread"
is "$(json "$tmp/json" "[.threads[] | select(.exited | not) | .tid] | sort | map(tostring) | join(\" \")")" \
	"$(ls "/proc/${pids[threads]}/task" | sort -n | paste -sd' ')" "-p of a thread: all threads of its process, later ones too"
is "$(json "$tmp/json" "[.threads[] | select(.exited | not)] | \"\([.[].voluntary] | add) \([.[].involuntary] | add)\"")" \
	"$(happened threads)" "-p of a thread: each of their switches"
tell threads

# ---- children, with and without --follow ----

for follow in '' --follow; do
	name="child$follow" what="a child, ${follow:-not followed}"
	# shellcheck disable=SC2016
	start "$name" sh -c 'echo ready; read -r _; "$1" 30; echo parent; read -r _' sh "$naps"
	# shellcheck disable=SC2086
	record $follow -p "${pids[$name]}"
	tell "$name"
	wait_for grep -q 'ready [0-9]' "$tmp/$name.out"
	child=$(sed -n 's/^ready \([0-9]\)/\1/p' "$tmp/$name.out")
	quiet "$child"
	go "$name"
	quiet "$child"
	counts=$(total "$child")
	stop "$what"
	exactly "$name" "$what: its parent"
	if [ -n "$follow" ]; then
		is "$(recorded "$child")" "$counts" "$what: each switch from its birth"
	else
		absent "$child" "$what: not recorded"
	fi
	tell "$name"; tell "$name"
done

# ---- a thread other than the first becomes another program ----

start other-exec "$root/build/helpers/forkexec" 0
record -p "${pids[other-exec]}"
tell other-exec
wait_for grep -qx head "/proc/${pids[other-exec]}/comm"
quiet "${pids[other-exec]}"
stop "exec by another thread"
is "$(json "$tmp/json" ".threads[] | select(.tid == ${pids[other-exec]} and (.exited | not)) | \"\(.comm) \(.voluntary) \(.involuntary)\"")" \
	"head $(total "${pids[other-exec]}")" "exec by another thread: it has the process's id now, and its own switches"
tell other-exec

# ---- by name ----

record --comm "later-$$"
like "$(<"$tmp/log")" "no process named later-$$ yet: waiting" "--comm: waits where there is none yet, and says so"
kill -INT "$recorder"
wait "$recorder"
is $? 0 "--comm: Ctrl-C ends the waiting"
like "$(<"$tmp/log")" 'none has come' "--comm: and says that there was none"
like "$(tare report -i "$tmp/data" | head -n 1)" "later-$$.*: no thread was seen in " "--comm: as the report does"
comm=naps-$((RANDOM % 10000))
cp "$naps" "$tmp/$comm"
cp "$naps" "$tmp/${comm}x"
start first "$tmp/$comm" 30
start second "$tmp/$comm" 40
start longer "$tmp/${comm}x" 50
start becomes "$naps" 60 "$tmp/$comm" 70
start renamed "$root/build/helpers/threads" 100 "$comm"
switches "${pids[renamed]}" >"$tmp/renamed.before"
record --comm "$comm"
tell renamed
all_seen() { report && [ "$(json "$tmp/json" "[.threads[] | select(.tgid == ${pids[renamed]})] | length")" = "$(ls "/proc/${pids[renamed]}/task" | wc -l)" ]; }
ok "--comm: of one that takes the name later, all threads are followed" wait_for all_seen
go renamed
go first; go second; go longer; go becomes
counts=$(total "${pids[becomes]}")
tell becomes
two() { [ "$(grep -c "$1" "$tmp/becomes.out")" -eq 2 ]; }
wait_for two ready
tell becomes
wait_for two 'done'
quiet "${pids[becomes]}"
stop "--comm"
exactly first "--comm: one of that name"
exactly second "--comm: and another"
# its first thread was also switched on the way to the new name
is "$(json "$tmp/json" ".threads[] | select(.tgid == ${pids[renamed]} and .tid != .tgid and (.exited | not)) |
	\"\(.tid) \(.voluntary) \(.involuntary)\"" | sort -n)" \
	"$(switches "${pids[renamed]}" | sort -n | awk -v first="${pids[renamed]}" 'FILENAME == ARGV[1] { v[$1] = $2; i[$1] = $3; next }
		$1 != first { print $1, $2 - v[$1], $3 - i[$1] }' "$tmp/renamed.before" -)" \
	"--comm: all threads of the one that takes the name later"
absent "${pids[longer]}" "--comm: a longer name is another name"
# what it did before it took the name does not count; its naps do, and the waits before and after them
read -r at_least _ <<<"$(recorded "${pids[becomes]}")"
compare "$at_least" '>=' 72 "--comm: one that takes the name later"
compare "$at_least" '<=' $(($(total "${pids[becomes]}" | cut -d' ' -f1) - ${counts% *})) "--comm: but not what it did before"
tell first; tell second; tell longer; tell becomes; tell renamed

# ---- by cgroup ----

# Any hierarchy will do.
make_groups()
{
	local at
	for at in $(awk '$3 == "cgroup2" { print $2 } $3 == "cgroup" { print $2 }' /proc/mounts); do
		mkdir "$at/tare-test-$$" 2>/dev/null || continue
		group=$at/tare-test-$$
		at_exit rmdir "$group"
		echo 0 >"$group/cgroup.procs" 2>/dev/null && echo 0 >"$at/cgroup.procs" && mkdir "$group/below" &&
			at_exit rmdir "$group/below" && return
	done
	return 1
}
make_groups
result $? "makes a cgroup"
exits 4 "--cgroup: the folder above must be one" tare record -o "$tmp/none" --cgroup "$group/none/none"
# a service: its cgroup does not exist yet, and is recreated at each start; time counts from the first one
record -d 500ms --cgroup "$group/service"
like "$(<"$tmp/log")" "no $group/service yet: waiting" "--cgroup: waits where there is none yet, and says so"
services=()
for i in 1 2; do
	mkdir "$group/service"
	# shellcheck disable=SC2016
	sh -c 'echo $$ >"$0/cgroup.procs"; exec sleep 0.01' "$group/service" &
	services+=($!)
	wait $!
	rmdir "$group/service"
done
wait "$recorder"
is $? 0 "--cgroup: ends when the time is up"
report
compare "$(json "$tmp/json" .duration_ns)" '>=' 500000000 "--cgroup: which counts from the first process"
is "$(json "$tmp/json" '[.threads[] | select(.comm == "sleep") | .tgid] | sort | map(tostring) | join(" ")')" \
	"$(printf '%s\n' "${services[@]}" | sort -n | paste -sd' ')" "--cgroup: each start of a service is seen at once"
# shellcheck disable=SC2016
start parent sh -c 'echo ready; read -r _; "$1" 30; echo parent; read -r _' sh "$naps"
start below "$naps" 20
start moved "$naps" 40
start outside "$naps" 50
echo "${pids[parent]}" >"$group/cgroup.procs"
echo "${pids[below]}" >"$group/below/cgroup.procs"
for name in parent below; do quiet "${pids[$name]}"; before[$name]=$(total "${pids[$name]}"); done
record --cgroup "$group"
tell parent
wait_for grep -q 'ready [0-9]' "$tmp/parent.out"
child=$(sed -n 's/^ready \([0-9]\)/\1/p' "$tmp/parent.out")
go parent; go below; go outside
quiet "$child"
echo "${pids[moved]}" >"$group/cgroup.procs"
is_seen() { report && json "$tmp/json" '.threads[].tgid' | grep -qx "${pids[moved]}"; }
ok "--cgroup: a process that is moved there is found" wait_for is_seen
quiet "${pids[moved]}"
before[moved]=$(total "${pids[moved]}")
go moved
counts=$(total "$child")
stop "--cgroup"
exactly parent "--cgroup: a process in it"
exactly below "--cgroup: one in a folder below"
exactly moved "--cgroup: one that was moved there"
is "$(recorded "$child")" "$counts" "--cgroup: a child"
absent "${pids[outside]}" "--cgroup: none from outside"
tell parent; tell parent; tell below; tell moved; tell outside
wait "${pids[parent]}" "${pids[below]}" "${pids[moved]}"

# ---- run: children, status, signals ----

# shellcheck disable=SC2016
exits 5 "run: ends with the command's status" tare run -o "$tmp/data" -- sh -c 'sh -c "sleep 0.1; exit 4"; exit 5'
like "$(<"$tmp/stderr")" 'ended with status 5' "run: tells the command's status"
like "$(<"$tmp/stdout")" 'context switches' "run: and prints its summary"
report
is "$(json "$tmp/json" '[.threads[].comm] | sort | join(" ")')" "sh sh sleep" "run: follows children, without being told"
is "$(json "$tmp/json" '.recorder | "\(.mode) \(.command_status)"')" "run 5" "run: the status is in the recording"
# shellcheck disable=SC2016
ok "run: of a command that takes 64 MB" tare run -q -o "$tmp/data" -- python3 -c 'x = b"x" * (64 << 20)'
report
near "$(json "$tmp/json" .recorder.command_peak_bytes)" $(((64 << 20) + (9 << 20))) 15 "run: and it says how much it had at most"
exits 137 "run of a command that is killed: ends as a shell would" tare run -q -o "$tmp/data" -- sh -c 'kill -KILL $$'
like "$(<"$tmp/stderr")" 'killed by signal 9' "run: tells by which signal"

# ---- run of what cannot be run: only the error ----

printf 'kept\n' >"$tmp/mine"
printf '#!%s\n' "$tmp/no-such-interpreter" >"$tmp/script"
chmod +x "$tmp/script"
cannot_run()
{
	local want=$1 what=$2 file
	shift 2
	for file in mine fresh; do
		exits "$want" "run of $what" tare run -o "$tmp/$file" -- "$@"
		is "$(<"$tmp/stdout")$(grep -c . "$tmp/stderr")" 1 "run of $what: says so in one line"
	done
	is "$(cat "$tmp/mine" "$tmp/fresh" "$tmp/mine.old" "$tmp/fresh.old" 2>/dev/null)" kept "run of $what: leaves files as they were"
}
cannot_run 127 "no command" "$tmp/no-such-program"
cannot_run 127 "a name that PATH has not got" "no-such-program-$$"
cannot_run 126 "a file that is no program" "$tmp/mine"
cannot_run 126 "a folder" "$tmp"
cannot_run 127 "a script without its interpreter" "$tmp/script"

# run_traps: a command in $recorder that writes down each signal and ends at SIGTERM
# shellcheck disable=SC2016
traps='for s in USR1 USR2 HUP QUIT INT; do trap "echo $s" $s; done
	trap "echo TERM; exit 7" TERM; echo ready; while :; do sleep 0.02; done'
run_traps() { spawn "$TARE" run -q "$@" -o "$tmp/data" -- sh -c "$traps" >"$tmp/traps" 2>"$tmp/log"; recorder=$pid; wait_for grep -q ready "$tmp/traps"; }

run_traps
for s in USR1 USR2 HUP QUIT INT TERM; do
	kill -$s "$recorder"
	ok "run: SIG$s goes on to the command" wait_for grep -q $s "$tmp/traps"
done
wait "$recorder"
is $? 7 "run: ends when the command does, and as it does"
like "$(<"$tmp/log")" 'ended with status 7' "run: with the command's status"
is "$(sort "$tmp/traps" | uniq -d)" "" "run: each came once"

run_traps
kill -INT "$recorder"
wait_for grep -q INT "$tmp/traps"
kill -INT "$recorder"
wait "$recorder"
is $? 130 "run: a second Ctrl-C ends tare at once"
ok "run: what it recorded can be read" report
is "$(json "$tmp/json" .ended)" cut_off "run: and is known to be cut off"

run_traps -d 200ms
wait "$recorder"
is $? 7 "run -d: ends when the time is up"
like "$(<"$tmp/traps")" TERM "run -d: the command gets SIGTERM"
report
compare "$(json "$tmp/json" .duration_ns)" '>=' 200000000 "run -d: not before"

# ---- on a terminal ----

# on_terminal FILE CMD...: CMD on its own terminal, whose input is the fifo $tmp/keys
on_terminal()
{
	local words	# background children of the shell ignore Ctrl-C, and so would the command
	words=$(printf '%q ' "$@")
	[ -p "$tmp/keys" ] || mkfifo "$tmp/keys"
	env --default-signal=INT script -qec "exec $words" /dev/null <>"$tmp/keys" >"$tmp/screen" 2>&1 &
	terminal=$!
}
press() { printf '\003' >"$tmp/keys"; }

on_terminal "$TARE" run -o "$tmp/data" -- sh -c "trap 'echo INTERRUPTED; exit 6' INT; echo ready; while :; do sleep 0.02; done"
wait_for grep -q ready "$tmp/screen"
press
wait "$terminal"
is $? 6 "Ctrl-C, run: exit status"
is "$(grep -c '^.\{0,4\}INTERRUPTED' "$tmp/screen")" 1 "Ctrl-C, run: the command gets it once"
like "$(<"$tmp/screen")" 'status 6.*context switches' "Ctrl-C, run: prints how it ended and its summary"

start live "$naps" 100
on_terminal "$TARE" record -o "$tmp/data" -p "${pids[live]}"
wait_for grep -q 'recording to' "$tmp/screen"
go live
press
wait "$terminal"
is $? 0 "Ctrl-C, record: exit status"
like "$(<"$tmp/screen")" 'context switches' "Ctrl-C, record: prints its summary"
report
is "$(json "$tmp/json" .ended)" interrupt "Ctrl-C, record: ended in order"
exactly live "Ctrl-C, record: nothing is missing"

# ---- a reader that does not read must not block tare ----

mkfifo "$tmp/pipe"
exec {unread}<>"$tmp/pipe"
spawn "$TARE" record -q -o - -p $$ >"$tmp/pipe" 2>"$tmp/log"
recorder=$pid
wait_for grep -q 'recording to' "$tmp/log"
writev=$([ "$(uname -m)" = x86_64 ] && echo 20 || echo 66)
# this shell is the target: its activity fills the pipe
is_stuck() { local i; for ((i = 0; i < 100; i++)); do sleep 0.001; done; grep -q "^$writev " "/proc/$recorder/syscall"; }
ok "a pipe that nobody reads fills up" wait_for is_stuck
kill -INT "$recorder"
came() { (((16#$(awk '/^ShdPnd/ { print $2 }' "/proc/$recorder/status") & 2) == 0)); }
ok "it takes the first Ctrl-C" wait_for came
kill -INT "$recorder"
wait "$recorder"
is $? 130 "a second Ctrl-C ends tare at once, also then"
exec {unread}>&-

# ---- how it ends, where the output goes ----

exits 0 "-d: ends when the time is up" tare record -d 300ms -o "$tmp/data" -p "${pids[live]}"
report
is "$(json "$tmp/json" .ended)" duration "-d: and says so"
compare "$(json "$tmp/json" .duration_ns)" '>=' 300000000 "-d: not before"
tell live
wait "${pids[live]}"
exits 4 "a process that is gone" tare record -d 1 -o "$tmp/data" -p "${pids[live]}"

through_a_pipe() { tare run -q -o - -- sh -c 'echo "not for the recording"; sleep 0.01' | tare report -i - --json; }
ok "-o -: a recording goes through a pipe" through_a_pipe
is "$(json "$tmp/stdout" '"\(.lost.complete) \(.damage_bytes) \(.recorder.command_status)"')" "true 0 0" "-o -: and comes out whole"
like "$(<"$tmp/stderr")" 'not for the recording' "-o -: what the command prints stays out of it"

done_testing
