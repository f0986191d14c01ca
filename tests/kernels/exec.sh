# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=dash
# A shell becomes a Go program: all of that is seen where the kernel can hold it (6.18), else it is said from when on.

mkfifo end
start tare run -v -o exec.data -- sh -c 'sleep 0.1; exec becomes 3 wait <end'
exec 9>end
wait_for grep -q "pauses are told by go" log
echo >&9
exec 9>&-
check "exec: run ends as the program did" wait $started
tare report -i exec.data --json >exec.json
tare pauses -i exec.data --longest 0 --json >exec_pauses.json
check "exec: its runtime is Go" holds '.target.runtime == "go"' exec.json
late='was seen [0-9.]* [mun]*s after its exec: pauses before that are missing'
if since 6.18; then
	check "exec: each pause is there" holds '.count == 6' exec_pauses.json
	check "exec: and nothing is missing" sh -c "! tare report -i exec.data | grep '$late'"
else
	check "exec: not more pauses than there were" holds '.count <= 6' exec_pauses.json
	check "exec: what was missed is said" sh -c "tare report -i exec.data | tee /dev/stderr | grep -q '! .*$late'"
	check "exec: also where pauses are" sh -c "tare pauses -i exec.data | tee /dev/stderr | grep -q '! .*$late'"
	check "exec: that nobody is held is said" grep -q 'nobody is held at exec' log
fi
