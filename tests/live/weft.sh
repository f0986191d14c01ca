#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
#
# weft and tare together: every scenario is measured from first instruction to end, and a live one is attached to. tare's
# account of the runtime matches the runtime's own; tests/truth/weft_events.sh checks each event.
set -u
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
need_bpf

bench=$root/build/workloads/weft-bench
figure() { json "$tmp/report" "$1"; }

# scenario NAME ARGS...
scenario()
{
	local name=$1
	shift
	exits 0 "$name: measured" "$TARE" run -q -o "$tmp/data" -- "$bench" -c "$@" "$name" || return
	jq -s '.[1]' "$tmp/stdout" >"$tmp/final"
	tare report -i "$tmp/data" --json >"$tmp/report"
	is "$(figure .target.runtime)" weft "$name: recognised"
	is "$(figure .context_switches.goroutine_switches)" "$(jq .switches "$tmp/final")" "$name: goroutine switches"
	compare "$(figure .context_switches.count)" ">" 0 "$name: beside thread switches"
	is "$(figure .runtime.collections)" "$(jq .collections "$tmp/final")" "$name: collections"
	is "$(figure .stop_the_world.count)" "$(jq .stw "$tmp/final")" "$name: pauses"
	is "$(figure .lost.total)" 0 "$name: nothing lost"
}

while read -r line; do
	# shellcheck disable=SC2086
	scenario $line
done <<'SCENARIOS'
pingpong -n 20000
spawn -n 20000
idle -n 1000 -t 0.1
preempt -t 0.2
alloc -n 20000
churn -t 0.3
trees -n 12
graph -n 100
nodes -n 10000
leak -n 8
dispatch -n 100000
escape -n 100000
sum -n 3
cpu -n 1
refcount -n 10000
server -t 0.5
SCENARIOS

# live: attached in the middle, detached before its end
spawn "$bench" -t 30 churn >/dev/null
ok "attached to a live weft" "$TARE" record -q -d 1 -o "$tmp/data" -p "$pid"
tare report -i "$tmp/data" --json >"$tmp/report"
is "$(figure .target.runtime)" weft "live: recognised"
compare "$(figure .context_switches.goroutine_switches)" ">" 0 "live: goroutine switches since it was attached to"
compare "$(figure .runtime.collections)" ">" 0 "live: collections"
compare "$(pauses_differ "$tmp/data")" "<=" 2 "live: as many pauses as the runtime counted, but for the ends"
ok "live: it lives on" kill -0 "$pid"

# what leaves out every pause is not mistaken for a recording without pauses
exits 0 "a reason that no pause has" "$TARE" pauses -i "$tmp/data" --reason nosuch
like "$(<"$tmp/stderr")" "no pause of $tmp/data has the reason 'nosuch'; there are: .*GC mark termination" "is said, with those there are"
exits 0 "a time after all pauses" "$TARE" pauses -i "$tmp/data" --since 100s
like "$(<"$tmp/stderr")" "no pause of $tmp/data began more than 100 s after the recording did; the last one after [0-9]" "is said, with the last one's"
ok "a reason that pauses have" "$TARE" pauses -i "$tmp/data" --reason mark
is "$(<"$tmp/stderr")" "" "needs no word"

done_testing
