// SPDX-License-Identifier: BSD-2-Clause
//
// idle: async functions that wait, each for a promise or a timer of its own, and what that takes.
'use strict';

const { now, memory, sleep, collect } = require('./result');

const LONG_MS = 2 ** 31 - 1; // the longest timer there is

async function run({ n, t: seconds, m: mode }, result) {
	const wakers = new Array(n), timers = new Array(n);
	let over = 0;
	const wait = {
		promise: async (i) => {
			await new Promise((done) => { wakers[i] = done; });
			over++;
		},
		timer: async (i) => {
			await new Promise((done) => {
				wakers[i] = done;
				timers[i] = setTimeout(done, LONG_MS);
			});
			over++;
		},
	}[mode];

	const first = wait(0); // compiled now
	clearTimeout(timers[0]);
	wakers[0]();
	await first;
	over = 0;
	collect();
	const before = memory().resident, heapBefore = process.memoryUsage().heapUsed, begin = now();
	const all = [];
	for (let i = 0; i < n; i++)
		all.push(wait(i));
	result.span('all', begin, now(), n);
	await sleep(seconds);
	collect();
	const resident = memory().resident, heap = process.memoryUsage().heapUsed;
	for (let i = 0; i < n; i++) {
		clearTimeout(timers[i]);
		wakers[i]();
	}
	await Promise.all(all);
	if (over !== n)
		throw new Error(`${over} of ${n} have gone on`);
	result.print({ reached: n, bytes_per_task: (resident - before) / n,
		heap_bytes_per_task: (heap - heapBefore) / n });
}

module.exports = { run };
