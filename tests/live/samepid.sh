#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# A process id reused within one recording: two processes, each with its own name, time, counters and pauses.
set -u
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
need_bpf
go version >/dev/null 2>&1 || skip_all "no Go here: run tools/setup --test"

cpu=$(($(nproc) - 1))
cp "$root/build/helpers/burn" "$tmp/native1" && cp "$root/build/helpers/burn" "$tmp/native2" || exit
cp "$root/tests/helpers/becomes/main.go" "$tmp"
(cd "$tmp" && printf 'module becomes\n\ngo 1.21\n' >go.mod && CGO_ENABLED=0 go build -o go1 . && cp go1 go2) \
	>"$tmp/build" 2>&1
result $? "builds" || diag "$(<"$tmp/build")"

# row N FILTER: of the N-th process with that number, by age
row() { json "$tmp/report" "[.processes[] | select(.pid == $number)] | sort_by(.born_ns)[$1] | $2"; }
threads_of() { json "$tmp/report" "[.threads[] | select(.tgid == $number and .comm == \"$1\") | .charged_ns] | add"; }

# second ARGS -- CMD ARGS: the name of CMD
second()
{
	while [ "$1" != -- ]; do shift; done
	basename "$2"
}

# check NAME CMD -- CMD
check()
{
	local name=$1 status first second
	shift
	tare run -q -o "$tmp/data" -- "$root/build/helpers/samepid" "$@" </dev/null >"$tmp/out" 2>"$tmp/log"
	status=$?
	if [ $status = 77 ]; then
		skip 1 "$name: the number was taken by somebody else"
		return 1
	fi
	is $status 0 "$name: recorded" || { diag "$(cat "$tmp/log" "$tmp/out")"; return 1; }
	read -r first _ < <(grep -E '^[0-9]+ [0-9]+$' "$tmp/out" | head -n 1)
	read -r second _ < <(grep -E '^[0-9]+ [0-9]+$' "$tmp/out" | tail -n 1)
	is "$first" "$second" "$name: one number for two"
	number=$first
	tare report -i "$tmp/data" --json >"$tmp/report" && tare pauses -i "$tmp/data" --longest 1000 --json >"$tmp/pauses"
	is "$(json "$tmp/report" "[.processes[] | select(.pid == $number)] | sort_by(.born_ns) | map(.comm) | join(\",\")")" \
		"$(basename "$1"),$(second "$@")" "$name: two rows, each with its name, by age"
	is "$(json "$tmp/report" '[.processes[].voluntary] | add')" "$(json "$tmp/report" .context_switches.voluntary)" \
		"$name: the sum is the whole"
	is "$(json "$tmp/report" '[.processes[].pauses.count] | add // 0')" "$(json "$tmp/pauses" '.count // 0')" \
		"$name: of the pauses too"
	is "$(json "$tmp/pauses" '[.pauses | group_by(.pid_born_ns)[] | "\(.[0].pid_born_ns) \(.[0].comm) \(length)"] | sort | join(",")')" \
		"$(json "$tmp/report" '[.processes[] | select(.pauses) | "\(.born_ns) \(.comm) \(.pauses.count)"] | sort | join(",")')" \
		"$name: each pause is of the process that it is said to be of"
}

# If a program cannot be held at its start until tare has attached to it, it may be over before that.
check_go()
{
	check "$@" || return
	is_held && return
	skip 1 "$1: a program went on before it was attached to"
	return 1
}
is_held()
{
	works exec_hold tare && jq -e '[.ledger.probes.by_probe[] | select(.name == "exec_hold_missed") | .hits] | add // 0 | . == 0' \
		"$tmp/report" >/dev/null
}

of_go='"\(.pauses) \(.alloc_bytes) \(.goroutine_switches)"'
collections() { grep '^collections' "$tmp/out" | sed -n "$1s/collections //p"; }

if check native "$tmp/native1" "$cpu" 100 -- "$tmp/native2" "$cpu" 300; then
	for n in 1 2; do
		near "$(threads_of native$n)" "$(grep -E '^[0-9]+ [0-9]+$' "$tmp/out" | sed -n "${n}s/.* //p")" 5 "native $n: CPU time"
	done
fi
if check_go "Go and native" "$tmp/go1" 3 -- "$tmp/native1" "$cpu" 20; then
	is "$(row 0 .pauses.count)" $(($(collections 1) * 2)) "Go and native: each pause"
	compare "$(row 0 .alloc_bytes)" '>' 0 "Go and native: allocates"
	is "$(row 1 "$of_go")" "null null null" "Go and native: nothing of that is the other's"
fi
if check_go "native and Go" "$tmp/native1" "$cpu" 20 -- "$tmp/go1" 3; then
	is "$(row 1 .pauses.count)" $(($(collections 1) * 2)) "native and Go: each pause"
	compare "$(row 1 .alloc_bytes)" '>' 0 "native and Go: allocates"
	is "$(row 0 "$of_go")" "null null null" "native and Go: nothing of that is the other's"
fi
for second in go1 go2; do
	check_go "Go and Go ($second)" "$tmp/go1" 3 -- "$tmp/$second" 5 || continue
	for n in 1 2; do
		is "$(row $((n - 1)) .pauses.count)" $(($(collections $n) * 2)) "Go and Go ($second): each pause of number $n"
		compare "$(row $((n - 1)) .alloc_bytes)" '>' 0 "Go and Go ($second): number $n allocates"
	done
done
done_testing
