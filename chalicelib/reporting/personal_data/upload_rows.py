"""A person's rows in the files that admins uploaded."""

from collections.abc import Mapping, Sequence
from typing import Any

from chalicelib.people.uploads.row_schemas import Verdict
from chalicelib.people.uploads.spreadsheet.columns import TEMPLATE_COLUMNS
from chalicelib.reporting.personal_data.traces import Traces

Row = dict[str, Any]

_PROBLEM = {
    "column": TEMPLATE_COLUMNS[0],
    "code": "erased",
    "sentence": "This person's data was erased.",
    "next_step": "Nothing is left to do.",
}


def is_about(row: Mapping[str, Any], outcomes: Mapping[str, Any], traces: Traces) -> bool:
    """False for a row that was blanked before."""
    if not any(row["cells"]):
        return False
    number = str(row["verdict"]["number"])
    if outcomes.get(number, {}).get("member_id") == traces.member_id:
        return True
    values = row["verdict"]["values"]
    return any(traces.names_person(text) for text in (*row["cells"], values.get("email", "")))


def blanked(row: Mapping[str, Any], *, is_open: bool) -> Row:
    """The row with its number and nothing else. In an upload that is not finished it fails: nobody is invited by it."""
    verdict = row["verdict"]
    return {
        "cells": ["" for _ in row["cells"]],
        "verdict": {
            "number": verdict["number"],
            "verdict": Verdict.FAILED.value if is_open else verdict["verdict"],
            "values": {},
            "corrections": [],
            "problems": [_PROBLEM] if is_open or verdict["verdict"] == Verdict.FAILED else [],
            "remarks": [],
        },
    }


def num_newly_failed(before: Sequence[Mapping[str, Any]], after: Sequence[Mapping[str, Any]]) -> int:
    return _num_failed(after) - _num_failed(before)


def _num_failed(rows: Sequence[Mapping[str, Any]]) -> int:
    return sum(row["verdict"]["verdict"] == Verdict.FAILED for row in rows)
