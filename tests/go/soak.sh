#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
#
#   tests/go/soak.sh [SECONDS]            10 s; the Go that is installed, with and without cgo
#   SOAK_GO="1.22-pie 1.27-cgo" ...       others (see tests/go/build)
#
# tare attaches to a live Go program and detaches again and again, and is killed half of the times, at any moment of its
# life. The program goes on and its results are right; nothing of tare stays in it or in the kernel.
set -u
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
. "$root/tests/go/lib.sh"
need_bpf
command -v go >/dev/null || skip_all "there is no go in PATH"
seconds=${1:-10}

# in_kernel FILE: what BPF there is that no live process holds. Who does is not asked of bpftool: many cannot tell. First what
# there is, then who holds it, or what came in between would be nobody's.
in_kernel()
{
	local what
	for what in prog map link; do
		bpftool -j $what show >"$tmp/there" &&
			jq -r --arg what $what '.[] | "\($what) \(.id) \(.name // .type)"' "$tmp/there" || return
	done >"$tmp/all"
	grep -rhsE '^(prog|map|link)_id:' /proc/[0-9]*/fdinfo | sed 's/_id:[[:space:]]*/ /' | sort -u >"$tmp/held"
	{
		awk 'FNR == NR { held[$1 " " $2]; next } !(($1 " " $2) in held)' "$tmp/held" "$tmp/all"
		# perf events that go by names, with their owner gone
		cat /sys/kernel/tracing/uprobe_events /sys/kernel/debug/tracing/uprobe_events 2>/dev/null
	} | sort -u >"$1"
}

# nothing_stays: what was not there before goes. The kernel frees what the dead held after grace periods, in which every CPU
# and every task must have had its turn: on a busy machine that takes long, so it has failed only where nothing goes for
# two minutes. What comes later is of others: ours are all dead by now. What is left is in $tmp/left.
nothing_stays()
{
	local n before= end=0
	in_kernel "$tmp/now" || return
	comm -13 "$tmp/before" "$tmp/now" >"$tmp/left"
	while [ -s "$tmp/left" ]; do
		n=$(wc -l <"$tmp/left")
		[ "$n" = "$before" ] || end=$((SECONDS + 120))
		[ $SECONDS -lt $end ] || return 1
		before=$n
		sleep 0.2
		in_kernel "$tmp/now" || return
		comm -12 "$tmp/left" "$tmp/now" >"$tmp/still"
		mv "$tmp/still" "$tmp/left"
	done
}

# Its own mappings of files. The kernel itself adds [uprobes] for single-stepping, and keeps it until the process ends.
# Nor is it a change where somebody built the program anew meanwhile.
mappings() { sed -n 's/ (deleted)$//; / \//p' "/proc/$1/maps"; }

# text_differs PID: how many bytes of its executable mappings of files are not those of the file
text_differs()
{
	python3 - "$1" <<-'PYTHON'
		import sys
		pid, differs, seen = sys.argv[1], 0, 0
		mem = open(f"/proc/{pid}/mem", "rb", 0)
		for line in open(f"/proc/{pid}/maps"):
		    field = line.split(maxsplit=5)
		    if len(field) < 6 or "x" not in field[1] or not field[5].startswith("/"):
		        continue
		    begin, end = (int(x, 16) for x in field[0].split("-"))
		    with open(f"/proc/{pid}/map_files/{begin:x}-{end:x}", "rb") as f:
		        f.seek(int(field[2], 16))
		        want = f.read(end - begin)
		    mem.seek(begin)
		    got = mem.read(end - begin)[:len(want)]
		    differs += sum(a != b for a, b in zip(got, want)) if got != want else 0
		    seen += len(want)
		print(differs if seen else "nothing to compare")
	PYTHON
}

random_s() { printf '0.%03d' $((RANDOM % $1)); }

# attach N: once, to be ended by Ctrl-C; its recording must be whole
attach()
{
	local log=$tmp/log
	spawn "$TARE" record -q -o "$tmp/data" -p "$go_pid" 2>"$log"
	wait_for recording_or_dead "$pid"
	sleep "$(random_s 300)"
	[ -n "$most" ] && [ "$most" != 0 ] || most=$(text_differs "$go_pid")
	kill -INT "$pid" 2>/dev/null
	wait "$pid" || { why="tare ended with $?: $(tail -n 2 "$log")"; return 1; }
	tare report -i "$tmp/data" --json >"$tmp/report" 2>"$log" || { why="no report: $(tail -n 2 "$log")"; return 1; }
}

# killed: in the middle of attaching, of recording, or of detaching
killed()
{
	spawn "$TARE" record -q -o "$tmp/data" -p "$go_pid" 2>"$tmp/log"
	sleep "$(random_s 600)"
	((RANDOM % 4)) || { kill -INT "$pid" 2>/dev/null; sleep "$(random_s 60)"; }
	kill -KILL "$pid" 2>/dev/null
	wait "$pid" 2>/dev/null
}

# soak VERSION-VARIANT SECONDS
soak()
{
	local version program end attached=0 kills=0 why= most=0 status=0
	version=$("$root/tests/go/build" --full "${1%%-*}")
	program=$go_out/$version/${1#*-}/soak
	ok "$1: built" "$root/tests/go/build" "$1" || { diag "$(cat "$tmp/stderr")"; return; }
	in_kernel "$tmp/before" || { result 1 "$1: what BPF there is can be listed"; return; }
	go__start "$program" || { result 1 "$1: starts"; return; }
	mappings "$go_pid" >"$tmp/mappings"
	is "$(text_differs "$go_pid")" 0 "$1: its text is the file's, before"
	end=$((SECONDS + $2))
	while { [ $SECONDS -lt $end ] || [ $attached -lt 3 ] || [ $kills -lt 3 ]; } && kill -0 "$go_pid" 2>/dev/null; do
		if ((RANDOM % 2)); then
			killed
			kills=$((kills + 1))
		else
			attach || break
			attached=$((attached + 1))
		fi
	done 2>"$tmp/noise"
	is "$why" "" "$1: attached and detached" || diag "$(tail -n 5 "$tmp/noise")"
	diag "$1: attached $attached times, killed $kills times, $most bytes of text replaced while attached"
	compare $((attached * kills)) '>' 0 "$1: attached, and was killed"
	compare "$most" '>' 0 "$1: its text had probes in it meanwhile"
	is "$(text_differs "$go_pid")" 0 "$1: its text is the file's again"
	is "$(mappings "$go_pid")" "$(cat "$tmp/mappings")" "$1: its mappings are what they were"
	go__work "$tmp/rounds" || why="it does not come to an end"
	go__end || status=$?
	is "$status:$why:$(cat "$tmp/go.log")" "0::" "$1: the program ended well, and its results are right"
	[ ! -s "$tmp/rounds" ] || diag "$1: $(cat "$tmp/rounds")"
	ok "$1: nothing stays in the kernel" nothing_stays || diag "$(cat "$tmp/left")"
}

if [ -z "${SOAK_GO-}" ]; then
	SOAK_GO=installed-stripped
	[ "$(go env CGO_ENABLED)" != 1 ] || ! command -v gcc >/dev/null || SOAK_GO+=" installed-cgo"
fi
read -ra wanted <<<"$SOAK_GO"
for want in "${wanted[@]}"; do soak "$want" $((seconds / ${#wanted[@]})); done
done_testing
