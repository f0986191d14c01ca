#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# The first process of the emulated machine: checks that tare's figures are the kernel's own there. Prints TAP.
busybox mount -t proc none /proc
busybox --install -s /bin
mount -t sysfs none /sys
mount -t devtmpfs none /dev
mount -t securityfs none /sys/kernel/security
mount -t tmpfs none /tmp
chmod 1777 /tmp
mkdir /tmp/cg
mount -t cgroup2 none /tmp/cg
# at rest: the kernel changes its own code with the first quota, and qemu's emulation may crash where another CPU runs that
echo +cpu >/tmp/cg/cgroup.subtree_control
mkdir /tmp/cg/quota
echo "20000 100000" >/tmp/cg/quota/cpu.max
cd /tmp || exit 1
n=0 release=$(uname -r)

check() # NAME CMD...
{
	name=$1 n=$((n + 1))
	shift
	if "$@" >out 2>&1; then echo "ok $n - $name"; else echo "not ok $n - $name"; sed 's/^/# /' out; fi
}

# near A B PERCENT
near() { [ $((($1 - $2) * 100)) -le $(($2 * $3)) ] && [ $((($2 - $1) * 100)) -le $(($2 * $3)) ] || { echo "$1, not $2"; false; }; }
# holds FILTER FILE: jq's FILTER is true of FILE
holds() { jq -e "$1" "$2" || { jq -c . "$2" | cut -c 1-600; false; }; }
is() { [ "$1" = "$2" ] || { echo "$1, not $2"; false; }; }
status_is() { want=$1; shift; "$@"; is $? "$want"; }
# since MAJOR.MINOR: this kernel is that or later
since() { [ "$(printf '%s\n%s\n' "$1" "$release" | sort -V | head -n 1)" = "$1" ]; }
# wait_for CMD...: until it succeeds; ten minutes are no measure of speed but a hang
wait_for()
{
	tries=0
	until "$@" >/dev/null 2>&1; do
		tries=$((tries + 1))
		[ $tries -lt 6000 ] || { echo "# waited in vain for: $*"; return 1; }
		usleep 100000
	done
}

# start CMD...: in the background, as $started; what it says goes to ./said and ./log, of which nothing older is left
start()
{
	rm -f said log
	{ "$@" <&3 3<&- >said 2>log & } 3<&0 # else its input would be /dev/null
	started=$!
	wait_for [ -e log ]
}

# record FILE ARGS...: tare, as $recorder, which records to FILE by now
record()
{
	file=$1
	shift
	start tare record -q -o $file "$@"
	recorder=$started
	wait_for grep -q 'recording to' log
}

echo "# $release"
for part in basics go exec places; do
	# shellcheck disable=SC1090 # the parts are named by the host
	. /tests/$part.sh
done
echo "1..$n"
busybox poweroff -f
