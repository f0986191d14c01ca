#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# Where exports go: the format by the file's name, and compression.
set -u
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
need_bpf

ok "recorded" tare run -q -o "$tmp/data" -- "$root/build/workloads/weft-bench" churn -t 0.2 -l 14
cd "$tmp" || exit 1
export_to() { tare export -i data "$@"; }
# told ENDING FORMAT [OPTION]: a file that ends so has that format
told()
{
	ok "$1 is $2" export_to -o "x$1"
	export_to -f "${@:2}" -o plain
	ok "$1 holds what -f ${*:2} writes" cmp "x$1" plain
}

# ---- by name ----

told .pftrace perfetto
told .perfetto-trace perfetto
told .json chrome
told .perf.data perf
told .pb.gz pprof
told .folded folded
told .jsonl json-lines
told .ndjson json-lines
ok "perf.data is perf" export_to -o perf.data
ok "which perf reads" sh -c 'perf script -i perf.data >/dev/null'
ok "in another folder" export_to -o "$tmp/y.folded"
ok "-f is stronger" export_to -f folded -o x.json
is "$(head -c 1 x.json)" w "and writes what it says"
exits 2 "an ending that is none" export_to -o x.txt
like "$(<"$tmp/stderr")" 'x\.txt .*Give -f.*\.pftrace .*\(perfetto\).*\.json \(chrome\).*\.pb\.gz \(pprof\)' "says which there are"
ok "and nothing is made" test ! -e x.txt
exits 2 "an ending alone is no name" export_to -o .json
exits 2 "nor without its dot" export_to -o tracejson
exits 2 "a folder's name is not the file's" export_to -o "$tmp/x.json/none"

# ---- compressed ----

for format in perfetto chrome perf perf-script folded otlp-profiles otlp-metrics json-lines; do
	export_to -f $format -o plain
	ok "$format: compressed by its name" export_to -f $format -o packed.gz
	ok "$format: it is whole, and gzip" gzip -t packed.gz
	gzip -dc packed.gz >unpacked
	ok "$format: and the same" cmp unpacked plain
	export_to -f $format --compress | cat >piped
	ok "$format: into a pipe too" cmp piped packed.gz
done
told .pftrace.gz perfetto --compress
export_to -f pprof -o once.pb.gz
ok "what is compressed by itself stays so" export_to -f pprof --compress -o twice.pb.gz
ok "and is it once" cmp once.pb.gz twice.pb.gz
exits 2 "compressed is not for a terminal" script -qec "'$TARE' export -i '$tmp/data' -f folded --compress" /dev/null

# ---- errors ----

echo kept >kept
: >empty
head -c 100000 /dev/urandom >foreign
for format in perfetto chrome perf perf-script pprof folded json-lines otlp-profiles otlp-metrics; do
	for recording in empty foreign nowhere; do
		exits 1 "$format: $recording is no recording" tare export -i $recording -f $format -o kept
		is "$(wc -l <"$tmp/stderr")" 1 "$format: which is all that is said"
	done
	is "$(<kept)" kept "$format: and what was there stays"
done
for format in folded json-lines perf otlp-metrics; do
	exits 1 "$format: a folder is no recording" tare export -i . -f $format -o kept
	is "$(<kept)" kept "$format: and what was there stays"
	cp data itself
	exits 2 "$format: onto what is read" sh -c '"$0" export -i - -f "$1" -o itself <itself' "$TARE" $format
	exits 2 "$format: or at its end" sh -c '"$0" export -i itself -f "$1" >>itself' "$TARE" $format
	ok "$format: leaves it as it was" cmp data itself
done
exits 2 "perf at the end of a file" sh -c '"$0" export -i data -f perf >>more' "$TARE"
like "$(<"$tmp/stderr")" 'name a file with -o' "says what to do"
mkfifo fifo
cat fifo >taken &
exits 2 "perf into a pipe with a name" export_to -f perf -o fifo
tare export -i data -f folded -o /dev/stdout >out
ok "/dev/stdout is standard output" cmp out <(tare export -i data -f folded)
for format in perfetto perf folded otlp-metrics otlp-profiles pprof; do
	exits 1 "$format: a full disk" export_to -f $format --compress -o /dev/full
	like "$(<"$tmp/stderr")" 'cannot write /dev/full: No space left' "$format: is told"
done
# a reader that closes at once, while there is more to write than a pipe holds
ok "a long recording" tare run -q -o long.data -- "$root/build/workloads/pingpong" --by futex --cpus 1 --round-trips 20000
early() { tare export -i long.data -f json-lines --compress 2>err | head -c 100 >/dev/null; echo "${PIPESTATUS[0]}"; }
compare "$(early)" != 0 "a reader that ends early ends it"
is "$(<err)" "" "without a word"
done_testing
