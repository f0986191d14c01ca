#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# What `tare doctor` says is true: checked by independent means.
set -u
TARE=${TARE:-$(cd "$(dirname "$0")/../.." && pwd)/build/tare}
n=0
ok() { # ok WHAT COMMAND...
	local what=$1
	shift
	n=$((n + 1))
	if "$@"; then
		echo "ok $n - $what"
	else
		echo "not ok $n - $what"
		echo "#   failed: $*"
		failed=1
	fi
}
is() { # is GOT EXPECTED WHAT
	n=$((n + 1))
	if [ "$1" = "$2" ]; then
		echo "ok $n - $3"
	else
		echo "not ok $n - $3"
		echo "#   got '$1', expected '$2'"
		failed=1
	fi
}
failed=0

tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
# nobody must be able to reach the program, wherever the tree is
chmod 755 "$tmp"
install -m 755 "$TARE" "$tmp/tare"
nobody() { setpriv --reuid 65534 --regid 65534 --clear-groups "$@"; }
without() { local caps=$1; shift; setpriv --bounding-set="$caps" "$@"; }
# state FILE ID: the verdict on a feature
state() { jq -r --arg id "$2" '.features[] | select(.id == $id) | .state' "$1"; }
reason() { jq -r --arg id "$2" '.features[] | select(.id == $id) | .reason' "$1"; }
narrow() { [ -s "$1" ] && ! LC_ALL=C.UTF-8 grep -qE '.{100}' "$1"; }
plain() { ! grep -q $'\033' "$1"; }

# ---- root ----
"$tmp/tare" doctor > "$tmp/root.txt" 2> "$tmp/root.err"
is $? 0 'root: exit code 0'
"$tmp/tare" doctor --json > "$tmp/root.json"
is $? 0 'root: exit code 0 with --json'
ok 'root: nothing on standard error' test ! -s "$tmp/root.err"
ok 'root: less than 100 columns' narrow "$tmp/root.txt"
ok 'root: no escape sequences' plain "$tmp/root.txt"
is "$(tail -n 1 "$tmp/root.txt" | grep -c '^tare can record here')" 1 'root: the last line is the verdict'
is "$(jq -r .schema "$tmp/root.json")" tare.doctor/1 'JSON: schema'
is "$(jq -r .kernel "$tmp/root.json")" "$(uname -r)" 'JSON: kernel'
is "$(jq -r .arch "$tmp/root.json")" "$(uname -m)" 'JSON: machine'
is "$(jq -c .verdict "$tmp/root.json")" '{"can_record":true,"missing_required":[]}' 'JSON: verdict'
is "$(jq '[.features[].id] | length - (unique | length)' "$tmp/root.json")" 0 'JSON: ids are unique'
is "$(jq '.features | length > 30 and all(
	(.id | test("^[a-z0-9_]+$")) and (.name | length > 0) and (.lost_without | length > 0) and
	(.granted_by | length > 0) and (.required | type == "boolean") and (.reason | . == null or length > 0) and
	(.state == "works" or ((.state == "missing" or .state == "unknown") and .reason != null)))' \
	"$tmp/root.json")" true 'JSON: every feature is complete'
is "$(jq '[.features[] | select(.required and .state != "works")] | length' "$tmp/root.json")" 0 \
	'JSON: all that is required works'
is "$(jq -r '.features[] | .name' "$tmp/root.json" | while IFS= read -r name; do
	grep -qF -- "$name" "$tmp/root.txt" || echo "$name"; done)" '' 'the table has every feature'

# ---- against independent trials ----
yes_no() { if "$@" > "$tmp/out" 2>&1; then echo works; else echo missing; fi; }

for tp in sched_switch sched_waking task_rename signal_deliver softirq_entry page_fault_user; do
	is "$(state "$tmp/root.json" "tp_$tp")" "$(yes_no grep -aqF "btf_trace_$tp" /sys/kernel/btf/vmlinux)" \
		"$tp: as the kernel's BTF says"
done
for tp in sched_entry sched_exit; do
	is "$(state "$tmp/root.json" $tp)" "$(yes_no grep -aqF "btf_trace_${tp}_tp" /sys/kernel/btf/vmlinux)" \
		"$tp: as the kernel's BTF says"
done

perf_samples() {
	# shellcheck disable=SC2016
	perf record -q -e cpu-clock -o "$tmp/perf.data" -- \
		sh -c 'i=0; while [ $i -lt 100000 ]; do i=$((i + 1)); done' &&
		[ "$(perf script -i "$tmp/perf.data" -F comm 2> /dev/null | wc -l)" -gt 0 ]
}
is "$(state "$tmp/root.json" cpu_clock)" "$(yes_no perf_samples)" 'CPU clock samples: as perf finds'

# a probe that got optimised is a probe that worked
is "$(jq '[.features[] | {(.id): (.state == "works")}] | add | (.nop5 | not) or .uprobe or .uprobe_multi' \
	"$tmp/root.json")" true 'nop5 works only where a uprobe does'
bpftrace_uprobe() {
	bpftrace -e "uprobe:$tmp/tare:main { printf(\"hit\n\"); exit(); }" -c "$tmp/tare --version" 2>&1 |
		grep -q '^hit'
}
is "$(state "$tmp/root.json" uprobe)" "$(yes_no bpftrace_uprobe)" 'uprobe: as bpftrace finds'

# ---- it leaves nothing behind (the kernel frees programs a little later) ----
export PATH=$PATH:/usr/sbin:/sbin
tried() { bpftool prog show 2> "$tmp/err" | sed -n 's/^\([0-9]*\):.*name tare_try.*/\1/p' | sort; }
is "$(yes_no bpftool prog show)" works 'bpftool lists the programs'
# of those that are there now: another test's may come and go
tried >"$tmp/tried"
left() { tried | join - "$tmp/tried"; }
tries=0
while [ -n "$(left)" ] && [ $tries -lt 100 ]; do tries=$((tries + 1)); sleep 0.1; done
is "$(left)" '' 'no program is left behind'

# ---- several at once do not disturb one another ----
for i in 1 2 3 4; do "$tmp/tare" doctor --json > "$tmp/at-once.$i" & done
wait
for i in 1 2 3 4; do
	is "$(jq -c '[.features[] | {(.id): .state}]' "$tmp/at-once.$i")" \
		"$(jq -c '[.features[] | {(.id): .state}]' "$tmp/root.json")" "of four at once, number $i says the same"
done

# ---- fewer privileges ----
nobody "$tmp/tare" doctor > "$tmp/nobody.txt" 2> "$tmp/nobody.err"
is $? 3 'nobody: exit code 3'
ok 'nobody: nothing on standard error' test ! -s "$tmp/nobody.err"
ok 'nobody: less than 100 columns' narrow "$tmp/nobody.txt"
ok 'nobody: the capabilities are named' grep -qE '^capabilities +missing +lacks CAP_BPF CAP_PERFMON' "$tmp/nobody.txt"
is "$(tail -n 1 "$tmp/nobody.txt" | grep -c '^tare cannot record here; missing: capabilities')" 1 'nobody: the verdict'
nobody "$tmp/tare" doctor --json > "$tmp/nobody.json"
is $? 3 'nobody: exit code 3 with --json'
is "$(jq '.verdict | (.can_record | not) and (.missing_required | index("capabilities") != null)' \
	"$tmp/nobody.json")" true 'nobody: the verdict in JSON'
is "$(jq '[.features[] | select(.required and .state != "works") | .id] == .verdict.missing_required' \
	"$tmp/nobody.json")" true 'nobody: the verdict names just what is missing'
is "$(state "$tmp/nobody.json" btf)" works 'nobody: BTF may be read'

# missing FILE: what root has and FILE has not
missing() { jq -r --slurpfile root "$tmp/root.json" '[.features[] | select(.state == "missing").id] -
	[$root[0].features[] | select(.state == "missing").id] | join(" ")' "$1"; }
least() { nobody --bounding-set="-all,$1" --inh-caps="-all,$1" --ambient-caps="-all,$1" "$tmp/tare" doctor --json; }
least +bpf,+perfmon > "$tmp/least.json"
is $? 0 'CAP_BPF and CAP_PERFMON: exit code 0'
is "$(missing "$tmp/least.json")" 'other_processes bpf_stats priority' 'CAP_BPF and CAP_PERFMON: what others would add is missing'
is "$(reason "$tmp/least.json" other_processes | grep -c 'without CAP_SYS_PTRACE')" 1 "others' processes: the capability is named"
least +bpf,+perfmon,+sys_ptrace,+dac_read_search,+sys_nice,+sys_admin > "$tmp/most.json"
is "$(missing "$tmp/most.json")" '' 'all that the manual names: as root'
is "$(reason "$tmp/least.json" capabilities)" 'has CAP_BPF CAP_PERFMON' 'what is not needed is not said to lack'

without -sys_admin "$tmp/tare" doctor --json > "$tmp/no-admin.json"
is $? 0 'without CAP_SYS_ADMIN: exit code 0'
is "$(state "$tmp/no-admin.json" bpf_stats)" missing 'without CAP_SYS_ADMIN: no BPF statistics'
without -sys_admin,-bpf "$tmp/tare" doctor --json > "$tmp/no-bpf.json"
is $? 3 'without CAP_SYS_ADMIN and CAP_BPF: exit code 3'
is "$(reason "$tmp/no-bpf.json" capabilities | grep -c 'lacks CAP_BPF')" 1 'without CAP_BPF: it is named'
without -sys_admin,-perfmon "$tmp/tare" doctor --json > "$tmp/no-perfmon.json"
is $? 3 'without CAP_SYS_ADMIN and CAP_PERFMON: exit code 3'
is "$(reason "$tmp/no-perfmon.json" capabilities | grep -c 'lacks CAP_PERFMON')" 1 'without CAP_PERFMON: it is named'
is "$(state "$tmp/no-perfmon.json" ring_buffer)" works 'without CAP_PERFMON: maps can be created all the same'
without -sys_ptrace "$tmp/tare" doctor --json > "$tmp/no-ptrace.json"
is $? 0 'without CAP_SYS_PTRACE: exit code 0'

# ---- wrong usage, and output that cannot be written ----
"$tmp/tare" doctor --bogus > "$tmp/out" 2> "$tmp/err"
is $? 2 'an unknown option: exit code 2'
ok 'an unknown option is named' grep -q -- --bogus "$tmp/err"
"$tmp/tare" doctor bogus > "$tmp/out" 2> "$tmp/err"
is $? 2 'an argument: exit code 2'
ok 'the usage goes to standard output' sh -c '"$1/tare" doctor --help | grep -q "^usage: tare doctor"' sh "$tmp"
for option in '' --json; do
	# shellcheck disable=SC2086
	"$tmp/tare" doctor $option > /dev/full 2> "$tmp/err"
	is $? 1 "a full disk: exit code 1 ${option:-as text}"
	ok 'a full disk is named' grep -q 'No space left' "$tmp/err"
done

echo "1..$n"
exit $failed
