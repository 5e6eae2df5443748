"""The files of a report: what a count has so far, and the numbers that it ends with.

No file holds more than 50 lines, so that a page of a large report is answered from one or two of them.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from chalicelib.aws.files import files
from chalicelib.core.ids import new_id
from chalicelib.core.text import searchable
from chalicelib.reporting.reports.messages import CountReport
from chalicelib.reporting.reports.models import folder
from chalicelib.reporting.reports.states import ReportKind
from chalicelib.reporting.reports.tally import THE_WHOLE, Day, Line, Tally

LINES_PER_FILE = 50

_JSON = "application/json"

# Where a count goes on: None at the end.
Place = list[str] | None


@dataclass
class Counted:
    tally: Tally
    place: Place


def so_far(job: CountReport, number: int) -> Counted | None:
    """What was counted after so many messages; None when that file is not there."""
    content = files().read(_part(job, number))
    if content is None:
        return None
    document = json.loads(content)
    return Counted(Tally.of_document(document["tally"]), document["place"])


def keep(job: CountReport, number: int, counted: Counted) -> None:
    """What is there stays: of two deliveries of one message, both go on with what the first has counted."""
    document = {"tally": counted.tally.document(), "place": counted.place}
    files().write_once(_part(job, number), _packed(document))


def _part(job: CountReport, number: int) -> str:
    return f"{folder(job.msp_id, job.org_id)}/{job.count_id}/part-{number}.json"


# ---------------------------------------------------------------- the numbers


@dataclass(frozen=True)
class Whole:
    """`days` and `num_members` are of everything together; `num_lines` by kind."""

    as_of: str
    days: dict[str, Day]
    num_members: int
    num_lines: dict[str, int]


def write(job: CountReport, tally: Tally, as_of: str, now: datetime) -> str:
    """Write them under a new name, which it gives: two deliveries of one message never mix their numbers."""
    files_id = new_id(now)
    num_lines: dict[str, int] = {}
    for kind in ReportKind:
        lines = sorted(tally.lines(kind).items(), key=_order)
        num_lines[kind] = len(lines)
        for start in range(0, len(lines), LINES_PER_FILE):
            some = lines[start : start + LINES_PER_FILE]
            page = [[line_id, line.days, line.num_members, line.about] for line_id, line in some]
            _put(job, files_id, f"{kind}-{start // LINES_PER_FILE}", page)
        if lines:
            _put(job, files_id, kind, [line_id for line_id, _ in lines])
    whole = tally.line(THE_WHOLE)
    document = {"as_of": as_of, "days": whole.days, "num_members": whole.num_members, "num_lines": num_lines}
    _put(job, files_id, "whole", document)
    return files_id


def whole(msp_id: str, org_id: str | None, files_id: str) -> Whole | None:
    """None when the files are gone."""
    document = _read(msp_id, org_id, files_id, "whole")
    return None if document is None else Whole(**document)


def lines(
    msp_id: str, org_id: str | None, files_id: str, kind: ReportKind, number: int
) -> Sequence[tuple[str, Line]]:  # fmt: skip
    """The 50 lines of one file, in the order of their titles; sessions in the order of time."""
    document = _read(msp_id, org_id, files_id, f"{kind}-{number}") or []
    return [(line_id, Line(*parts)) for line_id, *parts in document]


def index_of(msp_id: str, org_id: str | None, files_id: str, kind: ReportKind, line_id: str) -> int | None:
    """Which line is about this one; None when none is."""
    ids: list[str] = _read(msp_id, org_id, files_id, kind) or []
    return ids.index(line_id) if line_id in ids else None


def _order(pair: tuple[str, Line]) -> tuple[str, str, str]:
    line_id, line = pair
    return line.about.get("starts_utc") or "", searchable(line.about.get("title") or ""), line_id


def _put(job: CountReport, files_id: str, name: str, document: Any) -> None:
    files().write(f"{folder(job.msp_id, job.org_id)}/{files_id}/{name}.json", [_packed(document)], _JSON)


def _read(msp_id: str, org_id: str | None, files_id: str, name: str) -> Any:
    content = files().read(f"{folder(msp_id, org_id)}/{files_id}/{name}.json")
    return None if content is None else json.loads(content)


def _packed(document: Any) -> bytes:
    return json.dumps(document, separators=(",", ":"), ensure_ascii=False).encode()
