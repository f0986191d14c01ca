#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
#
# As causes_weft.sh, for a Go program built by the installed Go: tests/truth/faulty_go.
set -u
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
. "$root/tests/truth/causes.bash"
need_bpf
command -v go >/dev/null || skip_all "there is no go in PATH"
[ "$(nproc)" -ge 2 ] || skip_all "a thread cannot be late on one CPU while another waits for it"

export HELPER=$root/build/helpers/antagonist
unset GODEBUG GOFLAGS
faulty() { exec "$tmp/faulty_go" "$@"; }
kinds="fault fault-signals blocked kernel kernel-pieces user user-touch user-clear signal runqueue-fifo initiator runtime"

build() { cd "$root/tests/truth/faulty_go" && CGO_ENABLED=0 GOTOOLCHAIN=local go build -buildvcs=false -o "$tmp/faulty_go" .; }
if ok "builds" build; then
	for kind in $kinds; do
		cause__both "$kind" --rounds 10
	done
	if cause__group; then
		result 0 "a cgroup with a quota"
		within=$group
		cause__quota 7000	# less than a time slice of the runtime: it may be idle at the end of one
		cause__fault throttled --rounds 14 --quota "$group"
		cause__quota 50000
		cause__control throttled --rounds 14 --quota "$group"
	else
		result 1 "a cgroup with a quota"
	fi
	cause__sums
fi
done_testing
