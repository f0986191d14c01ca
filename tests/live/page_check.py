# SPDX-License-Identifier: BSD-2-Clause
"""page_check.py DOM REPORT PAUSES CHECK...: what a browser made of the page, held against the report and the pauses

Prints what is wrong, and exits with 1 if anything is. CHECK is sound, figures, marks, timeline, lanes=N, hits or no_hits.
"""
import html.parser
import json
import sys


class Page(html.parser.HTMLParser):
    """The elements of a page, each with its attributes and the text directly in it."""

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.all, self.open = [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.all.append({"tag": tag, "text": "", **dict(attrs)})
        self.open.append(self.all[-1])

    def handle_startendtag(self, tag, attrs):
        self.all.append({"tag": tag, "text": "", **dict(attrs)})

    def handle_endtag(self, tag):
        while self.open and self.open.pop()["tag"] != tag:
            pass

    def handle_data(self, data):
        if self.open:
            self.open[-1]["text"] += data

    def of_class(self, name):
        return [e for e in self.all if name in (e.get("class") or "").split()]

    def with_id(self, name):
        return next(e for e in self.all if e.get("id") == name)


def at(report, key):
    for part in key.split("."):
        report = report.get(part) if isinstance(report, dict) else None
    return report


def sound(page, report, pauses, data):
    """No script failed, nothing is fetched from anywhere, and no name became an element."""
    root = page.all[0]
    yield root.get("data-errors") == "0" and root.get("data-ready") == "1", f"a script failed: {root}"
    for e in page.all:
        for key in ("src", "href", "srcset", "action", "data", "poster", "xlink:href"):
            yield key not in e or (e[key] or "").startswith("#"), f"{key} leads out of the page: {e}"
    allowed = {"script": len([e for e in page.all if e["tag"] == "script" and not set(e) - {"tag", "text", "type", "id"}]),
               "img": 0, "iframe": 0, "link": 0, "object": 0, "b": None}
    for tag, most in allowed.items():
        there = len([e for e in page.all if e["tag"] == tag])
        yield most is None or there == most, f"{there} elements <{tag}>"
    yield len([e for e in page.all if e["tag"] == "script"]) == 3, "a script of somebody else"


KEYS = ["duration_ns", "ledger.gross_ns", "ledger.net_ns", "ledger.probes_ns", "context_switches.count",
        "context_switches.voluntary", "context_switches.involuntary", "context_switches.run_queue_ns.total_ns", "lost.total"]
PAUSE_KEYS = ["stop_the_world.count", "stop_the_world.world_ns.total_ns", "stop_the_world.world_ns.max_ns"]


def figures(page, report, pauses, data):
    """What is shown is what `tare report --json` says."""
    shown = {e["data-key"]: e for e in page.all if "data-key" in e}
    for key in KEYS + (PAUSE_KEYS if pauses["pauses"] else []):
        yield key in shown, f"{key} is not shown"
    for key, e in shown.items():
        yield json.loads(e["data-value"]) == at(report, key), f"{key}: shown {e['data-value']}, the report has {at(report, key)}"
        yield e["text"] not in ("", "-"), f"{key}: there is nothing to read"
    switches = shown["context_switches.count"]
    yield switches["text"] == f"{report['context_switches']['count']:,}", f"switches read {switches['text']}"
    parts = [e for e in page.all if e["tag"] == "span" and (e.get("style") or "").startswith("flex: ")]
    total = sum(float(e["style"].split()[1]) for e in parts)
    gross = report["ledger"]["gross_ns"]
    yield abs(total - gross) <= 1e-6 * gross, f"the bar's parts are {total:.0f} ns, gross is {gross}"


def marks(page, report, pauses, data):
    """A mark for each pause, up to the limit."""
    there = page.of_class("mark")
    want = min(len(pauses["pauses"]), 1000)
    yield len(there) == want and want > 0, f"{len(there)} marks, {want} pauses"
    verdicts = [e["text"] for e in page.all if e["tag"] == "p"]
    yield pauses["pauses"][0]["verdict"] in verdicts, "the longest pause's sentence is missing"
    yield any(e["text"].startswith("1. " + pauses["pauses"][0]["reason"]) for e in page.all if e["tag"] == "a"), \
        "the longest pause is not on top"


def timeline(page, report, pauses, data):
    """Nothing is lost in the bins."""
    t = data["page"]["timeline"]
    bins = len(t["on_cpu_ns"])
    yield 0 < bins <= 2000, f"{bins} bins"
    threads = report["threads"]
    want = {"on_cpu_ns": sum(x["on_cpu_ns"] + x["waits_early_ns"] for x in threads),
            "run_queue_ns": sum(x["run_queue_ns"] - x["waits_early_ns"] for x in threads),
            "throttled_ns": sum(x["throttled_ns"] for x in threads)}
    for key, ns in want.items():
        yield abs(sum(t[key]) - ns) <= ns / 100 + 1000, f"{key}: {sum(t[key])} in the bins, {ns} in the report"
    yield max(t["on_cpu_ns"]) <= t["width_ns"] * report["host"]["cpus"] * 1.001, "more CPUs in use than there are"


def lanes(page, report, pauses, data, number):
    """Pause @number is drawn: a lane for its threads, and its chain without a gap."""
    pause = pauses["pauses"][int(number) - 1]
    yield "hidden" not in page.with_id("lanes"), "nothing is shown"
    drawn = {e["data-tid"] for e in page.of_class("lane")}
    for who in ("initiator", "straggler"):
        if pause[who]:
            yield str(pause[who]["tid"]) in drawn, f"the {who} has no lane: {drawn}"
    yield len(page.of_class("piece")) >= len(drawn) > 0, "lanes without pieces"
    chain = [s for s in pause["chain"] if s["ns"]]
    yield len(page.of_class("chain")) == len(chain), f"{len(page.of_class('chain'))} segments, {len(chain)} in the chain"
    of_threads = data["page"]["pauses"]["worst"][int(number) - 1]["lanes"]["threads"]
    for t in of_threads:
        end = None
        for kind, begin, ns, cpu, note in t["pieces"]:
            yield ns > 0 and (end is None or begin >= end), f"thread {t['tid']} is at two places at {begin}"
            end = begin + ns


def hits(page, report, pauses, data):
    """The search marks boxes."""
    yield len(page.of_class("hit")) > 0, "no box is marked"
    yield sum(int(e.get("data-hits", 0)) for e in page.all) >= len(page.of_class("hit")), "more boxes are marked than counted"


def no_hits(page, report, pauses, data):
    """The search marks nothing."""
    there = page.of_class("hit")
    yield not there, f"{len(there)} boxes are marked"


def main(dom, report, pauses, *checks):
    page = Page(open(dom, encoding="utf-8").read())
    report, pauses = (json.load(open(p, encoding="utf-8")) for p in (report, pauses))
    data = json.loads(page.with_id("data")["text"])
    wrong = []
    for check in checks:
        name, *args = check.split("=")
        wrong += [text for right, text in globals()[name](page, report, pauses, data, *args) if not right]
    print("\n".join(wrong[:20]))
    return 1 if wrong else 0


sys.exit(main(*sys.argv[1:]))
