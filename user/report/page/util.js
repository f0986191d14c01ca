// SPDX-License-Identifier: BSD-2-Clause
// Small things that every part of the page uses. Names come from the recorded program, and may be anything: they only
// ever become text nodes and attribute values, never HTML.
const data = JSON.parse(document.getElementById("data").textContent);
const report = data.report, page = data.page;
const WIDTH = 1100; // of every drawing, in its own units

function put(to, attributes, children) {
	for (const [key, value] of Object.entries(attributes || {}))
		if (value !== null && value !== undefined && value !== false)
			to.setAttribute(key, value === true ? "" : value);
	for (const child of children.flat(Infinity))
		if (child !== null && child !== undefined)
			to.append(child);
	return to;
}

const el = (name, attributes, ...children) => put(document.createElement(name), attributes, children);
const svg = (name, attributes, ...children) =>
	put(document.createElementNS("http://www.w3.org/2000/svg", name), attributes, children);
const byId = id => document.getElementById(id);

// ---- numbers as people write them, like those of the program itself ----

function digits(n) {
	return n >= 100 ? n.toFixed(0) : n >= 10 ? n.toFixed(1) : n.toFixed(2);
}

function scaled(n, step, units) {
	let i = 0, abs = Math.abs(n);
	for (; abs >= step * 0.9995 && i + 1 < units.length; i++)
		abs /= step;
	return (n < 0 ? "-" : "") + (i ? digits(abs) : abs.toFixed(0)) + " " + units[i];
}

const ns = n => n === null ? "-" : scaled(n, 1000, ["ns", "µs", "ms", "s"]);
const bytes = n => n === null ? "-" : scaled(n, 1000, ["B", "KB", "MB", "GB", "TB"]);
const count = n => n === null ? "-" : Math.round(n).toString().replace(/\B(?=(\d{3})+$)/g, ",");
const percent = (part, whole) => whole ? (100 * part / whole).toFixed(1) + " %" : "-";
const plain = n => n === null ? "-" : n >= 100 ? count(n) : String(+n.toPrecision(3));

// What is at "a.b.c" of the report; undefined: nothing.
const at = key => key.split(".").reduce((o, k) => o === null || o === undefined ? undefined : o[k], report);

// A figure of the report as text; what it is exactly stands in its attributes, for tests and for scripts.
function figure(key, format) {
	const value = at(key);
	return el("span", { "data-key": key, "data-value": value === undefined ? null : JSON.stringify(value) },
		value === undefined || value === null ? "-" : format(value));
}

// ---- drawing ----

const cause = name => `var(--c-${name})`;
const swatch = (color, name) => el("li", {}, el("span", { class: "swatch", style: `background: ${color}` }), name);

// Round numbers between @from and @to, about @wanted of them.
function ticks(from, to, wanted) {
	const rough = (to - from) / wanted, power = 10 ** Math.floor(Math.log10(rough || 1));
	const step = [1, 2, 5, 10].map(n => n * power).find(n => n >= rough) || power;
	const all = [];
	for (let n = Math.ceil(from / step) * step; n <= to + step / 1e6; n += step)
		all.push(n);
	return all;
}

// Times under a drawing: in the unit that suits the whole of what is shown.
function axis(view, x, y) {
	const span = view.to - view.from;
	const [unit, name] = span >= 2e9 ? [1e9, "s"] : span >= 2e6 ? [1e6, "ms"] : span >= 2e3 ? [1e3, "µs"] : [1, "ns"];
	const marks = ticks(view.from / unit, view.to / unit, 8);
	return svg("g", {}, marks.map(t => svg("g", {},
		svg("line", { class: "rule", x1: x(t * unit), x2: x(t * unit), y1: 0, y2: y }),
		svg("text", { class: "dim", x: x(t * unit), y: y + 14, "text-anchor": x(t * unit) > WIDTH - 40 ? "end" : "middle" },
			+t.toFixed(6) + " " + name))));
}

// ---- zoom ----

// Let @view, {from, to, min, max}, be changed on @drawing by dragging, keys and the wheel; @draw draws it anew. The time
// axis reaches from @left to @right. Returns the buttons that do the same.
function zoomable(drawing, view, left, right, draw) {
	const timeOf = event => {
		const box = drawing.getBoundingClientRect();
		const x = (event.clientX - box.left) * WIDTH / box.width;
		return view.from + Math.min(1, Math.max(0, (x - left) / (right - left))) * (view.to - view.from);
	};
	const show = (from, to) => {
		const least = Math.max(1, (view.max - view.min) / 1e6), span = Math.max(least, Math.min(to - from, view.max - view.min));
		view.from = Math.max(view.min, Math.min(from, view.max - span));
		view.to = view.from + span;
		draw();
	};
	const zoom = (factor, around = (view.from + view.to) / 2) =>
		show(around - (around - view.from) * factor, around + (view.to - around) * factor);
	const move = part => show(view.from + part * (view.to - view.from), view.to + part * (view.to - view.from));
	const reset = () => show(view.min, view.max);
	const selection = svg("rect", { class: "selection", y: 0, height: "100%" });
	let begin = null;

	drawing.addEventListener("pointerdown", event => { begin = event.button ? null : timeOf(event); });
	drawing.addEventListener("pointermove", event => {
		if (begin === null)
			return;
		const x = [begin, timeOf(event)].map(t => left + (t - view.from) / (view.to - view.from) * (right - left));
		selection.setAttribute("x", Math.min(...x));
		selection.setAttribute("width", Math.abs(x[0] - x[1]));
		drawing.append(selection);
	});
	drawing.addEventListener("pointerleave", () => { begin = null; selection.remove(); });
	drawing.addEventListener("pointerup", event => {
		const end = begin === null ? null : timeOf(event), from = begin;
		begin = null;
		selection.remove();
		if (end !== null && Math.abs(end - from) > (view.to - view.from) / 150)
			show(Math.min(from, end), Math.max(from, end));
	});
	drawing.addEventListener("dblclick", reset);
	drawing.addEventListener("wheel", event => {
		if (!event.ctrlKey && !event.shiftKey)
			return; // the page scrolls
		event.preventDefault();
		zoom((event.deltaY || event.deltaX) > 0 ? 1.25 : 0.8, timeOf(event));
	}, { passive: false });
	drawing.addEventListener("keydown", event => {
		const keys = { "+": () => zoom(0.6), "=": () => zoom(0.6), "-": () => zoom(1.7), "0": reset,
			ArrowLeft: () => move(-0.2), ArrowRight: () => move(0.2), Escape: reset };
		if (!keys[event.key] || event.target !== drawing)
			return;
		event.preventDefault();
		keys[event.key]();
	});
	return el("div", { class: "controls" },
		[["zoom in", () => zoom(0.5)], ["zoom out", () => zoom(2)], ["earlier", () => move(-0.4)],
			["later", () => move(0.4)], ["all", reset]].map(([name, act]) => {
			const button = el("button", { type: "button" }, name);
			button.addEventListener("click", act);
			return button;
		}), el("span", { class: "dim small" }, "or drag over a part; Ctrl and the wheel; keys + - 0 and arrows"));
}
