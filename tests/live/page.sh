#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# tare report --html, tare pauses --html: a browser opens the page, and what it shows is what the report says.
set -u
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
need_bpf
command -v go >/dev/null || skip_all "there is no go in PATH"
command -v chromium-headless-shell >/dev/null || { diag "chromium-headless-shell is missing: run tools/setup --test"; exit 1; }

# opens PAGE FRAGMENT CHECK...: in a browser, which must find what page_check.py looks for
opens()
{
	local page=$1 fragment=$2
	shift 2
	timeout 300 chromium-headless-shell --no-sandbox --disable-gpu --user-data-dir="$tmp/browser" \
		--dump-dom "file://$page$fragment" >"$tmp/dom" 2>"$tmp/browser.log" &&
		python3 "$root/tests/live/page_check.py" "$tmp/dom" "$tmp/report" "$tmp/pauses" "$@"
}

# recorded DATA: its page in $tmp/page.html, and what it must show in $tmp/report and $tmp/pauses
recorded()
{
	tare report --html -i "$1" >"$tmp/page.html" && tare report --json -i "$1" >"$tmp/report" &&
		tare pauses --json --longest 0 -i "$1" >"$tmp/pauses"
}

# ---- a program with pauses ----

build() { cd "$root/tests/live/page_go" && CGO_ENABLED=0 GOTOOLCHAIN=local go build -buildvcs=false -o "$tmp/page_go" .; }
ok "built" build
ok "recorded: a program that pauses" tare run -q --no-compress -o "$tmp/data" -- "$tmp/page_go"
ok "its page" recorded "$tmp/data"
compare "$(stat -c %s "$tmp/page.html")" '<' 2000000 "less than 2 MB"
ok "no script fails, nothing is fetched, figures, marks and bins are those of the report" \
	opens "$tmp/page.html" "" sound figures marks timeline no_hits
ok "a pause in the address: what each thread did" opens "$tmp/page.html" "#pause=1" sound lanes=1
ok "another one" opens "$tmp/page.html" "#pause=3" sound lanes=3
ok "a search in the address: boxes are marked" opens "$tmp/page.html" "#search=growTree" sound hits
ok "both" opens "$tmp/page.html" "#pause=2&search=growTree" sound lanes=2 hits
ok "a search for what is nowhere" opens "$tmp/page.html" "#search=no%20such%3Cb%3Efunction" sound no_hits
ok "a pause that is none" opens "$tmp/page.html" "#pause=99999999" sound
is "$(sed -n 's/.*id="data">\(.*\)<\/script>/\1/p' "$tmp/page.html" | jq -c '[.page.flames[].name] | sort')" '["cpu","heap","off-cpu"]' \
	"flame graphs of CPU time, of time off CPU, and of allocations"
is "$(sed -n 's/.*id="data">\(.*\)<\/script>/\1/p' "$tmp/page.html" |
	jq '[.page.pauses.worst[].lanes.threads[].comm] | any(. == "</script>" or . == "<img src=x>")')" true "threads with hostile names are among the lanes"

from_pipe() { tare report --html -i - <"$tmp/data" >"$tmp/piped.html" && cmp "$tmp/page.html" "$tmp/piped.html"; }
ok "the same from a pipe" from_pipe

reason=$(jq -r '.pauses[0].reason' "$tmp/pauses")
tare pauses --html --longest 2 --reason "$reason" -i "$tmp/data" >"$tmp/page.html" 2>"$tmp/log"
is $? 0 "tare pauses --html: two of one reason"
tare pauses --json --longest 0 --reason "$reason" -i "$tmp/data" >"$tmp/pauses"
ok "it has marks for all of that reason" opens "$tmp/page.html" "#pause=2" sound marks lanes=2
is "$(sed -n 's/.*id="data">\(.*\)<\/script>/\1/p' "$tmp/page.html" | jq '.page.pauses.worst | length')" 2 "and two in full"

exits 1 "a full disk" sh -c '"$1" report --html -i "$2" >/dev/full' sh "$TARE" "$tmp/data"
like "$(<"$tmp/stderr")" 'No space left' "says so"
exits 2 "JSON and HTML at once" tare report --json --html -i "$tmp/data"
exits 1 "no such file" tare report --html -i "$tmp/nowhere"
head -c $(($(stat -c %s "$tmp/data") * 2 / 3)) "$tmp/data" >"$tmp/cut"
ok "a recording that is cut: what is whole" recorded "$tmp/cut"
ok "opens, too" opens "$tmp/page.html" "" sound

# ---- a native one, with names that a careless page would run ----

cat >"$tmp/native.c" <<'C'
#include <pthread.h>
#include <sys/prctl.h>
#include <time.h>

static void *spin(void *name)
{
	prctl(PR_SET_NAME, name);
	for (int k = 0; k < 40; k++) {
		for (volatile long i = 0; i < 2000000; i++)
			;
		nanosleep(&(struct timespec){ .tv_nsec = 2000000 }, NULL);
	}
	return NULL;
}

int main(void)
{
	static char *const names[] = { "<img src=x onerror=alert(1)>", "</script>", "<!--<script>", "\"'&amp;\377" };
	pthread_t t[4];

	for (int i = 0; i < 4; i++)
		pthread_create(&t[i], NULL, spin, names[i]);
	for (int i = 0; i < 4; i++)
		pthread_join(t[i], NULL);
	return 0;
}
C
ok "compiles" gcc -g -O1 -o "$tmp/<b onclick=1>" "$tmp/native.c" -lpthread
ok "recorded: a native program" tare run -q -o "$tmp/data" -- "$tmp/<b onclick=1>"
ok "its page" recorded "$tmp/data"
compare "$(stat -c %s "$tmp/page.html")" '<' 2000000 "less than 2 MB"
ok "no script fails, no name becomes an element, figures and bins are those of the report" \
	opens "$tmp/page.html" "" sound figures timeline
is "$(python3 -c 'import sys; t = open(sys.argv[1], encoding="utf-8").read(); print(t.count("<img"), t.count("</script>"), t.count("<!--"))' \
	"$tmp/page.html")" "0 3 0" "no name of it is HTML in the file"
ok "one of them in full, as text" grep -q '&lt;img src=x oner' "$tmp/dom"
ok "a search" opens "$tmp/page.html" "#search=spin" sound hits
done_testing
