#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# A Go program in its own namespaces, as container runtimes make them: other process ids, and a file system that cannot
# be seen from outside. Outside, at the very path of its program, there is something else that must not be opened.
set -u
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
. "$root/tests/go/lib.sh"
need_bpf
command -v go >/dev/null || skip_all "there is no go in PATH"
unshare -mpf --mount-proc true 2>"$tmp/log" || skip_all "no namespaces here: $(cat "$tmp/log")"

version=$("$root/tests/go/build" --full installed)
export GO_VARIANTS="plain stripped-pie"
ok "Go $version: built" "$root/tests/go/build" "$version" || diag "$(cat "$tmp/stderr")"

# ---- a container ----

mkdir "$tmp/rootfs"
cat >"$tmp/contain" <<'EOF'
#!/bin/sh -e
# contain FOLDER NAME PROGRAM ARGS...: PROGRAM is /NAME inside
folder=$1 name=$2 program=$3
shift 3
mount --make-rprivate /
mount -t tmpfs none "$folder"
cp "$program" "$folder/$name"
mkdir "$folder/proc" "$folder/dev" "$folder/lib64" "$folder/lib"
for needed in $(readelf -lW "$program" | sed -n 's/.*interpreter: \(.*\)]/\1/p'); do
	mkdir -p "$folder/${needed%/*}"
	cp "$needed" "$folder/$needed"
done
mount -t proc none "$folder/proc"
: >"$folder/dev/null"
mount --bind /dev/null "$folder/dev/null"
exec chroot "$folder" "/$name" "$@"
EOF
chmod +x "$tmp/contain"
inside=tare-container-$$	# the program's name, in the root folder inside; outside, decoys are at both of its paths
echo "not the program" | tee "/$inside" >"$tmp/rootfs/$inside"
at_exit rm -f "/$inside"

# Notes in $tmp/opened when the decoy is opened
cat >"$tmp/watch.py" <<'EOF'
import ctypes, os, sys
libc = ctypes.CDLL(None, use_errno=True)
fd = libc.inotify_init1(0)
for path in sys.argv[1:]:
    if libc.inotify_add_watch(fd, path.encode(), 0x20) < 0:  # IN_OPEN
        sys.exit("inotify: " + os.strerror(ctypes.get_errno()))
print("watching", flush=True)
while os.read(fd, 4096):
    print("opened", flush=True)
EOF
python3 "$tmp/watch.py" "/$inside" "$tmp/rootfs/$inside" >"$tmp/opened" 2>&1 &
wait_for grep -q watching "$tmp/opened"

contained=(unshare -mpf --mount-proc "$tmp/contain" "$tmp/rootfs" "$inside")

# The process id here of the program that reports ready; inside it has another one.
outer_pid()
{
	local child
	for child in $(descendants "$go_job"); do
		[ "$(cat "/proc/$child/comm")" = "${inside:0:15}" ] && echo "$child" && return
	done
	return 1
}
eval "$(declare -f go__start | sed '1s/go__start/go__start_here/')"
go__start()
{
	go__start_here "${contained[@]}" "$@" && inner_pid=$go_pid && go_pid=$(outer_pid)
}

for variant in plain stripped-pie; do
	program=$go_out/$version/$variant/truth
	go__check "contained, $variant" all "$program"
	isnt_same=$([ "$inner_pid" != "$go_pid" ] && echo yes)
	is "$isnt_same" yes "contained, $variant: it knows itself by another number"
	# the first goroutine reads the statistics, and so stops the world
	is "$(json "$tmp/pauses" '[.pauses[] | select(.reason == "read mem stats") | .initiator.goroutine] | unique | tostring')" "[1]" \
		"contained, $variant: the goroutine that stopped the world"
	tare export -i "$tmp/data" -f json-lines >"$tmp/lines" 2>"$tmp/log"
	symbols=$(jq -r 'select(.event == "symbol" and (.file | test("[.](go|s)$")) and .line > 0) | .name' "$tmp/lines" | sort -u)
	like "$symbols" '(^|[[:space:]])(main|runtime)[.]' "contained, $variant: functions, files and lines by the program itself"
	go__check "contained, $variant, switches" switches "$program" $no_collection
done
is "$(tail -n 1 "$tmp/opened")" watching "nobody opened what has the path of its program here"

# ---- a program that ends, and one that starts another ----

ends=$go_out/$version/stripped-pie/ends
ok "its end: recorded" "$TARE" run -q -o "$tmp/data" -- "${contained[@]}" "$ends" 2s return
cp "$tmp/stdout" "$tmp/truth"
tare report -i "$tmp/data" --json >"$tmp/report"
near "$(json "$tmp/report" .allocation.bytes)" "$(json "$tmp/truth" .bytes)" 1 "its end: what it allocated, as a child of what was run"
is "$(grep -c . "$tmp/truth")" 1 "its end: it said how much"
is "$(json "$tmp/report" .runtime.collections)" "$(json "$tmp/truth" .collections)" "its end: each collection"
is "$(tail -n 1 "$tmp/opened")" watching "nobody opened what has the path of its program here"
done_testing
