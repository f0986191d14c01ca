#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# A part of a recording: a stretch of time, a process, threads by name, one pause. In every format.
set -u
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
need_bpf

# ---- time ----

cat >"$tmp/work.c" <<'C'
#include <pthread.h>
#include <sys/prctl.h>
#include <time.h>

static volatile unsigned done;

static void *rounds(void *name)
{
	prctl(PR_SET_NAME, name);
	for (int i = 0; i < 150; i++) {
		for (int k = 0; k < 500000; k++)
			done += k;
		nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
	}
	return NULL;
}

int main(void)
{
	pthread_t other;

	pthread_create(&other, NULL, rounds, "the other");
	rounds("the one");
	pthread_join(other, NULL);
	return 0;
}
C
ok "compiles" gcc -O2 -pthread -o "$tmp/work" "$tmp/work.c"
ok "recorded: two processes" tare run -q -F 499 -o "$tmp/data" -- sh -c '"$0" & "$0"; wait' "$tmp/work"
tare report --json -i "$tmp/data" >"$tmp/json"
lines() { tare export -f json-lines -i "$tmp/data" "$@"; }
# count WHAT ARGS...: events of that kind
count() { lines "${@:2}" | jq -s --arg what "$1" 'map(select(.event == $what)) | length'; }
folded() { tare export -f folded -i "$tmp/data" "$@" | awk '{ n += $NF } END { printf "%.0f", n }'; }

duration=$(json "$tmp/json" .duration_ns)
third=$((duration / 3))ns two=$((duration / 3 * 2))ns
all=$(count sample) first=$(count sample --to "$third") middle=$(count sample --from "$third" --to "$two")
last=$(count sample --from "$two")
is "$((first + middle + last))" "$all" "each sample is in one of three stretches of time"
compare "$middle" '>' 0 "and some are in the middle"
near "$(($(folded --to "$third") + $(folded --from "$third" --to "$two") + $(folded --from "$two")))" "$(folded)" 3 "the CPU time too"
compare "$(folded --from "$third" --to "$two")" '<=' "$((duration / 3 * $(nproc)))" "of a stretch no more than the CPUs had"
compare "$(lines --from "$third" --to "$two" | jq -s 'map(select(.event == "switch").ts_ns) | max - min')" '<=' "$((duration / 3))" \
	"no switch is outside"
wall=$(date -d "@$(($(lines | jq -s '(map(select(.event == "header"))[0].real_ns // 0) / 1000000000 | floor') + 1))" +%H:%M:%S)
ok "a time by the wall clock" lines --to "$wall"
ok "and with its date" lines --from '2020-01-01 00:00'
exits 2 "a day that no month has" lines --from '2020-02-31 00:00'
# one that is over when the recording begins is of that day still, not of the next
before=$(date -d "@$(($(lines | jq -s '(map(select(.event == "header"))[0].real_ns // 0) / 1000000000 | floor') - 60))" +%H:%M)
[ "$before" \> 23:57 ] || is "$(count sample --from "$before")" "$all" "the whole minute in which it began, and before"
is "$(lines --from "$third" | jq -s --argjson begin "$(lines --from "$third" | jq -s 'map(select(.event == "task").ts_ns) | min')" \
	'map(select((.event == "exec" or .event == "rename" or .event == "fork") and .ts_ns < $begin)) | length')" 0 "what its threads were called before is told as of its beginning"
is "$(tare export -f perf-script -w cpu --from "$third" -i "$tmp/data" | grep cpu-clock | grep -c '^ *tare ')" 0 "and by the names that they have then"
if command -v perf >/dev/null; then
	tare export -f perf --from "$third" -i "$tmp/data" -o "$tmp/perf.data"
	is "$(perf script -i "$tmp/perf.data" -F comm,event 2>/dev/null | grep cpu-clock | grep -c '^ *tare ')" 0 "in perf.data too"
fi

# metrics_of PART ARGS...: what happened in it, as metrics
metrics_of() { tare export -f otlp-metrics -i "$tmp/cut" "${@:2}" -o "$tmp/$1.metrics"; }
# cut_adds_up NAME FROM TO: $tmp/cut, of which there is whole.metrics, in three parts
cut_adds_up()
{
	metrics_of one --to "$2" && metrics_of two --from "$2" --to "$3" && metrics_of three --from "$3"
	ok "$1: times, switches and waits of three parts are those of all" python3 "$root/tests/live/otlp_check.py" parts \
		"$tmp"/{whole,one,two,three}.metrics
}
# adds_up NAME: $tmp/cut in three parts of the same length
adds_up()
{
	duration=$(tare report --json -i "$tmp/cut" | jq .duration_ns)
	third=$((duration / 3))ns two=$((duration / 3 * 2))ns
	metrics_of whole && cut_adds_up "$1" $third $two
}
cp "$tmp/data" "$tmp/cut"
adds_up "many short waits"
compare "$(folded --from "$two" | wc -c)" '>' 1 "there are samples in the last part"
is "$(tare export -f folded --from "$two" -i "$tmp/data" | awk '!/;rounds/ { other += $NF } { all += $NF } END { print (other <= all / 2 ? "named" : other " of " all) }')" \
	named "functions have the names that were told before it"

# who sleeps from before until after
"$root/build/workloads/pingpong" --wait <>/dev/zero >"$tmp/idle" &
idle=$!
wait_for grep -q ready "$tmp/idle"
ok "recorded: who does nothing" tare record -q -d 1 -o "$tmp/cut" -p $idle
kill $idle
wait $idle 2>/dev/null
is "$(tare export -f json-lines --from 0.5 -i "$tmp/cut" | jq -s --argjson t $idle 'map(select(.event == "task" and .tid == $t and .phase == 0)) | length')" 1 "it is there"

# who had ended by then is nobody who slept all the time, and who sleeps then does so in the call that it is in
ok "recorded: one that ends soon" tare run -q -o "$tmp/cut" -- sh -c '"$0" true; "$0" sleep 0.5' env
adds_up "one that sleeps all through a part"
tare export -f json-lines -i "$tmp/cut" >"$tmp/all"
tare export -f json-lines --from "$two" -i "$tmp/cut" >"$tmp/text"
from=$(jq -s 'map(select(.event == "task").ts_ns) | min' "$tmp/text")
is "$(jq -s 'map(select(.event == "task" or .event == "fork").tid) | unique | sort' "$tmp/text")" \
	"$(jq -s --argjson from "$from" 'map(select(.event == "exit" and .ts_ns >= $from).tid) | unique | sort' "$tmp/all")" "threads that are there, and no others"
sleeper=$(jq -s 'map(select(.event == "task" and .comm == "sleep")) | .[0]' "$tmp/text")
is "$(jq .syscall <<<"$sleeper")" \
	"$(jq -s --argjson t "$sleeper" 'map(select(.event == "switch" and .prev_tid == $t.tid and .ts_ns < $t.ts_ns)) | last | .syscall' "$tmp/all")" "and in which call it sleeps"

tid=$(jq .tid <<<"$sleeper")
is "$(tare export -f json-lines --thread sleep -i "$tmp/cut" | jq -s --argjson t "$tid" 'map(select(.event == "switch")) | .[0].next_tid == $t')" true "who takes the name while it runs is on that CPU from then on"
is "$(tare export -f json-lines --thread env -i "$tmp/cut" | jq -s --argjson t "$tid" 'map(select(.event == "task" and .tid == $t)) | last | .phase')" 2 "and who gives it up no longer"

cat >"$tmp/named.c" <<'C'
#include <pthread.h>
#include <unistd.h>

static void *waits(void *arg)
{
	for (int i = 0; i < 3; i++)
		usleep(400000);
	return arg;
}

int main(void)
{
	pthread_t one, two;

	pthread_create(&one, NULL, waits, NULL);
	pthread_create(&two, NULL, waits, NULL);
	pthread_setname_np(one, "worker-1");
	pthread_setname_np(two, "worker-2");
	usleep(100000);
	pthread_setname_np(one, "worker-3");
	pthread_join(one, NULL);
	pthread_join(two, NULL);
	return 0;
}
C
ok "threads are named by others: compiles" gcc -O1 -D_GNU_SOURCE -pthread -o "$tmp/named" "$tmp/named.c"
ok ".. recorded" tare run -q -o "$tmp/cut" -- "$tmp/named"
# slept NAME: for how long, ns, in the thread's own time
slept() { metrics_of "$1" --thread "$1" && python3 "$root/tests/live/otlp_check.py" sum "$tmp/$1.metrics" tare.thread.time sleep; }
total=$(slept worker-2)
compare "$(slept worker-1)" '<' "$((total / 2))" ".. who gets another name while it sleeps sleeps no longer under this one"
near "$(($(slept worker-1) + $(slept worker-3)))" "$total" 20 ".. but under that one"

# totals of what is not told one by one: of that part
ok "recorded for some seconds" tare run -q -o "$tmp/long" -- sh -c 'for i in 1 2 3 4 5 6 7 8 9 10 11 12; do "$0"; done' "$tmp/work"
hits() { tare export -f json-lines -i "$tmp/long" "$@" | jq -s 'map(select(.event == "probe" and .name == "sched_switch").hits) | max'; }
compare "$(hits --from 1.5 --to 2)" '<' "$(($(hits) * 8 / 10))" "half a second has not the probes of all"
compare "$(hits --from 1.5 --to 2)" '>' 0 "but its own"

# ---- who ----

pids=$(json "$tmp/json" '[.threads[] | select(.comm == "the one").tgid] | unique | .[]')
is "$(wc -w <<<"$pids")" 2 "two processes"
sum=0
for pid in $pids; do
	mine=$(json "$tmp/json" "[.threads[] | select(.tgid == $pid)] | map(.voluntary + .involuntary) | add")
	is "$(lines --pid "$pid" | jq -s 'map(select(.event == "switch" and .voluntary != null)) | length')" "$mine" "only that process: its switches"
	sum=$((sum + $(count sample --pid "$pid")))
done
compare "$sum" '<=' "$all" "samples of both are no more than all"
tids=$(json "$tmp/json" '[.threads[] | select(.comm == "the other").tid] | unique | join(" ")')
is "$(tare export -f perf-script -w cpu -i "$tmp/data" --thread 'the other' | awk '/cpu-clock/ { print $3 }' | sort -nu | xargs)" \
	"$(xargs -n 1 <<<"$tids" | sort -n | xargs)" "only threads with that name"
ok "perfetto" tare export -f perfetto --pid "${pids%%$'\n'*}" --from 0.1 -i "$tmp/data" -o "$tmp/trace"
ok "of which Perfetto can make sense" python3 "$root/tests/live/perfetto_check.py" chain "$tmp/trace"
ok "from a pipe" sh -c '"$0" export -f folded --pid "$1" -i - <"$2"' "$TARE" "${pids%%$'\n'*}" "$tmp/data"

# ---- a pause ----

ok "a runtime: recorded" tare run -q -o "$tmp/data" -- "$root/build/workloads/weft-bench" churn -t 1 -l 16
tare pauses --json --longest 3 -i "$tmp/data" >"$tmp/pauses"
for n in 1 3; do
	tare export -f perf-script --pause $n -i "$tmp/data" >"$tmp/text"
	total=$(jq ".pauses[$((n - 1))].total_ns" "$tmp/pauses")
	like "$(grep ' tare:pause: ' "$tmp/text")" "total_ns=$total " "pause $n is there"
	ok "and what is far from it is not" awk -v limit="$((total + 100000000))" \
		'/sched_switch/ { split($0, a, /\] +/); t = a[2] + 0; if (!from) from = t; to = t } END { exit (to - from) * 1e9 > limit }' "$tmp/text"
done

tare export -f json-lines --pause 1 --from 0 -i "$tmp/data" >"$tmp/same"
ok "a pause, and times around it: no more than the pause" cmp "$tmp/same" <(tare export -f json-lines --pause 1 -i "$tmp/data")

ok "a runtime for some seconds: recorded" tare run -q -o "$tmp/cut" -- "$root/build/workloads/weft-bench" churn -t 4 -l 16
adds_up "a runtime that allocates"

# who yields, who is new, and who is preempted, all of them for some ms
cat >"$tmp/crowd" <<'SH'
taskset -c 0 python3 -c '
import os, time
end = time.time() + 1
while time.time() < end: os.sched_yield()' &
taskset -c 0 timeout 1 sh -c 'while :; do :; done' &
taskset -c 0 timeout 1 sh -c 'while :; do :; done' &
taskset -c 0 timeout 1 sh -c 'while :; do /bin/true; done' &
wait
SH
ok "waits for a CPU: recorded" tare run -q -o "$tmp/cut" -- sh "$tmp/crowd"
metrics_of whole
tare report --json -i "$tmp/cut" >"$tmp/crowd.json"
ok ".. some yield" jq -e '.context_switches.off_cpu | map(select(.reason == "yielded")) | .[0].count > 10' "$tmp/crowd.json"
duration=$(json "$tmp/crowd.json" .duration_ns)
for at in 2 3 4 5 6 7; do
	cut_adds_up ".. cut at $at tenths" $((duration * at / 10))ns $((duration * (at + 1) / 10))ns
done

# ---- where it comes from ----

mkfifo "$tmp/fifo"
cat "$tmp/data" >"$tmp/fifo" &
ok "a named pipe, which can be read but once" tare export -f folded --from 0.1 -i "$tmp/fifo" -o "$tmp/piped"
ok ".. gives the same" cmp "$tmp/piped" <(tare export -f folded --from 0.1 -i "$tmp/data")

# ---- errors ----

for format in json-lines folded perf-script perfetto chrome otlp-metrics; do
	ok "$format: nothing of that name" tare export -f $format --thread 'no such' -i "$tmp/data" -o "$tmp/none"
	is "$(grep -c 'nothing in .* that were asked for' "$tmp/stderr")" 1 "$format: it is said once"
done

exits 2 "a moment that is none" lines --from soon
like "$(<"$tmp/stderr")" "seconds since the recording began" "says what it takes"
exits 2 "an empty one" lines --from ''
exits 2 "a fraction that is none" lines --from 14:30:05.1e3
exits 2 "what no clock shows" lines --from 9999-01-01T00:00
exits 2 "after the end" lines --from 1000
like "$(<"$tmp/stderr")" "after the recording has ended" "is said"
ok "the beginning" lines --from 0ms --to 10ms
exits 2 "an end before the beginning" lines --from 2 --to 1
exits 2 "a pause that is not there" lines --pause 1000000
like "$(<"$tmp/stderr")" "longest first" "says which there are"
exits 2 "no process" lines --pid none
done_testing
