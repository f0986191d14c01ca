#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
#
# What goes wrong: the recorder is killed at any moment, the target changes or goes away, the disk is full, the output
# cannot be written, the target does not exist, privileges are missing, the command line makes no sense, or a recording
# is damaged.
set -u
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
need_bpf
cd "$tmp" || exit 1

pingpong=$root/build/workloads/pingpong

# ---- helpers ----

# objects PID: every BPF object that it holds, as "prog 17"
objects() { cat "/proc/$1/fdinfo/"* 2>/dev/null | sed -nE 's/^(prog|map|link|btf)_id:\t([0-9]+)$/\1 \2/p' | sort -u; }

# gone FILE: none of the objects listed in it exists any more. Asking bpftool for each would take seconds.
gone()
{
	local kind
	for kind in prog map link btf; do
		bpftool -j $kind show >there.json 2>/dev/null && jq -r ".[] | \"$kind \(.id)\"" there.json || return
	done >there
	! grep -qxFf "$1" there
}

# progress PID: the sum of its threads' switches
progress() { switches "$1" | awk '{ n += $2 + $3 } END { print n + 0 }'; }

moved_on() { [ "$(progress "$1")" -gt "$2" ]; }

# helper_start NAME ARGS...: a program of tests/helpers that says "ready PID" and waits; its id is in $helper_pid
helper_start()
{
	local word name=$1
	shift
	coproc HELPER { exec "$root/build/helpers/$name" "$@"; }
	helper_job=$HELPER_PID
	exec {helper_out}<&"${HELPER[0]}" {helper_in}>&"${HELPER[1]}"
	read -r word helper_pid <&"$helper_out" && [ "$word" = ready ] || { diag "$name did not start"; return 1; }
	quiet "$helper_pid"
}

# helper_end: lets it end; returns its exit status
helper_end()
{
	echo >&"$helper_in"
	exec {helper_in}>&- {helper_out}<&-
	wait "$helper_job"
}

# record_start FILE ARGS...: tare record in the background, already recording; its id is in $tare_pid
record_start()
{
	local file=$1
	shift
	: >"$file.err"
	spawn "$TARE" record -o "$file" "$@" >"$file.out" 2>"$file.err"
	tare_pid=$pid
	wait_for grep -q 'recording to' "$file.err"
}

# ---- kill -9 of tare, while it starts and while it records ----

# it need not keep a CPU busy
spawn "$root/build/helpers/naps" 1000000000 </dev/null >/dev/null
target=$pid
wait_for moved_on "$target" 100

# kill_after SECONDS|records: stopped first, so that what it holds can be listed; prints what is wrong. With "records" it
# is stopped once it has recorded something, since time says nothing on a busy machine.
kill_after()
{
	local file=killed before stopped
	rm -f $file $file.old
	before=$(progress "$target")
	spawn "$TARE" record -q -o $file -p "$target" 2>$file.err
	disown "$pid"
	if [ "$1" = records ]; then wait_for big $file; else sleep "$1"; fi
	kill -STOP "$pid"
	wait_for grep -qE '^State:.[TZ]' "/proc/$pid/status"
	objects "$pid" >$file.objects
	[ ! -s $file.objects ] || with_objects=$((with_objects + 1))
	kill -KILL "$pid"
	stopped=$(progress "$target")
	wait_for gone $file.objects || echo "after $1: left behind: $(tr '\n' ' ' <$file.objects)"
	wait_for moved_on "$target" "$stopped" || echo "after $1: the target stands still"
	if ! grep -q '^TracerPid:.0$' "/proc/$target/status" || grep -q '^State:.[TtZX]' "/proc/$target/status"; then
		echo "after $1: the target is stopped or traced"
	fi
	[ -e $file ] || return
	if [ ! -s $file ]; then
		tare report -i $file >$file.out 2>&1
		[ $? -eq 1 ] && grep -q 'is empty' $file.out || echo "after $1: empty, and not said so: $(head -n 3 $file.out)"
		return
	fi
	tare report -i $file --json >$file.json 2>$file.out || { echo "after $1: not readable: $(cat $file.out)"; return; }
	readable=$((readable + 1))
	jq -e '.ended == "cut_off" and .lost.complete == false and .context_switches.count >= 0' $file.json >/dev/null ||
		echo "after $1: not said to be cut off, or no figures: $(jq -c '[.ended, .lost.complete]' $file.json)"
	tare report -i $file 2>&1 | grep -q '^! cut off' || echo "after $1: no message in the report"
	[ "$(json $file.json .context_switches.count)" -le $(($(progress "$target") - before)) ] ||
		echo "after $1: more switches recorded than happened"
}

big() { [ "$(stat -c %s "$1")" -gt 30000 ]; }

with_objects=0 readable=0
: >faults
for delay in 0 0.02 0.05 0.08 0.12 0.16 0.22 0.3 0.4 records records records; do
	kill_after $delay >>faults
done
is "$(cat faults)" "" "kill -9 at 12 moments: the target goes on, no BPF object stays, what is whole can be read"
compare $with_objects '>=' 5 "several of these moments were with BPF objects loaded"
compare $readable '>=' 3 "several of these moments left a file with whole frames"
compare "$(json killed.json .context_switches.count)" '>' 0 "what was recorded before the last of them is shown"

# ---- and at the end: while it writes the last frames and its summary ----

: >faults
for delay in 0 0.002 0.01 0.02 0.05; do
	rm -f ended ended.old
	record_start ended -p "$target"
	disown "$tare_pid"
	objects "$tare_pid" >objects
	[ -s objects ] || echo "no BPF objects to look for" >>faults
	kill -INT "$tare_pid"
	sleep $delay
	kill -KILL "$tare_pid" 2>/dev/null
	wait_for gone objects || echo "after $delay s: left behind: $(tr '\n' ' ' <objects)" >>faults
	tare report -i ended --json >ended.json 2>ended.out || echo "after $delay s: not readable: $(cat ended.out)" >>faults
	jq -e '.ended == "cut_off" or .ended == "interrupt"' ended.json >/dev/null ||
		echo "after $delay s: $(jq .ended ended.json)" >>faults
	moved=$(progress "$target")
	wait_for moved_on "$target" "$moved" || echo "after $delay s: the target stands still" >>faults
done
is "$(cat faults)" "" "kill -9 at 5 moments of its end: the same"
kill "$target"

# ---- kill -9 of `tare run`: the command goes on to its own end ----

cat >orphan.sh <<'SH'
"$1" --round-trips 200000 >orphan.json
echo $? >orphan.new
mv orphan.new orphan.status
SH
spawn "$TARE" run -q -o orphaned -- bash orphan.sh "$pingpong" 2>orphaned.err
disown "$pid"
wait_for test -s orphaned
wait_for -t 20 test -e orphan.json
kill -KILL "$pid"
ok "after kill -9 of tare run the command goes on" wait_for test -e orphan.status
is "$(cat orphan.status)" 0 ".. to its end, with success"
is "$(json orphan.json .round_trips)" 200000 ".. having done all its work"
ok ".. and its recording can be read" tare report -i orphaned

# ---- the target dies ----

spawn "$pingpong" --round-trips 100000000 >/dev/null
target=$pid
disown "$target"
record_start died -p "$target"
wait_for moved_on "$target" $(($(progress "$target") + 1000))
kill -KILL "$target"
wait "$tare_pid"
is $? 0 "the target is killed: tare ends by itself, exit status 0" || diag "$(<died.err)"
tare report -i died --json >died.json
is "$(json died.json .ended)" target_gone ".. and says why"
is "$(json died.json '.lost.complete or .lost.total > 0')" true ".. with nothing missing that is not counted"
compare "$(json died.json .context_switches.count)" '>' 0 ".. and figures"
is "$(json died.json '[.threads[] | select(.exited)] | length')" 3 ".. all three threads are known to have ended"

# ---- fork and exec, with --follow and without ----

for follow in --follow ''; do
	helper_start forkexec 20
	# shellcheck disable=SC2086
	record_start forked $follow -p "$helper_pid"
	echo >&"$helper_in"
	wait_for grep -qx head "/proc/$helper_pid/comm"
	quiet "$helper_pid"
	helper_end
	wait "$tare_pid"
	is $? 0 "the target forks and execs${follow:+ ($follow)}: tare ends with it, exit status 0"
	tare report -i forked --json >forked.json 2>forked.err2
	# who else is on a CPU is the machine's doing
	is "$(json forked.json '.lost.total - .lost.by_class.other_switch')" 0 ".. nothing of it was lost"
	is "$(json forked.json "[.threads[] | select(.tid == $helper_pid) | .comm] | index(\"head\") != null")" true \
		".. the first thread is followed through the exec of another one"
	want=0
	[ -z "$follow" ] || want=20
	jq --argjson target "$helper_pid" '[.threads[] | select(.tgid != $target)]' forked.json >children.json
	is "$(json children.json length)" $want ".. $want children were followed"
	is "$(json children.json 'map(select(.comm == "true" and .exited)) | length')" $want ".. each through exec to its end"
done

# ---- ten thousand short threads ----

helper_start shortlived 10000
record_start short -p "$helper_pid"
echo >&"$helper_in"
read -r word <&"$helper_out"
is "$word" "done" "ten thousand threads were made"
helper_end
is $? 0 ".. and the target ended in order"
wait "$tare_pid"
is $? 0 ".. tare too"
tare report -i short --json >short.json
# beyond the first 4096 that ended, one row stands for all others, and its name says how many
count='[.threads[] | (.comm | capture("^\\((?<n>[0-9]+) exited threads( of .*)?\\)$").n | tonumber) // 1] | add'
seen=$(json short.json "$count") lost=$(json short.json '.lost.by_class | .task + .thread')
if [ "$lost" -eq 0 ]; then
	is "$seen" 10001 ".. each was seen, and the first"
	is "$(json short.json "[.threads[] | select(.exited)] | {threads: .} | $count")" 10001 ".. and its end"
else
	compare $((seen + lost)) '>=' 10001 ".. each was seen or is counted as lost ($lost)"
	is "$(json short.json .lost.complete)" false ".. which is said"
fi
if [ "$(json short.json .lost.total)" -eq 0 ]; then
	is "$(json short.json '.check | [.agree, .switches_missing, .switches_extra] | tostring')" '[10001,0,0]' \
		".. each agrees with the kernel in every switch"
else
	is "$(json short.json '.check.switches_extra')" 0 ".. none has more switches than the kernel counted"
fi

# ---- no room, no place to write ----

mkdir small
mount -t tmpfs -o size=2m tare-test small && at_exit umount "$tmp/small"
exits 1 "disk full: exit status 1" "$TARE" run -o small/full -- "$pingpong" --round-trips 400000
like "$(cat stderr)" 'No space left on device' ".. says so"
like "$(cat stderr)" 'the command ended with status 0' ".. the command was not disturbed"
ok ".. what was written until then can be read" tare report -i small/full --json
compare "$(json stdout .context_switches.count)" '>' 1000 ".. and has figures"
is "$(json stdout '[.ended, .lost.complete] | tostring')" '["cut_off",false]' ".. and is said to be incomplete"
is "$(grep -c damaged stderr)" 0 ".. its last frame is whole"

exits 1 "/dev/full: exit status 1" "$TARE" run -o /dev/full -- touch started
like "$(cat stderr)" '/dev/full: No space left on device' ".. says so"
is "$(ls started 2>/dev/null)" "" ".. and the command was not begun"

mount -o remount,ro small
mkdir folder
for output in small/new missing/new folder small/full /proc/new; do
	exits 1 "cannot write $output: exit status 1" "$TARE" run -o $output -- touch started
	like "$(cat stderr)" "cannot write $output: .*-o" ".. says so, and what to do"
	is "$(ls started 2>/dev/null)" "" ".. and the command was not begun"
done

echo precious >pointed-at
ln -s pointed-at link
ln -s nowhere dangling
for output in link dangling; do
	exits 1 "$output at the output path is refused" "$TARE" run -o $output -- true
	like "$(cat stderr)" "$output is a symbolic link" ".. by name"
done
is "$(cat pointed-at)$(ls nowhere 2>/dev/null)" precious ".. what it points to is untouched"

echo first >kept
ok "a file that is there" tare run -q -o kept -- true
is "$(cat kept.old)" first ".. is kept as .old"
is "$(stat -c %a kept)" 600 ".. and the new one is only for its owner"

# ---- no such target ----

spawn true
wait "$pid"
exits 4 "a process that is gone: exit status 4" "$TARE" record -o none -p "$pid"
like "$(cat stderr)" "no process $pid" ".. says so"
exits 4 "a thread of the kernel: exit status 4" "$TARE" record -o none -p 2
like "$(cat stderr)" 'thread of the kernel' ".. says so"
exits 4 "one that lives and one that is gone: exit status 4" "$TARE" record -o none -p "$$,$pid"
exits 4 "a folder that is no cgroup: exit status 4" "$TARE" record -o none --cgroup "$tmp"
exits 127 "a command that is not there: exit status 127" "$TARE" run -o gone -- ./no-such-command
like "$(cat stderr)" 'cannot run ./no-such-command: No such file' ".. says so"
is "$(ls none* gone* 2>/dev/null)" "" "no file was made where there was no target"

# ---- no privileges ----

cp "$TARE" tare-for-all
chmod 755 tare-for-all
mkdir -m 777 for-all
nobody() { setpriv --reuid 65534 --regid 65534 --clear-groups --bounding-set=-all "$@"; }
exits 3 "as nobody: exit status 3" nobody ./tare-for-all record -o for-all/x -p $$
like "$(cat stderr)" 'CAP_BPF' ".. names the capability"
like "$(cat stderr)" 'CAP_PERFMON' ".. and the other"
exits 3 "as nobody: tare run too" nobody ./tare-for-all run -o for-all/x -- touch for-all/started
is "$(ls for-all)" "" ".. nothing was written or begun"
cp died for-all/moved
chmod 644 for-all/moved
ok "as nobody: a recording can be read" nobody ./tare-for-all report -i for-all/moved --json
is "$(cat stdout)" "$(cat died.json)" ".. and shows the same"

# ---- wrong usage ----

while read -r line; do
	eval "set -- $line"
	exits 2 "wrong usage: tare${line:+ $line}" "$TARE" "$@" </dev/null
	like "$(cat stderr)" 'tare: |usage: ' ".. with a word on standard error"
done <<'USAGE'

nonsense
--nonsense
record
record -p
record -p ''
record -p 0
record -p -1
record -p 12x
record -p 1,,x
record -p 99999999999
record -p 1 --comm x
record --comm ''
record --comm x --cgroup /
record -p 1 -d 0
record -p 1 -d 10x
record -p 1 -d -1s
record -p 1 --ring-size 5000
record -p 1 --ring-size 1K
record -p 1 --ring-size 2G
record -p 1 --nonsense
record -p 1 stray
run
run --
run -p 1 -- true
run -d nonsense -- true
run --nonsense -- true
report --nonsense
report stray
export
export -f
export -f nonsense
export --nonsense
doctor --nonsense
USAGE
is "$(ls tare.data 2>/dev/null)" "" ".. and no file made"

# ---- damaged recordings, under sanitizers ----

(echo; echo) | tare run -q -o whole --ring-size 64K -- "$root/build/helpers/shortlived" 60 >/dev/null 2>&1
is "$(json <(tare report -i whole --json) ".threads | length > 60")" true "a small recording to be damaged"
ok "hundreds of damaged recordings: no crash, always a word or what is whole" \
	python3 "$root/tests/live/damage_oracle.py" "$root/build/tare-san" "$tmp/whole" "$tmp"
diag "$(cat stdout)"

done_testing
