#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
#
#   tests/go/soak.sh [SECONDS]            30 s; the Go that is installed, with and without cgo
#   SOAK_GO="1.22-pie 1.27-cgo" ...       others (see tests/go/build)
#
# tare attaches to a live Go program and detaches again and again, and is killed half of the times, at any moment of its
# life. The program goes on and its results are right; nothing of tare stays in it or in the kernel.
set -u
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
. "$root/tests/go/lib.sh"
need_bpf
command -v go >/dev/null || skip_all "there is no go in PATH"
seconds=${1:-30}

# in_kernel: what BPF there is, without what a live process of somebody else holds
in_kernel()
{
	local what
	for what in prog map link; do
		bpftool -j "$what" show | jq -r --arg what $what '
			.[] | select((.pids // []) == []) | "\($what) \(.id) \(.name // .type)"'
	done
	# perf events that go by names, with their owner gone
	cat /sys/kernel/tracing/uprobe_events /sys/kernel/debug/tracing/uprobe_events 2>/dev/null | sort -u
}

# What is freed is freed some time later.
nothing_new() { in_kernel >"$tmp/kernel.now" && [ -z "$(comm -13 <(sort "$tmp/kernel") <(sort "$tmp/kernel.now"))" ]; }

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
	in_kernel >"$tmp/kernel"
	go__start "$program" || { result 1 "$1: starts"; return; }
	mappings "$go_pid" >"$tmp/mappings"
	is "$(text_differs "$go_pid")" 0 "$1: its text is the file's, before"
	end=$((SECONDS + $2))
	while [ $SECONDS -lt $end ] && kill -0 "$go_pid" 2>/dev/null; do
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
	ok "$1: nothing stays in the kernel" wait_for -t 120 nothing_new ||
		diag "$(comm -13 <(sort "$tmp/kernel") <(sort "$tmp/kernel.now"))"
}

if [ -z "${SOAK_GO-}" ]; then
	SOAK_GO=installed-stripped
	[ "$(go env CGO_ENABLED)" != 1 ] || ! command -v gcc >/dev/null || SOAK_GO+=" installed-cgo"
fi
read -ra wanted <<<"$SOAK_GO"
for want in "${wanted[@]}"; do soak "$want" $((seconds / ${#wanted[@]})); done
done_testing
