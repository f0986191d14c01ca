#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# tare in a PID namespace, where processes have other numbers than in the kernel's events: what it reads of a process
# and what happens to it must still come together. The same from outside, with the target in the namespace.
set -u
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
need_bpf
command -v go >/dev/null || skip_all "there is no go in PATH"
unshare -mpf --mount-proc true 2>"$tmp/log" || skip_all "no namespaces here: $(cat "$tmp/log")"

cp "$root"/tests/helpers/becomes/main.go "$tmp"
(cd "$tmp" && printf 'module becomes\n\ngo 1.21\n' >go.mod && CGO_ENABLED=0 go build -o inside .) >"$tmp/build" 2>&1
result $? "builds" || diag "$(<"$tmp/build")"

# A program that collects until it is told to end.
cat >"$tmp/collects.go" <<'EOG'
package main

import (
	"os"
	"runtime"
	"time"
)

var kept []byte

func main() {
	go func() {
		os.Stdin.Read(make([]byte, 1))
		os.Exit(0)
	}()
	for {
		kept = make([]byte, 1<<20)
		runtime.GC()
		time.Sleep(5 * time.Millisecond)
	}
}
EOG
mkdir "$tmp/src" && mv "$tmp/collects.go" "$tmp/src/main.go"
(cd "$tmp/src" && printf 'module collects\n\ngo 1.21\n' >go.mod && CGO_ENABLED=0 go build -o "$tmp/collects" .) >"$tmp/build" 2>&1
result $? "builds another one" || diag "$(<"$tmp/build")"

# told DATA NAME WHAT: everything that is read of process WHAT is known of the one that the events are about
told()
{
	tare report -i "$1" --json >"$tmp/report" && tare pauses -i "$1" --longest 0 --json >"$tmp/pauses"
	tare export -i "$1" -f json-lines >"$tmp/lines"
	is "$(json "$tmp/report" '.processes | map(.comm) | join(",")')" "$3" "$2: one process, by its name"
	is "$(json "$tmp/report" .target.runtime)" go "$2: its runtime"
	compare "$(json "$tmp/pauses" .count)" '>' 0 "$2: its pauses"
	is "$(json "$tmp/pauses" '[.pauses[].reason | select(test("^GC (sweep|mark) termination$|^start trace|^read") | not)] | length')" 0 \
		"$2: each with its reason by name"
	compare "$(json "$tmp/report" '.processes[0].runtime.collections // .runtime.collections')" '>' 0 "$2: its own counters"
	is "$(jq -s '([.[] | select(.event == "process" or .event == "module" or .event == "counters") | .pid] | unique) as $read |
		([.[] | select(.event == "runtime") | .tgid] | unique) == $read' "$tmp/lines")" true \
		"$2: one number in all that is read and all that happens" ||
		diag "$(jq -r 'select(.pid or .tgid) | "\(.event) \(.pid) \(.tgid)"' "$tmp/lines" | sort | uniq -c | sort -rn | head)"
}

# ---- both inside ----

inside=(unshare -mpf --mount-proc)

ok "inside, run" "${inside[@]}" "$TARE" run -q -o "$tmp/data" -- "$tmp/inside" 20
told "$tmp/data" "inside, run" inside

cat >"$tmp/record" <<'EOS'
#!/bin/sh
# record PROGRAM LOG ARGS...: tare with them, %p in them is the program's number
program=$1 log=$2
shift 2
sleep 1000 | "$program" &
for i in 1 2 3 4 5 6 7 8 9 10; do
	pid=$(for p in /proc/[0-9]*; do [ "$(cat "$p/comm")" = "${program##*/}" ] && echo "${p#/proc/}"; done)
	[ -n "$pid" ] && break
	sleep 0.2
done
echo "$pid" >"$log.pid"
for arg; do
	shift
	[ "$arg" = %p ] && arg=$pid
	set -- "$@" "$arg"
done
"$@" 2>"$log"
EOS
chmod +x "$tmp/record"
ok "inside, by number" "${inside[@]}" "$tmp/record" "$tmp/collects" "$tmp/log" "$TARE" record -o "$tmp/data" -d 1 -p %p || diag "$(<"$tmp/log")"
told "$tmp/data" "inside, by number" collects
isnt_same=$([ "$(<"$tmp/log.pid")" != "$(json "$tmp/report" '.processes[0].pid')" ] && echo yes)
is "$isnt_same" yes "inside, by number: the recording has the kernel's"
ok "inside, by name" "${inside[@]}" "$tmp/record" "$tmp/collects" "$tmp/log" "$TARE" record -o "$tmp/data" -d 1 --comm collects || diag "$(<"$tmp/log")"
told "$tmp/data" "inside, by name" collects
# its first seconds are gone when it is written
ok "inside, flight" "${inside[@]}" "$tmp/record" "$tmp/collects" "$tmp/log" "$TARE" record -o "$tmp/data" --flight 1s -d 3 -p %p || diag "$(<"$tmp/log")"
told "$tmp/data" "inside, flight" collects

# ---- tare outside ----

ok "outside" "$TARE" run -q -o "$tmp/data" -- "${inside[@]}" "$tmp/inside" 20
tare report -i "$tmp/data" --json >"$tmp/report"
is "$(json "$tmp/report" '[.processes[] | select(.comm == "inside")] | length')" 1 "outside: the program inside"
is "$(json "$tmp/report" .target.runtime)" go "outside: its runtime"
is "$(json "$tmp/report" .runtime.collections)" 20 "outside: its own counters"
is "$(tare pauses -i "$tmp/data" --json | jq .count)" 40 "outside: each pause"
done_testing
