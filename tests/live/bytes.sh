#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# The ledger of bytes, of programs that know what they have: VmRSS to the page, each class near what it was made to be,
# next to nothing unexplained, and Go's own account as Go tells it.
set -u
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
need_bpf
unset GOFLAGS GODEBUG GOGC GOMEMLIMIT

# begin CMD...: it has said what it has, in the file $said, and is asleep; its id is in $target
begin()
{
	coproc TARGET { exec "$@"; }
	exec {target_out}<&"${TARGET[0]}" {target_in}>&"${TARGET[1]}"
	said=$tmp/said
	: >"$said"
	while read -r line <&"$target_out" && echo "$line" >>"$said" && [[ $line != rss* ]]; do :; done
	target=$(said ready)
	quiet "$target"
}
end() { echo >&"$target_in"; exec {target_in}>&- {target_out}<&-; wait "$TARGET_PID" 2>/dev/null; }
said() { awk -v name="$1" '$1 == name { print $2 }' "$said"; }
vm_rss() { awk '$1 == "VmRSS:" { print $2 * 1024 }' "/proc/$target/status"; }

# recorded NAME: $figures has a line for each figure of the ledger
recorded()
{
	ok "$1: recorded" tare record -q -p "$target" -d 500ms -o "$tmp/data"
	ok "$1: reported" reported
	is "$(figure sum)" "$(figure rss)" "$1: the classes and what is unexplained sum up to gross"
	compare "$(figure worst)" '<' 1 "$1: less than 1 % is unexplained"
}

reported()
{
	tare report -i "$tmp/data" --json >"$tmp/json" && figures=$(jq -r '.bytes as $b | $b.at_end as $e |
		($e | to_entries[] | "\(.key | rtrimstr("_bytes")) \(.value)"),
		($b.told | to_entries[] | "told.\(.key | rtrimstr("_bytes")) \(.value)"),
		"sum \([$e | to_entries[] | select(.key | IN("ts_ns", "rss_bytes", "swapped_bytes") | not).value] | add)",
		"worst \([$b.at_end, $b.at_peak | (.unexplained_bytes | fabs) * 100 / .rss_bytes] | max)",
		"peak \($b.at_peak.rss_bytes)", "readings \($b.readings)", "told \($b.told | add)",
		"of_runtimes \($e | .heap_live_bytes + .heap_free_bytes + .runtime_bytes + .green_stacks_bytes)"' "$tmp/json")
}
figure() { awk -v name="$1" '$1 == name { print $2 }' <<<"$figures"; }

# ---- C ----

head -c 12M /dev/urandom >"$tmp/file"
begin "$root/build/helpers/bytes" "$tmp/file"
recorded "C"
is "$(figure rss)" "$(vm_rss)" "C: gross is VmRSS, to the byte"
near "$(said rss)" "$(figure rss)" 1 "C: as it reads it itself"
near "$(figure malloc)" $(($(said blocks) + $(said large))) 3 "C: malloc's: what was allocated"
near "$(figure malloc)" "$(said malloc_info)" 3 "C: and what malloc_info says"
near "$(figure stacks)" "$(said stack)" 10 "C: stacks"
near "$(figure anonymous)" "$(said plain)" 2 "C: mappings without a name"
is "$(figure shared)" "$(said shared)" "C: shared memory"
is "$(figure files)" "$(said file)" "C: a file"
compare "$(figure code)" '>' 500000 "C: the executable and libc"
is "$(figure of_runtimes)" 0 "C: it has no runtime"
compare "$(figure readings)" '>=' 2 "C: read at both ends"
tare report -i "$tmp/data" >"$tmp/text"
like "$(<"$tmp/text")" "malloc's: .* unexplained .* gross: VmRSS" "C: the report says so"
is "$(tare export -i "$tmp/data" -f json-lines | jq -s 'map(select(.event == "bytes")) | length')" \
	"$(figure readings)" "C: each reading is in the exports"
end

# for as long as it takes until it is read once more
there_for_a_while() { wait_for grep -q rss "$tmp/said"; sleep 2; echo; }
: >"$tmp/said"
there_for_a_while | tare run -q -o "$tmp/data" -- "$root/build/helpers/bytes" "$tmp/file" >"$tmp/said"
ok "a program that has ended: reported" reported
near "$(figure peak)" "$(awk '$1 == "rss" { n = $2 } END { print n }' "$tmp/said")" 1 \
	"its peak"

# ---- Go ----

# go_is NAME
go_is()
{
	local m=/memory/classes own
	begin "$tmp/$1"
	recorded "$1"
	near "$(figure rss)" "$(vm_rss)" 0.5 "$1: gross is VmRSS; meanwhile Go gives memory back"
	near "$(figure heap_live)" $(($(said live) + $(said old))) 4 "$1: live at the last collection"
	near "$(figure heap_new)" "$(said fresh)" 6 "$1: allocated since; what was not touched is not there"
	compare "$(figure heap_dead)" '<' 200000 "$1: all was swept"
	compare "$(figure green_stacks)" '>' 3000000 "$1: 200 deep stacks"
	compare "$(figure green_stacks)" '<=' "$(figure told.stacks)" "$1: no more than Go has for them"
	compare "$(figure runtime)" '>' 1000000 "$1: the runtime's own"
	compare "$(figure runtime)" '<=' "$(figure told.own)" "$1: no more than Go says that it has"
	compare "$(figure anonymous)" '<' 1000000 "$1: no more mappings"
	near "$(figure told.spans)" $(($(said $m/heap/objects) + $(said $m/heap/unused))) 0.1 \
		"$1: Go's own words: objects and what is unused beside them"
	near "$(figure told.stacks)" "$(said $m/heap/stacks)" 2 "$1: stacks"
	own=$(awk '/\/(metadata|profiling|os-stacks|other)/ { n += $2 } END { print n }' "$said")
	near "$(figure told.own)" "$own" 2 "$1: its own"
	near "$(figure told)" "$(said $m/total)" 0.1 "$1: all of it"
	end
}

# GO_TOOLCHAINS="go1.20.14 go1.27.4": by these and not by the installed one
if command -v go >/dev/null; then
	cp "$root"/tests/live/bytes_go/* "$tmp" && cd "$tmp" || exit 1
	mkdir cgo && cp go.mod cgo && sed 's/^import (/import "C"\n\n&/' main.go >cgo/main.go
	for toolchain in ${GO_TOOLCHAINS:-local}; do
		export GOTOOLCHAIN=$toolchain
		ok "$toolchain: built" env CGO_ENABLED=0 go build -buildvcs=false -ldflags="-s -w" -o "go-$toolchain" .
		go_is "go-$toolchain"
		ok "$toolchain: built with cgo" env -C cgo CGO_ENABLED=1 go build -buildvcs=false -o "../cgo-$toolchain" .
		go_is "cgo-$toolchain"
	done
else
	skip 2 "there is no go in PATH"
fi
done_testing
