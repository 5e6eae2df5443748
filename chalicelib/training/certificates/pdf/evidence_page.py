"""Typesets the summary of an evidence pack. Its sentences come from who asks (reporting/evidence/summary.py)."""

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from chalicelib.training.certificates.pdf.typeset import compiled, families, size_of

_TEMPLATE = Path(__file__).with_name("evidence.typ")

# Points, for names of up to 28, 60 and 120 letters, and for longer ones.
_SIZES = (20, 16, 12, 9)


def pdf_of(facts: Mapping[str, Any]) -> bytes:
    """The same facts give the same file. Raises NoGlyph."""
    from chalicelib.training.certificates.pdf.actual_text import with_actual_text

    made_at = datetime.fromisoformat(facts["made_at"]).astimezone(UTC)
    data = {
        **facts, "fonts": families(facts["name"]), "lang": "en", "sizes": {"name": size_of(facts["name"], _SIZES)},
        "year": made_at.year, "month": made_at.month, "day": made_at.day,
    }  # fmt: skip
    return with_actual_text(compiled(_TEMPLATE, data, made_at), facts["made"], (facts["name"],))
