"""What became of each person and training of a request to enroll people."""

from collections.abc import Sequence

from chalicelib.core.errors import NotFound
from chalicelib.tenants.access.service import Scope
from chalicelib.training.sessions import participant_store, store
from chalicelib.training.sessions.enrolling import enroll_store, overlaps
from chalicelib.training.sessions.enrolling.enroll import ResultRow
from chalicelib.training.sessions.enrolling.enroll_schemas import EnrollOut, EnrollResultOut
from chalicelib.training.sessions.explanations import explain
from chalicelib.training.sessions.models import Enroll, result_sk
from chalicelib.training.sessions.states import Code, EnrollStatus, outcome_of
from chalicelib.web.paging import Pager


def page(scope: Scope, enroll_id: str, pager: Pager) -> EnrollOut:
    """Raises NotFound; who is limited to departments finds their own requests."""
    stored = enroll_store.enroll(scope.org, enroll_id)
    if stored is None or (scope.department_ids is not None and not _is_own(scope, stored)):
        raise NotFound("There is no such enrollment")
    number = enroll_store.num_people(stored)
    num_done = min(number or 0, len(enroll_store.chunks_done(stored)) * enroll_store.CHUNK_SIZE)
    rows, position = _rows(stored, pager) if number else ([], None)
    failure = explain(stored.failed_code) if stored.failed_code else None
    return EnrollOut(
        enroll_id=enroll_id,
        status=_status(stored, num_done),
        code=stored.failed_code,
        sentence=failure.sentence if failure else None,
        next_step=failure.next_step if failure else None,
        visible_from=stored.visible_from,
        num_people=number,
        num_done=num_done,
        items=_results_out(scope.org, stored, rows),
        next_cursor=pager.cursor(position),
    )


def _is_own(scope: Scope, stored: Enroll) -> bool:
    """Made by the caller, under the limits of today."""
    limits = frozenset(stored.department_ids or ())
    return stored.created_by == scope.account_id and limits == scope.department_ids


def _status(stored: Enroll, num_done: int) -> EnrollStatus:
    if stored.failed_code:
        return EnrollStatus.FAILED
    return EnrollStatus.DONE if num_done == stored.num_people else EnrollStatus.RUNNING


def _rows(stored: Enroll, pager: Pager) -> tuple[list[ResultRow], str | None]:
    """A page of results. A position is a chunk and the place in it."""
    chunk_text, _, offset_text = (pager.position or "0|0").partition("|")
    chunk, offset = int(chunk_text), int(offset_text)
    rows: list[ResultRow] = []
    while len(rows) < pager.limit:
        after = result_sk(chunk - 1) if chunk else None
        found = enroll_store.result_page(stored, 1, after).items
        if not found:
            return rows, None
        chunk, results = enroll_store.chunk_of_result(found[0]), found[0].results
        wanted = results[offset : offset + pager.limit - len(rows)]
        pairs = found[0].overlapping
        rows += [[*row[:4], [pairs[number] for number in row[4]]] for row in wanted]
        offset += len(wanted)
        if offset >= len(results):
            chunk, offset = chunk + 1, 0
    return rows, f"{chunk}|{offset}" if chunk < enroll_store.num_chunks(stored) else None


def _results_out(org_id: str, stored: Enroll, rows: Sequence[ResultRow]) -> list[EnrollResultOut]:
    lines = {
        str(session_id): participant_store.line(org_id, str(session_id))
        for session_id in {row[3] for row in rows if row[2] == Code.WAITING}
    }
    pairs = [(str(pair[0]), str(pair[1])) for row in rows for pair in row[4]]
    sessions = store.sessions_by_id(org_id, pairs, consistent=False) if pairs else {}
    trainings = store.trainings_by_id(org_id, [training_id for training_id, _ in pairs]) if pairs else {}
    items = []
    for member_id, index, code, session_id, overlapping in rows:
        training_id, line, explanation = stored.sessions[index][0], lines.get(str(session_id), []), explain(str(code))
        warnings = [
            overlaps.warning(training_id, sessions[pair[1]], trainings) for pair in overlapping if pair[1] in sessions
        ]
        items.append(
            EnrollResultOut(
                member_id=str(member_id), training_id=training_id, session_id=str(session_id),
                result=outcome_of(str(code)), code=str(code), warnings=warnings,
                place_in_line=line.index(str(member_id)) + 1 if member_id in line and code == Code.WAITING else None,
                sentence=explanation.sentence, next_step=explanation.next_step,
            )
        )  # fmt: skip
    return items
