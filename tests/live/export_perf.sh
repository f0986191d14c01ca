#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# perf.data, read by perf: it finds what was recorded, and tare's own text of it is the same.
set -u
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
need_bpf
command -v perf >/dev/null || skip_all "there is no perf: run tools/setup --test"

check() { python3 "$root/tests/live/perf_check.py" "$@"; }
perf_on() { perf "$1" -i "$tmp/perf.data" "${@:2}" 2>"$tmp/perf.err"; }
# to_perf NAME: $tmp/NAME.data to all that is compared
to_perf()
{
	tare export -i "$tmp/$1.data" -f perf -o "$tmp/perf.data" && tare export -i "$tmp/$1.data" -f perf-script -o "$tmp/text" &&
		tare export -i "$tmp/$1.data" -f json-lines -o "$tmp/lines" && tare report -i "$tmp/$1.data" --json >"$tmp/json" &&
		perf_on script >"$tmp/perf.text" && perf_on sched timehist --no-call-graph >"$tmp/timehist"
}
events() { jq -s --arg what "$1" 'map(select(.event == $what)) | length' "$tmp/lines"; }

# agree NAME: what holds for any recording
agree()
{
	ok "$1: exported, and perf reads it" to_perf "$1" || diag "$(cat "$tmp/perf.err")"
	# of files that are gone or stripped it has no symbols, and says so
	is "$(grep -vcE 'no symbols found|Failed to open|^$|maybe use install a debug package|Kernel address maps' "$tmp/perf.err")" 0 \
		"$1: it complains of nothing" || diag "$(cat "$tmp/perf.err")"
	ok "$1: perf-script has the lines of perf script, byte for byte" check lines "$tmp/perf.text" "$tmp/text"
	ok "$1: and the same stacks" check stacks "$tmp/perf.text" "$tmp/text"
	is "$(grep -c 'cpu-clock: $' "$tmp/perf.text")" "$(json "$tmp/json" .profile.cpu.samples)" "$1: as many samples as in the report"
	ok "$1: timehist has the run-queue delays" check delays "$tmp/timehist" "$tmp/lines"
	ok "$1: and time on a CPU" check running "$tmp/timehist" "$tmp/json"
	perf_on sched latency >"$tmp/latency"
	compare "$(awk -F'|' '/TOTAL:/ { print $2 + 0 }' "$tmp/latency")" '>' 0 "$1: sched latency has the time on a CPU too"
	ok "$1: sched map" perf_on sched map --compact
}

# ---- a program with known hot function ----

cat >"$tmp/work.c" <<'C'
#include <pthread.h>
#include <sys/prctl.h>
#include <time.h>

static volatile unsigned done;

__attribute__((noinline)) void busy(int n)
{
	for (int i = 0; i < n; i++)
		done += i;
}

__attribute__((noinline)) void sleeps(void)
{
	nanosleep(&(struct timespec){ .tv_nsec = 3000000 }, NULL);
	__asm__ volatile("");
}

__attribute__((noinline)) static void *rounds(void *name)
{
	prctl(PR_SET_NAME, name);
	for (int i = 0; i < 100; i++) {
		busy(2000000);
		sleeps();
	}
	return NULL;
}

int main(void)
{
	pthread_t other;

	pthread_create(&other, NULL, rounds, "\303\251t\303\251 'q' a:b");
	rounds("main \"thread\"");
	pthread_join(other, NULL);
	return 0;
}
C
ok "compiles" gcc -O2 -g -fno-omit-frame-pointer -pthread -o "$tmp/a program; with 1 blank" "$tmp/work.c"
ok "recorded" tare run -q -F 499 -o "$tmp/native.data" -- "$tmp/a program; with 1 blank"
agree native
perf_on report --stdio --no-children -g none --percent-limit 1 >"$tmp/report"
like "$(grep -v '^#' "$tmp/report" | grep . | head -n 1)" '[0-9.]+% .*busy' "perf report: busy is the first"
# both by samples, of which each counts the same
tare export -f folded -i "$tmp/native.data" >"$tmp/folded"
share=$(awk '{ all += $NF } /;busy [0-9]+$/ { n += $NF } END { printf "%.0f", 10000 * n / all }' "$tmp/folded")
near "$(awk -F% '/busy/ { n += $1 } END { printf "%.0f", 100 * n }' "$tmp/report")" "$share" 0.1 "with the share that folded stacks give it"
like "$(perf_on report --stdio --no-children -G --percent-limit 5)" 'rounds' "and its callers"
perf_on report --stdio --header-only >"$tmp/header"
for what in "hostname : $(uname -n)" "os release : $(uname -r)" "arch : $(uname -m)" 'clockid: monotonic' 'cmdline : .*tare run' 'name = offcpu-time'; do
	like "$(<"$tmp/header")" "$what" "perf report --header: ${what%% *}"
done
id=$(readelf -n "$tmp/a program; with 1 blank" | awk '/Build ID/ { print $3 }')
like "$(perf_on buildid-list)" "$id .*a program; with 1 blank" "the program's build id"
like "$(perf_on script --show-mmap-events)" "a program; with 1 blank" "what is mapped"
ok "perf data convert: JSON" perf data convert --to-json "$tmp/converted.json" -i "$tmp/perf.data" --force
is "$(jq '.samples | length' "$tmp/converted.json")" "$(perf_on script -F comm | grep -c .)" "with all samples"
like "$(perf_on annotate --stdio -s busy)" 'done \+= i' "perf annotate: the source"

# ---- hotspot ----

parser=$(dpkg-query -L hotspot 2>/dev/null | grep '/hotspot-perfparser$')
if [ -n "$parser" ]; then
	# what it prints besides is of headers that it takes from no perf.data
	ok "hotspot's parser takes it" "$parser" --input "$tmp/perf.data" --output "$tmp/stream"
	ok "and its stream is whole" python3 "$root/tests/live/hotspot_check.py" "$tmp/stream"
	mv "$tmp/stdout" "$tmp/hotspot"
	is "$(json "$tmp/hotspot" .errors)" 0 "hotspot: no error"
	for what in cpu-clock offcpu-time sched:sched_switch sched:sched_waking; do
		is "$(json "$tmp/hotspot" ".attributes.\"$what\"")" "$(grep -c " $what: " "$tmp/perf.text")" "hotspot: as many of $what as perf has"
	done
	is "$(json "$tmp/hotspot" '.functions | to_entries[0].key')" busy "hotspot: busy is the first"
	near "$(jq '10000 * .functions.busy / ([.functions[]] | add)' "$tmp/hotspot")" "$share" 0.1 "hotspot: with its share"
	is "$(jq -c '[.threads[] | select(. == "main \"thread\"" or . == "été '"'q'"' a:b")] | length' "$tmp/hotspot")" 2 "hotspot: threads by name"
	like "$(json "$tmp/hotspot" '.files[]')" "a program; with 1 blank" "hotspot: the program's file"
else
	skip 11 "hotspot is missing: run tools/setup --test"
fi

ok "only samples of the CPU" tare export -f perf-script -w cpu -i "$tmp/native.data" -o "$tmp/cpu"
is "$(grep -c '^[^	]' "$tmp/cpu")" "$(json "$tmp/json" .profile.cpu.samples)" "are all of them, for flame graphs"
is "$(grep -c 'sched:' "$tmp/cpu")" 0 "and nothing else"

# ---- a runtime ----

ok "a runtime: recorded" tare run -q --no-compress -o "$tmp/weft.data" -- "$root/build/workloads/weft-bench" churn -t 1 -l 16
agree weft
is "$(grep -c ' tare:pause: ' "$tmp/perf.text")" "$(json "$tmp/json" .stop_the_world.count)" "each pause is an event"
is "$(grep ' tare:pause_cause: ' "$tmp/perf.text" | sed 's/.* ns=//; s/ .*//' | awk '{ n += $1 } END { printf "%.0f", n }')" \
	"$(tare pauses --json -i "$tmp/weft.data" | jq .world_ns)" "and the causes add up to the ns"
is "$(grep -cE ' tare:[a-z_]+: goroutine=' "$tmp/perf.text")" "$(($(events runtime) + $(events goroutine)))" "and so is what the runtime told"

# ---- errors ----

exits 2 "a pipe" sh -c '"$0" export -f perf -i "$1" | cat; exit ${PIPESTATUS:-2}' "$TARE" "$tmp/weft.data"
exits 1 "a full disk" tare export -f perf -i "$tmp/weft.data" -o /dev/full
like "$(<"$tmp/stderr")" 'No space left' "says so"
ok "from a pipe" sh -c '"$0" export -f perf -o "$2" <"$1" -i -' "$TARE" "$tmp/weft.data" "$tmp/perf2.data"
ok "makes the same" cmp "$tmp/perf.data" "$tmp/perf2.data"
head -c 100000 "$tmp/weft.data" >"$tmp/cut.data"
ok "a recording that is cut: what is whole" tare export -f perf -i "$tmp/cut.data" -o "$tmp/perf.data"
ok "which perf reads" perf_on script
: >"$tmp/empty.data"
exits 1 "an empty file" tare export -f perf -i "$tmp/empty.data" -o "$tmp/perf3.data"
done_testing
