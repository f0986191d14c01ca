#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# Stacks for other tools: `go tool pprof' and a flame graph's lines say what the report says.
set -u
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
need_bpf

cat >"$tmp/work.c" <<'C'
#include <stdlib.h>
#include <string.h>
#include <time.h>

static void *volatile keep;
static volatile unsigned done;

__attribute__((noinline)) void busy(int n)
{
	for (int i = 0; i < n; i++)
		done += i;
}

__attribute__((noinline)) void allocates(int n)
{
	for (int i = 0; i < n; i++) {
		keep = malloc(1000);
		free(keep);
	}
	__asm__ volatile("");
}

__attribute__((noinline)) void sleeps(void)
{
	nanosleep(&(struct timespec){ .tv_nsec = 5000000 }, NULL);
	__asm__ volatile("");
}

__attribute__((noinline)) void /* a name of its own */ round_of_all(void)
{
	busy(2000000);
	allocates(1000);
	sleeps();
	__asm__ volatile("");
}

int main(void)
{
	keep = memset(malloc(8 << 20), 1, 8 << 20);
	for (int i = 0; i < 200; i++)
		round_of_all();
	return 0;
}
C
ok "compiles" gcc -O2 -g -fno-omit-frame-pointer -fno-builtin -o "$tmp/a program; with 1 blank" "$tmp/work.c"
ok "recorded" tare run -q -F 499 --call-graph dwarf --alloc-sites burst --no-compress -o "$tmp/data" -- "$tmp/a program; with 1 blank"
tare report --json -i "$tmp/data" >"$tmp/json"

# ---- lines ----

folded() { tare export -f folded -w "$1" -i "$tmp/data"; }
# sum REGEX: of the lines that have it
sum() { awk -v want="$1" '$0 ~ want { n += $NF } END { printf "%.0f\n", n }' "$tmp/folded"; }
folded cpu >"$tmp/folded"
is "$(grep -cvE '^[^ ;][^;]*(;[^;]+)* [0-9]+$' "$tmp/folded")" 0 "folded: each line is a stack and a number"
is "$(sed 's/;.*//' "$tmp/folded" | grep -c 'a program: wit')" "$(wc -l <"$tmp/folded")" "folded: each begins with the process, whatever it is called"
near "$(sum .)" "$(json "$tmp/json" .ledger.gross_ns)" 1 "folded: the sum is the CPU time"
compare "$(sum 'main;round_of_all;busy')" '>' "$(($(sum .) / 2))" "folded: most of it is busy's, with its callers"
compare "$(sum '_\[k\]')" '>' 0 "folded: the kernel's functions are marked"
folded off-cpu >"$tmp/folded"
near "$(sum .)" "$(json "$tmp/json" .profile.off_cpu.total_ns)" 0.1 "folded: time off CPU adds up to the report's"
compare "$(sum 'main;round_of_all;sleeps')" '>' "$((200 * 5000000 * 9 / 10))" "folded: and is where it slept"
is "$(sum 'bpf_prog_[^;]*$')" 0 "folded: not in the probe that saw it"
folded alloc >"$tmp/folded"
near "$(sum .)" "$(json "$tmp/json" '[.allocation.sampled_sites[].bytes] | add')" 0.1 "folded: bytes add up to the report's"
compare "$(sum 'main;round_of_all;allocates')" '>' "$(($(sum .) * 9 / 10))" "folded: allocated by the one that does"
folded faults >"$tmp/folded"
compare "$(wc -l <"$tmp/folded")" '>=' 1 "folded: page faults"

# ---- flame graphs ----

PATH=$PATH:~/.cargo/bin
if command -v inferno-flamegraph >/dev/null; then
	# width NAME: of that function's frames, of 100; inferno writes "busy (1,234 ns, 56.78%)", and leaves very narrow ones out
	width() { grep -oP "<title>\Q$1\E \([^%]*, \K[0-9.]+(?=%)" "$tmp/svg" | awk '{ n += $1 } END { print n }'; }
	# its lines lack frames of a file with a blank in its name
	cp "$tmp/a program; with 1 blank" "$tmp/plain"
	ok "inferno: recorded" tare run -q -F 499 --call-graph dwarf -o "$tmp/plain.data" -- "$tmp/plain"
	tare export -f folded -i "$tmp/plain.data" >"$tmp/folded"
	share=$(awk "BEGIN { print 100 * $(sum ';busy[ ;]') / $(sum .) }")
	ok "inferno: draws folded stacks" sh -c 'inferno-flamegraph --countname ns <"$0" >"$1"' "$tmp/folded" "$tmp/svg"
	near "$(width busy)" "$share" 1 "inferno: the hot function has its share"
	ok "inferno: takes perf-script" sh -c '"$0" export -f perf-script -w cpu -i "$1" | inferno-collapse-perf >"$2" && inferno-flamegraph --countname ns <"$2" >"$3"' \
		"$TARE" "$tmp/plain.data" "$tmp/collapsed" "$tmp/svg"
	near "$(width busy)" "$share" 1 "inferno: it has the same share there"
else
	skip 5 "inferno is missing: run tools/setup --test, where cargo is"
fi

# ---- pprof ----

if command -v go >/dev/null; then
	pprof() { tare export -f pprof -w "$1" -i "$tmp/data" -o "$tmp/$1.pb.gz" && go tool pprof "${@:2}" "$tmp/$1.pb.gz" 2>"$tmp/err"; }
	pprof cpu -raw >"$tmp/raw"
	is "$(awk '/^Locations/ { exit } /^ +[0-9]+ +[0-9]+:/ { sub(":", "", $1); n += $1 } END { print n }' "$tmp/raw")" \
		"$(json "$tmp/json" .profile.cpu.samples)" "pprof: as many samples"
	id=$(readelf -n "$tmp/a program; with 1 blank" | awk '/Build ID/ { print $3 }')
	like "$(sed -n '/^Mappings/,$p' "$tmp/raw" | sed -n 2p)" "a program; with 1 blank $id" "pprof: the first mapping is the program, with its build id"
	like "$(<"$tmp/raw")" 'process:\[a program; wit' "pprof: with their process"
	like "$(pprof cpu -top)" 'Type: cpu.* busy' "pprof: go tool pprof has its own list of them"
	like "$(pprof cpu -top | awk '/flat%/ { getline; print }')" 'busy$' "pprof: busy is the first"
	like "$(pprof cpu -top -lines)" 'busy .*work\.c:11' "pprof: with the line"
	like "$(pprof alloc -top | awk '/flat%/ { getline; print }')" ' allocates$' "pprof: what allocates is the first"
	like "$(pprof off-cpu -peek=sleeps)" 'round_of_all' "pprof: callers"
	for what in off-cpu faults; do
		like "$(pprof $what -top)" "Type: (off_cpu|page_faults)" "pprof: $what"
	done
else
	skip 10 "there is no go in PATH"
fi

# ---- pauses ----

ok "pauses: recorded" tare run -q -o "$tmp/data.weft" -- "$root/build/workloads/weft-bench" churn -t 1 -l 16
tare export -f folded -w pauses -i "$tmp/data.weft" >"$tmp/folded"
compare "$(sum .)" '>' 0 "pauses: there are some"
is "$(sum .)" "$(tare pauses --json -i "$tmp/data.weft" | jq .world_ns)" "pauses: folded, they add up to the ns"
for cause in runtime runqueue; do
	is "$(sum ";$cause( |;)")" "$(tare pauses --json -i "$tmp/data.weft" | jq ".by_cause_ns.$cause // 0")" "pauses: and so does $cause"
done

# ---- errors ----

exits 2 "a weight that is none" tare export -f folded -w often -i "$tmp/data"
like "$(<"$tmp/stderr")" 'cpu, off-cpu, alloc, pauses, faults' "says what there is"
exits 2 "a format without stacks" tare export -f json-lines -w cpu -i "$tmp/data"
like "$(<"$tmp/stderr")" 'no --weight; folded, pprof and otlp-profiles have' "says which have"
ok "nothing of that kind" tare export -f folded -w pauses -i "$tmp/data"
like "$(<"$tmp/stderr")" 'has no pauses' "is said"
exits 1 "a full disk" tare export -f pprof -i "$tmp/data" -o /dev/full
like "$(<"$tmp/stderr")" 'No space left' "says so"
head -c 5000 "$tmp/data" >"$tmp/cut"
ok "a recording that is cut: what is whole" tare export -f folded -i "$tmp/cut" -o "$tmp/cut.folded"
done_testing
