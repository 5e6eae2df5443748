"""The page of a pack that people read."""

from collections.abc import Mapping
from datetime import datetime
from html import escape

from chalicelib.core.clock import to_text
from chalicelib.tenants.audit.schemas import Verification

_PAGE = """<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>Evidence: {name}</title>
<style>
body {{ font: 16px/1.5 sans-serif; max-width: 46em; margin: 2em auto; padding: 0 1em }}
td, th {{ padding: .2em 1em .2em 0; text-align: left }}
</style>
</head>
<body>
<h1>{name}</h1>
<p>Made on {made_at} (UTC) from what Muster has stored.</p>
<h2>What is in it</h2>
<table>{rows}</table>
<p>Each list is there as CSV for spreadsheets and as JSON, a line for each entry.</p>
<h2>The audit trail</h2>
<p>{trail}</p>
<h2>How to check it</h2>
<p>Run <code>python3 verify_evidence.py</code> with the name of the ZIP file. It needs nothing but Python, and no
connection. It checks the signature, the hash of every file, and every entry of the audit trail, and names the place
where something was changed.</p>
</body>
</html>
"""

_NAMES = {
    "members": "Members",
    "enrollments": "Enrollments",
    "completions": "Completed courses",
    "audit": "Entries of the audit trail",
}


def summary(name: str, now: datetime, counts: Mapping[str, int], verification: Verification) -> str:
    rows = "".join(f"<tr><th>{_NAMES[key]}</th><td>{count:,}</td></tr>" for key, count in counts.items())
    return _PAGE.format(name=escape(name), made_at=to_text(now), rows=rows, trail=_told(verification))


def _told(verification: Verification) -> str:
    if verification.ok:
        return "Every entry carries the hash of the one before. All of them are as they were written."
    first = verification.broken[0]
    place = f"chain {first.chain}, entry {first.number}"
    return f"<strong>The trail is not as it was written: {place} ({escape(first.problem)}).</strong>"
