// SPDX-License-Identifier: BSD-2-Clause
// Begins: draws each part, and follows what the address says after "#": pause=N, search=NAME, or both with "&".
function drawAbout() {
	const r = report.recorder, to = byId("about");
	to.append(el("p", {}, `Recorded by tare ${r.version ?? "?"}: `, el("code", {}, r.cmdline ?? "?")),
		el("p", {}, `Checked against the kernel's own counters: ${count(report.check.agree)} of ${count(report.check.threads)} threads agree in every switch.`),
		el("p", {}, "Lost: ", figure("lost.total", count), " events."));
	if (report.notes.length)
		to.append(el("h3", {}, "What is not known, and why"), el("ul", { class: "small" }, report.notes.map(n => el("li", {}, n))));
}

function drawNavigation() {
	for (const section of document.querySelectorAll("main > section:not([hidden])"))
		document.querySelector("nav").append(el("a", { href: "#" + section.id }, section.querySelector("h2").textContent));
}

function follow() {
	const asked = new URLSearchParams(location.hash.slice(1));
	if (asked.has("search") && byId("search")) {
		byId("search").value = asked.get("search");
		search(asked.get("search"));
	}
	if (asked.has("pause"))
		showPause(Number(asked.get("pause")));
	else
		byId("lanes").hidden = true;
}

if (page.pauses_first)
	byId("ledger").before(byId("pauses"), byId("timeline"), byId("lanes"), byId("distributions"));
drawHead();
drawLedger();
drawPauses();
drawNavigation();
setUpTimeline();
setUpFlames();
drawDistributions();
drawTables();
drawAbout();
follow();
addEventListener("hashchange", follow);
document.documentElement.dataset.ready = "1";
