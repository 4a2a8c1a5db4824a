"""Headless Chromium, by its command line alone: print a page, or run a script in it and read what it says."""

import html
import json
import re
import subprocess
import tempfile
from pathlib import Path
from typing import Any

_QUIET = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
)


def pages(page: Path) -> int:
    """How many sheets of paper the page takes."""
    pdf = page.with_suffix(".pdf")
    _run("--no-pdf-header-footer", f"--print-to-pdf={pdf}", page.as_uri())
    return len(re.findall(rb"/Type\s*/Page\b", pdf.read_bytes()))


def asked(page: Path, expression: str, *, width: int) -> Any:
    """The value of a JavaScript expression in the page, in a window so many CSS pixels wide."""
    text = page.read_text(encoding="utf-8")
    script = f"<script>document.body.dataset.answer = JSON.stringify({expression})</script></body>"
    asking = page.with_name(f"asked-{page.name}")
    asking.write_text(text.replace("</body>", script), encoding="utf-8")
    shown = _run(f"--window-size={width},1000", "--dump-dom", asking.as_uri())
    answer = re.search(r'<body[^>]* data-answer="([^"]*)"', shown)
    assert answer is not None, shown
    return json.loads(html.unescape(answer[1]))


def _run(*arguments: str) -> str:
    with tempfile.TemporaryDirectory() as profile:
        ended = subprocess.run(
            ["chromium", *_QUIET, f"--user-data-dir={profile}", *arguments],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            timeout=60,
            check=True,
        )
    return ended.stdout
