#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# speedscope loads exports: it has the known hot function first, with its share, and no slice that does not nest.
set -u
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
need_bpf
package=$(echo "$root"/build/npm/speedscope@*)
[ -d "$package" ] || skip_all "speedscope is missing: run tools/setup --test, where npm is"
command -v chromium-headless-shell >/dev/null || { diag "chromium-headless-shell is missing: run tools/setup --test"; exit 1; }

# loads FILE: what speedscope says of it, in $tmp/told
loads() { python3 "$root/tests/live/speedscope.py" "$package" "$tmp/$1" && cp "$tmp/stdout" "$tmp/told"; }
# first WHAT: of the first function by self time: 0 its time in all, 1 self, 2 name; the shares are in brackets
first() { jq -r ".profiles[0].rows[0][$1]" "$tmp/told"; }
percent() { sed 's/.*(//; s/%.*//'; }
# complains REGEX: how often it did
complains() { jq --arg what "$1" '[.warnings[] | select(test($what))] | length' "$tmp/told"; }
# nests NAME: each slice of the Chrome trace ends as it began, and none is left open
nests() { is "$(complains 'Doing nothing|still open|stack was empty')" 0 "$1: slices nest and end" || diag "$(jq '.warnings[:3]' "$tmp/told")"; }

cat >"$tmp/work.c" <<'C'
#include <sys/prctl.h>
#include <time.h>

static volatile unsigned done;

__attribute__((noinline)) void busy(int n)
{
	for (int i = 0; i < n; i++)
		done += i;
}

__attribute__((noinline)) void less_so(int n)
{
	for (int i = 0; i < n; i++)
		done += i;
}

int main(void)
{
	prctl(PR_SET_NAME, "the \"one\"");
	for (int i = 0; i < 400; i++) {
		busy(3000000);
		less_so(1000000);
		nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
	}
	return 0;
}
C
ok "compiles" gcc -O2 -g -fno-omit-frame-pointer -o "$tmp/work" "$tmp/work.c"
ok "recorded" tare run -q -F 499 -o "$tmp/data" -- "$tmp/work"

# ---- stacks ----

ok "folded" tare export -i "$tmp/data" -o "$tmp/cpu.folded"
ok "folded: loads" loads cpu.folded
is "$(first 2)" busy "folded: the hot function is first"
want=$(awk '/;busy [0-9]+$/ { n += $NF } END { printf "%.0f", n }' "$tmp/cpu.folded")
is "$(first 1 | tr -d , | sed 's/ .*//')" "$want" "folded: its time is that of the lines"
share=$(first 1 | percent)

ok "pprof" tare export -i "$tmp/data" -o "$tmp/cpu.pb.gz"
ok "pprof: loads" loads cpu.pb.gz
is "$(first 2) $(first 1 | percent)" "busy $share" "pprof: the same function and share"

# it takes no weights of this format, but the time from half way to the sample before, to half way to the next: it may have slept then
ok "perf-script" tare export -f perf-script -w cpu --thread 'the "one"' -i "$tmp/data" -o "$tmp/cpu.txt"
ok "perf-script: loads" loads cpu.txt
want=$(awk '
	/^[^\t]/ { match($0, /\] +[0-9.]+:/); t[n++] = substr($0, RSTART + 1) + 0; leaf = 1; next }
	/^\t/ && leaf { hot[n - 1] = $2 ~ /^busy($|[+])/; leaf = 0 }
	END {
		for (i = 0; i < n; i++)
			if (hot[i])
				sum += ((i < n - 1 ? t[i + 1] : t[i]) - (i ? t[i - 1] : t[i])) / 2
		printf "%.1f", 100 * sum / (t[n - 1] - t[0])
	}' "$tmp/cpu.txt")
near "$(jq -r '.profiles[0].rows[] | select(.[2] == "busy") | .[1]' "$tmp/told" | percent)" "$want" 2 "perf-script: the hot function has its share of the time between samples"
is "$(jq '.profiles | length' "$tmp/told")" 1 "perf-script: the thread, whose name has a quote and a blank, is one"

# ---- tracks ----

ok "chrome" tare export -i "$tmp/data" -o "$tmp/trace.json"
ok "chrome: loads" loads trace.json
nests chrome
# self and total: a thread on a CPU has nothing above or below it
is "$(jq '[.profiles[] | select(.name | startswith("CPUs")).rows[] | select(.[0] != .[1])] | length' "$tmp/told")" 0 "chrome: one thread at a time on each CPU"
tare report --json -i "$tmp/data" >"$tmp/report"
want=$(jq '.threads[0] | .on_cpu_ns + .waits_early_ns' "$tmp/report")
near "$(jq --arg tid "$(json "$tmp/report" '.threads[0].tid')" '
	{ns: 1, "µs": 1e3, ms: 1e6, s: 1e9} as $unit |
	[.profiles[].rows[] | select(.[2] | contains("\"tid\":" + $tid + ",")) | .[1] | capture("^(?<n>[0-9.]+)(?<u>[^0-9 ]+)") |
	 (.n | tonumber) * $unit[.u]] | add' "$tmp/told")" "$want" 2 "chrome: the thread's time on CPUs is the report's"

ok "a runtime: recorded" tare run -q -F 0 -o "$tmp/weft.data" -- "$root/build/workloads/weft-bench" churn -t 0.2 -l 14
ok "a runtime: chrome" tare export -i "$tmp/weft.data" -o "$tmp/weft.json"
ok "a runtime: loads" loads weft.json
nests "a runtime"
like "$(jq -r '.profiles[].name' "$tmp/told")" 'stop the world' "a runtime: it has the stops of the world"
done_testing
