#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# The first process of the emulated machine: checks that tare's figures are the kernel's own there. Prints TAP.
busybox mount -t proc none /proc
busybox --install -s /bin
mount -t sysfs none /sys
mount -t devtmpfs none /dev
mount -t tmpfs none /tmp
mount -t cgroup2 none /tmp/cg 2>/dev/null || { mkdir /tmp/cg && mount -t cgroup2 none /tmp/cg; }
cd /tmp || exit 1
n=0

check() # NAME CMD...
{
	name=$1 n=$((n + 1))
	shift
	if "$@" >out 2>&1; then echo "ok $n - $name"; else echo "not ok $n - $name"; sed 's/^/# /' out; fi
}

# near A B PERCENT
near() { [ $((($1 - $2) * 100)) -le $(($2 * $3)) ] && [ $((($2 - $1) * 100)) -le $(($2 * $3)) ] || { echo "$1, not $2"; false; }; }

echo "# $(uname -r)"
check "doctor finds what is needed" tare doctor
check "run records a workload" tare run --strict -o run.data -- pingpong --by futex --cpus 1 --round-trips 2000
check "every switch agrees with the kernel's counters" sh -c 'tare report -i run.data | tee /dev/stderr | grep -q "agree in every switch"'

echo +cpu >/tmp/cg/cgroup.subtree_control
mkdir /tmp/cg/quota
echo "20000 100000" >/tmp/cg/quota/cpu.max
sh -c 'echo 0 >/tmp/cg/quota/cgroup.procs; while :; do :; done' &
burner=$!
sleep 1
check "record attaches to a live process" tare record -q -o quota.data -p $burner -d 3
tare report -i quota.data --json | tr -d ' \n' >quota.json
total() { sed -n "s/.*\"$1\":{\"count\":[0-9]*,\"total_ns\":\([0-9]*\).*/\1/p" quota.json; }
duration=$(sed -n 's/.*"duration_ns":\([0-9]*\).*/\1/p' quota.json)
check "throttled time is what the quota leaves" near "$(total throttled_ns)" $((duration / 10 * 8)) 7
check "and not taken for run-queue wait" [ "$(total run_queue_ns)" -lt $((duration / 20)) ]
echo "1..$n"
busybox poweroff -f
