// SPDX-License-Identifier: BSD-2-Clause
'use strict';

const http = require('http');
const { now } = require('./result');

const PAGE = 4096;

// A byte in each page is written, and they are added up
function work(bytes, seed) {
	const memory = Buffer.alloc(bytes);
	let sum = 0;
	for (let at = 0; at < bytes; at += PAGE)
		memory[at] = seed + at / PAGE;
	for (let at = 0; at < bytes; at += PAGE)
		sum += memory[at];
	return sum;
}

function answer(request, response, body) {
	if (request.method !== 'GET') {
		response.statusCode = 405;
		body = 'only GET';
	}
	response.setHeader('Content-Type', 'text/plain');
	response.end(`${body}\n`);
}

function listen(handler) {
	return new Promise((done, failed) => {
		const server = http.createServer(handler);
		server.keepAliveTimeout = 0; // a connection may rest for as long as its client likes
		server.on('error', failed);
		server.listen(0, '127.0.0.1', () => done(server));
	});
}

function get(port) {
	return new Promise((done, failed) => {
		http.get({ host: '127.0.0.1', port, agent: false }, (response) => {
			response.resume();
			response.on('end', () => done(response.statusCode));
		}).on('error', failed);
	});
}

async function start(options, result) {
	const begin = now();
	const server = await listen((request, response) => answer(request, response, 'ready'));
	const status = await get(server.address().port);
	result.span('all', begin, now(), 1);
	if (status !== 200)
		throw new Error(`its own request was answered with ${status}`);
	server.close();
	result.print({ requests: 1 });
}

async function run({ b: bytes }, result) {
	let n = 0, begin = 0, end = 0;
	const server = await listen((request, response) => {
		begin ||= now();
		answer(request, response, work(bytes, n++));
		end = now();
	});
	process.once('SIGTERM', () => {
		if (n)
			result.span('all', begin, end, n);
		result.print({ n });
		process.exit(0);
	});
	process.stdout.write(`{"port":${server.address().port}}\n`);
}

module.exports = { start, run };
