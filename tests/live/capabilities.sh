#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# With the capabilities that the manual names, a user other than root can record all that root can. Without one, tare
# says which is missing before anything is recorded or started. The measured program says how many collections it makes:
# each is two pauses, recorded by uprobes in it.
set -u
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
need_bpf
command -v setpriv >/dev/null || skip_all "there is no setpriv in PATH"

mkdir "$tmp/out" "$tmp/go"
chmod 777 "$tmp/out"
cp "$TARE" "$tmp/tare" # where the user nobody can reach it
data=$tmp/out/data

cat >"$tmp/go/main.go" <<'GO'
package main

import (
	"bufio"
	"fmt"
	"os"
	"runtime"
)

func main() {
	in := bufio.NewReader(os.Stdin)
	fmt.Println("ready", os.Getpid())
	in.ReadString('\n')
	for i := 0; i < 3; i++ {
		runtime.GC()
	}
	fmt.Println("collections", 3)
	in.ReadString('\n')
}
GO
if command -v go >/dev/null; then
	(cd "$tmp/go" && CGO_ENABLED=0 GOTOOLCHAIN=local GO111MODULE=off go build -o "$tmp/prog" main.go) >"$tmp/build" 2>&1
	result $? "builds" || diag "$(<"$tmp/build")"
	install -m 700 "$tmp/prog" "$tmp/closed"
fi

nobody() { setpriv --reuid 65534 --regid 65534 --clear-groups "$@"; }
# with CAPABILITIES COMMAND...: as nobody, with exactly these ("+bpf,+perfmon")
with() { nobody --bounding-set="-all,$1" --inh-caps="-all,$1" --ambient-caps="-all,$1" "${@:2}"; }
all_threads_agree() { tare report -i "$data" --json | jq -e '.check | .threads > 0 and .agree == .threads'; }
# told NAME: the recording has every pause that the program reports in $tmp/said
told()
{
	ok "$1: each thread agrees with the kernel's own counters" all_threads_agree
	is "$(tare pauses -i "$data" --longest 0 --json | jq .count)" \
		"$(awk '$1 == "collections" { print 2 * $2 }' "$tmp/said")" "$1: each pause is told"
}

# recorded NAME CAPABILITIES COMMAND...: nobody, with these, records COMMAND
recorded()
{
	local name=$1 caps=$2 target
	shift 2
	rm -f "$data" "$tmp"/{in,said,log}
	mkfifo "$tmp/in"
	"$@" <>"$tmp/in" >"$tmp/said" &
	wait_for grep -q ready "$tmp/said" || return
	target=$(awk '{ print $2 }' "$tmp/said")
	with "$caps" "$tmp/tare" record -q -o "$data" -p "$target" 2>"$tmp/log" &
	wait_for grep -q 'recording to' "$tmp/log" || diag "$(<"$tmp/log")"
	echo >"$tmp/in"
	wait_for grep -q collections "$tmp/said"
	echo >"$tmp/in"
	wait $!
	result $? "$name" || diag "$(<"$tmp/log")"
	told "$name"
}

# refused MISSING CAPABILITIES ARGS...: `tare ARGS` names MISSING, records nothing
refused()
{
	local missing=$1 caps=$2
	shift 2
	rm -f "$data"
	exits 3 "$1 without $missing" with "$caps" "$tmp/tare" "$@"
	like "$(cat "$tmp/stderr")" "(lacks|without) $missing" "$1 without $missing: it is named"
	like "$(cat "$tmp/stderr")" "root.*(setcap|man tare)" "$1 without $missing: what grants it is named"
	ok "$1 without $missing: nothing is recorded" test ! -e "$data"
}

# ---- run ----

own=+bpf,+perfmon
# what a runtime tells takes uprobes, and these take more on some kernels
tells=$own
works uprobe with $tells "$tmp/tare" || tells=$own,+sys_admin
ok "doctor: uprobes are had" works uprobe with $tells "$tmp/tare"
ok "doctor: the least set is enough" with $own "$tmp/tare" doctor
ok "run: a native program" with $own "$tmp/tare" run -o "$data" -- \
	sh -c 'id -u; grep -E "Cap(Prm|Eff|Amb)" /proc/self/status; sleep 0.05; sleep 0.05'
is "$(head -n 1 "$tmp/stdout")" 65534 "run: the command is whoever runs it"
is "$(grep -c '^Cap.*:[[:space:]]*0*$' "$tmp/stdout")" 3 "run: the command has none of the recorder's capabilities"
ok "run: each thread agrees with the kernel's own counters" all_threads_agree

# the context of a wake-up: a sleep ends by a timer interrupt, a read by the writer
tare export -i "$data" -f json-lines >"$tmp/run.json"
ok "a sleeper is woken by an interrupt, also where that interrupts a task; a parent by its child" \
	jq -es '[.[].waker_context | numbers] | any(. == 2) and any(. == 0)' "$tmp/run.json"

for missing in bpf:perfmon perfmon:bpf; do
	lacks=CAP_${missing%:*}
	refused "${lacks^^}" "+${missing#*:}" run -o "$data" -- touch "$tmp/out/ran"
	ok "run without ${lacks^^}: the command was not started" test ! -e "$tmp/out/ran"
	exits 3 "doctor without ${lacks^^}" with "+${missing#*:}" "$tmp/tare" doctor
done

# ---- record ----

spawn sleep 1000
sleeper=$pid
ok "record: a native program of another user" with $own,+sys_ptrace "$tmp/tare" record -d 100ms -p "$sleeper" -o "$data"
ok "record: each thread agrees with the kernel's own counters" all_threads_agree
refused CAP_SYS_PTRACE $own record -d 100ms -p "$sleeper" -o "$data"
refused CAP_SYS_PTRACE $own record -d 100ms --comm sleep -o "$data"
refused CAP_BPF +perfmon,+sys_ptrace record -d 100ms -p "$sleeper" -o "$data"
refused CAP_PERFMON +bpf,+sys_ptrace record -d 100ms -p "$sleeper" -o "$data"

if command -v go >/dev/null; then
	ok "run: a Go program" with $tells "$tmp/tare" run -q -o "$data" -- "$tmp/prog" <<<$'\n'
	cp "$tmp/stdout" "$tmp/said"
	told "run: a Go program"
	recorded "record: one's own Go program" $tells nobody "$tmp/prog"
	recorded "record: a Go program of another user" $tells,+sys_ptrace "$tmp/prog"
	recorded "record: one whose file is closed to the recorder" $tells,+sys_ptrace,+dac_read_search "$tmp/closed"
	"$tmp/closed" <>"$tmp/in" >/dev/null &
	refused CAP_DAC_READ_SEARCH $tells,+sys_ptrace record -d 100ms -p $! -o "$data"

	# a program of the command is out of reach: only switches are recorded, and that is said; it lives until it was seen
	chmod 711 "$tmp/closed"
	rm -f "$data" "$tmp/log"
	mkfifo "$tmp/unread"
	# shellcheck disable=SC2016
	with $own "$tmp/tare" run -o "$data" -- sh -c '"$0"; true' "$tmp/closed" <>"$tmp/unread" >/dev/null 2>"$tmp/log" &
	wait_for grep -q 'may not be read' "$tmp/log"
	printf '\n\n' >"$tmp/unread"
	wait $!
	result $? "run: a program that may be run but not read" || diag "$(<"$tmp/log")"
	like "$(tare report -i "$data")" 'may not be read without CAP_SYS_PTRACE' "run: and the report says what bars it"
else
	skip 1 "there is no go in PATH"
fi

done_testing
