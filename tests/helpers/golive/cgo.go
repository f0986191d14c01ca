//go:build cgo && withcgo

// SPDX-License-Identifier: BSD-2-Clause

package main

import "C"
