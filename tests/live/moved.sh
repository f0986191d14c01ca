#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# A recording reads the same everywhere: for any user, on a machine that knows nothing of the one it comes from.
set -u
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
need_bpf

ok "record" tare run -q -o "$tmp/here.data" -- "$root/build/workloads/pingpong" --by pipe --cpus 2 --round-trips 500
mkdir "$tmp/there"
cp "$tmp/here.data" "$TARE" "$tmp/there/"
chmod -R a+rX "$tmp/there"

# As nobody, without /proc and /sys, under another name, in another time zone.
elsewhere()
{
	(cd "$tmp/there" && unshare --mount --uts --net bash -c '
		mount -t tmpfs none /sys && mount -t tmpfs none /proc && hostname elsewhere &&
		exec env -i TZ=Asia/Tokyo setpriv --reuid 65534 --regid 65534 --clear-groups ./tare "$@"' - "$@")
}

for how in "" --threads --json --all --probes; do
	tare report -i "$tmp/here.data" $how >"$tmp/a" 2>&1
	ok "report $how elsewhere" elsewhere report -i here.data $how
	cat "$tmp/stdout" "$tmp/stderr" >"$tmp/b"
	ok "report $how says the same" cmp "$tmp/a" "$tmp/b"
done
for format in perfetto perf-script; do
	tare export -i "$tmp/here.data" -f $format -o "$tmp/a"
	ok "export -f $format elsewhere" elsewhere export -i here.data -f $format -o -
	mv "$tmp/stdout" "$tmp/b"
	ok "export -f $format says the same" cmp "$tmp/a" "$tmp/b"
done
done_testing
