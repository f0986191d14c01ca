# SPDX-License-Identifier: BSD-2-Clause
#
# rust-bench, by rustc alone (1.63 or later). It says by which one, if it is built like this:
#
#	make -f tools/workloads/rust/rust.mk rust		build/workloads/rust-bench
#	cd tools/workloads/rust && RUSTC_VERSION="$(rustc --version)" cargo build --release --target-dir ../../../build/cargo

OUT ?= build
RUSTC ?= rustc
Q ?= @
.DEFAULT_GOAL ?= rust

RUST_DIR := tools/workloads/rust
RUST_FLAGS := --edition 2021 -C opt-level=3 -C codegen-units=1 -D warnings

.PHONY: rust
rust: $(OUT)/workloads/rust-bench

$(OUT)/workloads/rust-bench: $(wildcard $(RUST_DIR)/*.rs) $(RUST_DIR)/rust.mk
	@mkdir -p $(@D)
	$(Q)RUSTC_VERSION="$$($(RUSTC) --version)" $(RUSTC) $(RUST_FLAGS) -o $@ $(RUST_DIR)/main.rs
