# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=dash
# Cgroups: the quota, and who is moved into one. Other clocks. Few capabilities.

sh -c 'echo 0 >/tmp/cg/quota/cgroup.procs; while :; do :; done' &
burner=$!
sleep 1
# The kernel's own account of it, for two of the three seconds. Not the quota: tare takes a part of this one CPU, and the
# kernel looks at the quota at its ticks, which come late on a busy machine.
kernels() { sed -n 's/^throttled_usec //p' /tmp/cg/quota/cpu.stat; }
uptime_ms() { echo "$(cut -d' ' -f1 /proc/uptime | tr -d .)0"; }
tare record -q -o quota.data -p $burner -d 3 2>quota.log &
recorder=$!
wait_for grep -q 'recording to' quota.log
from=$(kernels) began=$(uptime_ms)
sleep 2
to=$(kernels) ended=$(uptime_ms)
check "record attaches to a live process" wait $recorder
tare report -i quota.data --json | tr -d ' \n' >quota.json
total() { sed -n "s/.*\"$1\":{\"count\":[0-9]*,\"total_ns\":\([0-9]*\).*/\1/p" quota.json; }
duration=$(sed -n 's/.*"duration_ns":\([0-9]*\).*/\1/p' quota.json)
check "throttled time is the kernel's" near "$(total throttled_ns)" $((duration * (to - from) / (ended - began) / 1000)) 10
check "which is most of the time" test "$(total throttled_ns)" -gt $((duration / 2))
# four fifths of it, if it were; tare has the CPU for a part of the rest
check "and not taken for run-queue wait" [ "$(total run_queue_ns)" -lt $((duration / 4)) ]
kill -9 $burner

at_rest() { wait_for grep -q '^State:.S' /proc/$naps/status; awk '$1 == "voluntary_ctxt_switches:" { print $2 }' /proc/$naps/status; }
mkfifo naps.in
mkdir /tmp/cg/moved
# the first line is said before anything is recorded, the second one from when on all is
for line in 'waiting for' 'recording to'; do
	start naps 50 <>naps.in
	naps=$started
	wait_for grep -q ready said
	mv said naps.out
	start tare record -q -o moved.data --cgroup /tmp/cg/moved
	wait_for grep -q "$line" log
	before=$(at_rest)
	echo $naps >/tmp/cg/moved/cgroup.procs
	wait_for grep -q 'recording to' log
	echo >naps.in
	wait_for grep -q 'done' naps.out
	after=$(at_rest)
	kill -INT $started
	check "who is moved into a cgroup after \"$line\" is recorded" wait $started
	tare report -i moved.data --json >moved.json
	check "each time it left a CPU" holds "[.threads[] | select(.tid == $naps).voluntary] == [$((after - before))]" moved.json
	kill -9 $naps
done

check "a time namespace moves no time" /bin/unshare -T --monotonic 10000000 --boottime 20000000 -f -- \
	tare run -q --strict -o clocks.data -- pingpong --by futex --cpus 1 --round-trips 100
tare report -i clocks.data --json >clocks.json
check "and the counters agree there" holds '.check.threads > 0 and .check.agree == .check.threads and
	.duration_ns > 0 and .duration_ns < 1e12' clocks.json

# as nobody, with these capabilities and no others
with() { caps=$1; shift; /bin/setpriv --reuid 65534 --regid 65534 --clear-groups --bounding-set="-all,$caps" --inh-caps="-all,$caps" --ambient-caps="-all,$caps" "$@"; }
told() { holds '.count == 6' few.json; }
mkdir -m 777 few
check "CAP_BPF and CAP_PERFMON are enough for the doctor" with +bpf,+perfmon tare doctor
for set in +bpf,+perfmon +bpf,+perfmon,+sys_admin; do
	check "run with $set" with $set tare run -q -o few/data -- becomes 3
	tare pauses -i few/data --longest 0 --json >few.json
	tare report -i few/data --json >few_report.json
	check "$set: the counters agree" holds '.check.threads > 0 and .check.agree == .check.threads' few_report.json
	if since 6.6 || [ $set != +bpf,+perfmon ]; then
		check "$set: each pause is told" told
	else
		check "$set: that no pause can be told is said" sh -c 'tare report -i few/data | tee /dev/stderr | grep -q "CAP_SYS_ADMIN"'
	fi
	rm -f few/*
done
