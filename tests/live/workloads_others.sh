#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
#
# The workloads of other languages (tools/workloads/node, java) and load-bench: each scenario says when its parts were
# measured, all compute the same, and what load-bench says of a server that it knows is right. Nothing depends on how fast
# or quiet the machine is.
set -u
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"

workloads=$root/build/workloads
native=$workloads/native-bench
load=$workloads/load-bench

is_json() { jq -e "$1" "$tmp/stdout" >/dev/null; }

# measured SCENARIO CONDITION CMD...: its result is one line, with spans
measured()
{
	local name=$1 condition=$2
	shift 2
	exits 0 "${*##*/}: runs" timeout 120 "$@" || return
	is "$(wc -l <"$tmp/stdout")" 1 "${*##*/}: one line"
	is_json ".scenario == \"$name\" and .resident_bytes > 1e6 and .peak_resident_bytes >= .resident_bytes and
		(.spans | length > 0 and all(.n > 0 and .begin_ns > 0 and .begin_ns < .end_ns)) and ($condition)"
	result $? "${*##*/}: its figures" || diag "$(<"$tmp/stdout")"
}

# wrong_usage ARGS... -- CMD...: said on standard error, exit status 2
wrong_usage()
{
	local args=()
	while [ "$1" != -- ]; do args+=("$1"); shift; done
	shift
	exits 2 "${1##*/}: wrong usage: ${args[*]}" "$@" "${args[@]}"
	like "$(<"$tmp/stderr")" "usage: " "is said"
}

# consistent ARGS...: load-bench's figures
consistent()
{
	exits 0 "load: $*" timeout 120 "$load" "$@" || return
	is_json '.scenario == "server" and .p50_ns > 0 and .p50_ns <= .p99_ns and .p99_ns <= .p999_ns and
		.p999_ns <= .max_ns and .service_p99_ns <= .p99_ns and .late_p50_ns <= .late_max_ns and
		.requests == .rate * .seconds and .errors == 0 and .spans.load.n == .requests and
		(.spans.slowest.end_ns - .spans.slowest.begin_ns) == .max_ns and
		.spans.slowest.begin_ns >= .spans.load.begin_ns and .spans.slowest.end_ns <= .spans.load.end_ns and
		.spans.limit.n > 0 and (.spans | all(.begin_ns < .end_ns)) and
		.limit_per_second > 0 and .server_cpu_ns_per_request > 0 and
		.server_peak_resident_bytes >= .server.resident_bytes * 0.9 and
		.server.n >= .spans.load.n + .spans.limit.n and .server.spans.all.begin_ns < .spans.load.begin_ns'
	result $? "its figures fit each other" || diag "$(<"$tmp/stdout")"
	is "$(kill -0 "$(json "$tmp/stdout" .server_pid)" 2>/dev/null && echo alive)" "" "the server has ended"
}

# ---- the same sums in all languages ----
want=$("$native" cpu -n 1 | cpu_results)
# computes CMD...: its scenario cpu, what C's does
computes()
{
	measured cpu '(.spans | keys) == ["fib", "mandelbrot", "matmul", "sieve", "words"]' "$@" cpu -n 1
	is "$(cpu_results <"$tmp/stdout")" "$want" "it computes what C does"
}

# ---- load-bench, and a server in C ----
consistent -r 100 -t 0.5 -- "$native" serve
is "$(json "$tmp/stdout" '[.server.scenario, .server.runtime, .connections] | join(" ")')" "serve native 32" "whose server it was"

# Each 100th request takes 50 ms: 300 requests at one connection meet that three times, and 10 others wait each time. Who
# sends a request only when the last one is answered sees the three alone.
consistent -r 200 -t 1.5 -j 1 -- "$native" serve -m slow -b 100
compare "$(json "$tmp/stdout" .p999_ns)" ">=" 50e6 "a stand-still of the server is in p99.9"
compare "$(json "$tmp/stdout" .p99_ns)" ">=" 40e6 "and who waited meanwhile in p99"
compare "$(json "$tmp/stdout" .service_p99_ns)" "<" "$(json "$tmp/stdout" .p99_ns)" "which the time since sending does not show"
compare "$(json "$tmp/stdout" .limit_per_second)" "<=" 2200 "its limit: at most 100 requests in 50 ms"

exits 0 "only the limit" "$load" --limit -t 0.3 -w 0.1 -- "$native" serve
ok "has no latencies" is_json '.spans | keys == ["limit"]'
ok "has no rate" is_json 'has("p50_ns") or has("rate") | not'

exits 1 "no such server" "$load" -- "$tmp/nosuch"
like "$(<"$tmp/stderr")" "nosuch cannot be run: No such file" "is said"
exits 1 "a server that ends at once" "$load" -- false
like "$(<"$tmp/stderr")" "false ended with status 1 before it said its port" "is said"
exits 1 "a server that says something else" "$load" -- echo hello
like "$(<"$tmp/stderr")" 'first line of echo is not .*: hello' "is said"
exits 1 "a server that does not listen" "$load" -- echo '{"port":1}'
like "$(<"$tmp/stderr")" "connection 1 of 32: Connection refused" "is said"
wrong_usage -- "$load"
wrong_usage -r 0 -- "$load"
wrong_usage -j 1.5 -- "$load"

# ---- Node ----
if command -v node >/dev/null; then
	bench=$root/tools/workloads/node/bench.js
	measured start '.requests == 1' node "$bench" start
	computes node "$bench"
	measured connections '.reached == 300 and .bytes_per_task > 0' node "$bench" connections -n 300 -t 0.01
	measured workers '.reached == 2 and .bytes_per_task > 100000' node "$bench" workers -n 2 -t 0.01
	measured alloc '.allocated_bytes == 40000000 and .collections > 0 and .gc_ns > 0' node "$bench" alloc -n 100000
	measured dispatch '.n == 114688 and (.spans | keys) == ["direct", "virtual_mixed", "virtual_mono"]' \
		node "$bench" dispatch -n 100000
	for mode in promise timer; do
		measured idle ".reached == 20000 and .mode == \"$mode\" and .heap_bytes_per_task > 50" \
			node "$bench" idle -n 20000 -t 0.01 -m $mode
	done
	for args in '' nosuch 'cpu -n' 'cpu -n 0' 'cpu -n 1.5' 'cpu -b 3' 'idle -m x' 'cpu --help' 'cpu cpu'; do
		# shellcheck disable=SC2086	# words
		wrong_usage $args -- node "$bench"
	done
	exits 1 "node: a full disk" sh -c 'exec node "$1" start >/dev/full' sh "$bench"
	consistent -r 50 -t 0.5 -j 4 -- node "$bench" serve -b 100000

	cat >"$tmp/rude.js" <<-'JS'
		const server = require('http').createServer((request, response) => {
			response.statusCode = request.socket.wrong ? 500 : 200; // at each connection every other time
			request.socket.wrong = !request.socket.wrong;
			response.end('hello');
		});
		server.listen(0, '127.0.0.1', () => console.log(`{"port":${server.address().port}}`));
	JS
	# all connections take turns: of the 10 the warm-up leaves 5 for a wrong answer
	exits 0 "a server that fails" "$load" -r 100 -t 0.2 -w 0.05 -j 10 -- node "$tmp/rude.js"
	like "$(<"$tmp/stderr")" "printed no JSON when it ended" "it has no result of its own, which is said"
	is_json '.requests == 20 and .errors == 10 and .spans.load.n == 10 and .server == null'
	result $? "which is null, and errors are counted" || diag "$(<"$tmp/stdout")"

	cat >"$tmp/short.js" <<-'JS'
		const server = require('http').createServer(() => process.exit(3));
		server.listen(0, '127.0.0.1', () => console.log(`{"port":${server.address().port}}`));
	JS
	exits 1 "a server that ends meanwhile" "$load" -r 100 -t 0.2 -- node "$tmp/short.js"
	like "$(<"$tmp/stderr")" "node ended with status 3 before the load was over" "is said"
	is "$(<"$tmp/stdout")" "" "and there is no result"
else
	skip 1 "node is not installed"
fi

# ---- Java ----
if command -v javac >/dev/null && command -v java >/dev/null; then
	ok "Bench.java compiles" javac -Xlint:all -Werror -d "$tmp/java" "$root/tools/workloads/java/Bench.java"
	bench=(java -XX:TieredStopAtLevel=1 -XX:+UseSerialGC -Xmx256m -cp "$tmp/java" Bench)
	measured start '.requests == 1' "${bench[@]}" start
	computes "${bench[@]}"
	measured alloc '.allocated_bytes == 200000000 and .collections > 0 and .heap_bytes > 0' "${bench[@]}" alloc -n 500000
	measured churn '.n == 200000 and .live_bytes == 8388608 and .collections > 0 and .gc_ns >= 0' \
		"${bench[@]}" churn -n 200000 -l 8
	measured idle '.reached == 50 and .virtual_bytes_per_task > 100000' "${bench[@]}" idle -n 50 -t 0.01
	if java -version 2>&1 | grep -qE 'version "(2[1-9]|[3-9][0-9])'; then
		measured idle '.reached == 5000 and .mode == "virtual"' "${bench[@]}" idle -n 5000 -t 0.01 -m virtual
	else
		exits 1 "virtual threads in a Java without them" "${bench[@]}" idle -n 5 -m virtual
		like "$(<"$tmp/stderr")" "has no virtual threads" "is said"
	fi
	for args in '' nosuch 'cpu -n x' 'start -b 3' 'idle -m x'; do
		# shellcheck disable=SC2086	# words
		wrong_usage $args -- "${bench[@]}"
	done
	consistent -r 50 -t 0.5 -j 4 -w 1 -- "${bench[@]}" serve -b 100000
else
	skip 1 "java and javac are not installed"
fi

done_testing
