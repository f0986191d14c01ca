#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# Machines with more CPUs than this one, through the recorder's rings and writer without a kernel: nothing is lost,
# every switch is in its place, and neither recording nor reading grows with the square of the CPUs, or with the file.
# And what compression makes of a real recording.
set -u
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"

# machine NAME CPUS SWITCHES LEVEL: a recording $tmp/NAME.data, what it took in $tmp/NAME, its report in $tmp/NAME.json
# and what that took in $tmp/NAME.time: its CPU seconds and peak in KB
machine()
{
	"$root/build/helpers/many_cpus" "$tmp/$1.data" "$2" "$3" "$4" >"$tmp/$1" || { result 1 "$1: is recorded"; return; }
	python3 - "$TARE" "$tmp/$1" <<-'EOF'
		import resource, subprocess, sys
		tare, name = sys.argv[1:]
		with open(name + ".json", "w") as out:
		    subprocess.run([tare, "report", "--json", "-i", name + ".data"], stdout=out, check=True)
		used = resource.getrusage(resource.RUSAGE_CHILDREN)
		with open(name + ".time", "w") as out:
		    print(used.ru_utime + used.ru_stime, used.ru_maxrss, file=out)
	EOF
	is "$(json "$tmp/$1.json" '"\(.check.threads) \(.check.agree) \(.check.switches_missing) \(.check.switches_extra)"')" \
		"$2 $2 0 0" "$1: every switch of every CPU is there"
	is "$(json "$tmp/$1.json" '"\(.lost.total) \(.recorder.late_events)"')" "0 0" "$1: nothing is lost or out of order"
	is "$(json "$tmp/$1.json" '.check | .on_cpu_ns == .kernel_on_cpu_ns')" true "$1: and each at its time"
}

# times A B FIELD: how often that of B goes into that of A
times() { jq -n --slurpfile a "$tmp/$1" --slurpfile b "$tmp/$2" "\$a[0].$3 / \$b[0].$3"; }

machine few 2 400000 0
machine many 256 400000 0
machine long 256 1200000 0
machine longer 256 3600000 0
machine packed 256 400000 1

# with the square it would be 128 times as much
compare "$(times many few recorder_ns)" '<' 8 "256 CPUs: a switch takes the recorder a few times as long as with 2, at most"
read -r few _ <"$tmp/few.time"
read -r many _ <"$tmp/many.time"
read -r _ peak <"$tmp/long.time"
read -r _ longer_peak <"$tmp/longer.time"
compare "$many" '<' "$(awk "BEGIN { print 8 * $few }")" "256 CPUs: and the reader"
compare "$longer_peak" '<' "$(awk "BEGIN { print 1.3 * $peak }")" "256 CPUs: three times the file takes no more memory to read"
compare "$(times packed many bytes)" '<' 0.4 "256 CPUs: compressed well too"
diag "$(cat "$tmp/few" "$tmp/many" "$tmp/packed"; tail -n 1 "$tmp"/{few,many,long,longer}.time)"

need_bpf
for way in --no-compress --compress; do
	ok "record $way" tare run -q $way -o "$tmp/$way" -- "$root/build/workloads/pingpong" --by futex --cpus 1 --round-trips 30000
	ok "and report" tare report --json -i "$tmp/$way"
	is "$(json "$tmp/stdout" '.lost.total, (.check | .threads == .agree)' | paste -sd' ')" "0 true" "$way: all is there"
done
compare "$(stat -c %s -- "$tmp/--compress")" '<' "$(($(stat -c %s -- "$tmp/--no-compress") * 2 / 3))" "compressed: less than two thirds, however it was disturbed"
ok "it can be read from a pipe" sh -c "cat '$tmp/--compress' | '$TARE' report -i - >/dev/null"
exits 2 "a level there is not" tare run --compress=20 -o "$tmp/none" -- true
exits 2 "memory for no ring" tare run --memory 1K -o "$tmp/none" -- true
ok "memory for small ones" tare run -q --memory 1M -o "$tmp/small" -- true

done_testing
