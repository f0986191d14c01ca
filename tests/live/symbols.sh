#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# Functions of native programs, of compilers at run time and of the kernel: names, lines, and what is inlined, as the
# recording has them; and none rather than a wrong one.
set -u
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
need_bpf
command -v gcc >/dev/null || skip_all "there is no gcc in PATH"
unset DEBUGINFOD_URLS

# chains FILE: the functions at each address of a process, "inner c.c:6 < middle c.c:10 < outer c.c:14"
chains()
{
	tare export -i "$1" -f json-lines | jq -r 'select(.event == "symbol" and .pid != 0) |
		"\(.name) \(.file | sub(".*/"; "")):\(.line)\(if .inlined then " < " else "\n" end)"' -j | sort -u
}
# kernel FILE: functions of the kernel
kernel() { tare export -i "$1" -f json-lines | jq -r 'select(.event == "symbol" and .pid == 0).name' | sort -u; }

cd "$tmp" || exit 1
cat >c.c <<'END'
#include <unistd.h>
volatile long sink;
static inline __attribute__((always_inline)) void inner(long a)
{
	for (long i = 0; i < a; i++)
		sink += i;
}
static inline __attribute__((always_inline)) void middle(long a)
{
	inner(a * 100);
}
__attribute__((noinline)) void outer(long a)
{
	middle(a + 1);
}
int main(int argc, char **argv)
{
	for (int i = 0; argc > 1 || i < 5000; i++)
		outer(1000);
	return 0;
}
END
chain='inner c\.c:[56] < middle c\.c:10 < outer c\.c:14'

ok "builds C" gcc -O2 -g -Wl,--build-id=sha1 -o c c.c
ok "recorded" tare run -q -o data -- ./c
like "$(chains data)" "(^|.)$chain" "what is inlined, innermost first, each with its line" || diag "$(chains data)"

# named DATA: the stacks that name the program's own code. The dynamic linker has names too, and files: dl-reloc.c.
named() { chains "$1" | grep -E '(^|< )(outer|middle|inner|wrong)( |$)|(^|[ /])c\.c:'; }

# ---- debug information elsewhere ----

id=$(readelf -n c | sed -n 's/.*Build ID: //p')
folder=$tmp/debug/.build-id/${id:0:2}
mkdir -p "$folder"
ok "stripped" strip -o bare c
ok "recorded" tare run -q -o data --debug-dir "$tmp/debug" -- ./bare
is "$(named data)" "" "a stripped program has no names"
objcopy --only-keep-debug c "$folder/${id:2}.debug"
ok "recorded" tare run -q -o data --debug-dir "$tmp/debug" -- ./bare
like "$(chains data)" "$chain" "those of its debug file are found by build id" || diag "$(chains data)"
# the same program but for another name of the function
sed 's/outer/wrong/' c.c >other.c
gcc -O2 -g -Wl,--build-id=sha1 -o "$folder/${id:2}.debug" other.c
ok "recorded" tare run -q -o data --debug-dir "$tmp/debug" -- ./bare
is "$(named data)" "" "a debug file of another build is not used"

if command -v python3 >/dev/null && ldconfig -p | grep -q libdebuginfod.so.1; then
	mkdir -p "web/buildid/$id"
	objcopy --only-keep-debug c "web/buildid/$id/debuginfo"
	(cd web && exec python3 -u -m http.server --bind 127.0.0.1 0) >web.log 2>&1 &
	until port=$(sed -n 's/.*port \([0-9]*\).*/\1/p' web.log) && [ -n "$port" ]; do sleep 0.1; done
	export DEBUGINFOD_CACHE_PATH=$tmp/cache
	ok "recorded" tare run -q -o data -- ./bare
	is "$(named data)" "" "no server is asked"
	is "$(grep -c GET web.log)" 0 ".. really"
	DEBUGINFOD_URLS=http://127.0.0.1:$port ok "recorded" tare run -q -o data -- ./bare
	like "$(chains data)" "$chain" "but one that the user's environment names" || diag "$(chains data)" "$(cat web.log)"
fi

# ---- not what is at its path ----

cp c gone
./gone forever &
pid=$!
until [ "$(readlink /proc/$pid/exe)" = "$tmp/gone" ]; do sleep 0.01; done
rm gone
cp "$folder/${id:2}.debug" gone
ok "a program that was replaced is recorded" tare record -q -o data -d 1s -p $pid
like "$(chains data)" "$chain" "and has its own names" || diag "$(chains data)"
is "$(chains data | grep wrong)" "" "and none of what is in its place"

# ---- who finds out may end ----

"$TARE" record -q -o data -p $pid 2>log &
recorder=$!
until namer=$(pgrep -P $recorder -x tare-names) && [ -s data ]; do sleep 0.05; done
kill -9 "$namer"
until grep -q "names functions has ended" log; do sleep 0.05; done
kill -INT $recorder
wait $recorder
is $? 0 "a recording goes on without names"
like "$(tare export -i data -f json-lines | grep -c '"sample"')" "^[0-9]+$" ".. and is whole"
kill $pid
wait $pid 2>/dev/null

# ---- other languages ----

if command -v g++ >/dev/null; then
	cat >p.cc <<-'END'
		volatile long sink;
		namespace shop {
		template <typename T> struct basket {
			T n;
			__attribute__((always_inline)) void fill(T a)
			{
				for (T i = 0; i < a; i++)
					sink += i;
			}
			__attribute__((noinline)) void buy(T a)
			{
				fill(a * 100);
			}
		};
		}
		int main()
		{
			shop::basket<long> b{1};
			for (int i = 0; i < 5000; i++)
				b.buy(1000);
			return 0;
		}
	END
	ok "builds C++" g++ -O2 -g -o p p.cc
	ok "recorded" tare run -q -o data -- ./p
	like "$(chains data)" 'shop::basket<long>::fill p\.cc:[78] < shop::basket<long>::buy p\.cc:12' "C++ in its own words" ||
		diag "$(chains data)"
fi

if command -v rustc >/dev/null; then
	cat >r.rs <<-'END'
		use std::hint::black_box;
		#[inline(always)]
		fn inner(a: u64) -> u64 {
		    let mut s = 0;
		    for i in 0..a {
		        s += black_box(i);
		    }
		    s
		}
		#[inline(never)]
		fn outer(a: u64) -> u64 {
		    inner(a * 100)
		}
		fn main() {
		    for _ in 0..5000 {
		        black_box(outer(black_box(1000)));
		    }
		}
	END
	ok "builds Rust" rustc -O -g -o r r.rs
	ok "recorded" tare run -q -o data -- ./r
	like "$(chains data)" 'r::inner r\.rs:[4-7] < r::outer r\.rs:12' "Rust in its own words" || diag "$(chains data)"
fi

if command -v node >/dev/null; then
	cat >j.js <<-'END'
		function weighs(n) {
			let s = 0;
			for (let i = 0; i < n; i++)
				s = (s * 31 + i) % 1000003;
			return s;
		}
		let end = Date.now() + 2500, t = 0;
		while (Date.now() < end)
			t += weighs(100000);
		console.log(t);
	END
	ok "recorded" tare run -q -o data -- node --perf-basic-prof j.js
	like "$(chains data)" 'weighs .*j\.js:1' "code made at run time, by the map that its compiler writes" ||
		diag "$(chains data | head -50)"
	is "$(chains data | grep -c ':[0-9]*.*wrong')" 0 ".. and nothing else of it"
	rm -f /tmp/perf-*.map
fi

# ---- the kernel ----

if [ "$(awk '$3 == "vfs_read" { print ($1 ~ /[1-9a-f]/) }' /proc/kallsyms)" = 1 ]; then
	ok "recorded" tare run -q -o data -- dd if=/dev/zero of=/dev/null bs=64k count=200000
	like "$(kernel data)" "(^|.)(read_zero|vfs_read|ksys_read|clear_user)" "functions of the kernel" || diag "$(kernel data)"
else
	ok "recorded" tare run -o data -- dd if=/dev/zero of=/dev/null bs=64k count=20000
	like "$(cat stderr 2>/dev/null)" "hides its addresses" "a kernel that hides its addresses is said to"
fi

# ---- mapped later ----

cat >lib.c <<'END'
extern volatile long sink;
volatile long sink;
void in_lib(void)
{
	for (long i = 0; i < 100000000; i++)
		sink += i;
}
END
cat >l.c <<'END'
#include <dlfcn.h>
#include <unistd.h>
int main(void)
{
	void (*f)(void);
	usleep(300000);
	f = (void (*)(void))dlsym(dlopen("./lib.so", RTLD_NOW), "in_lib");
	for (int i = 0; i < 10; i++)
		f();
	return 0;
}
END
gcc -O1 -g -shared -fPIC -Wl,--build-id=sha1 -o lib.so lib.c
gcc -O1 -o l l.c
ok "recorded" tare run -q -o data -- ./l
like "$(chains data)" "in_lib lib\.c:[56]" "a library that is loaded later has names" || diag "$(chains data)"
is "$(tare export -i data -f json-lines | jq -r 'select(.event == "module" and (.path | endswith("/lib.so"))).build_id' | sort -u)" \
	"$(readelf -n lib.so | sed -n 's/.*Build ID: //p')" "and its build id is in the recording"

# ---- a name of 4 KB, as templates make them ----

long=f$(printf 'x%.0s' {1..4094})y
printf '%s\n' "__attribute__((noinline)) void $long(void) { for (volatile long i = 0; i < 100000000; i++); }" \
	"int main(void) { $long(); return 0; }" >long.c
ok "a long name: builds" gcc -O1 -o long long.c
ok "recorded" tare run -q -o data -- ./long
for format in folded pprof perfetto perf-script otlp-profiles; do
	ok "$format: the name is whole" sh -c '"$0" export -i data -f "$1" | zcat -f | grep -aq "$2"' "$TARE" $format $long
done
done_testing
