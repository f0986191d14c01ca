#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
#
# The claims' workloads: each scenario of go-bench does what it says, and prints its figures as tare reads them. How fast
# it is, is not judged.
set -u
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
command -v go >/dev/null || skip_all "there is no go in PATH"

ok "built" "$root/tools/workloads/build" "$tmp/out" go
like "$(cat "$tmp/stdout")" "^go-bench: go1\.[0-9.a-z]* -> $tmp/out/go-bench\$" "and it says by what"
bench=$tmp/out/go-bench

# How it is built, by a tree with one source and a toolchain that only has a version
mkdir -p "$tmp/bin" "$tmp/tree/node"
for command in awk bash cat chmod cp dirname find grep head mkdir mktemp rm sed; do ln -s "$(command -v $command)" "$tmp/bin"; done
cp "$root/tools/workloads/build" "$tmp/tree"
build() { PATH=$tmp/bin "$tmp/tree/build" "$tmp/built" "$@"; }
toolchain() { printf '#!/bin/sh\necho v%s\n' "$1" >"$tmp/bin/node" && chmod +x "$tmp/bin/node"; }
is "$(build node)" "node-bench: tools/workloads/node/bench.js is not there" "a source that is missing is named"
echo one >"$tmp/tree/node/bench.js"
is "$(build node)" "node-bench: no node found: install it, and this is measured" "and so is a toolchain"
toolchain 1
is "$(build | grep node-bench)" "node-bench: node1 -> $tmp/built/node-bench" "what was built, by which version"
echo kept >"$tmp/built/bench.js"
is "$(build node && cat "$tmp/built/bench.js")" "node-bench: node1 -> $tmp/built/node-bench"$'\nkept' "it is not built again without need"
touch -d "1 hour" "$tmp/tree/node/bench.js"
is "$(build node && cat "$tmp/built/bench.js")" "node-bench: node1 -> $tmp/built/node-bench"$'\none' "but if its source is newer"
echo kept >"$tmp/built/bench.js"
touch -d "2 hours" "$tmp/built/node-bench"
toolchain 2
is "$(build node && cat "$tmp/built/bench.js")" "node-bench: node2 -> $tmp/built/node-bench"$'\none' "or the toolchain another"
rm "$tmp/tree/node/bench.js" && mkdir "$tmp/tree/node/bench.js"
exits 1 "what cannot be built" build node
like "$(cat "$tmp/stdout")" "^node-bench: node2 cannot build it: cp: .*" "and what its toolchain says of it"
ok "nothing old remains of it" test ! -e "$tmp/built/node-bench"
is "$(build cobol)" "cobol: it is not known how to build it" "no such language"

# Every scenario: its spans, its options
scenarios="
pingpong     all                                    -n 1000
spawn        all                                    -n 1000
idle         idle,start                             -n 5000 -t 0.01
preempt      all                                    -t 0.02 -j 1
stw          all                                    -n 2 -t 0.005
alloc        all                                    -n 20000
large        all                                    -n 20000
churn        all                                    -n 20000 -l 4
trees        all                                    -n 8
graph        all                                    -n 500
nodes        all                                    -n 20000
leak         all                                    -n 2 -r 1000
dispatch     assert,closure,devirtualised,direct,inlined,interface,interface_mixed,itab,reflect_call,typeswitch,typeswitch_mixed -n 200000
escape       concrete,interface                     -n 100000
generic      concrete,concrete_pointer,generic_pointer,generic_value,interface -n 200000
devirt       all                                    -n 200000
sum          all                                    -n 2 -l 1
facts        -
refcount     atomic,contended,plain                 -n 100000
blocking     all                                    -j 40 -t 0.05 -p 1
steal        all                                    -n 500
cpu          fib,mandelbrot,matmul,sieve,words      -n 1
start        all
connections  all                                    -n 200 -t 0.01
"

clock() { python3 -c 'import time; print(time.monotonic_ns())'; }

# result_of NAME SPANS ARGS...: in $tmp/NAME.json; spans lie within the time that it ran, by the same clock
result_of()
{
	local name=$1 spans=${2#-} from to
	shift 2
	from=$(clock)
	ok "$name: runs" "$bench" "$name" "$@" || return
	to=$(clock)
	mv "$tmp/stdout" "$tmp/$name.json"
	ok "$name: its figures" jq -es --arg name "$name" --arg spans "$spans" --argjson from "$from" --argjson to "$to" '
		length == 1 and (.[0] | .scenario == $name and .runtime == "go" and (.version | startswith("go1.")) and .procs > 0 and
			(.spans | (keys | join(",")) == $spans and
				all(.[]; $from <= .begin_ns and .begin_ns < .end_ns and .end_ns <= $to and .n > 0)))' "$tmp/$name.json"
}
while read -r name spans args; do
	# shellcheck disable=SC2086
	[ -z "$name" ] || result_of "$name" "$spans" $args
done <<<"$scenarios"
# holds NAME CONDITION: of what that scenario printed
holds() { ok "$1: $2" jq -e "$2" "$tmp/$1.json"; }

exits 0 "without arguments it lists them" "$bench"
is "$(sed -n 's/^  \([a-z][a-z]*\) .*/\1/p' "$tmp/stdout" | grep -vx serve)" "$(awk 'NF { print $1 }' <<<"$scenarios")" \
	"and these are all but serve, which follows"

holds pingpong '.spans.all.n == 2000 and .switches == 2000 and .procs == 1'
holds idle '.stack_bytes > 1900 and .bytes_per_task > 1900 and .virtual_bytes_per_task >= 0'
holds alloc '.allocated_bytes == 16000000 and .counted_bytes >= .allocated_bytes and .collections_in_span > 0'
holds large '.block_bytes == 1024'
holds churn '.n == 20000 and .heap_bytes >= .live_bytes / 2'
holds graph '.after_bytes - .base_bytes < .nodes * .node_bytes / 20'
holds nodes '.heap_bytes_per_node >= 24 and .heap_bytes_per_node < 26'
holds leak '.leaked_bytes == 2097152 and .heap_bytes >= .leaked_bytes and .peak_resident_bytes >= .leaked_bytes'
holds escape '.concrete_allocs_per_object < 0.01 and .interface_allocs_per_object >= 1'
holds facts '.interface_bytes == 16 and .nil_interface_with_nil_pointer_is_nil == false and .goroutine_bytes >= 2048'
holds blocking '.elapsed_ns >= .ideal_ns and .elapsed_ns < .serial_ns / 2'
holds steal '.threads >= 1 and .most_on_one_thread <= .n'
is "$(cpu_results <"$tmp/cpu.json")" "$("$root/build/workloads/native-bench" cpu -n 1 | cpu_results)" \
	"cpu: it computes what C does"
holds connections '.reached == .n and .bytes_per_task > 2048'

for mode in chan thread; do
	ok "pingpong, $mode" "$bench" pingpong -m $mode -n 500
	is "$(json "$tmp/stdout" '"\(.mode) \(.spans.all.n)"')" "$mode 1000" "pingpong, $mode: its switches"
done
ok "nodes, tree" "$bench" nodes -m tree -n 20000
ok "nodes, tree: their bytes" jq -e '.mode == "tree" and .heap_bytes_per_node >= 24' "$tmp/stdout"
(ulimit -n 100 && "$bench" connections -n 500) >"$tmp/few.json" 2>"$tmp/few"
is "$? $(jq '.n == 500 and .reached > 10 and .reached < 50' "$tmp/few.json")" "0 true" "fewer connections than asked for are told"

# Where nothing but calls gives way, a nap lasts as long as the loops, and so does a stop of the world. How much of a loop
# is over before the collection begins, depends on the machine: the longest counts.
export GODEBUG=asyncpreemptoff=1
ok "no preemption: runs" "$bench" preempt -t 0.3 -p 2 -j 2
ok "no preemption: a frozen goroutine" jq -e '.async_preemption == false and .late_max_ns > 100e6' "$tmp/stdout"
ok "no preemption: collections" "$bench" stw -n 5 -t 0.1
ok "no preemption: they wait for a loop" jq -e '.gc_max_ns > 30e6 and .gc_p50_ns <= .gc_max_ns' "$tmp/stdout"
unset GODEBUG

ok "devirt: a profile" "$bench" devirt -n 3000000 -cpuprofile "$tmp/profile"
ok "devirt: pprof reads it" go tool pprof -raw "$tmp/profile"
# serve: requests until SIGTERM
spawn "$bench" serve -b 100000 -l 8 >"$tmp/serve.json"
wait_for test -s "$tmp/serve.json"
port=$(head -n 1 "$tmp/serve.json" | jq .port)
answers=$(python3 -c 'import sys, urllib.request
for i in range(20): print(urllib.request.urlopen("http://127.0.0.1:%s/" % sys.argv[1]).read().decode())' "$port" | sort | uniq -c)
# pages of 4096: 1 + 2 + .. + 25
is "$(xargs <<<"$answers")" "20 325" "serve: each answer is the sum"
kill -TERM "$pid"
wait "$pid"
is $? 0 "serve: ends at SIGTERM"
tail -n 1 "$tmp/serve.json" >"$tmp/served.json"
ok "serve: its figures" jq -e '.scenario == "serve" and .spans.all.n == 20 and .collections >= 0 and
	.live_bytes == 8388608 and .peak_resident_bytes > .live_bytes' "$tmp/served.json"

exits 2 "no such scenario" "$bench" nonsense
like "$(cat "$tmp/stderr")" "there is no scenario nonsense" "and its name"
for wrong in "spawn -x 1" "spawn -t 1" "spawn -n 0" "spawn -n 1.5" "spawn -n" "churn -t -1" "churn -t nan" "nodes -m ring" "trees -n 33" "spawn 5"; do
	# shellcheck disable=SC2086
	exits 2 "$wrong: refused" "$bench" $wrong
done
exits 1 "a result that cannot be written" bash -c "'$bench' facts >/dev/full"
done_testing
