#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
#
#   tests/bench/alloc.sh [ROUNDS]   what it costs a program to have its allocations looked at, turn by turn (5 rounds):
#                                   --alloc-sites burst, and where they are installed bpftrace at every malloc, and
#                                   heaptrack
#
# It is no test, and no figure fails it. CPU time of a malloc() and its free() with what is between, medians in ns.
set -u
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P) || exit 1
root=${here%/tests/bench}
rounds=${1:-5}
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT
export tmp

cat >"$tmp/pairs.c" <<'C'
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static void *volatile keep;
static volatile unsigned done;

/* pairs N WORK FILE: appends to FILE what each of N pairs took, ns, with WORK rounds of a loop after each */
int main(int argc, char **argv)
{
	long n = atol(argv[1]), work = atol(argv[2]);
	FILE *to = fopen(argv[3], "a");
	struct timespec t;

	for (long i = 0; i < n; i++) {
		keep = malloc(100);
		free(keep);
		for (long k = 0; k < work; k++)
			done += k;
	}
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	fprintf(to, "%.1f\n", (t.tv_sec * 1e9 + t.tv_nsec) / n);
	return fclose(to);
}
C
gcc -O2 -fno-builtin -o "$tmp/pairs" "$tmp/pairs.c" || exit 1
libc=$(ldd "$tmp/pairs" | awk '/libc\.so/ { print $3 }')

nothing() { "$tmp/pairs" "$@"; }
tare() { "$root/build/tare" run -q --alloc-sites burst -o "$tmp/data" -- "$tmp/pairs" "$@" 2>/dev/null; }
bpftrace_each() { bpftrace -e "uprobe:$libc:malloc { @[ustack(3)] = sum(arg0); }" -c "$tmp/pairs $(($1 / 200)) $2 $3" >/dev/null 2>&1; }
heaptrack_each() { heaptrack -o "$tmp/heaptrack" "$tmp/pairs" $(($1 / 100)) "$2" "$3" >/dev/null 2>&1; }
peers=(nothing tare)
command -v bpftrace >/dev/null && peers+=(bpftrace_each)
command -v heaptrack >/dev/null && peers+=(heaptrack_each)

# rate N WORK
rate()
{
	local peer i base
	rm -f "$tmp"/of.*
	for ((i = 0; i < rounds; i++)); do
		for peer in "${peers[@]}"; do
			"$peer" "$1" "$2" "$tmp/of.$peer"
		done
	done
	for peer in "${peers[@]}"; do
		at=$(sort -n "$tmp/of.$peer" | sed -n "$(((rounds + 1) / 2))p")
		base=${base:-$at}
		awk -v what="${peer%_each}" -v at="$at" -v base="$base" \
			'BEGIN { printf "%-12s %10.1f ns   throughput %6.3f\n", what, at, base / at }'
	done
}
echo "as fast as malloc() can:"
rate 200000000 0
echo "some ten million a second:"
rate 30000000 40
