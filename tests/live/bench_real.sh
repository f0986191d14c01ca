#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
#
# The figures of tests/bench/real_table.pl: of windows that nobody measured, so that it is known what must come out.
set -u
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"

table() { perl "$root/tests/bench/real_table.pl" "$@"; }

# windows PAIRS D: each pair has 0.95 of the work with the tool, times exp(D) and exp(-D) in turn; idle time, p99 and the
# recorder's time are the same in each window
windows()
{
	echo '{"what":"machine","kernel":"k","cpus":2,"began":"0.0","block":2,"window_s":0.3,"half_width":0.5}'
	echo '{"what":"server","server":"s","rate":1000}'
	perl -e 'my ($pairs, $d) = @ARGV;
		for my $p (0 .. $pairs - 1) { for my $with (0, 1) { for (1, 2) {
			printf qq({"what":"window","server":"s","tool":"t","pair":%d,"with":%d,"work":%d,"errors":0,"cpu_ns":1000000000,) .
				qq("recorder_ns":%d,"idle_ns":%d,"wall_ns":1000000000,"p99_ns":%d}\n), $p, $with,
				1e9 * ($with ? 0.95 * exp($p & 1 ? -$d : $d) : 1), $with * 2e7, 1e9 - $with * 1e8, $with ? 2e6 : 1e6;
		} } }' "$@"
	echo '{"what":"account","server":"s","tool":"t","gross_ns":1000,"in_target_ns":48,"lost":0,"bytes":1}'
}

windows 8 0 >"$tmp/same"
is "$(table --line s t "$tmp/same")" "0.9500 +- 0.0000 left, 32 windows in 8 pairs" "pairs that agree"
ok "are narrow enough" table --is-narrow 0.5 s t "$tmp/same"
table --json "$tmp/same" >"$tmp/json"
is "$(jq -c '.rows[0] | [.idle_lost, .recorder_cpu, .p99_left, .told, .windows] | map(. * 100 | round / 100)' "$tmp/json")" \
	"[10,2,0.5,4.8,32]" "idle time in points, the recorder's share, p99, what the recording says"
like "$(table "$tmp/same")" "t +0.950 \+- 0.000 +32 +0.50 \+- 0.00 +10.0 % +2.0 +5.0 +4.8" "the table has them"

# Student's t of 7 degrees of freedom is 2.3646, the deviation of +-d in 8 pairs d * sqrt(8 / 7)
windows 8 0.01 >"$tmp/apart"
near "$(table --json "$tmp/apart" | jq '.rows[0].half_width')" 0.00849 0.5 "pairs that differ have Student's interval"
exits 1 "which is not narrow enough" table --is-narrow 0.5 s t "$tmp/apart"
ok "but for less" table --is-narrow 0.9 s t "$tmp/apart"
like "$(table "$tmp/apart")" "note: s, t: the limit came before \+- 0.5 points" "as the table says"
windows 2 0.01 >"$tmp/few"
like "$(table --line s t "$tmp/few")" "^-, 8 windows in 2 pairs" "two pairs have no interval"
exits 1 "so they are not narrow" table --is-narrow 50 s t "$tmp/few"

done_testing
