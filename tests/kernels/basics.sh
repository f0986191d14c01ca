# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=dash
# What is there, and what the man page says is there since which Linux; the kernel's own counters.

check "doctor finds what is needed" tare doctor
tare doctor --json >doctor.json
check "nothing is left in doubt" holds '[.features[] | select(.state == "unknown")] == []' doctor.json
has() { if since "$2"; then want=works; else want=missing; fi; is "$(jq -r ".features[] | select(.id == \"$1\").state" doctor.json)" $want; }
check "uprobe_multi since 6.6" has uprobe_multi 6.6
check "the switch is timed since 6.16" has sched_entry 6.16
check "who becomes another program is held since 6.18" has exec_hold 6.18
echo "# without $(jq -r '[.features[] | select(.state != "works").id] | join(", ")' doctor.json)"

check "run records a workload" tare run --strict -o run.data -- pingpong --by futex --cpus 1 --round-trips 2000
check "every switch agrees with the kernel's counters" sh -c 'tare report -i run.data | tee /dev/stderr | grep -q "agree in every switch"'
check "run ends as the command did" status_is 7 tare run -q -o exit.data -- sh -c 'exit 7'
check "and as the signal says that killed it" status_is 137 tare run -q -o exit.data -- sh -c 'kill -9 $$'

mkfifo crowd.in
start crowd 1000 2 <>crowd.in
wait_for grep -q ready said
mv said crowd.out
record crowd.data -p $started
# the verifier gives up at a million instructions
most=$(cat /proc/$recorder/fdinfo/* 2>/dev/null | awk '$1 == "verified_insns:" && $2 > most { most = $2 } END { print most + 0 }')
echo "# the greatest program: $most instructions verified"
check "no program is near the verifier's limit" [ "$most" -gt 0 -a "$most" -lt 500000 ]
echo >crowd.in
wait_for grep -q 'done' crowd.out
kill -INT $recorder
check "record attaches to a thousand threads" wait $recorder
echo >crowd.in
tare report -i crowd.data --json >crowd.json
check "and each agrees with the kernel's counters" holds '.check.threads == 1001 and .check.agree == 1001' crowd.json
