#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# OTLP: profiles are those of the folded stacks and of pprof, metrics are the report's. Read by otlp_check.py and, where
# it is installed, by OpenTelemetry's own decoder (pip's opentelemetry-proto).
set -u
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
need_bpf

check() { python3 "$root/tests/live/otlp_check.py" "$@"; }
export_to() { tare export -i "$tmp/$1" -f "$2" -o "$tmp/$3" "${@:4}"; }
# another FILE: that decoder, where it is there, reads the same as ours
another()
{
	! python3 -c 'import opentelemetry.proto.collector.profiles.v1development' 2>/dev/null ||
		ok "another decoder: $1" check same "$tmp/$1"
}
# agree NAME WEIGHT...: the profiles of $tmp/NAME
agree()
{
	local weight
	for weight in "${@:2}"; do
		ok "$1, $weight: folded" export_to "$1" folded folded -w "$weight"
		ok "$1, $weight: exported" export_to "$1" otlp-profiles profiles -w "$weight"
		ok "$1, $weight: process by process and function by function it is the same" \
			check profiles "$tmp/profiles" "$tmp/folded"
		another profiles
	done
	tare report --json -i "$tmp/$1" >"$tmp/report"
	ok "$1: metrics are exported" export_to "$1" otlp-metrics metrics
	ok "$1: they are the report's" check metrics "$tmp/metrics" "$tmp/report"
	another metrics
}
# sum TYPE: of the last profiles
sum() { check total "$tmp/profiles" "$1"; }

# ---- a runtime ----

ok "a runtime: recorded" tare run -q -F 499 --no-compress -o "$tmp/runtime" -- "$root/build/workloads/weft-bench" churn -t 0.5 -l 16
agree runtime off-cpu faults pauses cpu
is "$(sum samples)" "$(json "$tmp/report" .profile.cpu.samples)" "as many samples as in the report"
near "$(sum cpu)" "$(json "$tmp/report" .ledger.gross_ns)" 0.1 "and as much CPU time"
compare "$(check kernel "$tmp/profiles")" '>' 0 "the kernel's functions are marked"
if command -v go >/dev/null; then
	export_to runtime pprof cpu.pb.gz
	is "$(go tool pprof -raw -sample_index=samples "$tmp/cpu.pb.gz" 2>/dev/null |
		awk '/^Locations/ { exit } /^ +[0-9]+ +[0-9]+:/ { n += $1; ns += $2 } END { printf "%d %.0f", n, ns }')" \
		"$(sum samples) $(sum cpu)" "pprof has the same"
else
	skip 1 "there is no go in PATH"
fi
export_to runtime otlp-profiles profiles -w pauses
is "$(sum paused)" "$(json "$tmp/report" .stop_the_world.world_ns.total_ns)" "pauses add up to the ns"
is "$(check resources "$tmp/metrics" | jq -c '[."process.pid", ."process.executable.name", ."process.runtime.name", ."host.name", ."os.type"]')" \
	"$(jq -c '[.target.pid, .target.comm, .target.runtime, .host.hostname, "linux"]' "$tmp/report")" "whose they are"

# ---- who allocates; several processes; nothing at all ----

cat >"$tmp/work.c" <<'C'
#include <stdlib.h>

static void *volatile keep;

__attribute__((noinline)) void allocates(int n)
{
	for (int i = 0; i < n; i++) {
		keep = malloc(1000);
		free(keep);
	}
	__asm__ volatile("");
}

int main(void)
{
	allocates(20000000);
	return 0;
}
C
ok "compiles" gcc -O2 -g -fno-omit-frame-pointer -fno-builtin -o "$tmp/work; \"it\"" "$tmp/work.c"
ok "several: recorded" tare run -q -F 499 --alloc-sites burst -o "$tmp/several" -- sh -c '"$0" & "$0"; wait' "$tmp/work; \"it\""
agree several alloc cpu
is "$(check resources "$tmp/profiles" | jq -r '."process.pid"' | sort | uniq -d)" "" "each process is there once"
compare "$(check resources "$tmp/profiles" | grep -c '"process.executable.name": "work; ')" '>=' 2 "both of them"
is "$(check resources "$tmp/metrics" | jq -s 'map(select(."process.pid" == null)) | length')" 1 "and what is of all of them"
tare run -q -F 0 -o "$tmp/nothing" -- true
agree nothing
ok "nothing of that kind" export_to nothing otlp-profiles profiles -w pauses
is "$(check resources "$tmp/profiles" | wc -l)" 0 "is nobody's"

# ---- what is not whole ----

size=$(stat -c %s "$tmp/runtime")
for part in 3 2; do
	head -c $((size / part)) "$tmp/runtime" >"$tmp/cut"
	ok "cut to 1/$part: metrics" export_to cut otlp-metrics metrics
	tare report --json -i "$tmp/cut" >"$tmp/report" 2>/dev/null
	ok "are the report's" check metrics "$tmp/metrics" "$tmp/report"
	ok "cut to 1/$part: profiles" export_to cut otlp-profiles profiles
	export_to cut folded folded
	ok "are the folded ones" check profiles "$tmp/profiles" "$tmp/folded"
done
done_testing
