// SPDX-License-Identifier: BSD-2-Clause

package main

const (
	sysMemfdCreate       = 319
	sysUserfaultfd       = 323
	sysSchedSetscheduler = 144
)
