#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# Causes have names: the cgroup whose quota was used up, and the mapping that a page fault hit.
set -u
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
. "$root/tests/truth/causes.bash"
need_bpf
[ "$(nproc)" -ge 2 ] || skip_all "a thread cannot be late on one CPU while another waits for it"

faulty() { exec "$root/build/helpers/faulty" "$@"; }
details() { jq -r "[.pauses[].causes[] | select(.cause == \"$1\" and .ns > 5000000) | .detail // \"nothing\"] | unique[]" "$tmp/pauses"; }

# ---- a quota on the whole process ----

bench=$root/build/workloads/weft-bench
under_quota() { echo $BASHPID >"$group/quota/cgroup.procs" && exec "$@"; }
if cause__group; then
	cause__quota 10000
	# in version 2 it was made for threads; here it must hold whole processes
	[ ! -e "$group/quota/cgroup.type" ] || { rmdir "$group/quota" && mkdir "$group/quota" && cause__quota 10000; }
	# no sleep: each of its collections meets the quota
	(under_quota "$TARE" run -q -o "$tmp/data" -- "$bench" trees -n 16 -p 2 >"$tmp/out" 2>"$tmp/log")
	is $? 0 "recorded under a quota" || diag "$(tail -n 3 "$tmp/log")"
	tare pauses -i "$tmp/data" --longest 0 --json >"$tmp/pauses"
	compare "$(jq '[.pauses[].causes[] | select(.cause == "throttled" and .ns > 5000000)] | length' "$tmp/pauses")" '>' 0 \
		"pauses were throttled"
	is "$(details throttled)" "/${group##*/}/quota (10.0 ms in each 50.0 ms)" "each names the cgroup and its quota"
	like "$(jq -r '.pauses[].verdict' "$tmp/pauses")" '/[^ ]*/quota \(10.0 ms in each 50.0 ms\)' \
		"so does the verdict"
else
	result 1 "a cgroup with a quota"
fi

# ---- page faults ----

within=
cause__record "$tmp/log" "$tmp/pauses" fault --rounds 10
is $? 0 "recorded page faults that are served late"
like "$(details fault | head -n 1)" '^0x[0-9a-f]+ in anonymous memory$' "each names what the page belongs to"
like "$(jq -r '.pauses[].verdict' "$tmp/pauses")" 'in a page fault at 0x[0-9a-f]+ in anonymous memory' "so does the verdict"
done_testing
