#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
#
#   tests/truth/ledger.sh
#   LEDGER_RUNS=20    records each that often
#
# The ledger of CPU time of programs that know by their own clocks what they spent it on: on a quiet CPU, with others that
# want it too, and under a quota.
set -u
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
. "$root/tests/truth/causes.bash"
need_bpf

runs=${LEDGER_RUNS:-1}

# ledgers NAME CLASSES OPTIONS CMD...: records it some times, and before it a twin that is not; what they print is the truth
ledgers()
{
	local name=$1 classes=$2 options=$3 i status=0 files=()
	shift 3
	for ((i = 0; i < runs; i++)); do
		[ "$1" = "$go" ] || (
			[ -z "$within" ] || echo "$BASHPID" >"$within/cgroup.procs"
			exec "$@" >"$tmp/twin.$i"
		) || status=1
		(
			[ -z "$within" ] || echo "$BASHPID" >"$within/cgroup.procs"
			# shellcheck disable=SC2086
			exec "$TARE" run -q -F 997 $options -o "$tmp/data" -- "$@" >"$tmp/truth.$i" 2>"$tmp/log"
		) && tare report -i "$tmp/data" --json >"$tmp/report.$i" || status=1
		# Go's collector does not do the same twice, and hardly any probe is hit there: its own clocks are right
		[ "$1" != "$go" ] || cp "$tmp/truth.$i" "$tmp/twin.$i"
		files+=("$tmp/truth.$i" "$tmp/twin.$i" "$tmp/report.$i")
	done
	is $status 0 "$name: recorded" || diag "$(tail -n 5 "$tmp/log")"
	ok "$name: the classes are what the program spent" \
		eval '"$root/tests/truth/ledger_oracle.py" "$classes" "${files[@]}" >"$tmp/said"'
	diag "$(sed "s/^/$name: /" "$tmp/said")"
}

gcc -O2 -fomit-frame-pointer -o "$tmp/shares" "$root/tests/truth/ledger_native/shares.c"
is $? 0 "the program compiles"
go=
if command -v go >/dev/null; then
	go=$tmp/shares_go
	ok "the Go program compiles" sh -c "cd '$root/tests/truth/ledger_go' && GOFLAGS=-buildvcs=false go build -o '$go' ."
fi
classes=loops=net,reads=net,maps=kernel_memory,touches=kernel_fault

# all WHERE
all()
{
	ledgers "native$1" $classes,allocates=allocation "--call-graph dwarf" "$tmp/shares" 1
	ledgers "weft$1" $classes,allocates=allocation+collector+scheduling "--call-graph dwarf" "$root/build/helpers/shares_weft" 1
	# starting and ending the world's threads is part of collecting
	[ -z "$go" ] || ledgers "Go$1" $classes,allocates=allocation,collects=collector+scheduling "" "$go" 1
}

all ""

hogs=()
for ((i = 0; i < $(nproc); i++)); do
	(while :; do :; done) &
	hogs+=($!)
done
all ", with others on each CPU"
kill "${hogs[@]}"
wait "${hogs[@]}" 2>/dev/null

if cause__group; then
	[ ! -e "$group/quota/cgroup.type" ] || { rmdir "$group/quota" && mkdir "$group/quota"; }
	cause__quota 25000
	within=$group/quota
	all ", under a quota"
	within=
else
	result 1 "a cgroup with a quota"
fi
done_testing
