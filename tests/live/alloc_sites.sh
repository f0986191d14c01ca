#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# --alloc-sites: which code allocates how much, in C, C++, Rust, and in Go where it keeps no profile of its own.
set -u
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
need_bpf

sites=.allocation.sampled_sites
# share FUNCTION: of the bytes of all sites, in percent
share() { json "$tmp/json" "([${sites}[].bytes] | add) as \$all | [${sites}[] | select(.site.function // \"\" | test(\"^$1\$\")) | .bytes] | (add // 0) * 100 / \$all"; }
few=6	# points: some seconds give a few thousand samples, in some ten bursts
# shares NAME FUNCTION:PERCENT...: each has that share
shares()
{
	local name=$1 want
	shift
	for want; do
		compare "$(share "${want%:*}")" '>=' $((${want##*:} - few)) "$name: ${want%:*} has ${want##*:} % of the bytes, at least"
		compare "$(share "${want%:*}")" '<=' $((${want##*:} + few)) "$name: ${want%:*} has ${want##*:} % of the bytes, at most"
	done
}

cat >"$tmp/sites.c" <<'C'
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static void *volatile keep;
static volatile unsigned done;

#define SITE(name, expression)                          \
	__attribute__((noinline)) void name(int n)      \
	{                                               \
		for (int i = 0; i < n; i++) {           \
			keep = (expression);            \
			free(keep);                     \
			for (int k = 0; k < 100; k++)   \
				done += k;              \
		}                                       \
		__asm__ volatile("");                   \
	}
SITE(one, malloc(100))
SITE(nine, calloc(9, 100))
SITE(thirty, malloc(64))
SITE(sixty, realloc(malloc(1), 2000))

static long cpu_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* sites MS: for that long; sites rounds N: after a line, so many rounds */
int main(int argc, char **argv)
{
	long n = argc > 2 ? atol(argv[2]) : 0, until = argc > 2 ? 0 : cpu_ms() + atol(argv[1]);
	char line[8];

	free(malloc(10)); /* and all that the C library sets up */
	if (n && (puts("ready"), fflush(stdout), !fgets(line, sizeof(line), stdin)))
		return 1;
	while (n ? n-- : cpu_ms() < until) {
		one(10);
		nine(10);
		thirty(469);
		sixty(30);
	}
	if (argc > 2) {
		puts("done");
		fflush(stdout);
		return !fgets(line, sizeof(line), stdin);
	}
	return 0;
}
C
ok "C: compiles" gcc -O2 -g -fno-builtin -fomit-frame-pointer -o "$tmp/sites" "$tmp/sites.c"
ok "bursts: recorded" tare run -q --alloc-sites burst -o "$tmp/data" -- "$tmp/sites" 4000
tare report --json -i "$tmp/data" >"$tmp/json"
shares bursts one:1 nine:9 thirty:30 sixty:60
compare "$(json "$tmp/json" "[${sites}[].samples] | add")" '>' 300 "bursts: there are samples"
compare "$(json "$tmp/json" "([${sites}[].bytes] | add) as \$all | [${sites}[] | select(.site == null) | .bytes] | (add // 0) * 100 / \$all")" '<' 3 \
	"bursts: all of a burst's stacks have their callers"
is "$(json "$tmp/json" "[${sites}[] | select(.site.function == \"thirty\")][0] | \"\(.site.file | split(\"/\") | last) \(.site.line)\"")" "sites.c 21" \
	"bursts: with the line"
like "$(tare report -i "$tmp/data")" 'where memory was allocated.* sixty \(sites.c:22\) .* thirty .*called by main \(sites.c:[0-9]+\).*estimates, from .* bursts' \
	"bursts: the report says so"
# the budget is 1 % of a CPU; what attaching costs comes on top
compare "$(tare export -f json-lines -i "$tmp/data" | jq -s '[.[] | select(.event == "alloc_burst") | .spent_ns] | (add // 0) / 1e6')" \
	'<' 360 "bursts: the probes take a small part of the CPU time"

# in a rush, and long nothing: what was not seen counts as that
cat >"$tmp/rush.c" <<'C'
#include <stdlib.h>
#include <time.h>

static void *volatile keep;

int main(void)
{
	for (int i = 0; i < 16; i++) {
		for (int k = 0; k < 100; k++) {
			keep = malloc(1000);
			free(keep);
		}
		nanosleep(&(struct timespec){ .tv_nsec = 250000000 }, NULL);
	}
	return 0;
}
C
ok "rushes: compiles" gcc -O2 -g -fno-builtin -o "$tmp/rush" "$tmp/rush.c"
ok "rushes: recorded" tare run -q --alloc-sites burst -o "$tmp/data" -- "$tmp/rush"
compare "$(tare report --json -i "$tmp/data" | jq "[${sites}[] | select(.site.function == \"main\") | .objects] | add")" '<=' 3200 \
	"rushes: no more than twice what there was"

# a flight that no longer has the beginning, but some bursts: there is about one a second
spawn "$tmp/sites" 600000
target=$pid
ok "flight: recorded" tare record -q --alloc-sites burst --flight 3s -d 6 -o "$tmp/flight" -p $target
kill $target
wait $target
tare report --json -i "$tmp/flight" >"$tmp/json"
compare "$(share 'one|nine|thirty|sixty')" '>' 90 "flight: sites have their names"

ok "off: recorded" tare run -q -o "$tmp/data" -- "$tmp/sites" 100
is "$(tare report --json -i "$tmp/data" | jq -c "$sites")" null "off: nothing is probed"

mkfifo "$tmp/in"
"$tmp/sites" rounds 20 <>"$tmp/in" >"$tmp/out" &
target=$!
wait_for grep -q ready "$tmp/out"
# room for all of it, however late the recorder gets the CPU
spawn "$TARE" record -q --alloc-sites all --memory 64M -o "$tmp/data" -p $target 2>"$tmp/log"
recorder=$pid
wait_for grep -q 'recording to' "$tmp/log"
# one link for the dynamic linker, one for the C library
probed() { [ "$(cat /proc/$recorder/fdinfo/* 2>/dev/null | grep -c '^link_type:.uprobe_multi')" -ge 2 ]; }
wait_for probed
echo >"$tmp/in"
wait_for grep -q "done" "$tmp/out"
kill -INT $recorder
wait $recorder
echo >"$tmp/in"
wait $target
tare report --json -i "$tmp/data" >"$tmp/json"
objects() { json "$tmp/json" "[${sites}[] | select(.site.function == \"$1\") | .objects] | add"; }
is "$(objects one) $(objects nine) $(objects thirty)" "200 200 9380" "all: each allocation is seen"
is "$(objects sixty)" 1200 "all: realloc of what there was, and the malloc before it"
is "$(json "$tmp/json" "[${sites}[] | select(.site.function == \"sixty\") | .bytes] | add")" $((600 * 2001)) "all: to the byte"
is "$(json "$tmp/json" .lost.by_class.evidence)" 0 "all: nothing of it is lost"

cat >"$tmp/lists.cc" <<'C'
#include <map>
#include <string>
#include <vector>

__attribute__((noinline)) void names(unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		std::string s(60, 'a');
		__asm__ volatile("" ::"r"(s.data()) : "memory");
	}
}

__attribute__((noinline)) void tables(unsigned n)
{
	std::map<int, int> m;

	for (unsigned i = 0; i < n; i++)
		m[i] = i;
}

int main()
{
	/* by turns so short that some hundred allocations in a row have as much of one as of the other */
	for (int i = 0; i < 2000000; i++) {
		names(20);
		tables(20);
	}
}
C
ok "C++: compiles" g++ -O2 -g -o "$tmp/lists" "$tmp/lists.cc"
ok "C++: recorded" tare run -q --alloc-sites burst -o "$tmp/data" -- "$tmp/lists"
tare report --json -i "$tmp/data" >"$tmp/json"
# 61 bytes each, and nodes of 40
shares "C++" 'names.*:60' 'tables.*:40'

# ---- caches that only grow ----

# of LIST: the part that belongs to `put`, itself or through one wrapper, in percent
of_put() { json "$tmp/json" "([$1[].bytes] | add) as \$all | [$1[] | select(.site.function == \"put\" or .caller.function == \"put\") | .bytes] |
	(add // 0) * 100 / \$all"; }
for bench in native weft; do
	ok "$bench, leak: recorded" tare run -q --alloc-sites burst -o "$tmp/data" -- "$root/build/workloads/$bench-bench" leak -n 60 -r 30
	tare report --json -i "$tmp/data" >"$tmp/json"
	compare "$(of_put $sites)" '>' 85 "$bench, leak: what allocates has its name"
	compare "$(of_put .allocation.grown_sites)" '>' 85 "$bench, leak: and what grows"
	near "$(json "$tmp/json" '[.allocation.grown_sites[].bytes] | add')" $((60 << 20)) 20 "$bench, leak: by as much as it does"
done
like "$(tare report -i "$tmp/data")" 'where the heap grew: .*called by put \(bench_leak.c:' "the report says so"

bad() { exits 2 "$1" "$TARE" run --alloc-sites "$2" -- true; like "$(<"$tmp/stderr")" "$3" "$1: says what it takes"; }
bad "a way that is none" often 'off, burst or all'

if command -v go >/dev/null; then
	mkdir "$tmp/go"
	cat >"$tmp/go/main.go" <<-'GO'
		package main

		import (
			"runtime"
			"syscall"
		)

		var sink []byte

		//go:noinline
		func few(n int) {
			for i := 0; i < n; i++ {
				sink = make([]byte, 896)
			}
		}

		//go:noinline
		func many(n int) {
			for i := 0; i < n; i++ {
				sink = make([]byte, 64)
			}
		}

		//go:noinline
		func large(n int) {
			for i := 0; i < n; i++ {
				sink = make([]byte, 64<<10)
			}
		}

		func main() {
			runtime.MemProfileRate = 0
			var u syscall.Rusage
			for u.Utime.Sec < 4 {
				few(10)
				many(420)
				large(1)
				syscall.Getrusage(syscall.RUSAGE_SELF, &u)
			}
		}
	GO
	ok "Go: compiles" env GO111MODULE=off go build -ldflags='-s -w' -o "$tmp/go/sites" "$tmp/go/main.go"
	ok "Go: recorded" tare run -q --alloc-sites burst -o "$tmp/data" -- "$tmp/go/sites"
	tare report --json -i "$tmp/data" >"$tmp/json"
	# 8,960, 26,880 and 65,536 bytes, ten times in a burst
	shares "Go without its profile" 'main.few:9' 'main.many:27' 'main.large:65'
	near "$(json "$tmp/json" "[${sites}[].bytes] | add")" "$(json "$tmp/json" .allocation.bytes)" 0.1 "Go: they add up to what it counts itself"
else
	skip 9 "there is no go in PATH"
fi
done_testing
