"""Headless Chromium: a page opened, and what it made of it.

The tests that need it are skipped where there is none, with the reason; where EIP_REQUIRE_BROWSER is set, as
CI sets it, they may not be.
"""

import html
import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
# Runs in a copy of a page that may run scripts, and leaves its findings in the page's title.
MEASURING = """
const found = {wide: [], faint: [], resources: [], dark: matchMedia("(prefers-color-scheme: dark)").matches,
  width: innerWidth, page: document.documentElement.scrollWidth};
const parse = color => (color.match(/[\\d.]+/g) || []).map(Number);
const light = ([r, g, b]) => { const part = [r, g, b].map(v => v / 255).map(
  v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
  return 0.2126 * part[0] + 0.7152 * part[1] + 0.0722 * part[2]; };
const ground = element => { for (let one = element; one; one = one.parentElement) {
  const color = parse(getComputedStyle(one).backgroundColor);
  if (color.length === 3 || color[3] > 0) return color; } return [255, 255, 255]; };
const contrast = (a, b) => { const [x, y] = [light(a), light(b)].sort((p, q) => q - p);
  return (x + 0.05) / (y + 0.05); };
const check = (element, color, least, text) => { const ratio = contrast(parse(color), ground(element));
  if (ratio < least) found.faint.push([text, color, Math.round(ratio * 100) / 100]); };
const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
while (walker.nextNode()) { const text = walker.currentNode, parent = text.parentElement;
  if (text.data.trim() && !parent.closest("svg, script"))
    check(parent, getComputedStyle(parent).color, 4.5, text.data.trim().slice(0, 40)); }
for (const letter of document.querySelectorAll(".picture:not(.light) svg use")) {
  if ((letter.getAttribute("href") || "").startsWith("#DejaVu"))
    check(letter, getComputedStyle(letter).fill, 3, "a letter of a picture"); }
for (const element of document.body.querySelectorAll("*")) { const box = element.getBoundingClientRect();
  if (box.right > innerWidth + 1 && !element.parentElement.closest(".scroll, pre, svg"))
    found.wide.push([element.tagName, element.getAttribute("class"), Math.round(box.right)]); }
found.resources = performance.getEntriesByType("resource").map(one => one.name.slice(0, 80));
"""


def find_browser() -> str:
    """Chromium's path; the test is skipped where there is none, or fails where there has to be one."""
    found = next(filter(None, map(shutil.which, NAMES)), None)
    if found is None:
        reason = "no Chromium here: apt-get install chromium"
        if os.environ.get("EIP_REQUIRE_BROWSER"):
            pytest.fail(reason)
        pytest.skip(reason)
    return found


def open_page(path: Path, width: int, dark: bool, folder: Path) -> tuple[str, list[str]]:
    """The document that Chromium made of a file, and the lines of its console."""
    command = [
        find_browser(),
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-dev-shm-usage",
        "--hide-scrollbars",
        "--disable-background-networking",
        "--host-resolver-rules=MAP * ~NOTFOUND",
        f"--user-data-dir={folder / 'profile'}",
        f"--blink-settings=preferredColorScheme={0 if dark else 1}",
        f"--window-size={width},900",
        "--enable-logging=stderr",
        "--virtual-time-budget=2000",
        "--dump-dom",
        path.resolve().as_uri(),
    ]
    done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", timeout=120, check=True)
    return done.stdout, [line for line in done.stderr.splitlines() if "CONSOLE" in line]


def measure_page(path: Path, width: int, dark: bool, folder: Path) -> dict[str, Any]:
    """What is too wide, too faint or fetched in a page ``width`` pixels wide.

    Measured in a frame of that width, as a browser's window is no narrower than it likes.
    """
    text = path.read_text(encoding="utf-8")
    text = re.sub(r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", text)
    text = text.replace("</body>", f"<script>{MEASURING}parent.report(found);</script></body>")
    frame = json.dumps(text).replace("<", "\\u003c")
    wrapper = folder / f"frame-{width}-{dark}.html"
    style = f"border:0;width:{width}px;height:900px"
    wrapper.write_text(
        f'<!DOCTYPE html><body style="margin:0"><iframe id="frame" style="{style}"></iframe>'
        "<script>function report(found) { document.title = JSON.stringify(found); }"
        f'document.getElementById("frame").srcdoc = {frame};</script></body>',
        encoding="utf-8",
    )
    dom, _ = open_page(wrapper, max(width, 1000), dark, folder)
    title = re.search(r"<title>(.*?)</title>", dom, flags=re.DOTALL)
    assert title is not None, "the page's script did not come to its end"
    found: dict[str, Any] = json.loads(html.unescape(title[1]))
    return found
