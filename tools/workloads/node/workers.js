// SPDX-License-Identifier: BSD-2-Clause
//
// workers: worker threads that wait for a message, and what each takes of this process's resident memory.
'use strict';

const { Worker } = require('worker_threads');
const { now, memory, sleep } = require('./result');

const IDLE = "require('worker_threads').parentPort.once('message', () => {})";

// A worker that is ready, or the error that says why there can be none
function start() {
	return new Promise((done) => {
		const worker = new Worker(IDLE, { eval: true });
		worker.once('online', () => done(worker));
		worker.once('error', done);
	});
}

async function run({ n, t: seconds }, result) {
	const workers = [];
	let why = null;
	const before = memory().resident, begin = now();
	while (workers.length < n) {
		const worker = await start().catch((error) => error);
		if (worker instanceof Error) {
			why = worker.message;
			break;
		}
		workers.push(worker);
	}
	if (!workers.length)
		throw new Error(`no worker can start: ${why}`);
	const reached = workers.length;
	result.span('all', begin, now(), reached);
	await sleep(seconds);
	const resident = memory().resident;
	await Promise.all(workers.map((worker) => worker.terminate()));
	result.print({ reached, bytes_per_task: (resident - before) / reached });
}

module.exports = { run };
