// SPDX-License-Identifier: BSD-2-Clause
// One pause: why it took so long, and what each thread did around it.
const KINDS = [
	{ name: "on a CPU", color: "--s-on" }, { name: "waits for a CPU", color: "--c-runqueue" },
	{ name: "throttled", color: "--c-throttled" }, { name: "asleep", color: "--s-asleep" },
	{ name: "several in turn, too short to draw", color: "--s-mixed" }];
const LANE = 22, NAMES = 210;
const DARK = ["runtime", "throttled", "signal", "irq", "steal"].map(cause).concat("var(--s-on)"); // colours that take light letters

// ---- the list of the longest ----

function drawPauses() {
	const p = page.pauses, to = byId("pauses"), all = at("stop_the_world.count");
	if (!p.marks.length) {
		to.append(el("p", { class: "dim" }, all === null ? "The target's runtime tells of no pauses; see the notes below." :
			"There was none."));
		return;
	}
	const shown = page.pauses_first ? p.worst : p.worst.slice(0, 5);
	to.append(el("p", {}, figure("stop_the_world.count", count), " in all, ",
		figure("stop_the_world.world_ns.total_ns", ns), " together. ",
		report.stop_the_world.lost ? el("span", { class: "warning" },
			`Events were lost during ${count(report.stop_the_world.lost)} of them.`) : null));
	to.append(...shown.map((w, i) => el("div", { class: "pause", style: `border-color: ${cause(w.main_cause)}` },
		el("a", { href: "#pause=" + (i + 1) }, `${i + 1}. ${w.reason}, ${ns(w.world_ns)}, at ${(w.offset_ns / 1e9).toFixed(6)} s`),
		el("p", {}, w.verdict), p.many_processes ? el("p", { class: "dim small" }, `of ${w.comm} (pid ${w.pid})`) : null)));
}

function causesTable() {
	const by = Object.entries(report.stop_the_world.by_cause_ns || {}).filter(([, n]) => n > 0);
	const sum = by.reduce((n, [, value]) => n + value, 0);
	return table("why, over all pauses", [
		{ ...text("cause", r => r[0]), cell: r => [el("span", { class: "swatch", style: `background: ${cause(r[0])}` }), r[0]] },
		number("time", r => r[1], ns, true), number("share", r => r[1] / sum, n => (100 * n).toFixed(1) + " %")], by);
}

function pausesTable() {
	const p = page.pauses;
	return table("pauses", [
		{ ...number("no.", r => r.nr, String), cell: r => el("a", { href: "#pause=" + r.nr }, String(r.nr)) },
		number("at second", r => r.m[0], n => (n / 1e9).toFixed(6)), text("reason", r => p.reasons[r.m[6]]),
		number("world", r => r.m[1], ns, true), number("stopping", r => r.m[2], ns), number("stopped", r => r.m[3], ns),
		number("restart", r => r.m[4], ns), text("main cause", r => p.causes[r.m[5]]),
		text("", r => r.m[7] ? "events lost" : "")], p.marks.map((m, i) => ({ m, nr: i + 1 })),
	report.stop_the_world.count);
}

// ---- one of them ----

// From @from on for @length; @label is written in it if there is room.
function box(from, length, view, x, y, height, color, title, kind, label) {
	const a = Math.max(from, view.from), b = Math.min(from + length, view.to);
	if (a >= b)
		return null;
	const width = x(b) - x(a), letters = Math.floor((width - 8) / 6);
	return svg("g", { class: kind }, svg("title", {}, title),
		svg("rect", { x: x(a).toFixed(2), width: Math.max(0.7, width).toFixed(2), y, height, style: `fill: ${color}` }),
		label && letters >= Math.min(label.length, 8) ? svg("text", { class: "inside" + (DARK.includes(color) ? " on-dark" : ""), x: (x(a) + 4).toFixed(1), y: y + height / 2 + 4 },
			label.length > letters ? label.slice(0, letters - 1) + "…" : label) : null);
}

function drawChain(w, view, x, y) {
	const parts = w.parts, names = [["stopping", parts.stopping_ns], ["stopped", parts.stopped_ns], ["restart", parts.restart_ns]];
	let from = 0;
	return svg("g", {}, svg("text", { x: 0, y: y + 14 }, "the pause"), svg("text", { x: 0, y: y + 14 + LANE, class: "dim" },
		"everybody waited for"),
	names.map(([name, length], i) => {
		const rect = box(from, length, view, x, y + 1, LANE - 6, `var(--part${i % 2})`, `${name}: ${ns(length)}`, "part", name);
		from += length;
		return rect;
	}),
	w.chain.map(s => box(s.start_ns, s.ns, view, x, y + LANE, LANE - 4, cause(s.cause),
		`${s.cause}: ${ns(s.ns)}` + (s.detail ? `, ${s.detail}` : "") + (s.tid ? `; thread ${s.tid}` : "") +
		`; while ${s.part}` + (s.seen ? "" : "; inferred"), "chain", s.cause + (s.detail ? ": " + s.detail : ""))));
}

function pieceTitle(piece, lanes) {
	const [kind, , length, cpu, note] = piece, beside = note >= 0 ? lanes.notes[note] : "";
	if (kind === 0)
		return `on CPU ${cpu} for ${ns(length)}`;
	if (kind === 1)
		return `waits ${ns(length)} for CPU ${cpu}` + (beside ? `, which ${beside} has` : "");
	return `${KINDS[kind].name} for ${ns(length)}` + (beside ? `: ${beside}` : "");
}

function pieceLabel(piece, lanes) {
	const [kind, , , cpu, note] = piece;
	return kind === 0 ? "CPU " + cpu : kind === 1 && note >= 0 ? lanes.notes[note] + ` has CPU ${cpu}` : null;
}

function drawLane(thread, lanes, view, x, y) {
	const name = `${thread.tid} ${thread.comm}`, high = kind => kind === 3 ? 6 : LANE - 8;
	return svg("g", { class: "lane", "data-tid": thread.tid },
		svg("text", { x: 0, y: y + 14 }, name.length > 24 ? name.slice(0, 23) + "…" : name, svg("title", {}, name)),
		svg("text", { x: NAMES - 6, y: y + 14, class: "dim", "text-anchor": "end", style: "font-size: 10px" }, thread.role),
		thread.pieces.map(piece => box(piece[1], piece[2], view, x, y + (LANE - high(piece[0])) / 2, high(piece[0]),
			`var(${KINDS[piece[0]].color})`, pieceTitle(piece, lanes), "piece", pieceLabel(piece, lanes))));
}

// From the thread that sent it, when it did, to the one that took it, when it ran the handler.
function drawSignals(lanes, view, x, yOf) {
	return lanes.signals.map(([from, to, sent, delivered]) => {
		const end = delivered ?? sent, a = yOf(from) ?? yOf(to), b = yOf(to);
		if (b === undefined || end < view.from || sent > view.to)
			return null;
		const x1 = x(Math.max(sent, view.from)), x2 = x(Math.min(end, view.to)), tip = b > a ? -4 : 4;
		return svg("g", { class: "signal" }, svg("title", {}, `preemption signal from thread ${from} to thread ${to}: ` +
			(delivered === null ? "not seen to arrive" : `delivered after ${ns(delivered - sent)}`)),
		svg("path", { class: "arrow", d: `M${x1} ${a}L${x1} ${b}L${x2} ${b}` }), svg("circle", { class: "arrow-head", cx: x1, cy: a, r: 2.5 }),
		delivered === null ? null : svg("path", { class: "arrow-head", d: `M${x2 + 3} ${b}l-7 ${tip}v${-2 * tip}z` }));
	});
}

function drawLanes(drawing, w, view) {
	const lanes = w.lanes || { threads: [], signals: [], notes: [] }, top = 2 * LANE + 10;
	const x = t => NAMES + (t - view.from) / (view.to - view.from) * (RIGHT - NAMES);
	const bottom = top + lanes.threads.length * LANE + 4, y = new Map(lanes.threads.map((t, i) => [t.tid, top + i * LANE]));
	const edges = [0, w.world_ns].filter(t => t >= view.from && t <= view.to);
	drawing.setAttribute("viewBox", `0 0 ${WIDTH} ${bottom + 22}`);
	drawing.replaceChildren(axis(view, x, bottom),
		...lanes.threads.map(t => drawLane(t, lanes, view, x, y.get(t.tid))),
		...edges.map(t => svg("line", { x1: x(t), x2: x(t), y1: 0, y2: bottom, style: "stroke: var(--ink); stroke-dasharray: 3 3" })),
		drawChain(w, view, x, 0),
		...drawSignals(lanes, view, x, tid => y.has(tid) ? y.get(tid) + LANE - 2 : undefined).filter(Boolean));
}

function lanesNotes(lanes) {
	const notes = [];
	if (lanes.asleep)
		notes.push(lanes.asleep === 1 ? "one more thread slept all the time" : `${count(lanes.asleep)} more threads slept all the time`);
	if (lanes.left_out)
		notes.push(`${count(lanes.left_out)} pieces of other threads are left out: there are too many to draw`);
	return notes.length ? el("p", { class: "dim small" }, notes.join("; ") + ".") : null;
}

function causesOf(w) {
	return table("what it consists of", [text("cause", c => c.cause), number("time", c => c.ns, ns, true),
		number("share", c => c.ns / w.world_ns, n => (100 * n).toFixed(1) + " %"), number("thread", c => c.tid, String),
		text("mostly", c => c.detail ?? c.function ?? ""), text("called by", c => c.caller ?? ""),
		text("stack, innermost first", c => c.stack.join(" < "))], w.causes);
}

// Pause number @nr, 1 the longest; others have no lanes.
function showPause(nr) {
	const w = page.pauses.worst[nr - 1], mark = page.pauses.marks[nr - 1], to = byId("lanes");
	to.hidden = !mark;
	to.replaceChildren();
	if (!mark)
		return;
	const close = el("a", { href: "#timeline" }, "close");
	to.append(el("h2", { tabindex: -1 }, `Pause ${nr}: ${page.pauses.reasons[mark[6]]}, ${ns(mark[1])}, at ${(mark[0] / 1e9).toFixed(6)} s `));
	if (!w) {
		to.append(el("p", {}, `Threads are drawn for the ${page.pauses.worst.length} longest pauses only. `,
			"tare pauses --html --longest N draws more of them."), close);
		return;
	}
	const lanes = w.lanes || { from_ns: 0, to_ns: w.world_ns }, drawing = svg("svg", { tabindex: 0, role: "group",
		"aria-label": "what each thread did; + and - zoom, arrows move" });
	const view = { from: lanes.from_ns, to: lanes.to_ns, min: lanes.from_ns, max: lanes.to_ns };
	to.append(el("p", {}, w.verdict), w.own.total_ns === null ? null : el("p", { class: "dim small" },
		`The runtime's own account: ${ns(w.own.total_ns)}; it leaves out ${ns(w.own.left_out_ns)}.`));
	to.append(zoomable(drawing, view, NAMES, RIGHT, () => drawLanes(drawing, w, view)), drawing,
		el("ul", { class: "legend" }, KINDS.map(k => swatch(`var(${k.color})`, k.name)), swatch("var(--c-signal)", "preemption signal")),
		el("ul", { class: "legend" }, el("li", { class: "dim" }, "everybody waited for:"),
			[...new Set(w.chain.map(s => s.cause))].map(c => swatch(cause(c), c))),
		lanesNotes(lanes) ?? "", causesOf(w), close);
	drawLanes(drawing, w, view);
	to.scrollIntoView();
}
