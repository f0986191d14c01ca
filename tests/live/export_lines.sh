#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# JSON lines fit the schema that tare prints of them, and are in the order that it says.
set -u
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
need_bpf

# Debian's package is for Debian's Python
python=python3
$python -c 'import jsonschema' 2>/dev/null || python=/usr/bin/python3
$python -c 'import jsonschema' 2>/dev/null || { diag "python3-jsonschema is missing: run tools/setup --test"; exit 1; }

# fits NAME AT-LEAST: the lines of $tmp/NAME, of at least so many kinds
fits()
{
	ok "$1: lines" tare export -i "$tmp/$1" -o "$tmp/lines.jsonl"
	ok "$1: they fit the schema, and are in its order" $python "$root/tests/live/json_lines_check.py" "$tmp/schema" "$tmp/lines.jsonl" \
		"$(tare report --json -i "$tmp/$1" | jq .recorder.late_events)"
	compare "$(<"$tmp/stdout")" '>=' "$2" "$1: of many kinds"
}

cd "$tmp" || exit 1
ok "the schema, without a recording" tare export -f json-lines --schema -o "$tmp/schema"
ok "goes to standard output too" sh -c '"$0" export -f json-lines --schema | cmp - "$1"' "$TARE" "$tmp/schema"
is "$(jq -r '."$schema"' "$tmp/schema")" https://json-schema.org/draft/2020-12/schema "which it is"
exits 2 "another format has none" tare export -f folded --schema
exits 1 "a full disk" tare export -f json-lines --schema -o /dev/full
like "$(<"$tmp/stderr")" 'No space left' "is told"

ok "a runtime: recorded" tare run -q --goroutines --alloc-sites burst --no-compress -o "$tmp/runtime" -- "$root/build/workloads/weft-bench" -t 0.2 churn
fits runtime 30
ok "processes: recorded" tare run -q -F 499 -o "$tmp/processes" -- sh -c 'ls / >/dev/null; "$0" --by pipe --cpus 2 --round-trips 500 & wait' \
	"$root/build/workloads/pingpong"
fits processes 18
head -c "$(($(stat -c %s "$tmp/runtime") / 2))" "$tmp/runtime" >"$tmp/cut"
ok "a part of it: lines" tare export -i "$tmp/cut" -o "$tmp/lines.jsonl"
ok "a part of it: fits" $python "$root/tests/live/json_lines_check.py" "$tmp/schema" "$tmp/lines.jsonl" \
	"$(tare report --json -i "$tmp/cut" 2>/dev/null | jq .recorder.late_events)"
like "$(<"$tmp/lines.jsonl")" '"event":"damage"' "and says that it is one"
done_testing
