#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# The heap profile of a live Go program, read from outside, is what the program itself writes by runtime/pprof. Other
# versions and variants: tests/go/matrix.
set -u
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
. "$root/tests/go/lib.sh"
command -v go >/dev/null || skip_all "there is no go in PATH"

version=$("$root/tests/go/build" --full installed)
export GO_VARIANTS="plain stripped-pie"
command -v gcc >/dev/null && GO_VARIANTS+=" cgo-stripped"
ok "Go $version: built" "$root/tests/go/build" "$version" || diag "$(cat "$tmp/stderr")"
plain=$go_out/$version/plain/heap stripped=$go_out/$version/stripped-pie/heap

for variant in $GO_VARIANTS; do go__heap "$variant" "$go_out/$version/$variant/heap"; done
compare "$(json "$tmp/heap/json" '[.sites[] | select(.function == "main.large" and .inuse_bytes > 1e7)] | length')" == 1 \
	"a site of large objects, by its line"
export RATE=1
go__heap "every object is sampled" "$stripped" 3000
compare "$(json "$tmp/heap/json" '.stacks | length')" '>' 3000 "every object is sampled: all stacks"
is "$(json "$tmp/heap/json" '[.stacks[] | select(.sampled != {allocs: .estimate.alloc_objects, frees: (.estimate.alloc_objects - .estimate.inuse_objects),
	alloc_bytes: .estimate.alloc_bytes, free_bytes: (.estimate.alloc_bytes - .estimate.inuse_bytes)})] | length')" 0 \
	"every object is sampled: nothing is estimated"
unset RATE
RATE=3000 go__heap "one in 3000 bytes" "$plain"
COLLECT=0 go__heap "before the first collection" "$plain"

# ---- states that the program cannot write itself ----

COLLECT=0 WRITE=0 go__heap_start "$stripped"
ok "nothing is published: read" tare heap --json -p "$go_pid"
is "$(json "$tmp/stdout" '.before_first_collection')" true "nothing is published: said"
near "$(json "$tmp/stdout" '[.sites[] | select(.function == "main.large")][0].alloc_bytes')" 62914560 30 \
	"nothing is published: what there is, is told"
go__end

WORK=1 go__heap_start "$stripped"
for ((i = 0; i < 5; i++)); do
	ok "at work, look $i" tare heap --json -p "$go_pid"
	compare "$(json "$tmp/stdout" '.total.alloc_bytes')" '>' 1e8 "at work, look $i: it has allocated"
	is "$(json "$tmp/stdout" '[.stacks[].sampled | select(.frees > .allocs)] | length')" 0 "at work, look $i: nothing is freed twice"
done
go__end

# ---- the table ----

go__heap_start "$plain"
ok "table" tare heap -p "$go_pid" --top 3
like "$(<"$tmp/stdout")" 'objects[[:space:]]+in use  site.*main\.large  .*/heap/main\.go:[0-9]+.*and [0-9]+ more sites' "table: sites, lines, what is left out"
ok "table, allocated, stacks" tare heap --alloc --stacks -p "$go_pid"
like "$(<"$tmp/stdout")" 'each of 1\.05 MB.*main\.large .*main\.main .*runtime\.main ' "table: stacks"
go__end

# ---- other namespaces ----

if unshare -mpf --mount-proc true 2>"$tmp/log"; then
	mkdir "$tmp/inside"
	cat >"$tmp/contain" <<-'EOF'
		#!/bin/sh -e
		folder=$1 program=$2
		shift 2
		mount --make-rprivate /
		mount -t tmpfs none "$folder"
		cp "$program" "$folder/contained"
		exec "$folder/contained" "$@"
	EOF
	chmod +x "$tmp/contain"
	eval "$(declare -f go__start | sed '1s/go__start/go__start_here/')"
	go__start()
	{
		go__start_here unshare -mpf --mount-proc "$tmp/contain" "$tmp/inside" "$@" || return
		for go_pid in $(descendants "$go_job"); do
			[ "$(cat "/proc/$go_pid/comm")" != contained ] || return 0
		done
		return 1
	}
	go__heap "in a container" "$stripped"
	eval "$(declare -f go__start_here | sed '1s/go__start_here/go__start/')"
else
	skip 1 "no namespaces here: $(cat "$tmp/log")"
fi

# ---- without privileges, a program of one's own ----

if [ "$(id -u)" -eq 0 ] && command -v setpriv >/dev/null; then
	cp "$TARE" "$tmp/tare" && cp "$stripped" "$tmp/nobodys" && chmod 755 "$tmp/tare" "$tmp/nobodys"
	mkdir "$tmp/heap-nobody" && chown 65534 "$tmp/heap-nobody"
	nobody=(setpriv --reuid 65534 --clear-groups)
	go__start "${nobody[@]}" "$tmp/nobodys" "$tmp/heap-nobody"
	if [ "$(cat /proc/sys/kernel/yama/ptrace_scope 2>/dev/null || echo 0)" = 0 ]; then
		ok "one's own" "${nobody[@]}" "$tmp/tare" heap -p "$go_pid"
		like "$(<"$tmp/stdout")" 'main\.large' "one's own: sites"
	else
		skip 2 "kernel.yama.ptrace_scope"
	fi
	go__end
else
	skip 2 "not root"
fi

# ---- what cannot be read ----

RATE=0 go__heap_start "$stripped"
exits 3 "rate 0" tare heap -p "$go_pid"
like "$(<"$tmp/stderr")" 'samples no allocations: it has set runtime.MemProfileRate to 0$' "rate 0: said"
go__end
go__start "$go_out/$version/stripped-pie/truth"
exits 3 "linked out" tare heap -p "$go_pid"
like "$(<"$tmp/stderr")" 'linker has left it out$' "linked out: said"
go__end
spawn sleep 1000
exits 3 "native" tare heap -p $pid
like "$(<"$tmp/stderr")" "^tare: process $pid: .* it has no runtime that would tell: this is native" "native: said"
if [ -e "$tmp/tare" ]; then
	exits 3 "not permitted" "${nobody[@]}" "$tmp/tare" heap -p $pid
	like "$(<"$tmp/stderr")" 'CAP_SYS_PTRACE' "not permitted: said"
else
	skip 2 "not root"
fi
kill $pid
wait $pid 2>/dev/null
exits 4 "no such process" tare heap -p $pid
like "$(<"$tmp/stderr")" "process $pid: .* there is no such process" "no such process: said"
exits 2 "no process given" tare heap
exits 2 "no number" tare heap -p 12x
exits 2 "too much" tare heap -p 1 2
exits 4 "a thread of the kernel is no program" tare heap -p 2
done_testing
