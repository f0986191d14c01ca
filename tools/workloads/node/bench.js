#!/usr/bin/env node
// SPDX-License-Identifier: BSD-2-Clause
//
// bench.js SCENARIO [options]: what weft-bench and native-bench do, on Node (18 or later, nothing else). One JSON line.
'use strict';

const MIB = 1024 * 1024;

// takes: letters of the options that mean something to it; file: where its function `run` is, read when it is needed
const scenarios = {
	start: { file: './serve', run: 'start', takes: '', help: 'an HTTP server that answers one request of its own, and ends' },
	cpu: { file: './cpu', takes: 'n', help: 'computes: fib, sieve, matmul, mandelbrot, words; each -n times',
		defaults: { n: 3 } },
	serve: { file: './serve', takes: 'b', help: 'HTTP for load-bench, -b bytes for each request, until SIGTERM',
		defaults: { b: MIB } },
	connections: { file: './connections', takes: 'nt', help: '-n idle TCP connections held for -t seconds',
		defaults: { n: 2000, t: 0.1 } },
	workers: { file: './workers', takes: 'nt', help: '-n idle worker threads held for -t seconds',
		defaults: { n: 16, t: 0.1 } },
	alloc: { file: './alloc', takes: 'nb', help: '-n arrays of -b bytes, each kept for a moment',
		defaults: { n: 1000000, b: 400 } },
	dispatch: { file: './dispatch', takes: 'n', help: '-n calls each: direct, of a method of one class, and of four classes',
		defaults: { n: 20000000 } },
	idle: { file: './idle', takes: 'ntm', modes: ['promise', 'timer'],
		help: '-n async functions that wait for -t seconds, each for its own promise or timer',
		defaults: { n: 100000, t: 0.1, m: 'promise' } },
};

const letters = { n: { what: 'N', most: 1e12, whole: true }, t: { what: 'SECONDS', most: 1e6 },
	b: { what: 'BYTES', most: 1e9, whole: true }, m: { what: 'MODE' } };

function usage() {
	const options = Object.entries(letters).map(([letter, { what }]) => ` [-${letter} ${what}]`).join('');
	const lines = Object.entries(scenarios).map(([name, s]) => {
		const takes = [...s.takes].map((letter) => `-${letter}`).join(' ') || 'no options';
		return `  ${name.padEnd(11)} ${s.help} (takes ${takes}${s.modes ? `; -m ${s.modes.join(' | ')}` : ''})\n`;
	});
	return `usage: bench.js NAME${options}\n${lines.join('')}`;
}

function wrong(what) {
	process.stderr.write(`bench.js: ${what}\n${usage()}`);
	process.exit(2);
}

function number(letter, text) {
	const x = Number(text);
	const { most, whole } = letters[letter];
	if (text.trim() === '' || !(x > 0) || x > most)
		wrong(`-${letter} ${text}: a number above 0 and up to ${most} is wanted`);
	if (whole && !Number.isInteger(x))
		wrong(`-${letter} ${text}: a whole number is wanted`);
	return x;
}

// The scenario's name, and its options by letter
function parse(args) {
	const given = {};
	let name;
	while (args.length) {
		const arg = args.shift();
		if (arg === '-h') {
			process.stdout.write(usage());
			process.exit(0);
		}
		if (!arg.startsWith('-')) {
			if (name !== undefined)
				wrong('one scenario at a time');
			name = arg;
			continue;
		}
		const letter = arg[1];
		if (!Object.hasOwn(letters, letter ?? ''))
			wrong(`there is no option ${arg}`);
		const value = arg.length > 2 ? arg.slice(2) : args.shift();
		if (value === undefined)
			wrong(`-${letter} wants a ${letters[letter].what}`);
		given[letter] = value;
	}
	if (name === undefined)
		wrong('which scenario?');
	if (!Object.hasOwn(scenarios, name))
		wrong(`there is no scenario ${name}`);
	const scenario = scenarios[name];
	const options = { ...scenario.defaults };
	for (const [letter, text] of Object.entries(given)) {
		if (!scenario.takes.includes(letter))
			wrong(`${name} takes no -${letter}`);
		if (letter === 'm' && !scenario.modes.includes(text))
			wrong(`${name} has no mode ${text}`);
		options[letter] = letter === 'm' ? text : number(letter, text);
	}
	return [name, options];
}

async function main() {
	const [name, options] = parse(process.argv.slice(2));
	const { file, run = 'run' } = scenarios[name];
	try {
		await require(file)[run](options, require('./result').result(name, options));
	} catch (error) {
		process.stderr.write(`bench.js: ${name}: ${error.message}\n`);
		process.exit(1);
	}
}

main();
