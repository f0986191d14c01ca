#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# For whom memory is allocated, by the CPU time of the allocator: in C, also through a library's function, and in Go.
set -u
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
need_bpf

cat >"$tmp/sites.c" <<'C'
#include <stdlib.h>
#include <string.h>
#include <time.h>

static void *volatile keep;

#define SITE(name, expression)                          \
	__attribute__((noinline)) void name(int n)      \
	{                                               \
		for (int i = 0; i < n; i++) {           \
			keep = (expression);            \
			free(keep);                     \
		}                                       \
		__asm__ volatile("");                   \
	}
SITE(few, malloc(100))
SITE(some, malloc(100))
SITE(many, malloc(100))
SITE(copies, strdup("a text of more than some bytes, which strdup allocates"))

static long cpu_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

int main(void)
{
	while (cpu_ms() < 2000) {
		few(1000);
		some(3000);
		many(6000);
		copies(1000);
	}
	return 0;
}
C
ok "C: compiles" gcc -O2 -g -fno-builtin -fno-optimize-sibling-calls -o "$tmp/sites" "$tmp/sites.c"
ok "C: recorded" tare run -q -F 997 --call-graph dwarf -o "$tmp/data" -- "$tmp/sites"
tare report --json -i "$tmp/data" >"$tmp/json"
callers='.profile.cpu.allocation_by_caller'
# share FUNCTION: of the samples of the first three, in percent
share() { json "$tmp/json" "$callers | ([.[] | select(.function | IN(\"few\", \"some\", \"many\")) | .samples] | add) as \$all |
	[.[] | select(.function == \"$1\") | .samples] | (add // 0) * 100 / \$all | round"; }
compare "$(json "$tmp/json" "[${callers}[] | select(.function | IN(\"few\", \"some\", \"many\")) | .samples] | add")" '>' 300 "C: there are samples"
for want in few:10 some:30 many:60; do
	compare "$(share ${want%:*})" '>=' $((${want#*:} - 7)) "C: ${want%:*} has ${want#*:} %, at least"
	compare "$(share ${want%:*})" '<=' $((${want#*:} + 7)) "C: ${want%:*} has ${want#*:} %, at most"
done
compare "$(json "$tmp/json" "[${callers}[] | select(.function | test(\"strdup\")) | .samples] | add // 0")" '>' 0 "C: strdup allocates itself"
is "$(json "$tmp/json" "[${callers}[] | select(.function | test(\"malloc|free\")) | .samples] | add // 0")" 0 "C: the allocator is nobody's caller"
like "$(tare report -i "$tmp/data")" 'for whom memory was allocated, by CPU time.* many .* some ' "C: the report says so"

if command -v go >/dev/null; then
	mkdir "$tmp/go"
	cat >"$tmp/go/main.go" <<-'GO'
		package main

		import (
			"syscall"
		)

		var sink []byte

		//go:noinline
		func few() { sink = make([]byte, 100) }

		//go:noinline
		func many() {
			for i := 0; i < 9; i++ {
				sink = make([]byte, 100)
			}
		}

		func main() {
			var u syscall.Rusage
			for u.Utime.Sec < 2 {
				for i := 0; i < 10000; i++ {
					few()
					many()
				}
				syscall.Getrusage(syscall.RUSAGE_SELF, &u)
			}
		}
	GO
	ok "Go: compiles" env GO111MODULE=off go build -ldflags='-s -w' -o "$tmp/go/sites" "$tmp/go/main.go"
	ok "Go: recorded" tare run -q -F 997 -o "$tmp/data" -- "$tmp/go/sites"
	tare report --json -i "$tmp/data" >"$tmp/json"
	compare "$(json "$tmp/json" "($callers | map(select(.function == \"main.few\")) | .[0].samples // 0) as \$few |
		($callers | map(select(.function == \"main.many\")) | .[0].samples // 0) as \$many | \$few * 100 / (\$few + \$many + 0.001)")" '<' 18 \
		"Go: one in ten is few's"
	compare "$(json "$tmp/json" "$callers | map(select(.function | startswith(\"main.\")) | .samples) | add")" '>' 100 "Go: there are samples"
	is "$(json "$tmp/json" "$callers | map(select(.function | startswith(\"runtime.malloc\"))) | length")" 0 "Go: the allocator is nobody's caller"
else
	skip 5 "there is no go in PATH"
fi
done_testing
