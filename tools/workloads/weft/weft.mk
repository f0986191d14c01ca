# SPDX-License-Identifier: BSD-2-Clause
#
# weft and its scenarios: included by the Makefile at the top, or run there by itself:
#
#	make -f tools/workloads/weft/weft.mk weft		build/workloads/weft-bench and native-bench
#	make -f tools/workloads/weft/weft.mk weft-test		the tests in tests/weft, plain and under sanitizers
#
# The runtime's code is moved to the section weft_text, by which a signal handler knows it; see preempt.c. Binding is
# done at start, as the dynamic linker's work at a first call needs more stack than a small goroutine has.

OUT ?= build
ifeq ($(origin CC),default)
CC := cc
endif
CFLAGS ?= -O2 -g
OBJCOPY ?= objcopy
Q ?= @
.DEFAULT_GOAL ?= weft

WEFT_DIR := tools/workloads/weft
# shared with native-bench
BENCH_DIR := tools/workloads/bench
WEFT_WARN := -Wall -Wextra -Werror -Wmissing-prototypes -Wstrict-prototypes -Wno-unused-parameter -Wno-sign-compare
WEFT_CFLAGS = -std=gnu11 $(CFLAGS) $(WEFT_WARN) -D_GNU_SOURCE -I$(WEFT_DIR) -I$(BENCH_DIR)
# cpu computes the same in each language: x * y + z is rounded twice
WEFT_CFLAGS += -ffp-contract=off
# a function with a large frame must touch the guard page on its way
WEFT_CFLAGS += -fstack-clash-protection
# in the runtime: no code apart from the section that is moved, and no tail of a function in one of its own; and no
# calls by way of the PLT, for that lies in what may be preempted
WEFT_RT_CFLAGS := -fvisibility=hidden -fno-reorder-functions -fno-plt
# kernels may make of a probe's five-byte no-op a call, which overwrites what lies just below the stack pointer
WEFT_RT_CFLAGS += $(if $(findstring x86_64,$(shell $(CC) -dumpmachine)),-mno-red-zone)
# whoever looks at a stack finds the function that the program called
WEFT_RT_CFLAGS += -fno-optimize-sibling-calls
WEFT_LDFLAGS := -Wl,-z,now -pthread

WEFT_RT_SRC := $(filter-out $(WEFT_DIR)/bench%.c,$(wildcard $(WEFT_DIR)/*.c))
WEFT_ASM := $(wildcard $(WEFT_DIR)/*.S)
WEFT_BENCH_SRC := $(wildcard $(WEFT_DIR)/bench*.c $(BENCH_DIR)/*.c)
WEFT_TESTS := $(wildcard tests/weft/*.c)
FAULTY_SRC := $(wildcard tests/truth/*.c)
WEFT_HEADERS := $(wildcard $(WEFT_DIR)/*.h $(BENCH_DIR)/*.h tests/truth/*.h tests/weft/*.h)
WEFT_RENAME := $(foreach s,.text .text.unlikely .text.hot .text.startup,--rename-section $(s)=weft_text,alloc,load,contents,readonly,code)

# each variant has its objects: what it is called, and the flags of the compiler and the linker
weft_flags_obj :=
weft_flags_asan := -O1 -g -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
weft_flags_tsan := -O1 -g -fsanitize=thread

define weft_variant
weft_objs_$(1) := $(WEFT_RT_SRC:%.c=$(OUT)/weft-$(1)/%.o) $(WEFT_ASM:%.S=$(OUT)/weft-$(1)/%.S.o)

$(WEFT_RT_SRC:%.c=$(OUT)/weft-$(1)/%.o): $(OUT)/weft-$(1)/%.o: %.c $(WEFT_HEADERS) $(WEFT_DIR)/weft.mk
	@mkdir -p $$(@D)
	$(Q)$(CC) $$(WEFT_CFLAGS) $(WEFT_RT_CFLAGS) $(weft_flags_$(1)) -c $$< -o $$@.tmp
	$(Q)$(OBJCOPY) $(WEFT_RENAME) $$@.tmp $$@ && rm $$@.tmp

$(WEFT_ASM:%.S=$(OUT)/weft-$(1)/%.S.o): $(OUT)/weft-$(1)/%.S.o: %.S
	@mkdir -p $$(@D)
	$(Q)$(CC) -g -c $$< -o $$@

$(WEFT_BENCH_SRC:%.c=$(OUT)/weft-$(1)/%.o) $(WEFT_TESTS:%.c=$(OUT)/weft-$(1)/%.o) $(FAULTY_SRC:%.c=$(OUT)/weft-$(1)/%.o): $(OUT)/weft-$(1)/%.o: %.c $(WEFT_HEADERS) $(WEFT_DIR)/weft.mk
	@mkdir -p $$(@D)
	$(Q)$(CC) $$(WEFT_CFLAGS) $(weft_flags_$(1)) -c $$< -o $$@

$(OUT)/weft-$(1)/test-%: $(OUT)/weft-$(1)/tests/weft/%.o $$(weft_objs_$(1))
	$(Q)$(CC) $(CFLAGS) $(weft_flags_$(1)) $$^ $(WEFT_LDFLAGS) $(LDFLAGS) -o $$@
endef
$(foreach v,obj asan tsan,$(eval $(call weft_variant,$(v))))

.PHONY: weft weft-test
.SECONDARY:
weft: $(OUT)/workloads/weft-bench $(OUT)/workloads/native-bench

$(OUT)/workloads/weft-bench: $(WEFT_BENCH_SRC:%.c=$(OUT)/weft-obj/%.o) $(weft_objs_obj)
	@mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) $^ $(WEFT_LDFLAGS) $(LDFLAGS) -lm -o $@

# what makes its world stop late, for the tests in tests/truth
$(OUT)/helpers/faulty: $(FAULTY_SRC:%.c=$(OUT)/weft-obj/%.o) $(weft_objs_obj)
	@mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) $^ $(WEFT_LDFLAGS) $(LDFLAGS) -o $@

# knows what it spends its time on
$(OUT)/helpers/shares_weft: tests/truth/ledger_native/shares.c $(weft_objs_obj)
	@mkdir -p $(@D)
	$(Q)$(CC) $(WEFT_CFLAGS) -DWEFT $^ $(WEFT_LDFLAGS) $(LDFLAGS) -o $@

WEFT_TEST_BIN := $(foreach v,obj asan tsan,$(WEFT_TESTS:tests/weft/%.c=$(OUT)/weft-$(v)/test-%))
weft-test: $(WEFT_TEST_BIN) $(OUT)/workloads/weft-bench $(OUT)/workloads/native-bench
	tests/weft/run $(OUT)
	tests/weft/scenarios $(OUT)

include tools/workloads/native/native.mk
