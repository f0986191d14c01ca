#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# tare claims: the table, what is measured, the verdicts, and the page. What a claim shows here is no test.
set -u
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
need_bpf

mkdir "$tmp/tmp"
export XDG_CACHE_HOME=$tmp/cache TMPDIR=$tmp/tmp
table=$root/tools/claims.json

# ---- the table ----

tare claims --list >"$tmp/list"
is "$(grep -c '^      \$ tare claims ' "$tmp/list")" "$(json "$table" '.claims | length')" "--list prints each claim with its command"
is "$(grep -o '^      \$ tare claims .*' "$tmp/list" | sort | uniq -d)" "" "each once"
folders=$(sed -n '1s/.*"$PATH:\(.*\)"$/\1/p' "$tmp/list")
ok "its commands are where it says" env PATH="$PATH:$folders" bash -c 'command -v tare native-bench weft-bench load-bench build-time'
exits 1 "a list that cannot be written" bash -c '"$0" claims --list >/dev/full' "$TARE"
ok "one group" tare claims --list switch
is "$(tare claims --list switch | grep -c '^      \$ tare claims ')" "$(json "$table" '[.claims[] | select(.group == "switch")] | length')" \
	"has all of that group"
ok "a part of ids" tare claims --list pause
is "$(grep -o '\$ tare claims .*' "$tmp/stdout" | tr '\n' ' ')" '$ tare claims gc-pause $ tare claims gc-pause-long ' "between hyphens"
like "$(<"$tmp/stdout")" $'\ncollector\n' "below the name of their group"
exits 2 "a claim that is not there" tare claims --list no-such-claim
like "$(<"$tmp/stderr")" "there is no claim 'no-such-claim'; .*--list" "says what to do"
exits 2 "a number of runs that is none" tare claims --runs 0
exits 2 "an option that is none" tare claims --fast
exits 2 "two forms at once" tare claims --list --json --html
exits 1 "a table that is not there" tare claims --table "$tmp/none" --list
echo '{ "figures": {}, "claims": [ { "id": "x" } ] }' >"$tmp/bad"
exits 1 "a table with a mistake" tare claims --table "$tmp/bad" --list
like "$(<"$tmp/stderr")" '"x"' "names the claim"

# ---- measured ----

cat >"$tmp/table" <<'JSON'
{ "figures": {
	"cpu": { "unit": "ns", "what": "CPU time of one", "value": "span/ledger/on_cpu_ns", "per": "span/n", "own": "span/elapsed_ns" },
	"switches": { "unit": "", "what": "switches of threads", "value": "report/context_switches/voluntary", "per": "own/n" },
	"pauses": { "unit": "", "what": "pauses", "value": "report/stop_the_world/count" } },
  "claims": [
	{ "id": "holds", "group": "a", "said": "it <takes> time & that is \"that\"", "source": "nobody", "figure": "cpu", "span": "direct",
	  "runs": { "C": "native-bench dispatch -n 30000000", "weft": "weft-bench dispatch -n 30000000" },
	  "rules": [ { "of": "C", "at_most": 1000000 }, { "of": "C", "over": "weft", "between": [ 0.01, 100 ] } ] },
	{ "id": "does-not", "group": "a", "said": "a call takes a second", "source": "nobody", "figure": "cpu", "span": "direct",
	  "runs": { "C": "native-bench dispatch -n 30000000" }, "rules": [ { "of": "C", "at_least": 1000000000 } ] },
	{ "id": "counted", "group": "b", "said": "two threads on one CPU that hand over switch twice a round", "source": "nobody", "figure": "switches",
	  "runs": { "C": "LC_ALL=C native-bench pingpong -m chan -n 5000" }, "rules": [ { "of": "C", "at_least": 1.9 } ] },
	{ "id": "collected", "group": "b", "said": "weft stops the world", "source": "nobody", "figure": "pauses",
	  "runs": { "weft": "weft-bench churn -n 200000" }, "rules": [ { "of": "weft", "at_least": 2 } ] },
	{ "id": "absent", "group": "c", "said": "x", "source": "nobody", "figure": "cpu",
	  "runs": { "Z": "z-bench sum" }, "rules": [ { "of": "Z", "at_least": 1 } ] },
	{ "id": "fails", "group": "c", "said": "x", "source": "nobody", "figure": "cpu",
	  "runs": { "C": "native-bench no-such-scenario" }, "rules": [ { "of": "C", "at_least": 1 } ] },
	{ "id": "no-span", "group": "c", "said": "x", "source": "nobody", "figure": "cpu", "span": "none",
	  "runs": { "C": "native-bench sum -n 10" }, "rules": [ { "of": "C", "at_least": 1 } ] } ] }
JSON
cat >"$tmp/endless" <<'JSON'
{ "figures": { "elapsed": { "unit": "ns", "what": "time", "value": "span/elapsed_ns" } },
  "claims": [ { "id": "a", "group": "a", "said": "x", "source": "nobody", "figure": "elapsed",
	"runs": { "C": "native-bench dispatch -n 1000000000000" }, "rules": [ { "of": "C", "at_least": 1 } ] } ] }
JSON
ok "measured" tare claims --table "$tmp/table" --runs 2 --json
mv "$tmp/stdout" "$tmp/json"
# of ID PATH
of() { json "$tmp/json" ".claims[] | select(.id == \"$1\") | $2"; }
is "$(json "$tmp/json" '"\(.schema) \(.runs) \(.claims | length)"')" "tare.claims/1 2 7" "all claims are there"
compare "$(json "$tmp/json" .noise.longest_medians)" '>=' 1 "and the machine's noise"
is "$(of holds .verdict)" holds "a claim that holds"
is "$(of does-not .verdict)" "does not hold here" "one that does not"
is "$(of counted .verdict)" holds "one of what the kernel counts"
is "$(of collected .verdict)" holds "one of pauses"
is "$(of absent '"\(.verdict): \(.why)"')" "cannot be measured here: it is not known how to build it" "a program that is not there"
like "$(of fails .why)" "it ended with status 2: .*no-such-scenario" "one that fails, with what it said"
like "$(of no-span .why)" "no run gave CPU time of one" "a part that is not there"
is "$(of holds '.cells[0].command')" "tare run -- native-bench dispatch -n 30000000" "how to repeat it"
is "$(of absent .steady)" null "and nothing is steady that was not measured"
is "$(of holds '.cells[0].values | length')" 2 "each run's value is there"
is "$(of holds .said)" 'it <takes> time & that is "that"' "and what is said, as it is"
# One run of a program with one thread: by its own clock it ran, waited for a CPU, slept, or its CPU was taken away.
tare claims --table "$tmp/table" --runs 1 --json holds >"$tmp/json"
near "$(of holds '.cells[0] | ((.value.median / .own_clock + .own_clock_shares.waiting_for_cpu + .own_clock_shares.sleeping + .own_clock_shares.stolen) * 1000 | floor)')" \
	1000 3 "CPU time and waits make up the time by the program's own clock"

# ---- ended before its time: what it runs ends with it ----

# runs: the program below tare's process $pid that works, in $program
runs() { program=$(for p in $(descendants "$pid"); do [ "$(<"/proc/$p/comm")" != native-bench ] || echo "$p"; done) && [ -n "$program" ]; }
for signal in INT TERM; do
	spawn "$TARE" claims --table "$tmp/endless" --runs 1 >"$tmp/stdout" 2>"$tmp/stderr"
	wait_for runs
	kill -$signal "$pid"
	wait "$pid"
	is $? $((128 + $(kill -l $signal))) "SIG$signal: its exit status"
	like "$(<"$tmp/stdout")" "cannot be measured here: C: interrupted before" "it says so"
	is "$(cat "/proc/$program/comm" 2>/dev/null)" "" "the program has ended"
done

sed 's/"id": "a"/"cpus": 2, &/' "$tmp/endless" >"$tmp/crowded"
ok "on one CPU" taskset -c 0 "$TARE" claims --table "$tmp/crowded" --json
is "$(json "$tmp/stdout" '.claims[0].why')" "it needs 2 CPUs, and 1 may be used here" "what needs two says so"

# ---- shown ----

ok "as text" tare claims --table "$tmp/table" --runs 1 --details holds absent
like "$(<"$tmp/stdout")" '-> holds; by a single run' "says what holds, and how well that is known"
like "$(<"$tmp/stdout")" '-> cannot be measured here: Z: it is not known how to build it' "and why something cannot be measured"
like "$(<"$tmp/stdout")" '\$ tare run -- native-bench dispatch' "and how to repeat it"
like "$(tr '\n' ' ' <"$tmp/stdout")" '1 holds, 0 holds within 2x, 0 does not hold here, 1 cannot be measured here' "and adds up"
is "$(grep -v '^commands' "$tmp/stdout" | awk 'length > 100')" "" "in 100 columns"
script -qec "stty cols 70; '$TARE' claims --list" /dev/null </dev/null | tr -d '\r' | grep -v '\$' >"$tmp/narrow"
is "$(awk 'length > 70' "$tmp/narrow")" "" "as wide as the terminal"

ok "as a page" tare claims --table "$tmp/table" --runs 1 --html holds does-not absent
mv "$tmp/stdout" "$tmp/page.html"
is "$(grep -cE 'https?:|<script|<link' "$tmp/page.html")" 0 "that needs nothing from elsewhere"
if command -v chromium-headless-shell >/dev/null; then
	browser() { chromium-headless-shell --no-sandbox --disable-gpu --user-data-dir="$tmp/browser" "$@" "file://$tmp/page.html" 2>"$tmp/browser.err"; }
	browser --dump-dom >"$tmp/dom"
	for id in holds does-not absent; do
		like "$(<"$tmp/dom")" "<article id=\"$id\"" "a browser shows the row $id"
	done
	like "$(<"$tmp/dom")" 'it &lt;takes&gt; time &amp; that is "that"' "with its text"
	is "$(grep -o '<rect class="bar"' "$tmp/dom" | wc -l)" 3 "and a bar for each program that ran"
	browser --screenshot="$tmp/page.png" --window-size=1000,1600 >/dev/null
	compare "$(stat -c %s "$tmp/page.png" 2>/dev/null || echo 0)" '>' 5000 "and can be looked at"
	is "$(grep -ciE 'uncaught|console' "$tmp/browser.err")" 0 "no script error"
else
	skip 7 "there is no chromium-headless-shell in PATH"
fi
exits 1 "a full disk is told" bash -c '"$0" claims --table "$1" --runs 1 absent >/dev/full' "$TARE" "$tmp/table"
is "$(find "$TMPDIR" -name 'tare-claims.*' | wc -l)" 0 "nothing is left in the temporary folder"
done_testing
