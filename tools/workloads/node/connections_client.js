// SPDX-License-Identifier: BSD-2-Clause
//
// connections_client.js PORT N: connects to this machine up to N times, as often as it can, and holds all until it is
// killed or its standard input ends. To one address there are fewer ports than that may need, so it takes several.
'use strict';

const net = require('net');

const PER_ADDRESS = 20000, AT_ONCE = 64;
const [port, n] = process.argv.slice(2).map(Number);
let next = 0, failed = false;

function connect(i) {
	return new Promise((done) => {
		const socket = net.connect({ host: `127.0.1.${1 + Math.floor(i / PER_ADDRESS)}`, port }, done);
		socket.on('error', () => {
			failed = true;
			done();
		});
	});
}

async function connectMany() {
	while (next < n && !failed)
		await connect(next++);
}

for (let i = 0; i < AT_ONCE; i++)
	connectMany();
process.stdin.resume();
process.stdin.on('end', () => process.exit(0));
