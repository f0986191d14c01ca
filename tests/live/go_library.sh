#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# Go in a library of a C program: loaded before or after attaching, linked in, beside another Go, and in a process whose
# first thread has ended. The pauses of each requested collection are seen, and no others.
set -u
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
need_bpf
command -v go >/dev/null && command -v gcc >/dev/null || skip_all "there is no go or no gcc in PATH"

src=$root/tests/go/library
export CGO_ENABLED=1 GOFLAGS=-mod=mod
cp "$src/lib.go" "$tmp/" && cd "$tmp" || exit 1
printf 'module library\n\ngo 1.21\n' >go.mod
ok "a Go library is built" go build -buildmode=c-shared -o one.so lib.go
ok "and one to link" go build -buildmode=c-archive -o lib.a lib.go
cp one.so two.so
ok "and the hosts" gcc -o host "$src/host.c" -ldl -lpthread
ok "of both kinds" gcc -DLINKED -o linked "$src/host.c" lib.a -lpthread

host() # COMMAND: started as $pid, controlled by ask
{
	[ -z "${pid-}" ] || { exec {to}>&- {from}<&-; wait "$pid"; }
	rm -f in out; mkfifo in out
	"$@" <in >out & pid=$!
	exec {to}>in {from}<out
	read -r -u "$from" answer
}
ask() { echo "$*" >&"$to"; read -r -t 60 -u "$from" answer; }
until_log() { for ((i = 0; i < 600; i++)); do grep -q "$1" log 2>/dev/null && return; sleep 0.05; done; return 1; } # TEXT
# shellcheck disable=SC2120 # options are for some
attach() # [OPTION...]
{
	rm -f log data
	"$TARE" record -v -q -o data "$@" -p "$pid" 2>log & recorder=$!
	until_log "hit Ctrl-C"
	result $? "attached" || diag "$(<log)"
}
finish() { kill -INT $recorder; wait $recorder; }
get() { "$TARE" report -i data --json | python3 -c "import json, sys; d = json.load(sys.stdin); print($1)"; }
collects() # N, WHERE
{
	ask collect "$1"
	is "$answer" "$1" "$2: the library collects $1 times"
}
told() # N, WHERE
{
	is "$(get 'sum(r["count"] if isinstance(r, dict) else r for n, r in d["stop_the_world"]["by_reason"].items() if n.startswith("GC "))')" \
		$((2 * $1)) "$2: two pauses for each collection"
	like "$(get 'd["target"]["runtime"]')" "$3" "$2: what the runtime is called"
}

host ./host
ask load "$tmp/one.so"
attach
collects 20 "loaded before"
finish
told 20 "loaded before" "^native with go1.* in one.so$"
is "$(get 'd["runtime"]["collections"]')" 20 "loaded before: and the runtime's own count"

host ./host
attach
ask load "$tmp/one.so"
ok "loaded after: it is found" until_log "told by go.* in .*/one.so"
collects 20 "loaded after"
ask load "$tmp/two.so"
ok "a second Go in the process: is named" until_log "two.so: this is Go, but another runtime"
collects 5 "the second"
finish
told 20 "loaded after" "^native with go1.* in one.so$"
like "$("$TARE" pauses -i data)" "two.so: this is Go, but another runtime" "the second: which is said where pauses are"

host ./linked
attach
collects 20 "linked"
finish
told 20 "linked" "^go$"

host ./host
ask load "$tmp/one.so"
ask leave
until grep -q "^State:.*Z" "/proc/$pid/status"; do sleep 0.05; done
attach
collects 20 "without its first thread"
finish
told 20 "without its first thread" "^native with go1.* in one.so$"
# ---- the target may use no more memory ----

group=/sys/fs/cgroup/memory/tare-hidden-$$
used() { echo $(($(<$group/memory.usage_in_bytes) - $(awk '$1 ~ /^total_(in)?active_file$/ { n += $2 } END { print n + 0 }' $group/memory.stat))); }
full() # its limit is lowered to what it uses, without cached files
{
	for ((i = 0; i < 100; i++)); do
		echo $(($(used) + 8192)) >$group/memory.limit_in_bytes
		[ $(($(<$group/memory.limit_in_bytes) - $(used))) -gt 32768 ] || return 0
	done 2>/dev/null
	return 1
}
if mkdir "$group" 2>/dev/null && [ -e "$group/memory.limit_in_bytes" ]; then
	at_exit rmdir "$group"
	host bash -c "echo \$\$ >$group/cgroup.procs; exec ./host"
	ask load "$tmp/one.so"
	ask collect 1
	ok "its memory cgroup is full" full
	attach
	finish
	like "$(<log)" "one.so: this is Go, but the memory cgroup /[^ ]* is full .* raise its limit by [0-9]+ KB" "which is said"
	like "$("$TARE" pauses -i data)" "the memory cgroup /[^ ]* is full" "also where pauses are"
	echo -1 >$group/memory.limit_in_bytes
	attach
	collects 5 "with a higher limit"
	finish
	told 5 "with a higher limit" "^native with go1.* in one.so$"
	exec {to}>&-
	wait "$pid"
else
	[ ! -d "$group" ] || rmdir "$group"
	exec {to}>&-
	skip 8 "no memory cgroup of version 1 here"
fi
done_testing
