// SPDX-License-Identifier: BSD-2-Clause
//
// A scenario's result: one JSON line on standard output.
'use strict';

const fs = require('fs');
const os = require('os');

// CLOCK_MONOTONIC; a number is exact for the first 104 days since the machine was started, and to 2 ns after that
const now = () => Number(process.hrtime.bigint());

const statusFile = fs.openSync('/proc/self/status'); // now: later there may be no file descriptor left
const statusText = Buffer.alloc(8192);

// Of this process, now, in bytes
function memory() {
	const status = statusText.latin1Slice(0, fs.readSync(statusFile, statusText, 0, statusText.length, 0));
	const bytes = (key) => Number(new RegExp(`^${key}:\\s*(\\d+) kB`, 'm').exec(status)?.[1] ?? 0) * 1024;
	return { resident: bytes('VmRSS'), peak: bytes('VmHWM') };
}

function result(scenario, options) {
	const spans = {};
	const figures = { scenario, runtime: 'node', version: process.version, procs: os.cpus().length };
	for (const [letter, key] of [['m', 'mode'], ['n', 'n'], ['b', 'block_bytes']])
		if (options[letter] !== undefined)
			figures[key] = options[letter];
	return {
		span(name, begin_ns, end_ns, n) { spans[name] = { begin_ns, end_ns, n }; },
		// Runs fn, which does n operations, as the measured part `name`; returns what it returns
		measure(name, n, fn) {
			const begin = now();
			const value = fn();
			this.span(name, begin, now(), n);
			return value;
		},
		ns_per(name) { return (spans[name].end_ns - spans[name].begin_ns) / spans[name].n; },
		print(more) {
			const { resident, peak } = memory();
			const line = { ...figures, ...more, resident_bytes: resident, peak_resident_bytes: peak, spans };
			fs.writeSync(1, `${JSON.stringify(line)}\n`);
		},
	};
}

const sleep = (seconds) => new Promise((done) => setTimeout(done, seconds * 1000));

// Collects all garbage, so that what is resident is in use; without it a difference of two looks says little
function collect() {
	require('v8').setFlagsFromString('--expose-gc');
	require('vm').runInNewContext('gc')();
}

module.exports = { now, memory, result, sleep, collect };
