#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
#
#   tests/bench/weft.sh [ROUNDS]   weft beside Go, with the same work, turn by turn (7 rounds); medians and their ratio
#
# It is no test, and no figure fails it. With Go 1.26.8, medians of 7 rounds:
#
#   work                N   weft ns each     Go ns each    ratio
#   pingpong      2000000           52.5          109.6     0.48    a goroutine yields to another
#   channel        500000          254.0          443.7     0.57    there and back
#   spawn         1000000          210.4          347.3     0.61
#   trees              17  982642268.0   1003699106.0      0.98    binary trees: allocation and collection
set -u
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P) || exit 1
root=${here%/tests/bench}
rounds=${1:-7}
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT

(cd "$here/weft_go" && go build -o "$tmp/go" .) || exit 1
bench=$root/build/workloads/weft-bench

# weft NAME N: what the scenario took, in ns
weft()
{
	local procs=()
	[ "$1" = pingpong ] && procs=(-p 1)
	set -- "${1/channel/pingpong -m chan}" "$2"
	# shellcheck disable=SC2086
	"$bench" "${procs[@]}" -n "$2" $1 | jq .elapsed_ns
}

median() { sort -n | awk '{ x[NR] = $1 } END { print x[int((NR + 1) / 2)] }'; }

printf '%-10s %10s %14s %14s %8s   %s\n' work N 'weft ns each' 'Go ns each' ratio goal
while read -r name n each goal; do
	: >"$tmp/weft"; : >"$tmp/of_go"
	for ((i = 0; i < rounds; i++)); do
		weft "$name" "$n" >>"$tmp/weft" || exit 1
		"$tmp/go" "$name" "$n" >>"$tmp/of_go" || exit 1
	done
	awk -v name="$name" -v n="$n" -v each="$each" -v goal="$goal" -v a="$(median <"$tmp/weft")" -v b="$(median <"$tmp/of_go")" \
		'BEGIN { printf "%-10s %10d %14.1f %14.1f %8.2f   %s\n", name, n, a / each, b / each, a / b, goal }'
done <<'WORK'
pingpong 2000000 4000000 at_most_1.5
channel 500000 500000 -
spawn 1000000 1000000 at_most_2
trees 17 1 at_most_3
WORK
go version
