// SPDX-License-Identifier: BSD-2-Clause
//
// connections: idle TCP connections that this process has accepted, and what each takes of its resident memory. The other
// ends are in a process of their own, connections_client.js.
'use strict';

const { spawn } = require('child_process');
const net = require('net');
const path = require('path');
const { now, memory, sleep, collect } = require('./result');

const QUIET_NS = 5e9;

function listen(onConnection) {
	return new Promise((done, failed) => {
		const server = net.createServer(onConnection);
		server.on('error', failed);
		server.listen({ port: 0, host: '0.0.0.0', backlog: 4096 }, () => done(server));
	});
}

// Waits until there are n, or no more have come for a while: somebody's limit is reached. Returns when the last one came.
async function settled(open, n) {
	let last = 0, since = now();
	while (last < n && now() - since < QUIET_NS) {
		await sleep(0.001);
		if (open.size > last) {
			last = open.size;
			since = now();
		}
	}
	return since;
}

async function run({ n, t: seconds }, result) {
	const open = new Set();
	const server = await listen((socket) => {
		open.add(socket);
		socket.on('close', () => open.delete(socket));
		socket.on('error', () => {});
	});
	collect();
	const before = memory().resident, begin = now();
	const client = spawn(process.execPath, [path.join(__dirname, 'connections_client.js'),
		String(server.address().port), String(n)], { stdio: ['pipe', 'ignore', 'inherit'] });
	const end = await settled(open, n);
	if (open.size)
		result.span('all', begin, end, open.size);
	await sleep(seconds);
	collect();
	const resident = memory().resident, reached = open.size;
	for (const socket of open)
		socket.resetAndDestroy(); // no port remains occupied by what was here
	client.kill();
	server.close();
	if (!reached)
		throw new Error('no connection could be made');
	result.print({ reached, bytes_per_task: (resident - before) / reached });
}

module.exports = { run };
