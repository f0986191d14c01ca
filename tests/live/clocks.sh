#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# Times are the kernel's, whatever time namespaces the recorder and its target are in: programs there read other clocks.
set -u
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
. "$root/tests/go/lib.sh"
need_bpf
far=10000000	# seconds: longer than any uptime or any test
# shellcheck disable=SC2206 # a number
elsewhere=(unshare -T --monotonic $far --boottime $((2 * far)) -f --)
"${elsewhere[@]}" true 2>"$tmp/why" || skip_all "no time namespaces here: $(<"$tmp/why")"

# Wall time of a command around the recording: no recording can be longer.
timed() { local began=${EPOCHREALTIME/./}; "$@"; local status=$?; took_us=$((${EPOCHREALTIME/./} - began)); return $status; }

# sane NAME: the last recording lies within its own time
sane()
{
	ok "$1: reports" report
	is "$(json "$tmp/json" '"\(.lost.total) \(.context_switches.inconsistent) \(.check.threads - .check.agree)"')" "0 0 0" \
		"$1: is whole"
	compare "$(json "$tmp/json" .duration_ns)" '<=' $((took_us * 1000)) "$1: is no longer than it took"
	compare "$(json "$tmp/json" .duration_ns)" '>' 0 "$1: took time"
	compare "$(json "$tmp/json" .context_switches.voluntary)" '>' 0 "$1: has switches"
}
report() { tare report -i "$tmp/data" --json >"$tmp/json"; }

bench=$root/build/workloads/weft-bench
timed "${elsewhere[@]}" "$TARE" run -q -o "$tmp/data" -- "$bench" churn -t 0.5
is $? 0 "recorder and target elsewhere: records"
sane "recorder and target elsewhere"

# the time of day of a recording does not move either
before=$(date +%s%N)
"$root/build/helpers/naps" 3 <>"$(mkfifo "$tmp/in"; echo "$tmp/in")" >"$tmp/naps" &
naps=$!
wait_for grep -q ready "$tmp/naps"
timed "${elsewhere[@]}" "$TARE" record -q -d 0.3 -o "$tmp/data" -p $naps 2>"$tmp/log"
is $? 0 "recorder elsewhere: ends when its time is up"
after=$(date +%s%N)
tare export -f json-lines -i "$tmp/data" -o "$tmp/lines"
read -r mono real ts <<<"$(jq -rs '(map(select(.event == "header"))[0]) as $h
	| "\($h.mono_ns) \($h.real_ns) \([.[] | select(.event == "task") | .ts_ns] | min)"' "$tmp/lines")"
is "$(awk -v m="$mono" -v r="$real" -v t="$ts" -v b="$before" -v a="$after" \
	'BEGIN { at = r + t - m; print (at >= b - 1e6 && at <= a + 1e6) ? "then" : at " is not in " b ".." a }')" "then" \
	"recorder elsewhere: its first moment was when it was"
kill $naps

# the analysis beside the recording waits by its own clock
exits 0 "recorder elsewhere: a flight until a trigger" \
	"${elsewhere[@]}" "$TARE" run -q --flight 10s --trigger 1us -o "$tmp/data" -- "$bench" churn -t 1
tare pauses -i "$tmp/data" --json >"$tmp/json"
compare "$(json "$tmp/json" '.pauses | length')" '>' 0 "recorder elsewhere: it was written, with a pause in it"

# ---- a Go program elsewhere: it passes times by its own clock ----

command -v go >/dev/null || { skip 1 "there is no go in PATH"; done_testing; }
version=$("$root/tests/go/build" --full installed)
GO_VARIANTS=plain ok "Go $version: built" "$root/tests/go/build" "$version-plain" || diag "$(cat "$tmp/stderr")"
truth=("$go_out/$version/plain/truth" -pingpongs 0 -gosched 0 -syscalls 0)
go__check "Go elsewhere" all "${elsewhere[@]}" "${truth[@]}"
tare export -f json-lines -i "$tmp/data" |
	jq -s '[.[] | select(.what == "stw_restart" and .own_stopped_ns != null)]' >"$tmp/restarts"
compare "$(json "$tmp/restarts" length)" '>' 0 "Go elsewhere: it tells when its stops began"
is "$(json "$tmp/restarts" 'map(select(.own_started_ns > .own_stopped_ns or .own_stopped_ns > .ts_ns
	or .ts_ns - .own_started_ns > 1000000000000)) | length')" 0 "Go elsewhere: .. by the clock that the recording is by"
done_testing
