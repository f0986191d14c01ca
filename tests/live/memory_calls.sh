#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# mmap, munmap, madvise, brk, mremap and mprotect: how many, which failed, for how much and how long; and page faults
# that bring in huge pages.
set -u
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
need_bpf

maps=$root/build/helpers/maps
calls=.allocation.syscalls
mkfifo "$tmp/in"
exec {feed}<>"$tmp/in"
# of CALL: one of count, failed, total_ns, max_ns, bytes, seen
of() { json "$tmp/json" "[${calls}[] | select(.name == \"$1\") | .$2] | add // 0"; }

rounds=1000
"$maps" $rounds 1000 <"$tmp/in" >"$tmp/out" &
target=$!
wait_for grep -q ready "$tmp/out"
spawn "$TARE" record -q -o "$tmp/data" -p $target 2>"$tmp/log"
recorder=$pid
wait_for grep -q 'recording to' "$tmp/log"
echo >&"$feed"
wait_for grep -q 'done' "$tmp/out"
kill -INT "$recorder"
wait "$recorder"
is $? 0 "recorded"
echo >&"$feed"
wait $target
tare report --json -i "$tmp/data" >"$tmp/json"
seen=$(json "$tmp/json" .allocation.syscalls_seen_ns) covered=$(json "$tmp/json" .allocation.syscalls_covered_ns)
compare "$seen" '>' 0 "they were looked for"
near "$covered" "$(json "$tmp/json" .duration_ns)" 5 "all of the time is accounted for"
# each round is alike, so what was seen of one call was seen of the others, but for a round that was seen in part; scaled
# or not. A part of it may begin and end often: each second
parts=$(tare export -f json-lines -i "$tmp/data" | jq -s '[.[] | select(.event == "memory_calls" and .call == "any")] | length')
one=$(of mmap seen)
compare "$one" '>' 0 "mmap: seen"
for call in madvise:1 mremap:1 mprotect:1 munmap:2 brk:2; do
	times=${call#*:} call=${call%:*}
	compare "$(of $call seen)" '>=' $((times * (one - 2 * parts))) "$call: seen as often, at least"
	compare "$(of $call seen)" '<=' $((times * (one + 2 * parts))) "$call: seen as often, at most"
done
near "$(of munmap failed)" "$(of mmap count)" 10 "munmap: every other one failed"
is "$(of mmap failed) $(of madvise failed) $(of brk failed)" "0 0 0" "no others did"
bytes() { json "$tmp/json" "[${calls}[] | select(.name == \"$1\") | .bytes / (.count - .failed)][0]"; }
near "$(bytes mmap)" $((1 << 20)) 2 "mmap: its bytes"
near "$(bytes munmap)" $((2 << 20)) 2 "munmap: of those that did not fail"
near "$(bytes mremap)" $((2 << 20)) 2 "mremap: the new size"
near "$(bytes madvise)" 16384 2 "madvise: as many as it asks for"
near "$(bytes brk)" 4096 2 "brk: what the heap grew and shrank by"
for call in mmap munmap madvise brk mremap mprotect; do
	compare "$(of $call max_ns)" '<=' "$(json "$tmp/json" .duration_ns)" "$call: none lasted longer than the recording"
	compare "$(of $call total_ns)" '>' 0 "$call: they took time"
done
if [ $((covered - seen)) -le $((covered / 1000)) ]; then
	is "$(of mmap count) $(of munmap count) $(of munmap failed)" "$rounds $((2 * rounds)) $rounds" "all of it was seen: exact"
else
	like "$(json "$tmp/json" '.notes | tostring')" 'syscalls: seen in [0-9.]+ % of the time' "seen for a part of the time: says so"
fi
like "$(tare report -i "$tmp/data")" 'memory calls +count +failed +time.* mmap .* munmap .* brk ' "the report has them"
is "$(tare export -f json-lines -i "$tmp/data" | jq -s '[.[] | select(.event == "memory_calls" and .call == "mmap") | .count] | add')" "$one" \
	"each stretch is an event"
is "$(tare export -f json-lines --pid 1 -i "$tmp/data" | jq -s '[.[] | select(.event == "memory_calls" and .pid > 0)] | length')" 0 \
	"those of other processes are left out"

# as many system calls as there can be: the probes must not be in all the time
cat >"$tmp/calls.c" <<'C'
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

int main(void)
{
	struct timespec t;

	do {
		for (int i = 0; i < 10000; i++)
			syscall(SYS_getppid);
		clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	} while (t.tv_sec < 2);
}
C
ok "a rush: compiles" gcc -O2 -o "$tmp/calls" "$tmp/calls.c"
ok "a rush: recorded" tare run -q -o "$tmp/data" -- "$tmp/calls"
tare export -f json-lines -i "$tmp/data" | jq -s '[.[] | select(.event == "memory_calls" and .call == "any")]' >"$tmp/json"
# a budget for each CPU and second, and what may come until the recorder has the CPU again: it is not beyond twice that
compare "$(json "$tmp/json" '([.[].seen_ns] | add) / ([.[].covered_ns] | add)')" '<' 0.5 "a rush: seen for a part of the time"

# ---- huge pages ----

ok "huge: recorded" tare run -q --alloc-sites burst -o "$tmp/data" -- "$maps" huge 300
minor=$(sed 's/huge //' "$tmp/stdout")
tare report --json -i "$tmp/data" >"$tmp/json"
if works find_vma "$TARE" && [ "$minor" -lt $((300 * 100)) ]; then
	# of 32 each time one in 101 is sampled: 95 in all, and the recorder looks a moment later, when it may be away
	compare "$(json "$tmp/json" .allocation.huge_faults)" '>' $((minor / 3)) "huge: told apart"
	compare "$(json "$tmp/json" .allocation.huge_faults)" '<=' "$(json "$tmp/json" .allocation.minor_faults)" "huge: not more than there are"
	is "$(json "$tmp/json" '[.allocation.faults_by_owner[] | select(.huge > 0) | .owner] | unique | join(" ")')" anonymous "huge: of new memory"
	like "$(tare report -i "$tmp/data")" 'faults .* some [0-9,]+ of huge pages' "huge: the report says so"
else
	skip 4 "no huge pages here, or they cannot be told apart"
fi
ok "small: recorded" tare run -q -o "$tmp/data" -- "$root/build/helpers/touch" "$tmp/file" <<<$'\n\n'
is "$(tare report --json -i "$tmp/data" | jq .allocation.huge_faults)" 0 "small: none is taken for a huge one"
done_testing
