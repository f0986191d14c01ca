// SPDX-License-Identifier: BSD-2-Clause

package main

const (
	sysMemfdCreate       = 279
	sysUserfaultfd       = 282
	sysSchedSetscheduler = 119
)
