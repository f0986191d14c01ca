// SPDX-License-Identifier: BSD-2-Clause
// Stacks as boxes, what calls above what is called; as wide as what they stand for.
const FRAME = 17, CHAR = 6.4; // height of a box, and about the width of a letter in it
const flames = [];
let shownFlame = 0, wanted = "";

// Boxes as a list, callers first: {depth, name, total, kernel, from, parent}.
function framesOf(flame) {
	const all = [{ depth: 0, name: flame.title, total: flame.total, kernel: 0, from: 0, next: 0, parent: null }], path = [all[0]];
	for (let i = 0; i < flame.calls.length; i += 4) {
		const [depth, name, total, kernel] = flame.calls.slice(i, i + 4), parent = path[depth - 1];
		const frame = { depth, name: flame.names[name], total, kernel, from: parent.next, next: parent.next, parent };
		parent.next += total;
		path[depth] = frame;
		all.push(frame);
	}
	return all;
}

const unitOf = flame => flame.unit === "ns" ? ns : bytes;

function tint(frame) {
	let hash = 0;
	for (const c of frame.name)
		hash = (hash * 31 + c.charCodeAt(0)) & 0xffff;
	return frame.kernel ? `var(--k${hash % 2})` : `var(--f${hash % 3})`;
}

const isHit = frame => wanted !== "" && frame.depth > 0 && frame.name.toLowerCase().includes(wanted.toLowerCase());

// How much is in boxes with that name, each part once.
function hitsOf(f) {
	let boxes = 0, total = 0, until = -1;
	for (const frame of f.frames) {
		if (!isHit(frame))
			continue;
		boxes++;
		if (frame.from >= until) {
			total += frame.total;
			until = frame.from + frame.total;
		}
	}
	return { boxes, total };
}

function drawFrame(f, frame, x, scale) {
	const within = frame.from >= f.focus.from && frame.from + frame.total <= f.focus.from + f.focus.total && frame.depth >= f.focus.depth;
	const from = Math.max(0, x(frame.from)), width = Math.min(WIDTH, x(frame.from + frame.total)) - from;
	const letters = Math.floor((width - 6) / CHAR), y = frame.depth * (FRAME + 1);
	if (width < 0.4)
		return null;
	const group = svg("g", { class: "frame" + (isHit(frame) ? " hit" : "") + (within ? "" : " above"), tabindex: -1 },
		svg("title", {}, `${frame.name}: ${scale(frame.total)}, ${percent(frame.total, f.frames[0].total)}` + (frame.kernel ? ", in the kernel" : "")),
		svg("rect", { x: from.toFixed(2), y, width: width.toFixed(2), height: FRAME, rx: 1.5, style: isHit(frame) ? null : `fill: ${frame.depth ? tint(frame) : "var(--line)"}` }),
		letters > 2 ? svg("text", { x: (from + 3).toFixed(1), y: y + 12.5 },
			frame.name.length > letters ? frame.name.slice(0, letters - 1) + "…" : frame.name) : null);
	group.addEventListener("click", () => focusOn(f, frame));
	group.addEventListener("focus", () => say(f, frame));
	group.addEventListener("pointerenter", () => say(f, frame));
	frame.group = group;
	return group;
}

function say(f, frame) {
	f.readout.textContent = `${frame.name}: ${unitOf(f.flame)(frame.total)}, ${percent(frame.total, f.frames[0].total)} of all`;
}

function drawFlame(f) {
	const focus = f.focus, x = n => (n - focus.from) / focus.total * WIDTH;
	const shown = f.frames.filter(n => n.from < focus.from + focus.total && n.from + n.total > focus.from);
	const depth = shown.reduce((most, n) => (x(n.from + n.total) - x(n.from) >= 0.4 ? Math.max(most, n.depth) : most), 0);
	for (const frame of f.frames)
		frame.group = null;
	f.drawing.setAttribute("viewBox", `0 0 ${WIDTH} ${(depth + 1) * (FRAME + 1) + 2}`);
	f.drawing.replaceChildren(...shown.map(n => drawFrame(f, n, x, unitOf(f.flame))).filter(Boolean));
	(focus.group || f.drawing.firstChild).setAttribute("tabindex", 0);
	const hits = hitsOf(f);
	f.drawing.dataset.hits = hits.boxes;
	f.hits.textContent = wanted === "" ? "" : `${count(hits.boxes)} boxes, ${percent(hits.total, f.flame.total)} of ${f.flame.title}`;
}

function focusOn(f, frame) {
	f.focus = frame;
	drawFlame(f);
	(frame.group || f.drawing.firstChild).focus({ preventScroll: true });
}

// Arrows go from box to box, Enter shows one alone, Escape all again.
function onFlameKey(f, event) {
	const at = f.frames.find(n => n.group === event.target);
	const drawn = f.frames.filter(n => n.group);
	if (!at)
		return;
	const row = drawn.filter(n => n.depth === at.depth), i = row.indexOf(at);
	const to = { ArrowUp: at.parent, ArrowDown: drawn.find(n => n.parent === at), ArrowLeft: row[i - 1], ArrowRight: row[i + 1] }[event.key];
	if (event.key === "Enter" || event.key === " ")
		focusOn(f, at);
	else if (event.key === "Escape")
		focusOn(f, f.frames[0]);
	else if (to && to.group)
		to.group.focus();
	else if (!event.key.startsWith("Arrow"))
		return;
	event.preventDefault();
}

function selectFlame(nr) {
	shownFlame = nr;
	flames.forEach((f, i) => {
		f.all.hidden = i !== nr;
		f.button.setAttribute("aria-pressed", i === nr);
	});
}

function search(name) {
	wanted = name;
	flames.forEach(drawFlame);
}

function setUpFlames() {
	const to = byId("flames"), tabs = el("div", { class: "controls" }), input = el("input", { type: "search", id: "search",
		placeholder: "search for a function", "aria-label": "search for a function" });
	if (!page.flames.length) {
		to.append(el("p", { class: "dim" }, "The recording has no stacks."));
		return;
	}
	input.addEventListener("input", () => search(input.value));
	to.append(tabs, el("p", { class: "dim small" },
		"Callers are above what they call. A click, or Enter, shows a box alone; the topmost one, or Escape, shows all."),
		el("ul", { class: "legend" }, swatch("var(--f1)", "in the program"), swatch("var(--k1)", "in the kernel"), swatch("var(--hit)", "found")));
	page.flames.forEach((flame, i) => {
		const f = { flame, frames: framesOf(flame), drawing: svg("svg", { role: "group", "aria-label": flame.of, "data-flame": flame.name }),
			readout: el("p", { class: "readout" }), hits: el("span", { class: "small" }) };
		f.focus = f.frames[0];
		f.button = el("button", { type: "button" }, flame.title);
		f.button.addEventListener("click", () => selectFlame(i));
		f.drawing.addEventListener("keydown", event => onFlameKey(f, event));
		f.all = el("div", {}, el("p", {}, `${unitOf(flame)(flame.total)} of ${flame.of}. `,
			flame.left_out ? el("span", { class: "dim" }, `${count(flame.left_out)} of ${count(flame.nodes)} boxes, the smallest, are left out.`) : null,
			" ", f.hits), f.drawing, f.readout);
		tabs.append(f.button);
		to.append(f.all);
		flames.push(f);
		drawFlame(f);
	});
	tabs.append(input);
	selectFlame(0);
}
