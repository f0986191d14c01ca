#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
#
#   tests/soak/serve.sh [SECONDS [PROGRAMS]]     1800 s, 500 programs
#
# tare serve runs on while programs start and end, one is frozen and one is throttled; a collector takes what it pushes,
# with breaks, and somebody scrapes. At rest it then holds what it held at first: descriptors, links, maps, memory.
set -u
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
need_bpf
command -v go >/dev/null || skip_all "there is no go in PATH"
seconds=${1:-1800} programs=${2:-500}

check() { python3 "$root/tests/live/serve_check.py" "$@"; }
page() { curl -sf -m 60 -o "$tmp/page" "http://$at/metrics"; }
value() { check value "$tmp/page" "$@"; }
shows() { local v; page && v=$(value "$1" "${@:3}") && [ "$v" != none ] && awk -v v="$v" "BEGIN { exit !(v $2) }"; }
in_group() { sh -c 'echo $$ >"$0/cgroup.procs" && exec "$@"' "$@" <&0 & pid=$!; }

# holds: descriptors, of them BPF's maps, programs and links; threads; KB of its own memory: of $serve. (Resident memory is
# more: files, and the rings, whose pages count twice once they were used.)
holds()
{
	local fds=/proc/$serve/fdinfo
	echo "$(find "/proc/$serve/fd" -mindepth 1 | wc -l) $(grep -lsE '^map_id:' $fds/* | wc -l) $(grep -lsE '^prog_id:' $fds/* | wc -l)" \
		"$(grep -lsE '^link_id:' $fds/* | wc -l) $(find "/proc/$serve/task" -mindepth 1 -maxdepth 1 | wc -l)" \
		"$(awk '/^RssAnon/ { print $2 }' "/proc/$serve/status")"
}
said() { diag "$1: $2 descriptors, $3 maps, $4 programs, $5 links, $6 threads, $7 KB"; }

# what $serve holds in the kernel, and what of that is there
held() { grep -hsE '^(prog|map|link)_id:' "/proc/$serve/fdinfo/"* | sed 's/_id:[[:space:]]*/ /' | sort -u; }
gone()
{
	for what in prog map link; do bpftool -j $what show | jq -r --arg w $what '.[] | "\($w) \(.id)"'; done | sort >"$tmp/now"
	[ -s "$tmp/held" ] && comm -12 "$tmp/held" "$tmp/now" >"$tmp/left" && [ ! -s "$tmp/left" ]
}

# rests N: only N programs are targets
rests() { shows tare_targets "== $1"; }

# ---- what it serves ----

make_cgroup cpu || skip_all "no cgroup can be made here"
tight=$group/tight free=$group/free
[ $group_version = 1 ] || echo +cpu >"$group/cgroup.subtree_control"
mkdir "$tight" "$free" && at_exit rmdir "$tight" "$free"
if [ $group_version = 1 ]; then
	echo 100000 >"$tight/cpu.cfs_period_us" && echo 2000 >"$tight/cpu.cfs_quota_us"
else
	echo '2000 100000' >"$tight/cpu.max"
fi
watched=$group
ok "Go: compiles" env GO111MODULE=off CGO_ENABLED=0 go build -o "$tmp/gosrv" "$root/tests/live/serve_go/main.go"
cp "$tmp/gosrv" "$tmp/gofrozen"
cp "$root/build/helpers/burn" "$tmp/burn"
mkdir "$tmp/pushed"
python3 "$root/tests/live/otlp_receiver.py" "$tmp/pushed" >"$tmp/otlp" 2>/dev/null &
wait_for [ -s "$tmp/otlp" ]

spawn "$TARE" serve --listen 127.0.0.1:0 --cgroup "$watched" --otlp "http://127.0.0.1:$(cat "$tmp/otlp")" --otlp-interval 5s \
	2>"$tmp/log"
serve=$pid
wait_for grep -q serving "$tmp/log"
at=$(sed -n 's,.*serving http://\([^/]*\)/metrics.*,\1,p' "$tmp/log")
ok "it serves" wait_for curl -sf -o /dev/null "http://$at/healthz"

mkfifo "$tmp/in"
in_group "$tight" "$tmp/burn" 0 0 <>"$tmp/in" >"$tmp/out"
throttled=$pid
wait_for grep -q ready "$tmp/out" && echo >"$tmp/in"
in_group "$free" "$tmp/gofrozen"
frozen=$pid
wait_for shows tare_collections_total '> 0' process=gofrozen
kill -STOP "$frozen"
frozen_how="stopped by a signal"
if [ $group_version = 2 ]; then
	mkdir "$group/ice" && at_exit rmdir "$group/ice"
	echo "$frozen" >"$group/ice/cgroup.procs" && kill -CONT "$frozen" && echo 1 >"$group/ice/cgroup.freeze"
	frozen_how=frozen
elif make_cgroup freezer; then
	echo "$frozen" >"$group/cgroup.procs" && kill -CONT "$frozen" && echo FROZEN >"$group/freezer.state"
	frozen_how=frozen
	at_exit eval "echo THAWED >'$group/freezer.state'; while [ -n \"\$(cat '$group/cgroup.procs')\" ]; do sleep 0.1; done"
fi
diag "one is throttled to 2 % of a CPU, one is $frozen_how"

# ---- programs that come and go ----

# one I: of three kinds, the last one has no time to be looked at
one()
{
	case $(($1 % 3)) in
	0) in_group "$free" timeout 1.2 "$tmp/gosrv" >/dev/null ;;
	1) in_group "$free" "$tmp/burn" 0 20 </dev/null >/dev/null ;;
	2) in_group "$free" true ;;
	esac
}

# each kind once: what is only made when it is needed is there then
for ((i = 0; i < 12; i++)); do one $i; wait $pid; done
wait_for rests 2
result $? "at rest with two"
sleep 5
page
begun=$(holds)
said "before" $begun
collected_frozen=$(value tare_collections_total process=gofrozen)
begin=$SECONDS unwell=0 most_fds=0 lost=0
for ((i = 0; i < programs; i++)); do
	one $i
	wait_until=$((begin + seconds * i / programs))
	while [ $SECONDS -lt $wait_until ]; do sleep 0.2; done
	((i % 10)) && continue
	curl -sf -m 60 -o /dev/null "http://$at/healthz" || unwell=$((unwell + 1))
	page || unwell=$((unwell + 1))
	read -r fds _ < <(holds)
	[ "$fds" -le $most_fds ] || most_fds=$fds
	# a collector that is away now and then
	((i % 100 == 50)) && echo 503 >"$tmp/pushed/answer"
	((i % 100 == 80)) && rm -f "$tmp/pushed/answer"
	find "$tmp/pushed" -name '[0-9]*' -mmin +1 -delete
	((i < programs / 5)) || [ -n "${settled:-}" ] || settled=$(holds)
	# shellcheck disable=SC2046 # words
	((i % 100)) || said "after $i programs" $(holds)
done
rm -f "$tmp/pushed/answer"
wait_for -t 120 rests 2
result $? "all $programs programs are gone again"
sleep 5
page
ended=$(holds)
said "after" $ended
is $unwell 0 "it was well all the time, and answered"
is "$(cut -d' ' -f2-5 <<<"$ended")" "$(cut -d' ' -f2-5 <<<"$begun")" "maps, programs, links and threads are as many as before"
# a connection may be open at either time
compare "${ended%% *}" '<=' $((${begun%% *} + 2)) "and so are descriptors"
# since a fifth of them: malloc() keeps what it once had
settled=${settled:-$begun}
compare "${ended##* }" '<' $((${settled##* } + 4096)) "its memory has not grown by 4 MB since"
diag "lost: $(sed -n 's/^tare_lost_events_total{class="\(.*\)"}/\1/p' "$tmp/page" | grep -v ' 0$' | paste -sd' ')"
is "$(value tare_collections_total process=gofrozen)" "$collected_frozen" "the frozen one has done nothing"
compare "$(value tare_throttled_seconds_total process=burn)" '>' $((seconds / 2)) "the throttled one was throttled"
compare "$(value tare_otlp_pushes_total kind=sent)" '>' 0 "figures were pushed"
is "$(value tare_otlp_pushes_total kind=dropped)" 0.000000000 "and none given up"
diag "recorder: $(value tare_recorder_cpu_seconds_total) s of CPU; probes: $(value tare_probes_cpu_seconds_total) s; at most $most_fds descriptors"

held >"$tmp/held"
kill -TERM $serve
wait $serve
is $? 0 "ends clean"
is "$(grep -v -e serving -e 'there is no process' -e 'cannot push' -e 'works again' -e 'after its exec' "$tmp/log")" "" "and had nothing to complain of"
ok "nothing of it stays in the kernel" wait_for -t 120 gone || diag "$(cat "$tmp/left")"
done_testing
