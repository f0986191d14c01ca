#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
#
# What getting into a probe costs: it is measured once a boot, kept, and counted in a recording's own account.
set -u
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
need_bpf

export XDG_RUNTIME_DIR=$tmp/run	# not the machine's own
mkdir -m 700 "$XDG_RUNTIME_DIR"
file=$XDG_RUNTIME_DIR/tare/calibration

exits 2 "an argument is wrong usage" tare calibrate now
ok "calibrated" tare calibrate --json
cp "$tmp/stdout" "$tmp/first"
is "$(json "$tmp/first" .cached)" false "it is measured where there is no file"
for way in tracepoint uprobe uprobe-stepped sample page-fault; do
	compare "$(json "$tmp/first" ".ways[\"$way\"].hit_ns")" '>' 0 "a hit costs something: $way"
done
compare "$(json "$tmp/first" '.ways | .["uprobe-stepped"].hit_ns / .uprobe.hit_ns')" '>' 1 \
	"to step over an instruction costs more than to emulate one"
compare "$(json "$tmp/first" .ways.tracepoint.hit_ns)" '<' "$(json "$tmp/first" .ways.uprobe.hit_ns)" \
	"a tracepoint costs less than a trap"
ok "there is a file" test -s "$file"

ok "once more" tare calibrate --json
is "$(jq -cS '.cached, .ways' "$tmp/stdout")" "$(jq -cS 'true, .ways' "$tmp/first")" "the file's figures are taken"
ok "as a table" tare calibrate
like "$(cat "$tmp/stdout")" "a uprobe on what the kernel emulates +[0-9.]+ +[0-9.]+ +-?[0-9.]+" "it has a line for each way"

# figures that nobody measures, so that it is known whose they are
known()
{
	sed -i -e 's/^tracepoint .*/tracepoint 1400.00 1000.00/' -e 's/^sample .*/sample 70000.00 1000.00/' "$file"
}
known
ok "the known figures" tare calibrate --json
is "$(json "$tmp/stdout" '.ways.tracepoint.entry_ns | round')" 400 "beside the run time: the hit without what is told"

ok "a recording" tare run -q -o "$tmp/data" -- "$root/build/workloads/pingpong" --round-trips 20000
tare report -i "$tmp/data" --json >"$tmp/report"
probe() { jq "[.ledger.probes.by_probe[] | select(.name == \"$1\")][0] | $2" "$tmp/report"; }
is "$(probe sched_switch .entry_ns)" 400 "it has the file's figures: a tracepoint's"
is "$(probe cpu_clock .entry_ns)" 69000 "and a sample's"
near "$(probe sched_switch .ns)" "$(probe sched_switch '.hits * (400 + .timed_ns / .timed_hits)')" 0.1 \
	"a probe's cost is that of its runs and entries"
near "$(json "$tmp/report" .ledger.probes.ns)" \
	"$(jq '[.ledger.probes.by_probe[] | select(.name | startswith("exec_hold") | not) | .ns] | add' "$tmp/report")" 0.1 \
	"the sum is that of the probes"
compare "$(json "$tmp/report" .ledger.probes_ns)" '>=' "$(probe sched_switch '390 * 40000')" "the ledger's class has the entries"
tare report -i "$tmp/data" --probes >"$tmp/text"
like "$(cat "$tmp/text")" "sched_switch +[0-9,]+ +[0-9,]+ +[0-9.]+ .s +400 ns " "the table has them apart"
ok "and a sum" grep -qE '^  sum  +[0-9.]+ .s +[0-9.]+ .s +[0-9.]+ .s$' "$tmp/text"
tare export -f json-lines -i "$tmp/data" >"$tmp/lines"
is "$(jq -c 'select(.event == "probe" and .name == "sched_switch") | .entry_ns' "$tmp/lines" | sort -u)" 400 \
	"JSON lines have them"

# measured again: another boot, or a file that others may have written
sed -i 's/^boot_id .*/boot_id 00000000-0000-0000-0000-000000000000/' "$file"
ok "another boot" tare calibrate --json
is "$(json "$tmp/stdout" '.cached, (.ways.tracepoint.entry_ns == 400)' | xargs)" "false false" "it is measured again"
ok "the file is of this boot now" grep -qxF "boot_id $(cat /proc/sys/kernel/random/boot_id)" "$file"
known
chmod 666 "$file"
ok "a file that all may write to" tare calibrate --json
is "$(json "$tmp/stdout" .cached)" false "is not heeded"
known
chmod 644 "$file"
ok "--again" tare calibrate --again --json
is "$(json "$tmp/stdout" .cached)" false "measures whatever the file says"
XDG_RUNTIME_DIR=$tmp/nowhere ok "a folder that is not there is no error" tare calibrate

done_testing
