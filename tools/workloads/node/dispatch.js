// SPDX-License-Identifier: BSD-2-Clause
//
// dispatch: what a call costs by how its target is found. Each way has a loop of its own, for V8 remembers by the place
// of the call which classes have come there.
'use strict';

const OBJECTS = 16384; // more than a predictor learns by heart

class Add {
	constructor(value) { this.value = value; }
	mix(x) { return (x + this.value) | 0; }
}
class Xor {
	constructor(value) { this.value = value; }
	mix(x) { return x ^ this.value; }
}
class Subtract {
	constructor(value) { this.value = value; }
	mix(x) { return (x - this.value) | 0; }
}
class Scale {
	constructor(value) { this.value = value; }
	mix(x) { return (Math.imul(x, 2) + this.value) | 0; }
}
const classes = [Add, Xor, Subtract, Scale];

function add(object, x) {
	return (x + object.value) | 0;
}

function direct(objects, x) {
	for (let i = 0; i < OBJECTS; i++)
		x = add(objects[i], x);
	return x;
}

function virtualMono(objects, x) {
	for (let i = 0; i < OBJECTS; i++)
		x = objects[i].mix(x);
	return x;
}

function virtualMixed(objects, x) {
	for (let i = 0; i < OBJECTS; i++)
		x = objects[i].mix(x);
	return x;
}

// The values are the same in both; the classes too, or drawn by xorshift32
function make(mixed) {
	let x = 2463534242 | 0;
	return Array.from({ length: OBJECTS }, () => {
		x ^= x << 13;
		x ^= x >>> 17;
		x ^= x << 5;
		return new classes[mixed ? (x >>> 8) & 3 : 0](x >> 4);
	});
}

function run({ n }, result) {
	const rounds = Math.ceil(n / OBJECTS), warmUp = 50, figures = { n: rounds * OBJECTS };
	const parts = [['direct', direct, make(false)], ['virtual_mono', virtualMono, make(false)],
		['virtual_mixed', virtualMixed, make(true)]];
	const sums = parts.map(([name, loop, objects]) => {
		let x = 0;
		for (let i = 0; i < warmUp; i++)
			x = loop(objects, x);
		result.measure(name, rounds * OBJECTS, () => {
			for (let i = 0; i < rounds; i++)
				x = loop(objects, x);
		});
		figures[`${name}_ns`] = result.ns_per(name);
		return x;
	});
	if (sums[0] !== sums[1])
		throw new Error('virtual_mono has computed something else than direct');
	result.print({ ...figures, mixed_sum: sums[2] });
}

module.exports = { run };
