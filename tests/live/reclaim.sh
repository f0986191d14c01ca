#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# Threads that make room before they get memory, since their cgroup is at its limit: how often, for how long, and whose
# limit it is.
set -u
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
need_bpf

made_room='.allocation.reclaim.memory_cgroup'
# on a disk, and out of the page cache: whoever reads it is charged for it
file=$tmp/file
[ "$(stat -f -c %T "$tmp")" != tmpfs ] || { file=$root/build/reclaim.$$; at_exit rm -f "$file"; }
head -c 96M /dev/zero >"$file"
forget() { sync "$file" && dd if="$file" iflag=nocache count=0 2>"$tmp/err"; }
ok "a file that is in no cache" forget

if make_cgroup memory; then
	[ "$group_version" = 1 ] && limit=memory.limit_in_bytes || limit=memory.max
	echo $((32 << 20)) >"$group/$limit"
	# what it has read must go before more comes in
	# shellcheck disable=SC2016
	ok "recorded" tare run -q -o "$tmp/data" -- sh -c 'echo $$ >"$0/cgroup.procs"; cat "$1" "$1" "$1" >/dev/null' "$group" "$file"
	tare report --json -i "$tmp/data" >"$tmp/json"
	compare "$(json "$tmp/json" $made_room.count)" '>' 10 "it was at its limit again and again"
	compare "$(json "$tmp/json" $made_room.pages)" '>=' $(((3 * 96 - 2 * 32) << 8)) "and got back what it read then"
	compare "$(json "$tmp/json" $made_room.total_ns)" '>' 0 "which took time"
	# it was on a CPU or waited for one, in system calls
	compare "$(json "$tmp/json" $made_room.total_ns)" '<' "$(json "$tmp/json" .duration_ns)" "but not more than there was"
	is "$(json "$tmp/json" "$made_room | \"\\(.cgroup) \\(.limit_bytes)\"")" "${group##*/} $((32 << 20))" "the limit is the cgroup's"
	like "$(tare report -i "$tmp/data")" \
		"reclaim +made room in their memory cgroup [0-9,]+ times, [^;]*; [0-9,]+ pages,.*cgroup ${group##*/} may have 33.6 MB" \
		"the report says so"
	is "$(tare export -f json-lines -i "$tmp/data" | jq -s '[.[] | select(.event == "reclaim" and .by_cgroup)] | length')" \
		"$(json "$tmp/json" $made_room.count)" "each is an event"

	# tare itself does not fit in there
	# shellcheck disable=SC2016
	exits 1 "a cgroup too small for tare" sh -c 'echo $$ >"$0/cgroup.procs"; exec "$@"' "$group" "$TARE" run -q -o "$tmp/none" -- true
	like "$(<"$tmp/stderr")" "no memory to .*: cgroup [^ ]*${group##*/} may have 33.6 MB, where .* are left; raise its limit" \
		"a cgroup too small for tare: named, with its limit"
else
	result 1 "a cgroup with a limit on memory"
fi

ok "without a limit: recorded" tare run -q -o "$tmp/data" -- sum "$file"
is "$(tare report --json -i "$tmp/data" | jq $made_room.count)" 0 "without a limit: none"
done_testing
