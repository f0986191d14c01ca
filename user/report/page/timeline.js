// SPDX-License-Identifier: BSD-2-Clause
// The whole recording: pauses as marks, and rows of what was going on. What is drawn are the bins of page.timeline.
const timeline = { view: null, drawing: null, readout: null, mean: null };
const LEFT = 136, RIGHT = WIDTH - 12;

// Rows: lines over each other on one scale. of: value of bin i, null: not known.
function timelineRows() {
	const t = page.timeline, width = t.width_ns;
	const per = list => list && (i => list[i] / width), rate = list => list && (i => list[i] * 1e9 / width);
	const level = list => list && (i => list[i]);
	return [
		{ title: "CPUs in use", format: plain, lines: [{ name: "on a CPU", color: "--s-on", of: per(t.on_cpu_ns), area: true }] },
		{ title: "threads that wait", format: plain, lines: [
			t.throttled_ns.some(n => n) ? { name: "throttled", color: "--c-throttled", area: true, // on top of those that wait
				of: i => (t.throttled_ns[i] + t.run_queue_ns[i]) / width, alone: per(t.throttled_ns) } : null,
			{ name: "for a CPU", color: "--c-runqueue", of: per(t.run_queue_ns), area: true }] },
		{ title: "memory", format: bytes, lines: [
			{ name: "resident", color: "--dim", of: level(t.resident_bytes) },
			{ name: "heap", color: "--c-runtime", of: level(t.heap_bytes) }] },
		{ title: "allocated, a second", format: bytes, lines: [
			{ name: "", color: "--c-fault", of: rate(t.alloc_bytes), area: true }] },
		{ title: "goroutine switches, a second", format: plain, lines: [
			{ name: "", color: "--c-irq", of: rate(t.goroutine_switches), area: true }] },
	].map(r => ({ ...r, lines: r.lines.filter(l => l && l.of) })).filter(r => r.lines.length);
}

// How many bins make a step: so many that a step can be seen.
function binsOfStep(view) {
	return Math.max(1, Math.ceil((view.to - view.from) / page.timeline.width_ns / 480));
}

// {from, to, value} for each step in the view: the mean of its bins; of a level, which is read now and then, the last
// one known.
function stepsOf(line, view) {
	const width = page.timeline.width_ns, each = binsOfStep(view), bins = page.timeline.on_cpu_ns.length, steps = [];
	const first = Math.floor(view.from / width / each) * each, last = Math.min(bins - 1, Math.floor(view.to / width));
	let known = null;
	for (let i = 0; !line.area && i < first; i++)
		known = line.of(i) ?? known;
	for (let i = first; i <= last; i += each) {
		let sum = 0, n = 0;
		for (let k = i; k < i + each && k < bins; k++, n++) {
			sum += line.of(k) || 0;
			known = line.of(k) ?? known;
		}
		if (line.area || known !== null)
			steps.push({ from: Math.max(view.from, i * width), to: Math.min(view.to, (i + n) * width),
				value: line.area ? sum / n : known });
	}
	return steps;
}

function stepPath(line, steps, x, y, floor) {
	if (!steps.length)
		return "";
	const begin = x(steps[0].from).toFixed(1), points = steps.map(s => `V${y(s.value).toFixed(1)}H${x(s.to).toFixed(1)}`).join("");
	return line.area ? `M${begin} ${floor}${points}V${floor}Z` :
		`M${begin} ${y(steps[0].value).toFixed(1)}${points}`;
}

function drawRow(row, top, height, x, view) {
	const steps = row.lines.map(line => stepsOf(line, view)), most = Math.max(0, ...steps.flat().map(s => s.value));
	const floor = top + height, y = value => floor - (most ? value / most * (height - 4) : 0);
	return svg("g", {},
		svg("line", { class: "rule", x1: LEFT, x2: RIGHT, y1: floor, y2: floor }),
		wrapped(row.title, top + 12),
		svg("text", { class: "dim", x: LEFT - 6, y: top + 10, "text-anchor": "end" }, most ? row.format(most) : "0"),
		row.lines.map((line, i) => svg("path", { d: stepPath(line, steps[i], x, y, floor), class: line.area ? null : "line",
			style: line.area ? `fill: var(${line.color})` : `stroke: var(${line.color})` })));
}

// A row's title, in lines that fit beside it.
function wrapped(title, y) {
	return title.split(/(?<=,) /).map((part, i) => svg("text", { x: 0, y: y + 16 + 14 * i }, part));
}

// Taller is longer, by its logarithm: they differ by factors of thousands.
function drawMarks(x, view, top, height) {
	const p = page.pauses, world = p.marks.map(m => Math.log(1 + m[1]));
	const low = Math.min(...world), high = Math.max(...world);
	const part = n => high > low ? 0.3 + 0.7 * (n - low) / (high - low) : 1;
	return svg("g", {}, p.marks.map((m, i) => {
		const from = x(Math.max(m[0], view.from)), to = x(Math.min(m[0] + m[1], view.to)), tall = height * part(world[i]);
		if (m[0] + m[1] < view.from || m[0] > view.to)
			return null;
		const rect = svg("rect", { x: from.toFixed(1), width: Math.max(2, to - from).toFixed(1),
			y: (top + height - tall).toFixed(1), height: tall.toFixed(1),
			style: `fill: ${cause(p.causes[m[5]])}` }, svg("title", {},
			`${p.reasons[m[6]]}: ${ns(m[1])}, mostly ${p.causes[m[5]]}, at ${(m[0] / 1e9).toFixed(6)} s`));
		return svg("a", { href: "#pause=" + (i + 1), class: "mark", tabindex: i < p.worst.length ? 0 : -1,
			"data-pause": i + 1, "aria-label": `pause ${i + 1}: ${ns(m[1])}` }, rect);
	}));
}

function drawTimeline() {
	const view = timeline.view, rows = timelineRows(), hasPauses = page.pauses.marks.length > 0;
	const x = t => LEFT + (t - view.from) / (view.to - view.from) * (RIGHT - LEFT);
	const begin = hasPauses ? 62 : 6, each = 64, bottom = begin + rows.length * (each + 10);
	timeline.drawing.setAttribute("viewBox", `0 0 ${WIDTH} ${bottom + 22}`);
	timeline.drawing.replaceChildren(axis(view, x, bottom),
		...rows.map((row, i) => drawRow(row, begin + i * (each + 10), each, x, view)));
	if (hasPauses)
		timeline.drawing.append(svg("text", { x: 0, y: 28 }, "pauses"), drawMarks(x, view, 6, 46));
	timeline.mean.textContent = `Each step is the mean of ${ns(binsOfStep(view) * page.timeline.width_ns)}.`;
	timeline.drawing.dataset.marks = timeline.drawing.querySelectorAll(".mark").length;
}

function readOut(event) {
	const box = timeline.drawing.getBoundingClientRect(), view = timeline.view;
	const part = ((event.clientX - box.left) * WIDTH / box.width - LEFT) / (RIGHT - LEFT);
	if (part < 0 || part > 1)
		return;
	const time = view.from + part * (view.to - view.from);
	const bin = Math.min(page.timeline.on_cpu_ns.length - 1, Math.floor(time / page.timeline.width_ns));
	const before = of => {
		for (let i = bin; i >= 0; i--)
			if (of(i) !== null)
				return of(i);
		return null;
	};
	timeline.readout.textContent = `at ${(time / 1e9).toFixed(6)} s: ` + timelineRows().map(row => `${row.title} ` +
		row.lines.map(l => (l.name && row.lines.length > 1 ? l.name + " " : "") + row.format(before(l.alone || l.of))).join(", ")).join("; ");
}

function setUpTimeline() {
	const to = byId("timeline"), end = Math.max(1, report.duration_ns), p = page.pauses;
	const used = [...new Set(p.marks.map(m => p.causes[m[5]]))];
	timeline.view = { from: 0, to: end, min: 0, max: end };
	timeline.drawing = svg("svg", { tabindex: 0, role: "group", "aria-label": "timeline; + and - zoom, arrows move" });
	timeline.mean = el("span");
	timeline.readout = el("p", { class: "readout" });
	to.append(zoomable(timeline.drawing, timeline.view, LEFT, RIGHT, drawTimeline), timeline.drawing, timeline.readout);
	timeline.drawing.addEventListener("pointermove", readOut);
	if (used.length)
		to.append(el("ul", { class: "legend" }, el("li", { class: "dim" }, "pauses by main cause:"),
			used.map(name => swatch(cause(name), name))));
	const lines = timelineRows().flatMap(r => r.lines.filter(l => r.lines.length > 1 && l.name).map(l => [r, l]));
	if (lines.length)
		to.append(el("ul", { class: "legend" }, lines.map(([r, l]) => swatch(`var(${l.color})`, `${r.title}: ${l.name}`))));
	to.append(el("p", { class: "dim small" }, timeline.mean,
		p.marks.length < (at("stop_the_world.count") || 0) ?
			` Marks are the ${count(p.marks.length)} longest of ${count(at("stop_the_world.count"))} pauses.` : "",
		p.marks.length ? " A click on a mark shows what each thread did then, for the " + p.worst.length + " longest." : ""));
	drawTimeline();
}
