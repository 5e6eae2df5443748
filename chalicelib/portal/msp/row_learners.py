"""The learners of one course of a batch: who, what became of them and why, and those who failed as a file."""

from dataclasses import replace

from chalicelib.core.csv_files import CONTENT_TYPE
from chalicelib.core.errors import Conflict, NotFound
from chalicelib.people.members import service as directory
from chalicelib.people.uploads.failed_rows import failed_csv
from chalicelib.people.uploads.row_schemas import ProblemOut
from chalicelib.people.uploads.spreadsheet.columns import TEMPLATE_COLUMNS
from chalicelib.portal.answer import Download, Shown
from chalicelib.portal.msp.training import ROW, batch_key, first_of
from chalicelib.portal.site_map import Pages
from chalicelib.portal.visit import Visit
from chalicelib.reporting.explain import service as explanations
from chalicelib.reporting.exports.lists import all_items
from chalicelib.reporting.exports.sources import file_name_of
from chalicelib.tenants.access.states import Permission
from chalicelib.tenants.organizations.lookups import org_of
from chalicelib.training.batches import views
from chalicelib.training.batches.page_schemas import BatchOut, RowOut
from chalicelib.training.batches.states import Outcome
from chalicelib.training.course_mails import row_mails
from chalicelib.training.progress import learners
from chalicelib.training.progress.schemas import LearnerOut, LearnersQuery

pages = Pages(Permission.ROLLOUTS)

# A file of these is some 2 MB; an answer may have 6.
_MOST_IN_FILE = 20_000

# As the upload knows them.
_COLUMNS = (TEMPLATE_COLUMNS[0], "Full name")


@pages.get(ROW)
def learners_page(visit: Visit) -> Shown:
    key, course_id = batch_key(visit), visit.params["course_id"]
    batch, row = _row(visit)
    told, search = visit.query.one("outcome"), visit.query.one("search").strip()[:200]
    outcome = Outcome(told) if told in set(Outcome) else None
    query = LearnersQuery(outcome=outcome, search=search or None)
    shown = learners.of_row(visit.msp_scope, key.org_id, key.batch_id, course_id, query, visit.pager(query), visit.now)
    facts = {
        "batch": batch,
        "row": row,
        "org": org_of(key.msp_id, key.org_id),
        "shown": shown,
        "mails": row_mails.latest(key, course_id, [(one.member_id, one.due_by) for one in shown.items]),
        "outcome": outcome,
        "search": search,
        # Who left counts as withdrawn, and is not listed: no number there.
        "tabs": [
            (Outcome.ENROLLED, row.num_enrolled), (Outcome.ALREADY_ENROLLED, row.num_already_enrolled),
            (Outcome.ALREADY_COMPLETED, row.num_skipped), (Outcome.FAILED, row.num_failed), (Outcome.WITHDRAWN, None),
        ],
        **first_of(visit),
    }  # fmt: skip
    return Shown("msp/learners.html", facts)


@pages.get(ROW + "/learners/{member_id}")
def why(visit: Visit) -> Shown:
    """Why this person is, or is not, enrolled, with the way there."""
    key = batch_key(visit)
    batch, row = _row(visit)
    scope = replace(visit.msp_scope, org_id=key.org_id)
    found = explanations.explain(scope, visit.params["member_id"], row.course_id)
    person = directory.member(scope, visit.params["member_id"], visit.now)
    facts = {"batch": batch, "row": row, "org": org_of(key.msp_id, key.org_id), "why": found, "person": person}
    return Shown("msp/why.html", facts)


@pages.get(ROW + "/failed")
def failed_file(visit: Visit) -> Download:
    """Who failed, in the columns of the upload's template; the reasons stand in two columns that it overlooks."""
    key = batch_key(visit)
    _, row = _row(visit)
    if (row.num_failed or 0) > _MOST_IN_FILE:
        problem = f"More than {_MOST_IN_FILE:,} learners failed. Use the export instead. It has all of them."
        raise Conflict("too_many", problem)
    query = LearnersQuery(outcome=Outcome.FAILED)
    found = all_items(
        lambda pager: learners.of_row(visit.msp_scope, key.org_id, key.batch_id, row.course_id, query, pager, visit.now)
    )
    content = failed_csv(_COLUMNS, (_cells_and_problem(one) for one in found))
    name = file_name_of("failed", org_of(key.msp_id, key.org_id).name, row.title)
    return Download(content.decode(), CONTENT_TYPE, f"{name}.csv")


def _cells_and_problem(learner: LearnerOut) -> tuple[list[str], list[ProblemOut]]:
    problem = ProblemOut(column="", code=learner.code or "", sentence=learner.sentence, next_step=learner.next_step)
    return [learner.email or "", learner.name or ""], [problem]


def _row(visit: Visit) -> tuple[BatchOut, RowOut]:
    key = batch_key(visit)
    batch = views.batch(visit.msp_scope, key.org_id, key.batch_id, visit.now)
    row = next((row for row in batch.courses if row.course_id == visit.params["course_id"]), None)
    if row is None:
        raise NotFound()
    return batch, row
