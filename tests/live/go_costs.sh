#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# Which class of the ledger the CPU time of a Go program belongs to, where its work is of a known kind. Other versions:
# tests/go/matrix.
set -u
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
. "$root/tests/go/lib.sh"
need_bpf
command -v go >/dev/null || skip_all "there is no go in PATH"

version=$("$root/tests/go/build" --full installed)
ok "Go $version: built" env GO_VARIANTS=stripped "$root/tests/go/build" "$version-stripped" || diag "$(cat "$tmp/stderr")"
go__costs "Go $version" "$go_out/$version/stripped/costs" \
	sums clears alloc large marks halves switch pull grows timers network
done_testing
