#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# tare serve: its figures are the kernel's, the format is Prometheus's, and no client or end of a target harms it.
set -u
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
need_bpf
command -v curl >/dev/null || skip_all "there is no curl"

check() { python3 "$root/tests/live/serve_check.py" "$@"; }
value() { check value "$tmp/page" "$@"; }

# serve_start LOG ARGS...: tare serve on a free port; its id in $serve, its address in $at. Until it measures.
serve_start()
{
	local log=$1
	shift
	spawn "$TARE" serve --listen 127.0.0.1:0 "$@" 2>"$log"
	serve=$pid
	wait_for grep -q serving "$log" || return
	at=$(sed -n 's,.*serving http://\([^/]*\)/metrics.*,\1,p' "$log")
	wait_for curl -sf -o "$tmp/health" "http://$at/healthz"
}
serve_end() { kill -"$1" $serve && wait $serve; }
# a new one comes ten times a second at most, and each is read by Python
page() { sleep 0.3; curl -sf -m 30 -o "$tmp/page" "http://$at/metrics"; }
# settle: a page that has the target's last switches
settle()
{
	local was=
	while page && [ "$(value tare_cpu_seconds_total process=burns)" != "$was" ]; do
		was=$(value tare_cpu_seconds_total process=burns)
		sleep 1
	done
}
# shows NAME WANT LABELS...: a page on which that is so
shows()
{
	local v
	page && v=$(value "$1" "${@:3}") && [ "$v" != none ] && awk -v v="$v" "BEGIN { exit !(v + 0 $2) }"
}
lacks() { page && [ "$(value "$1" "${@:2}")" = none ]; }
cpu_ns() { cut -d' ' -f1 "/proc/$1/schedstat"; }
seconds() { awk -v ns="$1" 'BEGIN { printf "%.9f", ns / 1e9 }'; }

# in_group FOLDER CMD...: CMD in it from its start; its id is in $pid
in_group() { sh -c 'echo $$ >"$0/cgroup.procs" && exec "$@"' "$@" <&0 & pid=$!; }

# ---- wrong use ----

exits 2 "a target is needed" tare serve
exits 2 "and one kind of target only" tare serve --comm x --runtime any
exits 2 "an unknown runtime" tare serve --runtime cobol
exits 2 "no address" tare serve --listen nowhere --comm x
exits 2 "pushed to what is no collector" tare serve --comm x --otlp ftp://localhost
exits 2 "a password that all can see" tare serve --comm x --otlp http://me:secret@localhost:4318
like "$(cat "$tmp/stderr")" OTEL_EXPORTER_OTLP_HEADERS "which is told where it goes"
exits 2 "pushed too often" tare serve --comm x --otlp http://localhost --otlp-interval 1ms
OTEL_EXPORTER_OTLP_HEADERS=x exits 2 "headers that are none" tare serve --comm x --otlp http://localhost
exits 2 "a flight without a folder" tare serve --comm x --flight 2s --trigger 1ms
exits 1 "a folder that is not there" tare serve --comm x --flight 2s --trigger 1ms --dir "$tmp/none"

# ---- a cgroup with a quota, and one without ----

make_cgroup cpu || skip_all "no cgroup can be made here"
tight=$group/tight free=$group/free
[ $group_version = 1 ] || echo +cpu >"$group/cgroup.subtree_control"
mkdir "$tight" "$free" && at_exit rmdir "$tight" "$free"
if [ $group_version = 1 ]; then
	throttled_key=throttled_time unit=1
	echo 100000 >"$tight/cpu.cfs_period_us" && echo 20000 >"$tight/cpu.cfs_quota_us"
	echo 262144 | tee "$group/cpu.shares" >"$tight/cpu.shares"
else
	throttled_key=throttled_usec unit=1000
	echo '20000 100000' >"$tight/cpu.max"
	echo 10000 | tee "$group/cpu.weight" >"$tight/cpu.weight"
fi
throttled_ns() { awk -v k="$throttled_key" -v unit="$unit" '$1 == k { printf "%.0f", $2 * unit }' "$tight/cpu.stat"; }

# a collector: what it gets, and what it answers
mkdir "$tmp/pushed"
python3 "$root/tests/live/otlp_receiver.py" "$tmp/pushed" >"$tmp/otlp" 2>/dev/null &
wait_for [ -s "$tmp/otlp" ]
otlp=http://127.0.0.1:$(cat "$tmp/otlp")
nr_pushed() { find "$tmp/pushed" -name '*.head' | wc -l; }
pushed_since() { [ "$(nr_pushed)" -gt "$1" ] && [ -e "$tmp/pushed/$(($1 + 1))" ]; }
# pushed LABELS...: what is pushed between two pages has what they have
pushed()
{
	local nr
	page && cp "$tmp/page" "$tmp/before" || return
	nr=$(nr_pushed)
	wait_for pushed_since $((nr + 1)) && page && check pushed "$tmp/pushed/$((nr + 2))" "$tmp/before" "$tmp/page" "$@"
}
answers() { echo "$*" >"$tmp/answer" && mv "$tmp/answer" "$tmp/pushed/answer"; }

export OTEL_EXPORTER_OTLP_HEADERS='x-key=a%20b, x-other=c'
ok "serves an empty cgroup" serve_start "$tmp/log" --cgroup "$group" --otlp "$otlp" --otlp-interval 400ms
unset OTEL_EXPORTER_OTLP_HEADERS
cp "$root/build/helpers/burn" "$tmp/burns"
mkfifo "$tmp/in"
cpu=$(last_cpu)
in_group "$tight" "$tmp/burns" "$cpu" 400 <>"$tmp/in" >"$tmp/out"
burn=$pid
wait_for grep -q ready "$tmp/out"
ok "a target that comes is found" wait_for shows tare_processes '== 1' process=burns
quiet $burn
settle
told=$(value tare_cpu_seconds_total process=burns) told_throttled=$(value tare_throttled_seconds_total process=burns)
before=$(cpu_ns $burn) before_throttled=$(throttled_ns) before_steal=$(steal_ns "$cpu")
echo >"$tmp/in"
ok "while it is throttled, that grows" wait_for shows tare_throttled_seconds_total '> 0.02' process=burns
cp "$tmp/page" "$tmp/early"
wait_for grep -q '^done' "$tmp/out"
quiet $burn
kernel=$(($(cpu_ns $burn) - before)) kernel_throttled=$(($(throttled_ns) - before_throttled))
settle
ok "no counter falls" check grows "$tmp/early" "$tmp/page"
# a page that is read while it runs has what the hypervisor took meanwhile, which is known later; a counter does not fall
stolen=$(($(steal_ns "$cpu") - before_steal + 10000000))
grown=$(awk -v a="$(value tare_cpu_seconds_total process=burns)" -v b="$told" 'BEGIN { printf "%.0f", (a - b) * 1e9 }')
compare "$grown" '>=' $((kernel * 97 / 100)) "CPU time is schedstat's, not less"
compare "$grown" '<=' $((kernel * 103 / 100 + stolen)) ".. and no more"
near "$(awk -v a="$(value tare_throttled_seconds_total process=burns)" -v b="$told_throttled" 'BEGIN { print a - b }')" \
	"$(seconds $kernel_throttled)" 5 "throttled time is cpu.stat's"
compare "$(value tare_resident_bytes process=burns)" '>' 100000 "it has resident memory"
like "$(check labels "$tmp/page")" "cgroup=/[^[:space:]]*/tight" "its cgroup is a label"
like "$(check labels "$tmp/page")" "runtime=native" "and its runtime"
is "$(value tare_heap_bytes process=burns)" none "a heap that nobody tells of is not told, rather than 0"

ok "what is pushed is the same, while it rests to the last digit" pushed process=burns
compare "$(cat "$tmp/stdout")" '>=' 20 "each figure and bucket"
is "$(check resource "$tmp/pushed/1" | jq -r '."service.name"')" tare "with its resource"
like "$(cat "$tmp/pushed/1.head")" "^/v1/metrics" "where collectors take it"
like "$(cat "$tmp/pushed/1.head")" "x-key: a b" "with the headers that the environment has"

# ---- the format ----

if command -v promtool >/dev/null; then
	ok "promtool finds the page good" promtool check metrics <"$tmp/page"
	is "$(cat "$tmp/stdout" "$tmp/stderr")" "" "and has nothing to say"
	ok "and the alerts" promtool check rules "$root/tools/serve/alerts.yml"
else
	skip 3 "there is no promtool"
fi
ok "histograms add up" check histograms "$tmp/page"
curl -s -o "$tmp/open" -D "$tmp/head" -H 'Accept: application/openmetrics-text; version=1.0.0' "http://$at/metrics"
like "$(cat "$tmp/head")" 'Content-Type: application/openmetrics-text; version=1.0.0' "OpenMetrics for who asks for it"
is "$(tail -n 1 "$tmp/open")" "# EOF" "with its end"
is "$(grep -c '_total counter' "$tmp/open")" 0 "and counters named as it wants them"
curl -s -o "$tmp/page" -D "$tmp/head" "http://$at/metrics"
like "$(cat "$tmp/head")" 'Content-Type: text/plain; version=0.0.4' "else the text format"
status() { curl -s -o "$tmp/body" -w '%{http_code}' "$@"; }
is "$(status "http://$at/")" 200 "there is a page that says what there is"
is "$(status "http://$at/etc/passwd")" 404 "and nothing else"
is "$(status -X POST -d x "http://$at/metrics")" 405 "nobody may post"
is "$(status -I "http://$at/metrics")" 200 "HEAD works"
exits 1 "a port that is in use" tare serve --listen "$at" --comm x
like "$(cat "$tmp/stderr")" "cannot listen on $at" "which is said"

# names of metrics that the dashboard and the rules use
for name in $(grep -ohE 'tare_[a-z_]+' "$root/tools/serve/dashboard.json" "$root/tools/serve/alerts.yml" | sort -u); do
	case $name in tare_collections* | tare_alloc* | tare_heap* | tare_stop*) continue ;; esac	# of a runtime
	grep -q "^${name}[{ ]" "$tmp/page" || unknown+=" $name"
done
is "${unknown:-}" "" "dashboard and rules ask for what there is"

# ---- hostile clients ----

check hold "${at##*:}" 200 >"$tmp/held" &
holder=$!
wait_for grep -q held "$tmp/held"
for ((i = 0; i < 5; i++)); do page || break; done
is $i 5 "200 connections with half a request keep nobody out"
wait_for [ "$(ls /proc/$serve/fd | wc -l)" -lt 200 ]
result $? "and are not kept"
kill $holder
head -c 200000 /dev/zero | tr '\0' x >"$tmp/long"
like "$(status -H "X-Long: $(head -c 100000 "$tmp/long")" "http://$at/metrics")" '^(4..|000)$' "a long request is refused"
ok "and the next one is served" page

# ---- collectors that do not do what they should ----

answers 503
ok "one that is busy is asked again" wait_for shows tare_otlp_pushes_total '>= 2' kind=failed
answers partial 7
ok "nothing waits once it is not" wait_for shows tare_otlp_rejected_points_total '>= 7'
is "$(value tare_otlp_pushes_total kind=dropped)" 0.000000000 "and nothing was given up"
answers 400
ok "what one does not understand is given up" wait_for shows tare_otlp_pushes_total '>= 2' kind=dropped
answers 200
sent=$(value tare_otlp_pushes_total kind=sent)
ok "without harm" wait_for shows tare_otlp_pushes_total "> $sent + 1" kind=sent
is "$(grep -c 'cannot push' "$tmp/log")" 3 "each trouble is said once"
like "$(cat "$tmp/log")" "it answers 503" "what it is"
wait_for grep -q 'works again' "$tmp/log"
result $? "and that it is over"

# ---- targets that end ----

echo >"$tmp/in"
wait $burn
ok "one that has ended is gone" wait_for lacks tare_processes process=burns
ok "and is no target" wait_for shows tare_targets '== 0'
for ((i = 0; i < 20; i++)); do in_group "$free" "$root/build/helpers/burn" "$cpu" 1 </dev/null >/dev/null; done
wait_for shows tare_targets '== 0'
result $? "many that come and end leave nothing"
ok "nor a series" wait_for lacks tare_cpu_seconds_total process=burn

# ---- a runtime that stops the world ----

if command -v go >/dev/null && ok "Go: compiles" env GO111MODULE=off CGO_ENABLED=0 go build -o "$tmp/gosrv" "$root/tests/live/serve_go/main.go"; then
	in_group "$free" "$tmp/gosrv"
	gosrv=$pid
	ok "its collections are told" wait_for shows tare_collections_total '> 3' process=gosrv runtime=go
	cp "$tmp/page" "$tmp/early"
	compare "$(value tare_alloc_bytes_total process=gosrv)" '>' 1000000 "what it allocates"
	compare "$(value tare_heap_bytes process=gosrv)" '>' 100000 "and its heap"
	ok "its pauses, by reason" wait_for shows tare_stop_the_world_seconds_count '> 0' process=gosrv 'reason=GC mark termination'
	is "$(value tare_stop_the_world_seconds_sum process=gosrv)" "$(value tare_stop_the_world_cause_seconds_total process=gosrv)" \
		"whose causes add up to them"
	ok "histograms add up" check histograms "$tmp/page"
	for ((i = 0; i < 4; i++)); do sleep 0.7; page && check grows "$tmp/early" "$tmp/page" && cp "$tmp/page" "$tmp/early" || break; done
	is $i 4 "no counter falls, however often it is asked"
	ok "what is pushed of it is in between" pushed
	is "$(check labels "$tmp/page" | sed 's/=.*//' | sort -u | tr '\n' ' ')" \
		"cause cgroup class container kind process reason runtime version " "there are no other labels"
	is "$(check labels "$tmp/page" | grep ^process= | tr '\n' ' ')" "process=gosrv " "and no thread's name"

	serve_old=$serve at_old=$at
	answers hang
	ok "by runtime" serve_start "$tmp/log2" --all-go --label-pid --otlp "$otlp" --otlp-interval 100ms
	ok "finds what is there" wait_for shows tare_collections_total '> 0' process=gosrv "pid=$gosrv"
	in_group "$free" "$tmp/gosrv"
	ok "and what comes" wait_for shows tare_collections_total '> 0' process=gosrv "pid=$pid"
	lacks tare_processes runtime=native
	result $? "but nothing else"
	kill $pid
	ok "until it ends" wait_for lacks tare_processes "pid=$pid"
	before_end=$(date +%s%N)
	ok "ends clean by Ctrl-C, though a collector says nothing" serve_end INT
	answers 200
	compare $(($(date +%s%N) - before_end)) '<' 30000000000 "and does not wait for it"

	ok "with few series" serve_start "$tmp/log2" --cgroup "$group" --series 1 --label-pid
	in_group "$free" "$tmp/gosrv"
	ok "what finds none is added up" wait_for shows tare_collections_total '> 0' process=other
	is "$(value tare_processes_without_series)" 1.000000000 "and told"
	kill $pid
	ok "ends clean by SIGTERM" serve_end TERM

	mkdir "$tmp/kept"
	ok "with recordings" serve_start "$tmp/log2" -p "$gosrv" --flight 1s --trigger 1us --dir "$tmp/kept" --keep 1K
	ok "writes more than one" wait_for shows tare_recordings_total '>= 3'
	ok "ends" serve_end TERM
	is "$(ls "$tmp/kept" | wc -l)" 1 "of which only the newest is within the limit"
	ok "it can be read" tare pauses -i "$tmp/kept/"*.data --json
	compare "$(jq '.pauses | length' "$tmp/stdout")" '>' 0 "and has pauses"
	serve=$serve_old at=$at_old
	kill "$gosrv"
else
	skip 24 "there is no go"
fi

# ---- Prometheus itself ----

alert() { curl -s "http://$prometheus/api/v1/alerts" | jq -e '.data.alerts[] | select(.labels.alertname == "TareThrottled" and .labels.process == "burns" and .state == "firing")'; }
ask_up() { curl -s "http://$prometheus/api/v1/query?query=up" | jq -e '.data.result[0].value[1] == "1"'; }
if command -v prometheus >/dev/null; then
	in_group "$tight" "$tmp/burns" "$cpu" 0 <>"$tmp/in" >"$tmp/out"
	wait_for grep -q ready "$tmp/out" && echo >"$tmp/in"
	sed 's/\[5m\]/[10s]/g; s/for: .*/for: 1s/' "$root/tools/serve/alerts.yml" >"$tmp/alerts.yml"
	cat >"$tmp/prometheus.yml" <<-Y
		global: { scrape_interval: 1s, evaluation_interval: 1s }
		rule_files: [ alerts.yml ]
		scrape_configs: [ { job_name: tare, static_configs: [ { targets: [ "$at" ] } ] } ]
	Y
	prometheus=127.0.0.1:$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
	prometheus --config.file="$tmp/prometheus.yml" --storage.tsdb.path="$tmp/tsdb" --web.listen-address="$prometheus" \
		>"$tmp/prometheus.log" 2>&1 &
	ok "Prometheus scrapes it, and the throttled one's alert fires" wait_for -t 120 alert
	ok "it is up" wait_for ask_up
else
	skip 2 "there is no prometheus"
fi

ok "ends clean by SIGTERM" serve_end TERM
is "$(grep -v -e serving -e 'there is no process' -e 'cannot push' -e 'works again' -e 'after its exec' "$tmp/log")" "" "and had nothing to complain of"
done_testing
