// SPDX-License-Identifier: BSD-2-Clause
//
// alloc: arrays of whole numbers, which V8 keeps in 8 bytes each. The last KEPT ones are kept, older ones are dropped, and
// looked at before that.
'use strict';

const { PerformanceObserver } = require('perf_hooks');
const { sleep } = require('./result');

const KEPT = 1024, ELEMENT_BYTES = 8;

function allocate(n, elements) {
	const kept = new Array(KEPT).fill(null);
	for (let i = 0; i < n; i++) {
		const array = new Array(elements), old = kept[i % KEPT];
		for (let k = 0; k < elements; k++)
			array[k] = i;
		if (old !== null && (old[0] !== i - KEPT || old[elements - 1] !== i - KEPT))
			throw new Error(`array ${i - KEPT} has been overwritten`);
		kept[i % KEPT] = array;
	}
	return kept;
}

async function run({ n, b: bytes }, result) {
	const elements = Math.max(1, Math.floor(bytes / ELEMENT_BYTES));
	let collections = 0, gc_ms = 0;
	allocate(Math.min(n, 10000), elements); // compiled now
	const observer = new PerformanceObserver((list) => {
		for (const entry of list.getEntries()) {
			collections++;
			gc_ms += entry.duration;
		}
	});
	observer.observe({ entryTypes: ['gc'] });
	result.measure('all', n, () => allocate(n, elements));
	await sleep(0.02); // the observer is told later
	observer.disconnect();
	result.print({ allocated_bytes: n * elements * ELEMENT_BYTES, ns_per_block: result.ns_per('all'), collections,
		gc_ns: Math.round(gc_ms * 1e6) });
}

module.exports = { run };
