#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# tare top: keys in, screens out, in a terminal that tmux plays; as text; and what its figures are worth.
set -u
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
need_bpf
command -v tmux >/dev/null || { diag "tmux is missing: run tools/setup --test"; exit 1; }

# ---- usage ----

exits 2 "no target" "$TARE" top
exits 2 "two targets" "$TARE" top -b -p $$ --comm bash
exits 2 "no time" "$TARE" top -b -d 1ms -p $$
exits 2 "no number of screens" "$TARE" top -b -n 0 -p $$
exits 2 "a view that there is not" "$TARE" top --once --view everything -p $$
exits 2 "no terminal" "$TARE" top -p $$
like "$(<"$tmp/stderr")" "needs a terminal; -b writes text" "which is said, and what to do"
exits 4 "no such process" "$TARE" top --once -p 4194303
ok "help" "$TARE" top --help
like "$(<"$tmp/stdout")" "sort by the next column" "has the keys"

# ---- as text: two threads of which one computes, and the other a millisecond in twenty ----

cat >"$tmp/shares.c" <<-'C'
	#include <pthread.h>
	#include <stdio.h>
	#include <stdint.h>
	#include <sys/prctl.h>
	#include <time.h>
	#include <unistd.h>

	static uint64_t cpu_ns(void)
	{
		struct timespec t;

		clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
		return t.tv_sec * 1000000000ull + t.tv_nsec;
	}

	static void *work(void *name)
	{
		prctl(PR_SET_NAME, name);
		for (;;) {
			uint64_t until = cpu_ns() + 1000000;

			while (cpu_ns() < until)
				;
			if (*(char *)name == 'l')
				usleep(20000);
		}
	}

	int main(void)
	{
		pthread_t t;

		pthread_create(&t, NULL, work, "busy-one");
		pthread_create(&t, NULL, work, "lazy-one");
		puts("ready");
		fflush(stdout);
		pause();
	}
C
ok "a program of two threads" "${CC:-cc}" -O2 -o "$tmp/shares" "$tmp/shares.c" -lpthread
spawn "$tmp/shares" >"$tmp/out"
shares=$pid
wait_for grep -q ready "$tmp/out"

# ran NAME: the CPU time of that thread, ns, as the kernel counts
ran()
{
	local file
	file=$(grep -lx "$1" "/proc/$shares/task/"*/comm) && cut -d' ' -f1 "${file%comm}schedstat"
}
busy=$(ran busy-one) lazy=$(ran lazy-one)
ok "screens as text" "$TARE" top -b -n 5 -p $shares
busy=$(($(ran busy-one) - busy)) lazy=$(($(ran lazy-one) - lazy))
cp "$tmp/stdout" "$tmp/text"
is "$(grep -c '^tare top: shares (pid '$shares'), native, ' "$tmp/text")" 5 "as many as were asked for"
is "$(grep -c '\[1 threads\]' "$tmp/text")" 5 "of the view of threads"
is "$(grep -c ' busy-one$' "$tmp/text")" 5 "which has one thread"
is "$(grep -c ' lazy-one$' "$tmp/text")" 5 "and the other"
is "$(grep -c '^lost none ' "$tmp/text")" 5 "nothing was lost"
is "$(grep -c $'\e' "$tmp/text")" 0 "no escape sequences"
share=$(awk '/ busy-one$/ { b += $2 } / lazy-one$/ { l += $2 } END { print l ? b / l : 0 }' "$tmp/text")
diag "one has $share times the CPU time of the other; by the kernel $busy and $lazy ns"
near "$share" "$(awk "BEGIN { print $busy / $lazy }")" 60 "their CPU time has the ratio that the kernel counts"
compare "$share" '>' 1.2 "which is not 1"
switches=$(awk '/ lazy-one$/ { s += $3 } END { print s / 5 }' "$tmp/text")
compare "$switches" '>' 1 "the one that sleeps is switched"
compare "$switches" '<' 1000 ".. 50 times a second at most; a busy machine adds some"
ok "a filter" "$TARE" top --once --filter LAZY -p $shares
is "$(grep -c busy-one "$tmp/stdout") $(grep -c lazy-one "$tmp/stdout")" "0 1" "leaves the other out"
ok "processes by name" "$TARE" top --once --view processes --comm shares
like "$(<"$tmp/stdout")" "$shares .* 3 .* shares" "are found, with their threads"
ok "what they are off CPU for" "$TARE" top --once --view waits -p $shares
like "$(<"$tmp/stdout")" "nanosleep" "has the system call"
kill "$shares"

# ---- in a terminal ----

# a server that ends with its last session would be on its way out when the next one begins
echo "set -g exit-empty off" >"$tmp/tmux.conf"
tm() { tmux -L "tare-$$" -f "$tmp/tmux.conf" "$@"; }
at_exit eval "tmux -L tare-$$ kill-server 2>/dev/null || true"
screen() { tm capture-pane -p -t top; }
has() { screen | grep -Eq -- "$1"; }
has_not() { ! has "$1"; }
# shows NAME REGEX [KEY...]: after these keys, some line comes to match
shows()
{
	local name=$1 regex=$2
	shift 2
	[ $# -eq 0 ] || tm send-keys -t top "$@"
	wait_for has "$regex"
	result $? "$name" || diag "$(screen)"
}
# begin COMMAND: in a terminal of 80x24; its modes before are in $tmp/before
begin()
{
	rm -f "$tmp/after" "$tmp/status"
	cat >"$tmp/session" <<-SH
		stty -g >'$tmp/before'
		$*
		echo \$? >'$tmp/status'
		stty -g >'$tmp/after'
		exec cat
	SH
	tm new-session -d -s top -x 80 -y 24 bash "$tmp/session"
}
# restored NAME STATUS: it has ended so, and the terminal is as before
restored()
{
	wait_for test -s "$tmp/after"
	is "$(cat "$tmp/status")" "$2" "$1: its exit status"
	is "$(cat "$tmp/after")" "$(cat "$tmp/before")" "$1: the terminal's modes are as before"
	has_not 'tare top:'
	result $? "$1: the screen is as before" || diag "$(screen)"
	tm kill-session -t top
}

# two threads that wake each other on one CPU, a thousand times a second: all views have rows, and others can run
cat >"$tmp/pingpong.c" <<-'C'
	#include <pthread.h>
	#include <semaphore.h>
	#include <sys/prctl.h>
	#include <unistd.h>

	static sem_t there, back;

	static void *ping(void *arg)
	{
		prctl(PR_SET_NAME, "ping");
		for (;;) {
			sem_post(&there);
			sem_wait(&back);
			usleep(1000);
		}
	}

	static void *pong(void *arg)
	{
		prctl(PR_SET_NAME, "pong");
		for (;;) {
			sem_wait(&there);
			sem_post(&back);
		}
	}

	int main(void)
	{
		pthread_t t[2];

		pthread_create(&t[0], NULL, ping, NULL);
		pthread_create(&t[1], NULL, pong, NULL);
		pause();
	}
C
ok "a program of threads that wait for each other" "${CC:-cc}" -O2 -o "$tmp/pingpong" "$tmp/pingpong.c" -lpthread
spawn taskset -c "$(last_cpu)" "$tmp/pingpong"
target=$pid
begin "'$TARE' top -d 0.5 -p $target"
shows "the first screen comes" '^tare top: pingpong \(pid '$target'\), native'
shows "threads: one" ' ping$'
shows ".. and the other" ' pong$'
is "$(screen | wc -l)" 24 "the screen is full"
like "$(screen | tail -n 1)" "h help .* q quit" "the last line says how to get on"
shows "nothing is lost" '^lost none'
shows "processes" "^ +$target .* 3 .* pingpong" 2
shows "pauses: a native program has none" 'nothing that a runtime tells' 3
shows "rivals: the target's own thread" ' ping \(of the target\)' 4
shows "waits" ' futex$' 5
shows "goroutines: it has none" 'this is native' 6
shows "allocation: resident memory" "^ +$target .* [KM]B .* pingpong" 7
shows "Tab goes on to the first view" '\[1 threads\]' Tab
shows "sorted by name" 'by NAME' '>' '>' '>' '>' '>'
is "$(screen | grep -Eo ' (ping|pong|pingpong)$' | tr -d '\n')" " ping pingpong pong" "the rows are in that order"
shows "the other way round" 'by NAME reversed' r
is "$(screen | grep -Eo ' (ping|pong|pingpong)$' | tr -d '\n')" " pong pingpong ping" "so are the rows"
shows "a filter is typed" 'rows with: pon_' / p o n
shows "and kept" "only with 'pon'" Enter
ok "only its rows are left" has_not ' ping$'
ok ".. they are" has ' pong$'
shows "Escape drops it" 'by NAME reversed +h help' / Escape
ok ".. with what it left out" wait_for has ' ping$'
shows "help" '^tare top: keys' h
shows "any key leaves it" ' ping$' x
shows "since the beginning" 'since the beginning' c
shows "the screen is held" '\[held' p
screen >"$tmp/held"
sleep 2	# four intervals: what moves would have moved
is "$(screen)" "$(<"$tmp/held")" "nothing moves"
tm send-keys -t top p
wait_for has_not '\[held'
result $? "it goes on"
tm resize-window -t top -x 120 -y 40
resized() { [ "$(screen | wc -l)" -eq 40 ] && screen | tail -n 1 | grep -q 'q quit'; }
wait_for resized
result $? "a larger terminal is filled" || diag "$(screen)"
tm send-keys -t top q
restored "q" 0

begin "'$TARE' top -d 0.5 -p $target"
shows "again" ' ping$'
tm send-keys -t top C-c
restored "Ctrl-C" 0

begin "'$TARE' top -d 0.5 -p $target"
shows "again" ' ping$'
kill -TERM "$(pgrep -P "$(tm list-panes -t top -F '#{pane_pid}')")"
restored "SIGTERM" 0

begin "'$TARE' top -d 0.5 -p $target"
shows "again" ' ping$'
kill -SEGV "$(pgrep -P "$(tm list-panes -t top -F '#{pane_pid}')")"
restored "a crash" 139

begin "NO_COLOR=1 TERM=xterm-256color '$TARE' top -d 0.5 -p $target"
shows "without colour" ' ping$'
is "$(tm capture-pane -e -p -t top | grep -c $'\e\\[[0-9;]*3[0-7]m')" 0 "there is none"
tm send-keys -t top q
restored "without colour" 0

begin "TERM=xterm-256color '$TARE' top -d 0.5 -p $target"
shows "with colour" ' ping$'
compare "$(tm capture-pane -e -p -t top | grep -c $'\e\\[[0-9;]*3[0-7]m')" '>' 0 "there is some"
kill "$target"
shows "the end of the target is said" 'the target has ended'
shows "its last figures stay" ' ping( \(ended\))?$'
ok "tare stays until told" test ! -e "$tmp/status"
tm send-keys -t top q
restored "after the end" 0

begin "'$TARE' top -d 0.5 -p 4194303"
restored "no such process" 4

# ---- a runtime that stops the world ----

if command -v go >/dev/null; then
	(cd "$root/tests/live/frozen_go" && GOFLAGS=-buildvcs=false GOWORK=off go build -o "$tmp/stops" .)
	result $? "a Go program"
	spawn "$tmp/stops" >/dev/null
	target=$pid
	begin "'$TARE' top -d 0.5 --view pauses -p $target"
	shows "the runtime and its version" '^tare top: stops \(pid [0-9]+\), go1\.'
	shows "the last pause is in the head" '^pauses [0-9.,]+/s, [0-9.]+ %; last '
	shows "pauses, each with its reason" "^ +[0-9.]+ .* $target +(read mem stats|GC )"
	shows "and a sentence that says why" '^    [0-9.]+ [num]?s, of which '
	shows "the longest first" 'longest first' s
	length() { screen | awk '$4 == '"$target"' || $5 == '"$target"' { printf "%.0f\n", $2 * ($3 == "us" ? 1e3 : $3 == "ms" ? 1e6 : 1e9) }'; }
	tm send-keys -t top p
	shows "held" '\[held'
	is "$(length)" "$(length | sort -rn)" "they are in that order"
	compare "$(length | wc -l)" '>' 1 "there are some"
	tm send-keys -t top p
	shows "what goroutines wait for" '^ +[0-9]+ .* (semacquire|running|runnable|flushing proc caches)' 6
	shows "bytes allocated a second" "^ +$target +[0-9.]+ [KMG]B .* stops" 7
	shows "pauses a second of a process" "^ +$target( +[0-9.,]+){7} stops" 2
	tm send-keys -t top q
	restored "the runtime" 0
else
	skip 1 "there is no go in PATH"
fi

done_testing
