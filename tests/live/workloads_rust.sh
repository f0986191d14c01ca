#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
#
# rust-bench with little work: each scenario says what is known beforehand, in spans that a clock can have shown; and
# the three programs of tools/workloads/solve, which must print the same. Nothing depends on how fast the machine is.
set -u
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
command -v rustc >/dev/null || skip_all "there is no rustc"
cd "$tmp" || exit 1
sources=$root/tools/workloads/rust/main.rs

ok "rust-bench builds without a warning" \
	rustc --edition 2021 -C opt-level=3 -C codegen-units=1 -D warnings -o rust-bench "$sources"
if rustfmt --version >/dev/null 2>&1; then
	ok "rust-bench is formatted" rustfmt --check --edition 2021 "$sources"
	ok "solve.rs is formatted" rustfmt --check --edition 2021 "$root/tools/workloads/solve/solve.rs"
else
	skip 2 "there is no rustfmt"
fi

# says CONDITION FILE: one line of JSON, of which CONDITION holds
says()
{
	[ "$(wc -l <"$2")" -eq 1 ] && jq -e '
		def spans_are(names): (.spans | keys) == names;
		.runtime == "rust" and .procs > 0 and has("version") and
		([.spans[] | .begin_ns > 0 and .begin_ns < .end_ns and .n > 0] | all) and
		([to_entries[] | select(.value | type == "number") | .value >= 0] | all) and
		('"$1"')' "$2" >/dev/null
}

# bench SCENARIO CONDITION OPTIONS...
declare -A seen
bench()
{
	local scenario=$1 condition=$2
	shift 2
	seen[$scenario]=1
	ok "$scenario $*" timeout 120 ./rust-bench "$scenario" "$@" || return
	cp stdout out
	says ".scenario == \"$scenario\" and ($condition)" out
	result $? ".. and what it says is right" || diag "$(cat out)"
}

# ---- tasks ----
bench pingpong '.mode == "thread" and .n == 500 and .spans.all.n == 1000 and .switches > 0' -n 500
bench pingpong '.mode == "chan" and .spans.all.n == 1000 and .switches > 0' -n 500 -m chan
bench pingpong '.spans.all.n == 1000 and .switches >= 1000 and .switches <= 1004' -n 500 -m task
bench spawn '.spans.all.n == 250 and .stack_bytes > 0 and .ns_per_task > 0' -n 250
bench spawn '.spans.all.n == 2550 and .stack_bytes == null' -n 2550 -m task
bench idle '.reached == 200 and .bytes_per_task >= 4096 and .virtual_bytes_per_task > .stack_bytes and
	.elapsed_ns > .duration_ns' -n 200 -t 0.02
bench idle '.reached == 50000 and .bytes_per_task > 16 and .bytes_per_task < 1024' -n 50000 -t 0.01 -m task
bench blocking '.elapsed_ns >= .ideal_ns and .elapsed_ns < .serial_ns' -j 50 -t 0.1
bench blocking '.elapsed_ns >= .serial_ns and .serial_ns == 4 * .ideal_ns' -j 4 -t 0.02 -m task
bench connections '.reached == 40 and .bytes_per_task > 0' -n 40 -t 0.01
bench connections '.reached == 400 and .bytes_per_task < 4096' -n 400 -t 0.01 -m poll
exits 0 "connections that cannot be" bash -c 'ulimit -n 100 && exec ./rust-bench connections -n 300 -t 0.01'
cp stdout out
says '.n == 300 and .reached > 0 and .reached < 50 and .spans.all.n == .reached' out
result $? ".. are counted" || diag "$(cat out)"
like "$(cat stderr)" "no more than [0-9]+: .*ulimit -n" ".. and why there are no more"
exits 1 "memory that cannot be had" bash -c 'ulimit -v 200000 && exec ./rust-bench sum -n 1 -l 1000'
like "$(cat stderr)" "no memory for 1048576000 bytes" ".. is said"

# ---- memory ----
bench alloc '.tasks == 3 and .spans.all.n == 10001 and .allocated_bytes == 8000800 and .heap_bytes <= .mapped_bytes' \
	-n 10001 -j 3
bench churn '.n == 3000 and .duration_ns == null and .live_bytes == 1048576 and .allocated_bytes == 4120576' \
	-n 3000 -l 1 -j 2
bench churn '.n > 0 and .elapsed_ns >= .duration_ns' -t 0.05 -l 1
bench trees '.nodes == 135854 and .spans.all.n == .nodes' -n 10
bench graph '.nodes == 20000 and .leaked_bytes == 20000 * (.node_bytes + 16) and
	.after_bytes - .base_bytes >= .leaked_bytes' -n 200 -j 2
bench graph '.leaked_bytes == 0 and .after_bytes - .base_bytes < 131072' -n 200 -j 2 -m weak
bench nodes '.node_bytes == 24 and .heap_bytes_per_node >= 24 and .heap_bytes_per_node < 40' -n 50000
bench nodes '.node_bytes == 24 and .heap_bytes_per_node >= 24 and .heap_bytes_per_node < 40' -n 50000 -m tree
bench leak '.leaked_bytes == 2097152 and .spans.all.n == 2048 and .resident_bytes > .leaked_bytes' -n 2

# ---- computation ----
bench dispatch '.n == 114688 and ([.spans[].n] | unique) == [.n] and spans_are(["closure", "closure_dyn", "direct",
	"downcast", "dyn", "dyn_mixed", "enum_match", "enum_mixed", "generic", "inlined"])' -n 100000
bench escape '.stack_allocs_per_object == 0 and .boxed_allocs_per_object == 1 and .boxed_dyn_allocs_per_object == 1 and
	.object_bytes == 24 and spans_are(["boxed", "boxed_dyn", "stack"])' -n 100000
bench generic 'spans_are(["dyn", "monomorphised"])' -n 100000
bench sum '.elements == 131072 and .spans.all.n == 3 * .elements' -n 3 -l 1 -j 2
bench refcount '.tasks == 2 and spans_are(["arc", "arc_contended", "plain", "rc"])' -n 10000 -j 2
bench future '.call_allocs_per_call == 0 and .direct_allocs_per_call < 0.01 and .boxed_allocs_per_call >= 1 and
	.boxed_allocs_per_call < 1.01 and spans_are(["boxed", "call", "direct"])' -n 10000
bench cpu '.n == 1 and spans_are(["fib", "mandelbrot", "matmul", "sieve", "words"])' -n 1
is "$(cpu_results <out)" "$("$root/build/workloads/native-bench" cpu -n 1 | cpu_results)" "cpu: it computes what C does"
bench facts '.dyn_reference_bytes == 2 * .pointer_bytes and .box_dyn_bytes == 2 * .pointer_bytes and
	.option_box_bytes == .box_bytes and .option_non_zero_u32_bytes == 4 and .future_of_64_words_bytes > 512'

# ---- servers ----
bench start '.spans.all.n == 1 and .peak_resident_bytes > 0'

# get PORT: what the server answers
get()
{
	local answer
	exec {server}<>"/dev/tcp/127.0.0.1/$1" || return
	printf 'GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n' >&"$server"
	answer=$(cat <&"$server")
	exec {server}>&-
	echo "$answer"
}

seen[serve]=1
spawn ./rust-bench serve -b 100000 -l 4 >serve.out
ok "the server says its port" wait_for grep -q '^{"port":[0-9]*}$' serve.out
# 25 pages, of which page i has i + 1
like "$(get "$(jq .port serve.out)")" "^HTTP/1.1 200 OK.*"$'\r\n\r\n'"325$" ".. and answers"
kill -TERM $pid
wait $pid
is $? 0 ".. until it is told to end"
tail -n 1 serve.out >out
says '.scenario == "serve" and .n == 1 and .live_bytes == 4194304 and .peak_resident_bytes > 4194304 + 100000' out
result $? ".. and says what it did" || diag "$(cat serve.out)"

# ---- the command line ----
ok "without arguments there is a list" ./rust-bench
is "$(sed -n 's/^  \([a-z]\{1,\}\) .*/\1/p' stdout | sort | tr '\n' ' ')" \
	"$(printf '%s\n' "${!seen[@]}" | sort | tr '\n' ' ')" ".. of all scenarios that are tested here"
exits 2 "no such scenario" ./rust-bench nosuch
like "$(cat stderr)" "there is no scenario nosuch" ".. is said"
for wrong in "alloc -z" "alloc -n" "alloc -n 0" "alloc -n 1.5" "alloc -n x" "facts -n 1" "spawn -m nosuch" \
	"alloc -b 3" "trees -n 33" "alloc sum" "-n 5"; do
	# shellcheck disable=SC2086
	exits 2 "wrong: $wrong" ./rust-bench $wrong
done
exits 1 "a result that cannot be written" bash -c './rust-bench facts >/dev/full'

# ---- the same problem in three languages ----
build_time=$root/tools/workloads/build-time
ok "solve compiles" "$build_time" -n 1 -o .
cp stdout out
ok ".. in times, or there is a reason" jq -e '.scenario == "build" and
	([.go_ns, .cpp_ns, .rust_ns, .go_cpu_ns, .cpp_cpu_ns, .rust_cpu_ns] |
		map(. == null or (length == 1 and .[0] > 0)) | all) and
	.rust_ns != null and (.go_ns != null or has("go_reason")) and (.cpp_ns != null or has("cpp_reason"))' out
for args in "" "0" "1" "5000 7" "30000 4294967295"; do
	# shellcheck disable=SC2086
	want=$(./solve_rust $args)
	like "$want" "^${args%% *}[0-9]* words, .* evictions$" "solve $args"
	for program in solve_*; do
		# shellcheck disable=SC2086
		is "$("./$program" $args)" "$want" ".. $program prints the same"
	done
done
done_testing
