#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# Who is not root, but has the capabilities that tare asks for, can record; who lacks one is told which.
set -u
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
need_bpf
command -v setpriv >/dev/null || skip_all "there is no setpriv in PATH"

chmod 755 "$tmp"
mkdir "$tmp/out"
chmod 777 "$tmp/out"
cp "$TARE" "$tmp/tare" # where nobody may reach it

# with CAPABILITIES COMMAND...: as nobody, with these ("+bpf,+perfmon") and no others
with()
{
	setpriv --reuid 65534 --regid 65534 --clear-groups --bounding-set="-all,$1" --inh-caps="-all,$1" \
		--ambient-caps="-all,$1" "${@:2}"
}

ok "doctor: the least set is enough" with +bpf,+perfmon "$tmp/tare" doctor
ok "run: it records" with +bpf,+perfmon "$tmp/tare" run -o "$tmp/out/run.data" -- \
	sh -c 'grep -E "Cap(Prm|Eff|Amb)" /proc/self/status; sleep 0.05; sleep 0.05'
is "$(grep -c '^Cap.*:[[:space:]]*0*$' "$tmp/stdout")" 3 "run: the command has none of the recorder's capabilities"
"$TARE" report -i "$tmp/out/run.data" --json >"$tmp/run.json"
is "$(json "$tmp/run.json" '.check | .threads > 0 and .agree == .threads')" true \
	"run: each thread agrees with the kernel's own counters"

spawn sleep 1000
ok "record: a process of another user" with +bpf,+perfmon,+sys_ptrace "$tmp/tare" record -d 100ms -p "$pid" -o "$tmp/out/record.data"

# ---- in which context one is woken: a sleep ends by a timer's interrupt, a read by whom wrote ----

"$TARE" export -i "$tmp/out/run.data" -f json-lines >"$tmp/run.json"
ok "a sleeper is woken by an interrupt, also where that interrupts a task; a parent by its child" \
	jq -es '[.[].waker_context | numbers] | any(. == 2) and any(. == 0)' "$tmp/run.json"

for missing in bpf:perfmon perfmon:bpf; do
	lacks=CAP_$(tr a-z A-Z <<<"${missing%:*}")
	exits 3 "run without $lacks" with "+${missing#*:}" "$tmp/tare" run -o "$tmp/out/none.data" -- touch "$tmp/out/ran"
	like "$(cat "$tmp/stderr")" "lacks [A-Z_ ]*$lacks" "$lacks: is named as what lacks"
	exits 3 "doctor without $lacks" with "+${missing#*:}" "$tmp/tare" doctor
	ok "without $lacks: the command was not run" test ! -e "$tmp/out/ran"
done

done_testing
