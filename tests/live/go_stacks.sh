#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# The stacks of a Go program whose calls are known. Other versions: tests/go/matrix.
set -u
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
. "$root/tests/go/lib.sh"
need_bpf
command -v go >/dev/null || skip_all "there is no go in PATH"

variant=stripped
if command -v gcc >/dev/null; then variant=cgo-external; fi
version=$("$root/tests/go/build" --full installed)
ok "Go $version: built" env GO_VARIANTS=$variant "$root/tests/go/build" "$version-$variant" || diag "$(cat "$tmp/stderr")"
go__stacks "Go $version, $variant" "$version" "$go_out/$version/$variant/stacks"
done_testing
