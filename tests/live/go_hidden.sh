#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# Go that does not say so: without build information, section headers or a version, stripped, PIE. Its pauses are
# reported all the same; where they cannot be, tare says that it is Go.
set -u
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
need_bpf
command -v go >/dev/null || skip_all "there is no go in PATH"

cp "$root/tests/go/hidden/main.go" "$tmp/" && cd "$tmp" || exit 1
printf 'module hidden\n\ngo 1.19\n' >go.mod
export CGO_ENABLED=0 GOFLAGS=-mod=mod
ok "a program is built" go build -buildvcs=false -ldflags="-s -w -buildid=" -o plain main.go
ok "and one for any address" go build -buildvcs=false -buildmode=pie -ldflags="-s -w -buildid=" -o pie main.go
version=$(go env GOVERSION)
version=${version%%[- ]*}

damage() # FROM TO WHAT...: a copy with all of WHAT damaged
{
	python3 - "$@" <<-'END'
	import re, sys
	data = bytearray(open(sys.argv[1], "rb").read())
	for what in sys.argv[3:]:
	    if what == "buildinfo":
	        found = [m.start() for m in re.finditer(re.escape(b"\xff Go buildinf:"), data)]
	        for at in found: data[at:at + 14] = bytes(14)
	    elif what == "sections":
	        found = [1]
	        data[40:48] = bytes(8)
	        data[58:64] = bytes(6)
	    elif what == "names":
	        found = [m.start() for m in re.finditer(rb"runtime\.[^\0]*\0", data)]
	        for at in found: data[at:at + 8] = b"xxxxxxx."
	    else: # the version
	        found = [m.start() for m in re.finditer(re.escape(what.encode()), data)]
	        for at in found: data[at:at + 4] = b"none"
	    if not found: sys.exit("nothing of " + what)
	open(sys.argv[2], "wb").write(data)
	END
	chmod +x "$2"
}

measure() # PROGRAM: started, attached to, and told to collect 20 times
{
	rm -f in out log data; mkfifo in out
	"./$1" <in >out & pid=$!
	exec {to}>in {from}<out
	echo 1 >&"$to"
	read -r -t 60 -u "$from" answer
	"$TARE" record -v -q -o data -p "$pid" 2>log & recorder=$!
	for ((i = 0; i < 600; i++)); do grep -q "hit Ctrl-C" log 2>/dev/null && break; sleep 0.05; done
	echo 20 >&"$to"
	read -r -t 60 -u "$from" answer
	is "$answer" 20 "$1: it collects 20 times"
	kill -INT $recorder
	wait $recorder
	exec {to}>&- {from}<&-
	wait "$pid"
}

told() # PROGRAM VERSION
{
	measure "$1"
	like "$(<log)" "pauses are told by $2" "$1: its version" || diag "$(<log)"
	is "$("$TARE" report -i data --json | python3 -c '
import json, sys
reasons = json.load(sys.stdin)["stop_the_world"]["by_reason"]
print(sum(r["count"] if isinstance(r, dict) else r for n, r in reasons.items() if n.startswith("GC ")))')" 40 \
		"$1: two pauses for each collection"
	is "$("$TARE" report -i data --json | python3 -c '
import json, sys; print(json.load(sys.stdin)["runtime"]["collections"])')" 20 "$1: and the runtime's own count"
}

minor=${version#go}
minor=go${minor%.*}
ok "without build information" damage plain plain-1 buildinfo
told plain-1 "$version in"
ok "for any address, and without its sections, too" damage pie pie-2 buildinfo sections
told pie-2 "$version in"
for program in plain pie; do
	ok "$program without its version, too" damage $program $program-3 buildinfo sections "$version"
	told $program-3 "$minor( or newer)? \(by its functions\) in"
done

ok "without the names of its functions, too" damage plain-3 nameless names
measure nameless
like "$(<log)" "this is Go, but its build information .* its function table" "which is said"
like "$("$TARE" pauses -i data)" "this is Go, but" "also where pauses are"
done_testing
