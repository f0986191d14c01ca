#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# tare's figures for live Go programs match their own and their runtime's, with the installed Go. All available versions:
# tests/go/matrix. That it harms none of them: tests/go/soak.sh.
set -u
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
. "$root/tests/go/lib.sh"
need_bpf
command -v go >/dev/null || skip_all "there is no go in PATH"

version=$("$root/tests/go/build" --full installed)
variants="plain stripped pie stripped-pie"
[ "$(go env CGO_ENABLED)" != 1 ] || ! command -v gcc >/dev/null || variants+=" cgo"
export GO_VARIANTS=$variants
ok "Go $version: built" "$root/tests/go/build" "$version" || diag "$(cat "$tmp/stderr")"
for variant in $variants; do go__matrix "$version" "$variant"; done
done_testing
