# SPDX-License-Identifier: BSD-2-Clause
#
# native-bench, the twin of weft-bench: the same scenarios on pthreads, malloc and free. Included by the Makefile at the
# top, or run there by itself:
#
#	make -f tools/workloads/native/native.mk native		build/workloads/native-bench and load-bench
#
# load-bench loads any server over HTTP with what the scenario server is loaded with.

OUT ?= build
ifeq ($(origin CC),default)
CC := cc
endif
CFLAGS ?= -O2 -g
Q ?= @
.DEFAULT_GOAL ?= native

NATIVE_DIR := tools/workloads/native
NATIVE_SHARED_DIR := tools/workloads/bench
NATIVE_SRC := $(wildcard $(NATIVE_DIR)/*.c $(NATIVE_SHARED_DIR)/*.c)
LOAD_DIR := tools/workloads/load
LOAD_SRC := $(wildcard $(LOAD_DIR)/*.c) $(addprefix $(NATIVE_SHARED_DIR)/,drive.c http.c histogram.c result.c die.c)
NATIVE_HEADERS := $(wildcard $(NATIVE_DIR)/*.h $(NATIVE_SHARED_DIR)/*.h $(LOAD_DIR)/*.h)
NATIVE_CFLAGS = -std=gnu11 $(CFLAGS) -Wall -Wextra -Werror -Wmissing-prototypes -Wstrict-prototypes \
	-Wno-unused-parameter -Wno-sign-compare -D_GNU_SOURCE -I$(NATIVE_DIR) -I$(NATIVE_SHARED_DIR)
# cpu computes the same in each language: x * y + z is rounded twice
NATIVE_CFLAGS += -ffp-contract=off

.PHONY: native
native: $(OUT)/workloads/native-bench $(OUT)/workloads/load-bench

$(sort $(NATIVE_SRC:%.c=$(OUT)/native-obj/%.o) $(LOAD_SRC:%.c=$(OUT)/native-obj/%.o)): $(OUT)/native-obj/%.o: %.c $(NATIVE_HEADERS) $(NATIVE_DIR)/native.mk
	@mkdir -p $(@D)
	$(Q)$(CC) $(NATIVE_CFLAGS) -c $< -o $@

$(OUT)/workloads/native-bench: $(NATIVE_SRC:%.c=$(OUT)/native-obj/%.o)
	@mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) $^ $(LDFLAGS) -pthread -lm -o $@

# measures windows of a server's work: tests/bench/real.sh
WINDOW_SRC := $(addprefix $(NATIVE_SHARED_DIR)/,drive.c http.c histogram.c result.c die.c)
$(OUT)/bench/window: tests/bench/real/window.c $(WINDOW_SRC:%.c=$(OUT)/native-obj/%.o)
	@mkdir -p $(@D)
	$(Q)$(CC) $(NATIVE_CFLAGS) $^ $(LDFLAGS) -lm -o $@

$(OUT)/workloads/load-bench: $(LOAD_SRC:%.c=$(OUT)/native-obj/%.o)
	@mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) $^ $(LDFLAGS) -ljansson -lm -o $@
