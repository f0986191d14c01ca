#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
#
# Probes in a program, by one link for all and, as before Linux 6.6, by one for each: the events are the same, everything
# is detached, and the program lives on.
set -u
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
need_bpf
cd "$tmp" || exit 1

bench=$root/build/workloads/weft-bench

# objects PID: every BPF object that it holds, as "prog 17"
objects() { cat "/proc/$1/fdinfo/"* 2>/dev/null | sed -nE 's/^(prog|map|link|btf)_id:\t([0-9]+)$/\1 \2/p' | sort -u; }

# gone FILE: none of the objects listed in it exists any more
gone()
{
	local kind id
	while read -r kind id; do
		! bpftool "$kind" show id "$id" >/dev/null 2>&1 || return 1
	done <"$1"
}

# links PID TYPE: how many links of that type it holds
links() { cat "/proc/$1/fdinfo/"* 2>/dev/null | grep -c "^link_type:[[:space:]]*$2"; }

# A kernel without such links: if a program preloads this, bpf() returns what Linux before 6.6 does. 48 is
# BPF_TRACE_UPROBE_MULTI of enum bpf_attach_type.
deny_bpf 'cmd == BPF_LINK_CREATE && attr->link_create.attach_type == 48'

has_multi=$(tare doctor --json | jq -r '.features[] | select(.id == "uprobe_multi") | .state')

# attached NAME: a live weft is measured; checks its events, and that everything is detached
attached()
{
	local name=$1 tare_pid weft
	spawn "$bench" -t 60 churn >/dev/null
	weft=$pid
	: >err
	LD_PRELOAD=$preload spawn "$TARE" record -d 1 -o data -p "$weft" >out 2>err
	tare_pid=$pid
	wait_for grep -q 'recording to' err
	objects "$tare_pid" >held
	ok "$name: what it holds can be told" grep -q link held
	# by perf events, the evidence's included
	each=$(links "$tare_pid" perf)
	all=$(links "$tare_pid" uprobe_multi)
	wait "$tare_pid"
	result $? "$name: recorded"
	wait_for gone held
	result $? "$name: nothing of it stays in the kernel"
	ok "$name: the program lives on" kill -0 "$weft"
	tare report -i data --json >report
	is "$(json report .lost.total)" 0 "$name: nothing lost"
	compare "$(json report .stop_the_world.count)" ">" 0 "$name: pauses"
	compare "$(pauses_differ data)" "<=" 2 \
		"$name: as many pauses as the runtime counted, but for the ends"
	kill "$weft"
	wait "$weft" 2>/dev/null
}

preload=
if [ "$has_multi" = works ]; then
	attached "one link for all"
	is "$all" 2 "one link for all: one in the program, one in the dynamic linker"
	together=$each
else
	skip 8 "this kernel has no link for many uprobes"
	together=0
fi

preload=$tmp/deny.so
is "$(LD_PRELOAD=$preload tare doctor --json | jq -r '.features[] | select(.id == "uprobe_multi") | .state')" missing \
	"one for each: the kernel seems older"
attached "one for each"
is "$all" 0 "one for each: no link for all"
compare "$each" ">" $((together + 10)) "one for each: there are as many as probes"

# from the first instruction on, where every event is known
exits 0 "one for each: from beginning to end" \
	env LD_PRELOAD="$preload" "$TARE" run -q -o data -- "$bench" -c -n 20000 alloc
jq -s '.[1]' stdout >final
tare report -i data --json >report
is "$(json report .stop_the_world.count)" "$(jq .stw final)" "one for each: all pauses"
is "$(json report .runtime.collections)" "$(jq .collections final)" "one for each: all collections"

done_testing
