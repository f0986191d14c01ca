# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
#
# What the tests on Go programs share; after tests/lib.sh.

go_out=${GO_OUT:-$root/build/go}

# go__start PROGRAM ARGS...: it is at rest; its id in $go_pid
go__start()
{
	local word
	coproc TRUTH { exec "$@" 2>"$tmp/go.log"; }
	go_job=$TRUTH_PID
	exec {go_from}<&"${TRUTH[0]}" {go_to}>&"${TRUTH[1]}"
	eval "exec ${TRUTH[0]}<&- ${TRUTH[1]}>&-"	# or closing $go_to would be no end of input
	read -r -t 60 word go_pid <&"$go_from" && [ "$word" = ready ] ||
		{ diag "$1 did not start: $(tail -n 3 "$tmp/go.log")"; return 1; }
}

# go__work FILE: lets it work; its truth goes to FILE
go__work()
{
	(echo >&"$go_to") 2>/dev/null && read -r -t 300 line <&"$go_from" && printf '%s\n' "$line" >"$1"
}

# go__end: lets it end; returns its exit status
go__end()
{
	# it may have ended by itself: that must not end the test by SIGPIPE
	(echo >&"$go_to") 2>/dev/null
	exec {go_to}>&- {go_from}<&-
	wait "$go_job"
}

# go__record PROGRAM ARGS...: once, with $tmp/truth and $tmp/data. 3: what the program says is no truth, for the runtime
# allocated in what was to be a rest.
go__record()
{
	local recorder status=0 status_go=0 worked=0
	rm -f "$tmp/truth" "$tmp/data"
	go__start "$@" || { go__end; return 1; }
	spawn "$TARE" record -q -o "$tmp/data" -p "$go_pid" 2>"$tmp/log"
	recorder=$pid
	wait_for recording_or_dead "$recorder"
	go__work "$tmp/truth" || worked=1
	kill -INT "$recorder" 2>/dev/null
	wait "$recorder" || status=$?
	go__end || status_go=$?
	[ $status_go -ne 3 ] || return 3
	[ $status -eq 0 ] && [ $status_go -eq 0 ] && [ $worked -eq 0 ] && return
	diag "tare ended with $status: $(tail -n 3 "$tmp/log")"
	diag "$1 ended with $status_go: $(tail -n 3 "$tmp/go.log")"
	return 1
}

recording_or_dead() { grep -q 'recording to' "$tmp/log" || ! kill -0 "$1" 2>/dev/null; }

# go__check NAME all|switches PROGRAM ARGS...: what tare reports of PROGRAM is what PROGRAM says
go__check()
{
	local name=$1 mode=$2 tries status verdict what why
	shift 2
	for ((tries = 0; tries < 8; tries++)); do
		status=0
		go__record "$@" || status=$?
		[ $status -eq 3 ] || break
	done
	is $status 0 "$name: recorded, and it ended well" || return
	tare report -i "$tmp/data" --json >"$tmp/report" 2>"$tmp/log"
	is $? 0 "$name: report" || { diag "$(tail -n 3 "$tmp/log")"; return 1; }
	echo '{"pauses":[]}' >"$tmp/pauses"
	if [ "$mode" = all ]; then
		tare pauses -i "$tmp/data" --json >"$tmp/pauses" 2>"$tmp/log"
		is $? 0 "$name: pauses" || { diag "$(tail -n 3 "$tmp/log")"; echo '{"pauses":[]}' >"$tmp/pauses"; }
	fi
	python3 "$root/tests/go/oracle.py" "$tmp/truth" "$tmp/report" "$tmp/pauses" "$mode" >"$tmp/verdicts" 2>"$tmp/log"
	like "$?:$(cat "$tmp/log")" '^[01]:$' "$name: every figure could be judged"
	while IFS=$'\t' read -r verdict what why; do
		[ "$verdict" = ok ]
		result $? "$name: $what" || diag "$why"
	done <"$tmp/verdicts"
	if [ -n "${KEEP-}" ]; then
		mkdir -p "$KEEP/$name" && cp "$tmp"/{truth,report,pauses,data} "$KEEP/$name/"
	fi
}

# Without collections each switch is known; with them, only how many stops and how much memory.
no_collection="-cycles 0 -allocs 0 -others 0 -depth 0"

# go__matrix VERSION VARIANT
go__matrix()
{
	local program=$go_out/$1/$2/truth
	[ -x "$program" ] || { result 1 "Go $1, $2: is built"; return; }
	go__check "Go $1, $2" all "$program"
	# shellcheck disable=SC2086
	go__check "Go $1, $2, switches" switches "$program" $no_collection
}

# go__costs NAME PROGRAM KIND...: the CPU time of costs is where its KIND of work belongs
go__costs()
{
	local name=$1 program=$2 kind verdict what why
	shift 2
	for kind; do
		exits 0 "$name, costs $kind: recorded" tare run -q -F 499 -o "$tmp/data" -- "$program" "$kind" 0.7 || continue
		mv "$tmp/stdout" "$tmp/truth"
		ok "$name, costs $kind: exported" tare export -i "$tmp/data" -f json-lines -o "$tmp/events" || continue
		python3 "$root/tests/go/costs_oracle.py" "$kind" "$tmp/truth" "$tmp/events" >"$tmp/verdicts" 2>"$tmp/log"
		like "$?:$(cat "$tmp/log")" '^[01]:$' "$name, costs $kind: could be judged"
		while IFS=$'\t' read -r verdict what why; do
			[ "$verdict" = ok ]
			result $? "$name, costs $what" || diag "$why"
			[ -z "${V-}" ] || diag "$what: $why"
		done <"$tmp/verdicts"
	done
}

# go__cost_names PROGRAM...: each function of the table of costs is in one of them at least, also if only inlined
go__cost_names()
{
	local name found
	# their tables of functions hold the names, each ended by a NUL
	cat "$@" | tr '\0' '\n' | grep -aE '^(runtime\.|gcWriteBarrier)' | sort -u >"$tmp/functions"
	while read -r name; do
		if [[ $name = *'*' ]]; then
			found=$(awk -v n="${name%'*'}" 'index($0, n) == 1' "$tmp/functions")
		else
			found=$(grep -axF -e "$name" "$tmp/functions")
		fi
		[ -n "$found" ]
		result $? "costs: there is $name"
	done < <(sed -n 's/^\t{ "\([^"]*\)", TARE_COST.*/\1/p' "$root/user/runtime/go/go_costs.c")
}

# go__stacks NAME VERSION PROGRAM: the stacks of stacks are whole, and its calls as it makes them
go__stacks()
{
	local name=$1 minor=${2#1.} verdict what why
	exits 0 "$name, stacks: recorded" tare run -q -F 499 -o "$tmp/data" -- "$3" 0.4 || return
	mv "$tmp/stdout" "$tmp/truth"
	ok "$name, stacks: exported" tare export -i "$tmp/data" -f json-lines -o "$tmp/events" || return
	python3 "$root/tests/go/stacks_oracle.py" "${minor%%[!0-9]*}" "$tmp/truth" "$tmp/events" >"$tmp/verdicts" 2>"$tmp/log"
	like "$?:$(cat "$tmp/log")" '^[01]:$' "$name, stacks: could be judged"
	while IFS=$'\t' read -r verdict what why; do
		[ "$verdict" = ok ]
		result $? "$name, stacks, $what" || diag "$why"
		[ -z "${V-}" ] || diag "$what: $why"
	done <"$tmp/verdicts"
}

# go__heap_start PROGRAM ARGS...: heap is at rest, its profile in $tmp/heap
go__heap_start()
{
	local program=$1
	shift
	mkdir -p "$tmp/heap"
	go__start "$program" "$tmp/heap" "$@"
}

# go__heap NAME PROGRAM ARGS...: what tare says of the heap of PROGRAM is what it says itself; $tmp/stdout has it
go__heap()
{
	local name=$1 verdict what why
	shift
	go__heap_start "$@" || { result 1 "$name: started"; go__end; return 1; }
	exits 0 "$name: read" tare heap --json -p "$go_pid" || { go__end; return 1; }
	cp "$tmp/stdout" "$tmp/heap/json"
	is "$(cat "$tmp/stderr")" "" "$name: without a word"
	go__end
	is $? 0 "$name: the program ended well"
	python3 "$root/tests/go/heap_oracle.py" "$tmp/heap/text" "$tmp/heap/proto" "$tmp/heap/json" >"$tmp/verdicts" 2>"$tmp/log"
	like "$?:$(cat "$tmp/log")" '^0:$' "$name: could be judged"
	while IFS=$'\t' read -r verdict what why; do
		[ "$verdict" = ok ]
		result $? "$name: $what" || diag "$why"
	done <"$tmp/verdicts"
}
