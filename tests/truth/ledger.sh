#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# The ledger of CPU time of programs that know by their own clocks what they spent it on: on a quiet CPU, with others that
# want it too, and under a quota.
set -u
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
. "$root/tests/truth/causes.bash"
need_bpf

runs=${LEDGER_RUNS:-2}

# ledgers NAME CLASSES CMD...: records it some times; what it prints is the truth
ledgers()
{
	local name=$1 classes=$2 i status=0 files=()
	shift 2
	for ((i = 0; i < runs; i++)); do
		(
			[ -z "$within" ] || echo "$BASHPID" >"$within/cgroup.procs"
			exec "$TARE" run -q -F 499 --call-graph dwarf -o "$tmp/data" -- "$@" >"$tmp/truth.$i" 2>"$tmp/log"
		) && tare report -i "$tmp/data" --json >"$tmp/report.$i" || status=1
		files+=("$tmp/truth.$i" "$tmp/report.$i")
	done
	is $status 0 "$name: recorded" || diag "$(tail -n 5 "$tmp/log")"
	ok "$name: the classes are what the program spent" \
		eval '"$root/tests/truth/ledger_oracle.py" "$classes" "${files[@]}" >"$tmp/said"'
	diag "$(sed "s/^/$name: /" "$tmp/said")"
}

gcc -O2 -fomit-frame-pointer -o "$tmp/shares" "$root/tests/truth/ledger_native/shares.c"
is $? 0 "the program compiles"
native=loops=net,reads=net,allocates=allocation,maps=kernel_memory,touches=kernel_fault

ledgers "native" $native "$tmp/shares" 1.5

hogs=()
for ((i = 0; i < $(nproc); i++)); do
	(while :; do :; done) &
	hogs+=($!)
done
ledgers "native, with others on each CPU" $native "$tmp/shares" 1.5
kill "${hogs[@]}"
wait "${hogs[@]}" 2>/dev/null

if cause__group; then
	[ ! -e "$group/quota/cgroup.type" ] || { rmdir "$group/quota" && mkdir "$group/quota"; }
	cause__quota 25000
	within=$group/quota
	ledgers "native, under a quota" $native "$tmp/shares" 1.5
	within=
else
	result 1 "a cgroup with a quota"
fi
done_testing
