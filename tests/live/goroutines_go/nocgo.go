// SPDX-License-Identifier: BSD-2-Clause

//go:build !withcgo

package main

func extra() {}
