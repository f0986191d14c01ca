#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
#
#   tests/live/goroutines.sh                                    as a test
#   RECEIVERS=100000 LOOKS=20 tests/live/goroutines.sh          as a measurement
#   GO_TESTED="1.19 1.22 installed" tests/live/goroutines.sh    by these versions of Go, as tests/go/build knows them
#
# All goroutines of a Go program as `tare goroutines` reads them: their number is runtime.NumGoroutine(), their states,
# stacks and creators are those of the program's own dump (goroutine?debug=2), and the program is not stopped for it.
# While they run, come and go, and their stacks are moved, no stack is told that never was.
set -u
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
command -v go >/dev/null || skip_all "there is no go in PATH"

receivers=${RECEIVERS:-10000} looks=${LOOKS:-5}
here=$root/tests/live/goroutines_go
oracle=$root/tests/live/goroutines_oracle.py
export GOMAXPROCS=2

# program VERSION VARIANT FLAGS...: built as $tmp/VARIANT
program()
{
	local version=$1 variant=$2 full goroot=
	shift 2
	full=$("$root/tests/go/build" --full "$version")
	export GOTOOLCHAIN=local
	if [ "go$full" != "$(GOTOOLCHAIN=local go env GOVERSION)" ]; then
		export GOTOOLCHAIN=go$full
		goroot=$(cd / && go env GOROOT) || return
		# that one finds its own packages only by another name
		[[ $full != 1.19* ]] || { ln -sfn "$goroot" "$tmp/go-$full"; export GOTOOLCHAIN=local GOROOT=$tmp/go-$full; }
	fi
	(cd "$here" && PATH=${GOROOT:+$GOROOT/bin:}$PATH GOFLAGS=-buildvcs=false GOWORK=off go build "$@" -o "$tmp/$variant" .)
	local status=$?
	unset GOTOOLCHAIN GOROOT
	return $status
}

# begin PROGRAM RECEIVERS PAIRS; ask COMMAND...: its answer in $answer
begin()
{
	coproc GOROUTINES { exec "$@"; }
	job=$GOROUTINES_PID
	exec {from}<&"${GOROUTINES[0]}" {to}>&"${GOROUTINES[1]}"
	eval "exec ${GOROUTINES[0]}<&- ${GOROUTINES[1]}>&-"
	read -r -t 60 word target <&"$from" && [ "$word" = ready ]
}
ask() { echo "$*" >&"$to" && read -r -t 60 answer <&"$from"; }
end() { echo end >&"$to"; exec {to}>&- {from}<&-; wait "$job"; }

look() { tare goroutines -p "$target" --json "$@" >"$tmp/look"; }
sum() { jq "[.groups[] | select($1) | .count] | add // 0" "$tmp/look"; } # FILTER

# at_rest NAME
at_rest()
{
	local before stops all same
	ask count && before=$answer && ask pauses && stops=$answer
	ok "$1: goroutines are read" look
	ask pauses
	is "$answer" "$stops" "$1: the world was not stopped for it"
	ask count
	near "$(json "$tmp/look" .goroutines)" "$before" 0.1 "$1: as many as runtime.NumGoroutine()"
	is "$answer" "$before" "$1: which stayed as it was"
	is "$(json "$tmp/look" .torn)" 0 "$1: none is torn"
	is "$(sum '.stack != null and .whole != true')" 0 "$1: each stack is whole"
	is "$(sum '.reason == "chan receive" and any(.stack[]; .function == "main.receiver")')" \
		$((receivers + ${2:-0})) "$1: those that receive"
	is "$(sum '.reason == "sleep" and any(.stack[]; .function == "main.sleeper")')" 40 "$1: those that sleep"
	is "$(sum '.state == "in a system call" and any(.stack[]; .function == "main.caller")')" 3 "$1: those in a system call"
	ask dump "$tmp/dump"
	is "$answer" "<nil>" "$1: the program's own dump"
	read -r all same < <("$oracle" "$tmp/look" "$tmp/dump" >"$tmp/differ"; cat "$tmp/differ")
	compare "$all" ">" "$receivers" "$1: which has them all"
	compare "$same" ">=" "$((all - all / 100))" "$1: states, stacks and creators are the same for 99 %" ||
		diag "$(head -c 3000 "$tmp/differ")"
}

# waits: what is known of how long they wait grows with collections and with a second look
waits()
{
	is "$(json "$tmp/look" '[.groups[].longest_wait_at_least_ns | numbers] | length')" 0 \
		"no collection: nothing is known of how long they wait"
	ask gc && sleep 0.2 && ask gc && sleep 0.1
	ok "after two collections" look --longest 3
	compare "$(sum '.longest_wait_at_least_ns > 1e8 and .reason == "select"')" "==" 100 "they have waited since the second"
	compare "$(json "$tmp/look" '[.groups[].longest_wait_at_least_ns | numbers] | max')" "<" \
		$((SECONDS * 1000000000 + 1000000000)) "and not for longer than they exist"
	is "$(json "$tmp/look" '.longest | length')" 3 "as many of the longest as were asked for"
	ask more 7
	look --again 200ms
	is "$(json "$tmp/look" '[.created, .ended] | join(" ")')" "0 0" "two looks: none came or went"
	compare "$(json "$tmp/look" .not_run_since)" ">=" "$receivers" "nor has one of those run"
	(sleep 0.3; echo more 9 >&"$to") &
	look --again 1s
	read -r -t 60 answer <&"$from"
	is "$(json "$tmp/look" .created)" 9 "two looks: those made between them"
	ok "as text" tare goroutines -p "$target"
	like "$(<"$tmp/stdout")" "chan receive +[0-9.]+ .?s +main.receiver main.go:[0-9]+ +main.park" "a line for each place"
	is "$(awk 'length > 100' "$tmp/stdout")" "" "of at most 100 columns"
	ok "with stacks" tare goroutines -p "$target" --stacks --longest 0
	like "$(<"$tmp/stdout")" "main.recurse .*main.recurse .*created by main.park" "each with its stack and creator"
}

# in_motion: a stack goes down one of two ways; a mixture or a part of one would be torn and not told as such
in_motion()
{
	local i bad=0 torn=0 all=0
	ask busy 200
	for ((i = 0; i < looks; i++)); do
		look || { bad=1000000; break; }
		bad=$((bad + $(sum '.stack != null and (.whole != true or ([.stack[].function] |
			(map(select(. == "main.left")) | length) as $l | (map(select(. == "main.right")) | length) as $r |
			($l > 0 and $r > 0) or ($l > 21) or ($r > 34)))')))
		bad=$((bad + $(sum '.state == "waiting" and (.stack != null) and ([.stack[].function] |
			(map(select(. == "main.right")) | length) as $r | $r > 0 and $r != 34)')))
		torn=$((torn + $(json "$tmp/look" .torn))) all=$((all + $(json "$tmp/look" .goroutines)))
	done
	is $bad 0 "in motion: no stack is told that never was, of $all"
	compare $torn "<=" $((all / 100)) "in motion: nearly all are read: $torn are torn"
}

versions=${GO_TESTED:-installed}
for version in $versions; do
	ok "$version: built" program "$version" plain
	ok "$version: built as a stripped PIE" program "$version" pie -buildmode=pie -ldflags="-s -w"
	CGO_ENABLED=1 ok "$version: built with C" program "$version" cgo -tags withcgo
	begin "$tmp/plain" "$receivers" 0
	at_rest "$version"
	[ "$version" != "${versions%% *}" ] || waits
	in_motion
	end
	begin "$tmp/pie" "$receivers" 0
	at_rest "$version, stripped PIE"
	end
	begin "$tmp/cgo" "$receivers" 0
	at_rest "$version, with C" 2
	end
done

# its clock is a day ahead of ours
if unshare -T --monotonic=86400 true 2>/dev/null; then
	begin unshare -T --monotonic=86400 "$tmp/plain" 10 0
	ask gc && ask gc
	look
	compare "$(json "$tmp/look" '[.groups[].longest_wait_at_least_ns | numbers] | max')" "<" 60e9 \
		"in another time namespace, no wait is longer by its clock"
	compare "$(sum '.longest_wait_at_least_ns > 0 and .reason == "select"')" "==" 100 "nor unknown"
	end
else
	skip 2 "no time namespace can be made here"
fi
exits 4 "no such process" tare goroutines -p 4194303
like "$(<"$tmp/stderr")" "no such process" "which is said"
spawn sleep 60
exits 3 "no Go" tare goroutines -p "$pid"
like "$(<"$tmp/stderr")" "native" "which is said"
if [ -n "${LOOKS-}" ]; then
	begin "$tmp/plain" "$receivers" 0
	for ((i = 0; i < looks; i++)); do
		look
		diag "$(json "$tmp/look" '"\(.goroutines) goroutines in \((.end_ns - .begin_ns) / 1e6) ms"')"
	done
	end
fi
done_testing
