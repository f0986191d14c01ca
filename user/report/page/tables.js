// SPDX-License-Identifier: BSD-2-Clause
// Tables that sort by a click on a column's head, and show their first rows until asked for all.
const FIRST_ROWS = 12;

// @columns: [{title, of: row => value, show: value => text, number}]; sorted by the first column with .first, largest
// first. @total: how many rows there were before the page's data was cut.
function table(caption, columns, rows, total) {
	const body = el("tbody"), more = el("button", { type: "button" }), heads = [];
	let order = Math.max(0, columns.findIndex(c => c.first)), down = true, all = false;

	const compare = (a, b) => {
		const x = columns[order].of(a), y = columns[order].of(b);
		const n = typeof x === "string" || typeof y === "string" ?
			String(x).localeCompare(String(y)) : (x ?? -Infinity) - (y ?? -Infinity) || 0;
		return down ? -n : n;
	};
	const draw = () => {
		const sorted = [...rows].sort(compare);
		body.replaceChildren(...(all ? sorted : sorted.slice(0, FIRST_ROWS)).map(row => el("tr", {},
			columns.map(c => el("td", { class: c.number && "number" }, cell(c, row))))));
		heads.forEach((head, i) => i === order ?
			head.setAttribute("aria-sort", down ? "descending" : "ascending") : head.removeAttribute("aria-sort"));
		more.hidden = rows.length <= FIRST_ROWS;
		more.textContent = all ? "only the first " + FIRST_ROWS : `all ${count(rows.length)} rows`;
	};
	columns.forEach((c, i) => {
		const button = el("button", { type: "button", title: "sort by this" }, c.title);
		button.addEventListener("click", () => {
			down = order === i ? !down : !!c.number;
			order = i;
			draw();
		});
		heads.push(el("th", { scope: "col", class: c.number && "number" }, button));
	});
	more.addEventListener("click", () => { all = !all; draw(); });
	draw();
	return el("div", {}, el("div", { class: "scroll" },
		el("table", {}, el("caption", {}, caption), el("thead", {}, el("tr", {}, heads)), body)), more,
		total > rows.length ? el("p", { class: "dim small" },
			`the first ${count(rows.length)} of ${count(total)}; tare report --json has all`) : null);
}

function cell(column, row) {
	const value = column.of(row);
	if (column.cell)
		return column.cell(row);
	return value === null || value === undefined ? "-" : column.show ? column.show(value) : String(value);
}

const text = (title, of) => ({ title, of });
const number = (title, of, show, first) => ({ title, of, show, number: true, first });

// Those of the report, if it has something for them.
function tableOf(caption, key, columns) {
	const rows = at(key);
	return rows && rows.length ? table(caption, columns, rows, page.cut[key]) : null;
}

function drawTables() {
	const samples = at("profile.cpu.samples"), off = at("profile.off_cpu.total_ns");
	const share = (title, of, whole, first) => number(title, r => whole ? of(r) / whole : null,
		n => (100 * n).toFixed(1) + " %", first);
	const who = title => text(title, r => r.comm + (r.target ? " (target)" : r.recorder ? " (this recorder)" : ""));

	byId("tables").append(...[
		page.pauses.marks.length ? pausesTable() : null, page.pauses.marks.length ? causesTable() : null, classesTable(),
		tableOf("threads", "threads", [
			number("tid", r => r.tid, String), text("name", r => r.comm),
			number("on CPU", r => r.on_cpu_ns, ns, true), number("waited", r => r.run_queue_ns, ns),
			number("throttled", r => r.throttled_ns, ns), number("asleep", r => r.sleep_ns, ns),
			number("voluntary", r => r.voluntary, count), number("involuntary", r => r.involuntary, count),
			number("moved", r => r.migrations, count)]),
		report.processes.length > 1 ? tableOf("processes", "processes", [
			number("pid", r => r.pid, String), text("name", r => r.comm), number("threads", r => r.threads, count),
			number("on CPU", r => r.on_cpu_ns, ns, true), number("waited", r => r.run_queue_ns, ns),
			number("pauses", r => r.pauses ? r.pauses.count : null, count)]) : null,
		tableOf("where the CPU time went, by function", "profile.cpu.by_function", [
			text("function", r => r.function), share("itself", r => r.self, samples, true),
			share("with callees", r => r.total, samples)]),
		tableOf("for whom memory was allocated, by CPU time", "profile.cpu.allocation_by_caller", [
			text("function", r => r.function), share("of all CPU time", r => r.samples, samples, true)]),
		tableOf("where threads were off CPU for long, by function", "profile.off_cpu.by_function", [
			text("function", r => r.function), share("on the stack", r => r.total, off, true)]),
		tableOf("why threads left a CPU", "context_switches.off_cpu", [
			text("reason", r => r.reason), number("count", r => r.count, count),
			number("off for", r => r.total_ns, ns, true), number("longest", r => r.max_ns, ns),
			number("still off", r => r.still_off, count)]),
		tableOf("who ran while they waited", "context_switches.rivals", [
			who("task"), number("waits", r => r.waits, count), number("total", r => r.total_ns, ns, true),
			number("longest", r => r.max_ns, ns)]),
		tableOf("who woke them", "context_switches.wakers", [
			who("task"), text("as", r => r.context), number("wake-ups", r => r.count, count, true),
			number("from another CPU", r => r.from_other_cpu, count)]),
		tableOf("page faults by what they were in", "allocation.faults_by_owner", [
			text("memory", r => r.owner), text("file", r => r.file ?? ""),
			number("minor", r => r.minor, count, true), number("major", r => r.major, count)]),
		tableOf("probes of this recording", "ledger.probes.by_probe", [
			text("probe", r => r.name), number("hits", r => r.hits, count, true),
			number("run time of each", r => r.timed_hits ? r.timed_ns / r.timed_hits : null, ns),
			number("getting in and out", r => r.entry_ns, ns), number("in all", r => r.ns, ns)]),
	].filter(Boolean));
}
