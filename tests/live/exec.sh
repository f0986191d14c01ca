#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# A target that becomes another program: nothing of the new one is missed, however it was started. From its very first
# statement the program makes a known number of collections, and says so; each is two pauses.
set -u
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
need_bpf
go version >/dev/null 2>&1 || skip_all "no Go here: run tools/setup --test"

prog=$tmp/becomes
cp "$root"/tests/helpers/becomes/main.go "$tmp"
(cd "$tmp" && printf 'module becomes\n\ngo 1.21\n' >go.mod && go build -o becomes . && go build -ldflags=-s -o stripped . &&
	CGO_ENABLED=0 go build -buildmode=pie -o pie .) >"$tmp/build" 2>&1
result $? "builds" || diag "$(<"$tmp/build")"

pauses() { tare pauses -i "$tmp/data" --longest 0 --json | jq .count; }
said() { awk '$1 == "collections" { n += $2 } END { print n * 2 }' "$1"; }

# all NAME: the recording in $tmp/data has every pause reported in $tmp/out, and names the runtime. On a machine so busy
# that tare is not in time, a program goes on after a while: then it says so.
all()
{
	compare "$(said "$tmp/out")" '>' 0 "$1: did something"
	tare report -i "$tmp/data" --json >"$tmp/json"
	if jq -e '[.ledger.probes.by_probe[] | select(.name == "exec_hold_missed") | .hits] | add // 0 | . > 0' "$tmp/json" >/dev/null; then
		compare "$(pauses)" '<=' "$(said "$tmp/out")" "$1: went on before it was attached to; no more pauses than there were"
		return
	fi
	is "$(pauses)" "$(said "$tmp/out")" "$1: each pause is there"
	is "$(jq '[.notes[] | select(test("pauses before that are missing"))] | length' "$tmp/json")" 0 "$1: and that is all there were"
	is "$(json "$tmp/json" .target.runtime)" go "$1: its runtime is that of what did the work"
}
runs()
{
	local name=$1
	shift
	tare run -q -o "$tmp/data" -- "$@" >"$tmp/out" 2>"$tmp/log"
	result $? "$name" || diag "$(<"$tmp/log")"
	all "$name"
}

# waits NAME: the runtime's own histogram covers the program from birth to end, even if that is within a second. One of
# the runtime's own goroutines may wait once more after the program has looked.
waits()
{
	local said counted
	jq -e '.notes | any(test("pauses before that are missing"))' "$tmp/json" >/dev/null && return
	said=$(sed -n 's/^waits //p' "$tmp/out") counted=$(json "$tmp/json" .runtime.goroutine_run_queue_ns.count)
	compare "$counted" '>=' "$said" "$1: each wait of its goroutines that it counts itself"
	compare "$counted" '<=' $((said + 20)) "$1: and no others"
}

# ---- where programs cannot be held ----

# bpf() refuses programs that hold, if this is preloaded
deny_bpf 'cmd == BPF_PROG_LOAD && !strncmp(attr->prog_name, "hold_", 5)'

# The program does its work at once, and lives until it was seen.
mkfifo "$tmp/go_on" "$tmp/end"
# shellcheck disable=SC2016
sh -c 'read -r _ <"$1"; exec "$0" 3 wait <"$2"' "$prog" "$tmp/go_on" "$tmp/end" >"$tmp/out" &
target=$!
LD_PRELOAD=$tmp/deny.so spawn "$TARE" record -v -o "$tmp/data" -p $target 2>"$tmp/log"
recorder=$pid
wait_for grep -q 'recording to' "$tmp/log"
echo >"$tmp/go_on"
exec {end}>"$tmp/end"
wait_for grep -q "pauses are told by go" "$tmp/log"
like "$(<"$tmp/log")" "nobody is held at exec" "not held: as is said"
echo >&"$end"
exec {end}>&-
wait $target
wait "$recorder"
late="the runtime of becomes \(pid $target\) was seen [0-9.]+ [mun]?s after its exec: pauses before that are missing"
compare "$(pauses)" '<=' "$(said "$tmp/out")" "not held: pauses from then on"
like "$(tare report -i "$tmp/data")" "! $late" "not held: the report says since when"
like "$(tare pauses -i "$tmp/data")" "! $late" "not held: and so where pauses are"
like "$(tare report -i "$tmp/data" --json | jq -r '.notes[]')" "$late" "not held: and for programs"

# many per second: each one is there, held or not, and all of it ends
# shellcheck disable=SC2016
ok "many programs a second" tare run -q -o "$tmp/data" -- sh -c 'i=0; while [ $i -lt 100 ]; do /bin/true; i=$((i + 1)); done'
tare report -i "$tmp/data" --json >"$tmp/json"
is "$(json "$tmp/json" '[.threads[] | select(.comm == "true")] | length')" 100 "many programs a second: each is there"

# the recorder is stopped, or killed, while a program may be held: nothing waits forever
spawn "$TARE" record -q --follow -o "$tmp/data" -p $$ 2>"$tmp/log"
recorder=$pid
wait_for grep -q 'recording to' "$tmp/log"
kill -STOP "$recorder"
ok "a recorder that is stopped holds up nobody" timeout 120 sh -c 'for i in 1 2 3 4 5 6 7 8 9; do /bin/true; done'
kill -CONT "$recorder"
disown "$recorder"
kill -KILL "$recorder"
ok "nor does one that is dead" timeout 120 sh -c '/bin/true; /bin/true'

# ---- where they can ----

if ! works exec_hold tare; then
	skip 1 "the doctor says that this kernel cannot hold a program at its start"
	done_testing
fi

printf '#!/bin/sh\nexec "%s" 3\n' "$prog" >"$tmp/entry"
printf '#!%s 3\n' "$prog" >"$tmp/interpreted"
chmod +x "$tmp/entry" "$tmp/interpreted"
# shellcheck disable=SC2016
{
runs "by a shell" sh -c 'exec "$0" 3' "$prog"
waits "by a shell"
runs "at once" "$prog" 3
waits "at once"
runs "a shell's child" sh -c '"$0" 3; true' "$prog"
runs "an entry point that is a script" "$tmp/entry"
runs "as the interpreter of a script" "$tmp/interpreted"
runs "itself anew" "$prog" 3 leader "$prog" 2
runs "itself anew, by another thread" "$prog" 3 thread "$prog" 2
runs "another program" "$prog" 3 leader "$tmp/stripped" 2
runs "another program, by another thread" "$prog" 3 thread "$tmp/stripped" 2
runs "a position-independent one" "$prog" 3 leader "$tmp/pie" 2 leader "$tmp/pie" 2
runs "one after another" sh -c 'for i in 1 2 3; do "$0" 2; done; exec "$1" 2' "$prog" "$tmp/stripped"
}

# children of a live target
mkfifo "$tmp/in"
# shellcheck disable=SC2016
sh -c 'read -r _; "$0" 3; read -r _; exec "$0" 3' "$prog" <>"$tmp/in" >"$tmp/out" &
shell=$!
spawn "$TARE" record -q --follow -o "$tmp/data" -p $shell 2>"$tmp/log"
recorder=$pid
wait_for grep -q 'recording to' "$tmp/log"
echo >"$tmp/in"
wait_for grep -q collections "$tmp/out"
echo >"$tmp/in"
wait $shell
wait "$recorder"
result $? "record --follow"
all "record --follow"

# A thread that calls exec takes the tid of the process's first, which is still on its way out: each switch is of who it was.
cat >"$tmp/chain.c" <<'C'
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static int left;

static void *next(void *arg)
{
	char number[12];

	nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
	snprintf(number, sizeof(number), "%d", left - 1);
	execl("/proc/self/exe", "chain", number, NULL);
	return arg;
}

int main(int argc, char **argv)
{
	pthread_t thread;

	left = argc > 1 ? atoi(argv[1]) : 0;
	if (!left)
		return 0;
	pthread_create(&thread, NULL, next, NULL);
	while (left % 2) /* it is on a CPU, or asleep */
		;
	pause();
}
C
ok "a chain of programs, each begun by another thread: compiles" gcc -O1 -pthread -o "$tmp/chain" "$tmp/chain.c"
for ((i = 0; i < 3; i++)); do
	ok ".. recorded" tare run -q -o "$tmp/data" -- "$tmp/chain" 80
	tare report --json -i "$tmp/data" >"$tmp/json"
	is "$(json "$tmp/json" '"\(.lost.total) lost, \(.check.threads - .check.agree) differ"')" "0 lost, 0 differ" \
		".. each thread's switches are those that the kernel counts"
	compare "$(json "$tmp/json" .check.threads)" '>=' 81 ".. of each program"
done

done_testing
