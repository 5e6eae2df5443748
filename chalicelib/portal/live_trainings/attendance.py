"""Attendance and results as a grid: fifty people a page, saved together, without scripts."""

from dataclasses import dataclass
from typing import Any

from chalicelib.core.clock import to_text
from chalicelib.core.errors import Conflict, FieldError, Invalid, MusterError
from chalicelib.core.ids import short_hash
from chalicelib.portal.answer import GoTo, Shown
from chalicelib.portal.live_trainings.common import SESSION, session_of, training_of, training_path
from chalicelib.portal.site_map import Pages
from chalicelib.portal.visit import Visit
from chalicelib.tenants.access.states import Permission
from chalicelib.training.sessions import participants
from chalicelib.training.sessions.attendance import enter_many
from chalicelib.training.sessions.participant_schemas import (
    AttendanceForm,
    AttendanceResult,
    ParticipantOut,
    ParticipantPage,
    ParticipantsQuery,
)
from chalicelib.web.paging import MAX_LIMIT

pages = Pages(Permission.RESULTS)

_ATTENDANCE = SESSION + "/attendance"
_ROWS = 50
_CHOICES = ("attended", "absent")
_MAX_COMMENT = 2000


@dataclass(frozen=True)
class _Row:
    """One person's line as it was typed. `was` tells whether it is still what the page showed."""

    member_id: str
    attendance: str
    score: str
    comment: str
    was: str

    @property
    def is_changed(self) -> bool:
        return self.was != mark(self.attendance, self.score, self.comment)


@pages.get(_ATTENDANCE)
def attendance(visit: Visit) -> Shown:
    return _page(visit, None, [], {})


@pages.post(_ATTENDANCE)
def save(visit: Visit) -> GoTo | Shown:
    """Only lines that were changed: what somebody else entered meanwhile for the others stays.

    "Everybody else was there" is for those of this page who have no answer yet. The same form again changes nothing.
    """
    rows = _typed(visit)
    changed = {row.member_id: row for row in rows if row.is_changed}
    try:
        form = visit.read(AttendanceForm, _form_of(rows, changed, is_rest=visit.form.one("go") == "rest"))
        results = enter_many.enter(
            visit.org_scope, visit.params["training_id"], visit.params["session_id"], form, visit.now
        ).results
    except (Invalid, Conflict) as error:
        return _page(visit, error, [], {row.member_id: row for row in rows})
    refused = [one for one in results if not one.done]
    if refused:
        return _page(
            visit,
            None,
            refused,
            {row.member_id: row for row in rows if row.member_id in {one.member_id for one in refused}},
        )
    cursor = visit.form.one("next") if visit.form.one("go") == "next" else visit.query.one("cursor")
    by = visit.query.one("by")
    return GoTo(visit.address(_path(visit), by=by, cursor=cursor, done="saved", n=len(results)))


def mark(attendance: str, score: str, comment: str) -> str:
    return short_hash(attendance, score, comment)


def _typed(visit: Visit) -> list[_Row]:
    form = visit.form
    ids = dict.fromkeys(form.many("member_id")[:MAX_LIMIT])
    return [
        _Row(
            member_id=one,
            attendance=form.one(f"attendance_{one}"),
            score=form.one(f"score_{one}").strip(),
            comment=form.one(f"comment_{one}").strip(),
            was=form.one(f"was_{one}"),
        )
        for one in ids
    ]


def _form_of(rows: list[_Row], changed: dict[str, _Row], *, is_rest: bool) -> dict[str, Any]:
    """Raises Invalid with each wrong score and comment, by the names of their fields."""
    errors, results = [], []
    for row in changed.values():
        if row.score and not (row.score.isdecimal() and len(row.score) < 4 and int(row.score) <= 100):
            errors.append(FieldError(f"score_{row.member_id}", "invalid", "Enter a score from 0 to 100, or none."))
        elif len(row.comment) > _MAX_COMMENT:
            problem = f"Use up to {_MAX_COMMENT:,} characters."
            errors.append(FieldError(f"comment_{row.member_id}", "too_long", problem))
        else:
            score = int(row.score) if row.score else None
            results.append({"member_id": row.member_id, "score": score, "comment": row.comment or None})
    if errors:
        raise Invalid(*errors)
    rest = [row.member_id for row in rows if is_rest and not row.attendance]
    return {
        "attended": [one.member_id for one in changed.values() if one.attendance == "attended"] + rest,
        "absent": [one.member_id for one in changed.values() if one.attendance == "absent"],
        "results": results,
    }


def _path(visit: Visit) -> str:
    return training_path(visit, "sessions", visit.params["session_id"], "attendance")


def _page(visit: Visit, error: MusterError | None, refused: list[AttendanceResult], typed: dict[str, _Row]) -> Shown:
    session = session_of(visit)
    shown, by = _people(visit)
    facts = {
        "training": training_of(visit),
        "session": session,
        "has_started": session.starts_utc <= to_text(visit.now),
        "rows": [(person, *_line(person, typed.get(person.member_id))) for person in shown.items],
        "next_cursor": shown.next_cursor,
        "is_first": not visit.query.one("cursor"),
        "cursor": visit.query.one("cursor"),
        "by": by,
        "refused": {one.member_id: one.sentence for one in refused},
        "problem": error,
        "done": visit.query.one("done"),
        "num_saved": visit.query.one("n") if visit.query.one("n").isdecimal() else "0",
    }
    status = error.status if error else Conflict.status if refused else 200
    return Shown("trainings/attendance.html", facts, status)


def _line(person: ParticipantOut, typed: _Row | None) -> tuple[str, str, str, str]:
    """Attendance, score and comment to show, and the mark of what is stored."""
    stored = (
        str(person.status) if person.status in _CHOICES else "",
        "" if person.score is None else str(person.score),
        person.comment or "",
    )
    if typed is not None:
        return typed.attendance, typed.score, typed.comment, mark(*stored)
    return (*stored, mark(*stored))


def _people(visit: Visit) -> tuple[ParticipantPage, str]:
    """By name, or of very many in the order of the session; with the word by which the address says so."""
    training_id, session_id = visit.params["training_id"], visit.params["session_id"]
    by_name = ParticipantsQuery(limit=_ROWS, session_id=session_id, has_place=True, sort="name")
    in_order = by_name.model_copy(update={"sort": "session"})
    if visit.query.one("by") != "order":
        try:
            return participants.page(visit.org_scope, training_id, by_name, visit.pager(by_name)), ""
        except Invalid as error:
            if all(one.field != "sort" for one in error.errors):
                raise
    return participants.page(visit.org_scope, training_id, in_order, visit.pager(in_order)), "order"
