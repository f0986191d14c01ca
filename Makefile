# SPDX-License-Identifier: BSD-2-Clause
#
#   make            build/tare and build/workloads/*
#   make demo       install what is missing, build, measure a bundled workload
#   make test       install what is missing, build, run every test (tests/run)
#   make bench      tare's overhead, side by side with others
#   make weft-test  the runtime weft by itself, plain and under sanitizers
#   make test-kernels  tare under Debian's kernels in qemu
#   make test-go-matrix  every available Go from 1.19 on, in every variant
#   make soak       a Go program survives 10 minutes of attaching and killing
#   make soak-serve tare serve for 30 minutes, while 500 programs come and go
#   make bench-go   tare's overhead on Go programs, beside bpftrace and Go's own tracer
#   make bench-real what tare and others cost real servers, to half a percent: an hour
#   make bench-weft weft beside Go
#   make fuzz       fuzz the readers for long (FUZZ_SECONDS each)
#   make install    PREFIX=/usr/local, DESTDIR=
#   make lint       includes, format, scripts, what clang's analyzer finds: tools/lint
#   make format     formats the sources as tools/lint requires
#   make compile_commands.json  for editors
#   make clean
#   V=1 shows the commands.

MAKEFLAGS += --no-builtin-rules
.DELETE_ON_ERROR:
.SUFFIXES:
.SECONDARY:

ifeq ($(V),1)
Q :=
msg :=
else
Q := @
msg = @printf '  %-8s %s\n' '$(1)' '$(2)';
endif

VERSION := 0.1.0
PREFIX ?= /usr/local
CC ?= cc
ifeq ($(origin CC),default)
CC := cc
endif
CLANG ?= clang
LLVM_STRIP ?= llvm-strip
# /usr/sbin is not in everyone's PATH
BPFTOOL ?= $(shell PATH="$$PATH:/usr/sbin:/sbin" command -v bpftool || echo bpftool)
FUZZ_SECONDS ?= 600
OUT := build

ARCH := $(shell uname -m | sed 's/aarch64/arm64/')
ifeq ($(wildcard vmlinux/$(ARCH)/vmlinux.h),)
$(error tare knows no architecture $(ARCH): vmlinux/ has $(notdir $(wildcard vmlinux/*)))
endif
BPF_ARCH := $(subst x86_64,x86,$(ARCH))

ROOMS := $(sort $(dir $(wildcard user/*/*.c user/*/*/*.c)))
INCLUDES := -I$(OUT) -Ibpf $(addprefix -I,$(ROOMS))
# most callbacks, the doctor's trials and every test have a fixed signature, and few use all of it: marking the rest
# would be noise
WARN := -Wall -Wextra -Werror -Wmissing-prototypes -Wstrict-prototypes -Wno-unused-parameter
CFLAGS ?= -O2 -g
ALL_CFLAGS = -std=gnu11 $(CFLAGS) $(WARN) -D_GNU_SOURCE -DTARE_VERSION='"$(VERSION)"' $(INCLUDES)
LIBS := -lbpf -ldw -lelf -lz -lzstd -ljansson -lseccomp -lcapstone -liberty -lncursesw -ltinfo -lmicrohttpd -lm -lpthread
# one set of objects for the tests, the fuzzers and tare-san: built by clang, since gcc has no libFuzzer
# They are compiled more often than they run: for a long search, clean, then `make SAN_O=-O1 fuzz`
SAN_O ?= -O0
SAN := -g -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer

USER_SRC := $(foreach room,$(ROOMS),$(wildcard $(room)*.c))
USER_OBJ := $(USER_SRC:%.c=$(OUT)/obj/%.o)
SAN_OBJ := $(USER_SRC:%.c=$(OUT)/san/%.o)
# programs that need functions of only some kernels: separate objects, opened only there
BPF_APART := hold hold_impl
# the one that defines the maps first: libbpf 1.1's linker forgets the section of a map that it first saw as extern
BPF_SRC := bpf/sched.bpf.c $(filter-out bpf/sched.bpf.c $(BPF_APART:%=bpf/%.bpf.c),$(wildcard bpf/*.bpf.c))
SKEL := $(patsubst %,$(OUT)/%.skel.h,tare $(BPF_APART))
BPF_OBJ := $(BPF_SRC:bpf/%.bpf.c=$(OUT)/bpf/%.bpf.o)
WORKLOADS := $(patsubst tools/workloads/%.c,$(OUT)/workloads/%,$(wildcard tools/workloads/*.c)) \
	$(OUT)/workloads/weft-bench $(OUT)/workloads/native-bench $(OUT)/workloads/load-bench
UNIT := $(patsubst tests/unit/%.c,$(OUT)/unit/%,$(wildcard tests/unit/test_*.c))
FUZZ := $(patsubst tests/fuzz/%.c,$(OUT)/fuzz/%,$(wildcard tests/fuzz/fuzz_*.c))
HELPERS := $(patsubst tests/helpers/%.c,$(OUT)/helpers/%,$(wildcard tests/helpers/*.c)) \
	$(OUT)/helpers/faulty $(OUT)/helpers/shares_weft

.PHONY: all demo test test-kernels unit fuzz bench install clean setup setup-test
all: $(OUT)/tare $(WORKLOADS)

demo: setup
	@$(MAKE) --no-print-directory all
	@tools/demo

# builds on every CPU unless told otherwise
test: setup-test
	@$(MAKE) --no-print-directory $(if $(findstring -j,$(MAKEFLAGS)),,-j$(shell nproc)) all unit-binaries
	@tests/run

setup:
	@tools/setup
setup-test:
	@tools/setup --test

.PHONY: unit-binaries
unit-binaries: $(UNIT) $(FUZZ) $(HELPERS) $(OUT)/tare-san
unit: $(UNIT)
	@tests/run $(UNIT)

test-kernels: all $(HELPERS)
	@tests/kernels/run

bench: setup-test
	@$(MAKE) --no-print-directory all
	@tests/bench/run

.PHONY: test-go-matrix soak soak-serve bench-go bench-real bench-weft
test-go-matrix: setup-test
	@$(MAKE) --no-print-directory all
	@tests/go/matrix

soak: setup-test
	@$(MAKE) --no-print-directory all
	@tests/go/soak.sh 600

soak-serve: setup-test
	@$(MAKE) --no-print-directory all unit-binaries
	@tests/soak/serve.sh 1800

bench-go: setup-test
	@$(MAKE) --no-print-directory all
	@tests/bench/go.sh

bench-real: setup-test
	@$(MAKE) --no-print-directory all
	@tests/bench/real.sh

bench-weft: all
	@tests/bench/weft.sh

fuzz: setup-test
	@$(MAKE) --no-print-directory $(FUZZ)
	@tests/fuzz/run $(FUZZ_SECONDS)

.PHONY: lint format
lint: setup-test
	@$(MAKE) --no-print-directory $(if $(findstring -j,$(MAKEFLAGS)),,-j$(shell nproc)) all
	@tools/lint

format:
	@git ls-files '*.c' '*.h' | grep -v '^vmlinux/' | xargs clang-format -i

# for editors; the kernel side has other flags, but clangd makes do with these
compile_commands.json: Makefile $(USER_SRC)
	$(call msg,GEN,$@) { sep='['; for f in $(USER_SRC) user/main.c; do printf '%s\n{ "directory": "%s", "file": "%s", "command": "%s" }' \
		"$$sep" '$(CURDIR)' "$$f" "$$(printf '%s' '$(subst ','\'',$(CC) $(ALL_CFLAGS)) -c '"$$f" | sed 's/"/\\"/g')"; sep=','; done; echo ']'; } > $@

install: all
	install -d '$(DESTDIR)$(PREFIX)/bin' '$(DESTDIR)$(PREFIX)/share/man/man1' '$(DESTDIR)$(PREFIX)/libexec/tare'
	install -m 755 $(OUT)/tare '$(DESTDIR)$(PREFIX)/bin/tare'
	install -m 644 tools/tare.1 '$(DESTDIR)$(PREFIX)/share/man/man1/tare.1'
	install -m 755 $(WORKLOADS) '$(DESTDIR)$(PREFIX)/libexec/tare/'
	install -d '$(DESTDIR)$(PREFIX)/share/tare'
	install -m 644 tools/claims.json '$(DESTDIR)$(PREFIX)/share/tare/claims.json'
	install -d '$(DESTDIR)$(PREFIX)/share/tare/serve'
	install -m 644 tools/serve/* '$(DESTDIR)$(PREFIX)/share/tare/serve/'
	cp -r --no-preserve=ownership tools/workloads '$(DESTDIR)$(PREFIX)/share/tare/'

clean:
	rm -rf $(OUT)

# ---- kernel side: one object for each cost, linked into one skeleton ----

$(OUT)/bpf/%.bpf.o: bpf/%.bpf.c
	@mkdir -p $(@D)
	$(call msg,BPF,$@) :
	$(Q)$(CLANG) -target bpf -mcpu=v3 -O2 -g -Wall -Wextra -Werror -Wno-unused-parameter -D__TARGET_ARCH_$(BPF_ARCH) \
		-Ibpf -Ivmlinux -Ivmlinux/$(ARCH) -idirafter /usr/include/$(shell uname -m)-linux-gnu -MMD -MP -c $< -o $@
	$(Q)$(LLVM_STRIP) -g $@

$(OUT)/tare.bpf.o: $(BPF_OBJ)
	$(call msg,LINK,$@) $(BPFTOOL) gen object $@ $^

$(BPF_APART:%=$(OUT)/%.bpf.o): $(OUT)/%.bpf.o: $(OUT)/bpf/%.bpf.o
	$(call msg,LINK,$@) $(BPFTOOL) gen object $@ $^

$(OUT)/%.skel.h: $(OUT)/%.bpf.o
	$(call msg,SKEL,$@) $(BPFTOOL) gen skeleton $< name $*_bpf > $@

# ---- user side, twice: for use, and under ASan and UBSan for the tests ----

$(OUT)/obj/%.o: %.c | $(SKEL)
	@mkdir -p $(@D)
	$(call msg,CC,$@) $(CC) $(ALL_CFLAGS) -MMD -MP -c $< -o $@

$(OUT)/san/%.o: %.c | $(SKEL)
	@mkdir -p $(@D)
	$(call msg,CC,$@) $(CLANG) $(ALL_CFLAGS) $(SAN) $(SAN_O) -fsanitize=fuzzer-no-link -MMD -MP -c $< -o $@

# the page of `tare report --html` has these in it
$(OUT)/obj/user/report/page/page_files.o $(OUT)/san/user/report/page/page_files.o: \
	$(wildcard user/report/page/*.html user/report/page/*.css user/report/page/*.js)

$(OUT)/tare: $(USER_OBJ) $(OUT)/obj/user/main.o
	$(call msg,LINK,$@) $(CC) $(CFLAGS) $(LDFLAGS) $^ $(LIBS) -o $@

$(OUT)/tare-san: $(SAN_OBJ) $(OUT)/san/user/main.o
	$(call msg,LINK,$@) $(CLANG) $(SAN) $^ $(LIBS) -o $@

# From an archive, each test links only what it needs.
$(OUT)/san/tare.a: $(SAN_OBJ)
	$(call msg,AR,$@) rm -f $@ && ar rcs $@ $^

$(OUT)/unit/%: tests/unit/%.c $(OUT)/san/tare.a
	@mkdir -p $(@D)
	$(call msg,TEST,$@) $(CLANG) $(ALL_CFLAGS) $(SAN) $(SAN_O) -Itests/unit -MMD -MP -MF $@.d $< $(OUT)/san/tare.a $(LIBS) -lcmocka -o $@

$(OUT)/fuzz/%: $(OUT)/san/tests/fuzz/%.o $(OUT)/san/tare.a
	@mkdir -p $(@D)
	$(call msg,FUZZ,$@) $(CLANG) -fsanitize=fuzzer,address,undefined $^ $(LIBS) -o $@

$(OUT)/workloads/%: tools/workloads/%.c
	@mkdir -p $(@D)
	$(call msg,CC,$@) $(CC) -std=gnu11 $(CFLAGS) $(WARN) -D_GNU_SOURCE $< -lpthread -o $@

$(OUT)/helpers/antagonist: tests/truth/antagonist.c tests/truth/antagonist.h
# a recorder without a kernel
$(OUT)/helpers/many_cpus: tests/helpers/many_cpus.c $(USER_OBJ)
	@mkdir -p $(@D)
	$(call msg,CC,$@) $(CC) $(ALL_CFLAGS) $^ $(LIBS) -o $@

$(OUT)/helpers/frames: CFLAGS += -O2 -fomit-frame-pointer -fexceptions
$(OUT)/helpers/%: tests/helpers/%.c
	@mkdir -p $(@D)
	$(call msg,CC,$@) $(CC) -std=gnu11 $(CFLAGS) $(WARN) -D_GNU_SOURCE $< -lpthread -o $@

include tools/workloads/weft/weft.mk
unit-binaries: $(WEFT_TEST_BIN)

-include $(shell find $(OUT) -name '*.d' 2>/dev/null)
