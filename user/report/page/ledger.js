// SPDX-License-Identifier: BSD-2-Clause
// The first lines of the page, and gross = net + collector + allocation + scheduling + kernel + probes.
const GROUP_COLORS = ["--collector", "--allocation", "--scheduling", "--stacks", "--kernel", "--other"];

function drawHead() {
	const t = report.target, lost = report.lost;
	const name = t.pid === null ? t.description || "no target" : `${t.comm || "(no name)"} (pid ${t.pid})`;
	document.title = `${name}: tare`;
	byId("title").textContent = name;
	byId("headline").append(...[t.runtime ? `${t.runtime_version || t.runtime}, ` : "",
		figure("duration_ns", ns), " on ", report.host.hostname || "an unknown machine", ", Linux ",
		report.host.kernel || "?", `, ${report.host.cpus ?? "?"} CPUs`]);
	const warnings = [];
	if (lost.total)
		warnings.push(`${count(lost.total)} events were lost: counts are too low by that`);
	if (report.damage.length)
		warnings.push(`${count(report.damage_bytes)} bytes of the file could not be read`);
	if (report.ended === "cut_off")
		warnings.push("the recording was not closed in order: this is what it holds");
	for (const k of report.oom_kills)
		warnings.push(`${k.comm} (pid ${k.pid}) was killed by the kernel for want of memory`);
	byId("warnings").append(...warnings.map(w => el("li", {}, w)));
}

const figures = pairs => el("div", { class: "figures" }, pairs.map(([label, key, format]) =>
	at(key) === null || at(key) === undefined ? null :
		el("div", {}, el("b", {}, figure(key, format)), el("span", { class: "label" }, label))));

// {title, ns, color} for each part of gross, net first.
function partsOfGross() {
	const l = report.ledger, groups = new Map();
	for (const c of l.classes) {
		const group = page.classes[c.name] ? page.classes[c.name].group : c.name;
		groups.set(group, (groups.get(group) || 0) + c.ns);
	}
	return [{ title: "net: the program itself", key: "ledger.net_ns", ns: l.net_ns, color: "--net" },
		...[...groups].map(([title, sum], i) =>
			({ title, ns: sum, color: GROUP_COLORS[Math.min(i, GROUP_COLORS.length - 1)] })),
		{ title: "probes of this recording", key: "ledger.probes_ns", ns: l.probes_ns, color: "--probes" }]
		.filter(p => p.ns > 0 || p.key);
}

function bar(parts, gross) {
	return [el("div", { class: "bar", role: "img", "aria-label": parts.map(p => `${p.title} ${percent(p.ns, gross)}`).join(", ") },
		parts.filter(p => p.ns > 0).map(p => el("span", { style: `flex: ${p.ns} 0 0; background: var(${p.color})`,
			title: `${p.title}: ${ns(p.ns)}, ${percent(p.ns, gross)}` }))),
	el("ul", { class: "legend" }, parts.map(p => swatch(`var(${p.color})`, [p.title + " ",
		p.key ? figure(p.key, ns) : ns(p.ns), ", " + percent(p.ns, gross)])))];
}

function drawLedger() {
	const l = report.ledger, to = byId("ledger");
	to.append(figures([
		["CPU time in all", "ledger.gross_ns", ns], ["context switches", "context_switches.count", count],
		["of these voluntary", "context_switches.voluntary", count], ["involuntary", "context_switches.involuntary", count],
		["waited for a CPU", "context_switches.run_queue_ns.total_ns", ns],
		["stop-the-world pauses", "stop_the_world.count", count], ["in pauses", "stop_the_world.world_ns.total_ns", ns],
		["longest pause", "stop_the_world.world_ns.max_ns", ns], ["collections", "runtime.collections", count],
		["allocated", "allocation.bytes", bytes], ["goroutine switches", "context_switches.goroutine_switches", count]]));
	if (l.net_ns === null || l.net_ns === undefined || !l.gross_ns) {
		to.append(el("p", { class: "dim" }, "There are no samples of the CPU clock, so the CPU time cannot be divided."));
		return;
	}
	to.append(...bar(partsOfGross(), l.gross_ns),
		el("p", { class: "dim small" }, `From ${count(l.samples)} samples; gross is exact, probes are counted.`,
			l.samples_not_whole ? ` ${count(l.samples_not_whole)} of them have no whole stack and count as net.` : ""));
}

function classesTable() {
	const l = report.ledger, about = c => page.classes[c.name] || { title: c.name, group: "" };
	const classes = (l.classes || []).filter(c => c.samples);
	return classes.length ? table("gross, class by class", [
		text("class", c => about(c).title), text("group", c => about(c).group), number("time", c => c.ns, ns, true),
		number("of gross", c => c.ns, n => percent(n, l.gross_ns)),
		{ ...number("95 % interval", c => c.ci95_ns[1]),
			cell: c => `${percent(c.ci95_ns[0], l.gross_ns)} to ${percent(c.ci95_ns[1], l.gross_ns)}` }], classes) : null;
}
