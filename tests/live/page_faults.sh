#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# Page faults, minor and major, are as the kernel counts them: of threads that were there, of those that came and went,
# of children.
set -u
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
need_bpf

mkfifo "$tmp/in"
exec {feed}<>"$tmp/in"
start() { "$root/build/helpers/touch" "$tmp/file" <"$tmp/in" >"$tmp/out" & target=$!; wait_for grep -q ready "$tmp/out" && quiet $target; }
# faults PID: "MINOR MAJOR" of a process, its threads that have ended included
faults() { sed 's/.*) //' "/proc/$1/stat" | cut -d' ' -f8,10; }
# as tare has it
recorded() { tare report -i "$tmp/data" --json | jq -r '.allocation | "\(.minor_faults) \(.major_faults) \(.page_faults == .minor_faults + .major_faults)"'; }

for follow in '' --follow; do
	start
	# shellcheck disable=SC2086
	spawn "$TARE" record -q $follow -o "$tmp/data" -p $target 2>"$tmp/log"
	recorder=$pid
	wait_for grep -q 'recording to' "$tmp/log"
	read -r minor major < <(faults $target)
	echo >&"$feed"
	wait_for grep -q 'done' "$tmp/out" && quiet $target
	read -r minor_after major_after < <(faults $target)
	kill -INT "$recorder"
	wait "$recorder"
	is $? 0 "${follow:-alone}: recorded"
	minor=$((minor_after - minor)) major=$((major_after - major))
	compare $minor '>=' $((3 * 4096)) "${follow:-alone}: there are some"
	read -r _ childs childs_major < <(grep child "$tmp/out")
	compare "$childs" '>=' 4096 "${follow:-alone}: the child has some"
	[ -z "$follow" ] || minor=$((minor + childs)) major=$((major + childs_major))
	is "$(recorded)" "$minor $major true" "${follow:-alone}: each is counted"
	like "$(tare report -i "$tmp/data" | tr -d ,)" "faults +$minor minor $major major" "${follow:-alone}: the report says so"
	echo >&"$feed"
	wait $target
done

# ---- what they were in, and whose code made them ----

# of which memory, in percent of all: what is sampled is a few hundred
share() { json "$tmp/json" ".allocation | [.faults_by_owner[] | select($1) | .minor + .major] | (add // 0) * 100 / $((minor + major))"; }
tare report --json -i "$tmp/data" >"$tmp/json"
if works find_vma "$TARE"; then
	near "$(json "$tmp/json" '.allocation | [.faults_by_owner[] | .minor + .major] | add')" $((minor + major)) 0.5 "owners: they sum up to all"
	compare "$(share '.owner == "anonymous"')" '>' 40 "owners: new memory"
	compare "$(share '.owner == "anonymous"')" '<' 99.9 "owners: not all is that"
	compare "$(json "$tmp/json" '[.allocation.faults_by_owner[] | select(.owner == "shared" and .file == "file")] | length')" == 1 "owners: the file, by name"
	compare "$(json "$tmp/json" '[.profile.faults.by_function[] | select(.function == "write_to") | .total] | add // 0')" '>' 0 \
		"functions: the one that touches memory"
	like "$(tare report -i "$tmp/data")" 'page faults by what they are in.* anonymous memory .* shared memory: file .*where pages were faulted in' \
		"the report has both"
else
	skip 6 "this kernel does not tell what is mapped at an address"
fi

# from the first instruction to the last
echo >&"$feed"
echo >&"$feed"
ok "run: recorded" tare run -q -o "$tmp/data" -- "$root/build/helpers/touch" "$tmp/file" <"$tmp/in"
compare "$(recorded | cut -d' ' -f1)" '>=' $((5 * 4096)) "run: all of them"
done_testing
