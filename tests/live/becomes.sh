#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# A process that becomes another program with other functions at the same addresses: a pause is blamed on the function
# of the program that had it.
set -u
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
need_bpf
command -v go >/dev/null || skip_all "there is no go in PATH"
[ "$(nproc)" -ge 2 ] || skip_all "a thread cannot be late on one CPU while another waits for it"
unset GOFLAGS
export GODEBUG=asyncpreemptoff=1

# build FUNCTION: a program with it, to that file. All from one folder, whose name is in them: they are laid out alike.
build()
{
	mkdir -p "$tmp/src" && cp "$root"/tests/live/becomes_go/* "$tmp/src" &&
		sed -i "s/lateOne/$1/g" "$tmp/src/main.go" && cd "$tmp/src" &&
		CGO_ENABLED=0 GOTOOLCHAIN=local go build -buildvcs=false -o "$tmp/$1" .
}
address_of() { go tool nm "$tmp/$1" | awk -v name="main.$1" '$3 == name { print $1 }'; }

# late: "PROGRAM FUNCTION" for each pause blamed on one; the program, by when the process became the next
late()
{
	tare export -i "$tmp/data" -f json-lines | jq -s '[.[] | select(.event == "exec") | .ts_ns] | sort' >"$tmp/execs"
	tare pauses -i "$tmp/data" --longest 0 --json | jq -r --slurpfile execs "$tmp/execs" '.pauses[] |
		.start_ns as $at | ([$execs[0][] | select(. <= $at)] | length) as $nr |
		.causes[] | select(.cause == "user" or .cause == "signal") | select(.function) |
		"\($nr) \(.function | split(" ")[0])"' | sort | uniq -c | sort -k2,2n -k1,1nr
}

for function in lateOne lateTwo lateSix; do ok "builds one with $function" build $function; done
is "$(address_of lateOne)" "$(address_of lateTwo)" "the same place in both"
is "$(address_of lateOne)" "$(address_of lateSix)" "and in the third"

ok "recorded" tare run -q -o "$tmp/data" -- "$tmp/lateOne" "$tmp/lateTwo" "$tmp/lateSix"
late >"$tmp/late"
first=$(awk 'NR == 1 { print $2 }' "$tmp/late")
for at in 0 1 2; do
	want=$(printf '%s\n' lateOne lateTwo lateSix | sed -n $((at + 1))p)
	is "$(awk -v nr=$((first + at)) '$2 == nr { print $3 }' "$tmp/late" | grep '^main\.late')" "main.$want" \
		"program $((at + 1)) was late in its own function, and in no other's" || diag "$(<"$tmp/late")"
done
done_testing
