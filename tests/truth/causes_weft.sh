#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
#
# Faults of known cause and length, made while weft's world is being stopped (or is stopped, or restarts): for each
# pause, tare reports what it was and how long, and blames nothing where the same load does no harm. The faults are in
# tests/truth/faulty.c, the checks in tests/truth/causes_oracle.py.
set -u
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
. "$root/tests/truth/causes.bash"
need_bpf

faulty() { exec "$root/build/helpers/faulty" "$@"; }
kinds="fault fault-signals blocked blocked-signals kernel user signal runqueue-fifo initiator restart irq runtime mmap_lock"

if [ "$(nproc)" -lt 2 ]; then
	skip 1 "a thread cannot be late on one CPU while another waits for it"
	done_testing
fi
for kind in $kinds; do
	cause__both "$kind" --rounds 10
done
if cause__group; then
	result 0 "a cgroup with a quota"
	within=$group
	cause__fault runqueue-nice --rounds 10
	cause__quota 7000	# less than a time slice of the runtime: it may be idle at the end of one
	cause__fault throttled --rounds 14 --quota "$group"
	cause__quota 50000
	cause__control throttled --rounds 14 --quota "$group"
	within=
	cause__control runqueue-nice --rounds 14
else
	result 1 "a cgroup with a quota"
fi
cause__sums
done_testing
