"""The page of a pack that people read, as HTML and as PDF: the same sentences."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from html import escape
from typing import Any

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
<p>{made}</p>
<h2>What is in it</h2>
<table>{rows}</table>
<p>{lists}</p>
<h2>The audit trail</h2>
<p>{trail}</p>
<p>{anchors}</p>
<h2>How to check it</h2>
<p>{check}</p>
</body>
</html>
"""

_NAMES = {
    "members": "Members",
    "enrollments": "Enrollments",
    "completions": "Completed courses",
    "certificates": "Certificates",
    "audit": "Entries of the audit trail",
    "anchors": "Days on which its ends were anchored",
}

_LISTS = "Each list is there as CSV for spreadsheets and as JSON, a line for each entry."
_WHOLE = "Every entry carries the hash of the one before. All of them are as they were written."
_CHECK = (
    "Run python3 verify_evidence.py with the name of the ZIP file. It needs nothing but Python, and no connection. "
    "It checks the signature, the hash of every file, every entry of the audit trail and every anchor, and names the "
    "place where something was changed."
)


@dataclass(frozen=True)
class Summary:
    name: str
    org_id: str
    now: datetime
    counts: Mapping[str, int]
    verification: Verification

    def html(self) -> str:
        rows = "".join(f"<tr><th>{name}</th><td>{number}</td></tr>" for name, number in self._rows())
        trail = escape(self._trail())
        return _PAGE.format(
            name=escape(self.name), made=self._made(), rows=rows, lists=_LISTS, check=_CHECK, anchors=self._anchors(),
            trail=trail if self.verification.ok else f"<strong>{trail}</strong>",
        )  # fmt: skip

    def facts(self, *, by_id: bool = False) -> dict[str, Any]:
        """For the typesetter (training/certificates/pdf/evidence_page.py)."""
        return {
            "layout": "evidence",
            "name": f"Organization {self.org_id}" if by_id else self.name,
            "made_at": to_text(self.now),
            "made": self._made(),
            "rows": [[name, number] for name, number in self._rows()],
            "lists": _LISTS,
            "trail": self._trail(),
            "anchors": self._anchors(),
            "check": _CHECK,
        }

    def _rows(self) -> Iterator[tuple[str, str]]:
        return ((_NAMES[key], f"{count:,}") for key, count in self.counts.items())

    def _made(self) -> str:
        return f"Created on {to_text(self.now)} (UTC) from what Muster has stored."

    def _trail(self) -> str:
        if self.verification.ok:
            return _WHOLE
        first = self.verification.broken[0]
        place = f"chain {first.chain}, entry {first.number}"
        return f"The trail is not as it was written: {place} ({first.problem})."

    def _anchors(self) -> str:
        if not self.counts["anchors"]:
            return "Its ends were not anchored yet: that is done on the day after the first entry."
        return (
            "Its ends were written once a day where nobody can change them. The pack has all of these anchors, and "
            "every entry that they name has to be in it."
        )
