# SPDX-License-Identifier: BSD-2-Clause
"""speedscope.py PACKAGE FILE: what speedscope makes of FILE, as JSON; PACKAGE is the folder of its npm package

{"profiles": [{"name", "rows": [[total, self, function], ...]}, ...], "warnings": [...]}, from its view "Sandwich": rows by
self time, in its own units. The page itself is asked, in a browser: the package has its importers nowhere else.
"""
import base64
import html
import json
import os
import re
import subprocess
import sys
import tempfile

# Runs in the page. Each key `n' goes to the next profile, and stays at the last one.
DRIVE = """
var said = [], told = {profiles: [], warnings: said};
["warn", "error"].forEach(function (how) { console[how] = function () { said.push(Array.from(arguments).join(" ")); }; });
window.alert = function (what) { said.push(what); };
function rows() {
  return Array.from(document.querySelectorAll("tr")).map(function (row) {
    return Array.from(row.children).map(function (cell) { return cell.textContent; });
  }).filter(function (row) { return row.length == 3 && /%%\\)$/.test(row[0]); });
}
function finish() {
  var text = document.createElement("pre");
  text.id = "told";
  text.textContent = JSON.stringify(told);
  document.body.appendChild(text);
}
/* Time in this browser jumps to the next timer, but stands still while a file is loaded: so that is how to wait. */
function wait(then) {
  var script = document.createElement("script");
  script.src = "file://" + %s;
  script.onload = then;
  document.head.appendChild(script);
}
function each(left) {
  var text = document.body.textContent, at = text.match(/\\((\\d+)\\/(\\d+)\\)/), now = rows();
  if (left > 0 && (!now.length || (at && told.profiles.length >= +at[1])))
    return wait(function () { each(left - 1); });
  told.profiles.push({name: at ? text.slice(0, at.index).replace(/^[^]*Sandwich/, "").trim() : document.title, rows: now});
  if (!at || +at[1] >= +at[2])
    return finish();
  window.dispatchEvent(new KeyboardEvent("keypress", {key: "n"}));
  each(10000);
}
speedscope.loadFileFromBase64(%s, "%s");
each(10000);
"""


def main(package, path):
    with tempfile.TemporaryDirectory() as folder:
        drive, nothing = (os.path.join(folder, name) for name in ("drive.js", "nothing.js"))
        open(nothing, "w").close()
        with open(path, "rb") as f, open(drive, "w") as to:
            to.write(DRIVE % (json.dumps(nothing), json.dumps(os.path.basename(path)), base64.b64encode(f.read()).decode()))
        dom = subprocess.run(
            ["chromium-headless-shell", "--no-sandbox", "--disable-gpu", "--enable-unsafe-swiftshader",
             "--user-data-dir=" + os.path.join(folder, "browser"), "--virtual-time-budget=60000", "--window-size=1000,800",
             "--dump-dom", f"file://{os.path.abspath(package)}/dist/release/index.html#localProfilePath={drive}&view=sandwich"],
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=300, check=True).stdout.decode()
    told = re.search(r'<pre id="told">(.*?)</pre>', dom, re.S)
    if not told:
        sys.exit("speedscope did not load it: " + re.sub(r"<[^>]*>", " ", dom)[:500])
    print(html.unescape(told.group(1)))


main(*sys.argv[1:])
