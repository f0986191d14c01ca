#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
#
#   tools/workloads/go/pgo.sh OUTDIR    OUTDIR/go-bench, and OUTDIR/go-bench-pgo by its CPU profile of scenario devirt
#
# Needs Go 1.21: older ones do not let a profile tell them what an interface call mostly means. The profile is not kept
# in the sources under the name default.pgo, as every build would take it then. A new one has Go compile its own library
# anew, for half a minute: one that is newer than the sources stays.
set -u
[ $# = 1 ] || { echo "usage: tools/workloads/go/pgo.sh OUTDIR" >&2; exit 2; }
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P) || exit 1
mkdir -p "$1" && out=$(cd "$1" && pwd -P) || exit 1
profile=$out/devirt.pprof
calls=400000000	# a second or two, and so some hundred samples

"$here/../build" "$out" go && [ -x "$out/go-bench" ] || exit 1
[ -e "$profile" ] && [ -z "$(find "$here" -newer "$profile")" ] ||
	"$out/go-bench" devirt -n $calls -cpuprofile "$profile" >/dev/null || exit
GO_PGO=$profile "$here/../build" "$out" go
