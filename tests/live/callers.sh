#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# A verdict that names code outside the program's own also names the function of the program that called it, and no
# other.
set -u
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
need_bpf
command -v go >/dev/null || skip_all "there is no go in PATH"
[ "$(nproc)" -ge 2 ] || skip_all "a thread cannot be late on one CPU while another waits for it"
unset GODEBUG GOFLAGS

build() { cd "$root/tests/live/callers_go" && CGO_ENABLED=0 GOTOOLCHAIN=local go build -buildvcs=false "$@" -o "$tmp/callers" .; }

# "clears memclrNoHeapPointers" and so on: who called what, for all causes that say so
callers()
{
	tare pauses -i "$tmp/data" --longest 0 --json |
		jq -r '.pauses[].causes[] | select(.cause == "user" or .cause == "signal") | select(.caller) |
			(.caller | split(" ")[0]) + " " + (.function | split(" ")[0])' | sort | uniq -c
}

# wrong: impossible ones. Anybody may be preempted, or allocate, which leads anywhere else in the runtime; the goroutines of
# main look whether to go on; and main itself allocates and collects, where memory is cleared and copied, too.
wrong()
{
	awk '$2 == "main.main" && $3 !~ /sha256/ { next }
	     $3 ~ /memclr/ { if ($2 != "main.clears") print; next }
	     $3 ~ /sha256/ { if ($2 != "main.hashes") print; next }
	     $3 ~ /memmove|bulkBarrier|typed/ { if ($2 != "main.copies" && $2 != "main.hashes") print; next }
	     $2 !~ /^main\.(main(\.func[0-9]+)?|clears|copies|hashes)$/' "$tmp/callers.seen"
}

for flags in "" "-ldflags=-s -w" "-buildmode=pie"; do
	ok "builds ${flags:-plainly}" build ${flags:+"$flags"}
	ok "recorded" tare run -q -o "$tmp/data" -- "$tmp/callers"
	callers >"$tmp/callers.seen"
	for who in copies clears hashes; do
		like "$(cat "$tmp/callers.seen")" "main\.$who " "main.$who is named" || diag "$(cat "$tmp/callers.seen")"
	done
	is "$(wrong)" "" "and nobody who did not call that"
done
done_testing
