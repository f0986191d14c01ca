#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# What a Go program's runtime counted is known up to its very end: exactly what the program itself reports right before
# it ends, however short-lived.
set -u
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
. "$root/tests/go/lib.sh"
need_bpf
command -v go >/dev/null || skip_all "there is no go in PATH"

version=$("$root/tests/go/build" --full installed)
variants="plain stripped pie stripped-pie"
[ "$(go env CGO_ENABLED)" != 1 ] || ! command -v gcc >/dev/null || variants+=" cgo"
export GO_VARIANTS=$variants
ok "Go $version: built" "$root/tests/go/build" "$version" || diag "$(cat "$tmp/stderr")"
said() { json "$tmp/truth" ".$1"; }
field() { json "$tmp/report" "$1"; }

# recorded STATUS CMD...: CMD's own figures in $tmp/truth, tare's in $tmp/report
recorded()
{
	local want=$1 status
	shift
	"$TARE" run -o "$tmp/data" -- "$@" >"$tmp/stdout" 2>"$tmp/log"
	status=$?
	head -n 1 "$tmp/stdout" >"$tmp/truth"
	[ $status -eq "$want" ] || { diag "it ended with $status: $(tail -n 3 "$tmp/log")"; return 1; }
	"$TARE" report -i "$tmp/data" --json >"$tmp/report"
}

exact() { [ "$(said bytes) $(said objects)" = "$(field .allocation.bytes) $(field .allocation.objects)" ]; }

# The runtime itself allocates some bytes now and then: if it does so after the program has looked, both are right.
recorded_at_rest()
{
	local tries
	for ((tries = 0; tries < 5; tries++)); do
		recorded "$@" || return
		exact && break
	done
	return 0
}

check()
{
	local name=$1
	shift
	ok "$name: recorded" recorded_at_rest "$@" || return
	is "$(field .allocation.bytes)" "$(said bytes)" "$name: TotalAlloc, to the byte"
	is "$(field .allocation.objects)" "$(said objects)" "$name: Mallocs"
	compare "$(field .allocation.freed_objects)" '>=' "$(said frees)" "$name: Frees, and what was swept since"
	is "$(field .runtime.collections)" "$(said collections)" "$name: NumGC"
	is "$(field .runtime.pause_ns)" "$(said pause_ns)" "$name: PauseTotalNs"
	is "$(grep -c '^! counters' "$tmp/stdout" "$tmp/log" | paste -sd' ')" "$tmp/stdout:0 $tmp/log:0" "$name: nothing is missing before the end"
}

for variant in $variants; do
	ends=$go_out/$version/$variant/ends
	check "$variant, some ms" 0 "$ends" 20 return
	check "$variant, some 100 ms" 0 "$ends" 150000 return
	near "$(field .context_switches.goroutine_switches)" "$(said switches)" 1 "$variant: switches between goroutines"
	compare "$(field .runtime.collections)" '>' 10 "$variant: it collected"
done
ends=$go_out/$version/plain/ends
check "more than a second" 0 "$ends" 2s return
compare "$(field .duration_ns)" '>' 1200000000 "more than a second: it did last as long"
near "$(field .context_switches.goroutine_switches)" "$(said switches)" 1 "more than a second: switches between goroutines"
check "os.Exit" 3 "$ends" 2000 exit
check "a child" 0 sh -c "'$ends' 1s return; true"

# a panic itself allocates
ok "panic: recorded" recorded 2 "$ends" 2000 panic
compare "$(field .allocation.bytes)" '>=' "$(said bytes)" "panic: all that was allocated"
compare "$(field .allocation.bytes)" '<' "$(($(said bytes) + 100000))" "panic: and little more"
is "$(field .runtime.collections)" "$(said collections)" "panic: NumGC"

# killed: nothing is left to read
"$TARE" run -o "$tmp/data" -- "$ends" 2s killed >"$tmp/stdout" 2>"$tmp/log"
is $? 137 "killed: recorded, and ends as it was killed"
# unless it was read in time: memory stays until the last thread is gone, and on a busy CPU that takes a while
"$TARE" report -i "$tmp/data" --json >"$tmp/report"
[ "$(field .allocation.bytes)" = "$(jq .bytes "$tmp/stdout" 2>/dev/null | head -n 1)" ] ||
	grep -Eq '! counters +what the runtime counts was read last' "$tmp/stdout" "$tmp/log"
result $? "killed: what is missing is said"

"$TARE" run -o "$tmp/data" -- "$ends" 20 killed >"$tmp/stdout" 2>"$tmp/log"
"$TARE" report -i "$tmp/data" --json >"$tmp/report"
is "$(field .allocation.bytes)" null "killed before it was looked at: not known is not 0"

done_testing
