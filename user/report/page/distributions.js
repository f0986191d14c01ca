// SPDX-License-Identifier: BSD-2-Clause
// How long things took: a bar for each doubling, taller by the logarithm of how many.
function drawDistribution(d) {
	const width = 500, height = 150, floor = 118, n = d.counts.length, each = Math.min(48, width / Math.max(n, 1));
	const most = Math.log(1 + Math.max(...d.counts)), begin = i => d.first + i ? 2 ** (d.first + i) : 0;
	const x = value => each * Math.max(0, Math.min(n, Math.log2(Math.max(1, value)) - d.first));
	const marks = [["p50", d.p50], ["p90", d.p90], ["p99", d.p99]];
	return el("figure", { style: "margin: 0" }, el("h3", {}, d.title),
		el("p", { class: "dim small" }, `${count(d.count)} times, ${ns(d.total)} in all; half at most ${ns(d.p50)}, 90 % ${ns(d.p90)}, 99 % ${ns(d.p99)}; the longest ${ns(d.max)}`),
		svg("svg", { viewBox: `-6 0 ${width + 12} ${height}`, role: "img", "aria-label": d.title },
			d.counts.map((c, i) => {
				const tall = c ? Math.max(2, Math.log(1 + c) / most * 92) : 0;
				return svg("rect", { x: i * each + 1, width: Math.max(1, each - 2), y: floor - tall, height: tall, style: "fill: var(--s-on)" },
					svg("title", {}, `${ns(begin(i))} to ${ns(2 ** (d.first + i + 1))}: ${count(c)}`));
			}),
			svg("line", { class: "rule", x1: 0, x2: width, y1: floor, y2: floor }),
			d.counts.map((c, i) => i % Math.ceil(n / 8) ? null :
				svg("text", { class: "dim", x: i * each, y: floor + 15, "text-anchor": i ? "middle" : "start", style: "font-size: 10.5px" }, ns(begin(i)))),
			marks.map(([name, value], i) => [
				svg("line", { x1: x(value), x2: x(value), y1: 12, y2: floor, style: "stroke: var(--c-throttled); stroke-dasharray: 3 2" }),
				svg("text", { x: x(value) + 3, y: 9 + 11 * i, style: "font-size: 10px; fill: var(--c-throttled)" }, name)])));
}

function drawDistributions() {
	byId("distributions").append(el("p", { class: "dim small" }, "Each bar is a doubling of time; its height is the logarithm of how many."),
		el("div", { class: "two" }, page.distributions.map(drawDistribution)));
}
