"""The steps of erasing a member: each takes the person out of one kind of thing, page by page.

A room that keeps something personal elsewhere adds its step to `STEPS`; `tests/structure/test_personal_data.py` asks
for one whenever a model declares a new personal attribute.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from chalicelib.aws.files import files
from chalicelib.people.members.models import Member
from chalicelib.people.search import store as search_store
from chalicelib.people.uploads import store as uploads_store
from chalicelib.people.uploads.models import file_key as upload_file_key
from chalicelib.people.uploads.states import UploadStatus
from chalicelib.reporting.exports.models import file_key
from chalicelib.reporting.exports.states import ExportKind, ending_of
from chalicelib.reporting.personal_data import launch_store, store, upload_rows
from chalicelib.reporting.personal_data.traces import Traces
from chalicelib.tenants.access.models import msp_pk, org_pk
from chalicelib.training.certificates import erase as certificates
from chalicelib.training.sessions import participant_store
from chalicelib.training.sessions.calendars import feed_changes

_PAGE = 50

# Lists that name nobody.
_WITHOUT_PEOPLE = frozenset({ExportKind.DASHBOARD.value, ExportKind.BATCHES.value, ExportKind.REPORT.value})


@dataclass(frozen=True)
class Person:
    msp_id: str
    org_id: str
    member: Member
    traces: Traces
    now: datetime


# Does one page after the position, and gives the next position, None at the end.
Step = Callable[[Person, str | None], str | None]


def _uploads(person: Person, after: str | None) -> str | None:
    """A year of files. One that nobody has decided about yet goes, its rows stay to be decided about."""
    page = uploads_store.page(person.org_id, 5, after)
    for upload in page.items:
        outcomes = uploads_store.outcomes_of(person.org_id, upload.import_id)
        is_open = upload.status in (UploadStatus.PREVIEW, UploadStatus.APPROVED)
        for chunk in store.upload_chunks(upload):
            rows = [
                upload_rows.blanked(row, is_open=is_open) if upload_rows.is_about(row, outcomes, person.traces) else row
                for row in chunk.rows
            ]
            if rows == chunk.rows:
                continue
            if upload.status == UploadStatus.PREVIEW:
                files().delete(upload_file_key(person.org_id, upload.import_id))
            is_preview = upload.status == UploadStatus.PREVIEW
            num_failed = upload_rows.num_newly_failed(chunk.rows, rows) if is_preview else 0
            store.put_upload_rows(upload, chunk, rows, num_failed)
    return page.next_position


def _sessions(person: Person, after: str | None) -> str | None:
    member_id = person.member.member_id
    page = participant_store.participation_page(person.org_id, member_id, _PAGE, after)
    for pointer in page.items:
        position: str | None = None
        while True:
            sessions = store.sessions_of(person.org_id, pointer.training_id, position)
            ids = [session.session_id for session in sessions.items]
            for participant in store.participants_in(person.org_id, ids, member_id):
                store.blank_participant(participant)
            position = sessions.next_position
            if position is None:
                break
    return page.next_position


def _history(person: Person, after: str | None) -> str | None:
    """Groups, departments and statuses stay: they say why somebody is counted where they are."""
    for change in store.changes_of(person.org_id, person.member.member_id):
        if "fields" in change.before:
            store.keep_of_change(change, {**change.before, "fields": {}})
    return None


def _filters(person: Person, after: str | None) -> str | None:
    page = search_store.kept_filters(person.org_id, _PAGE, after)
    for item in page.items:
        left = person.traces.without(item.filter)
        if left != item.filter:
            store.put_filter(item, left)
    return page.next_position


def _launches(person: Person, after: str | None) -> str | None:
    """A filter that names the person chooses nobody any more; who was enrolled by it, stays so."""
    page = launch_store.rollouts(person.msp_id, person.org_id, after)
    for rollout_id, spec in launch_store.specs(person.msp_id, page.items).items():
        targeting = _without(person, spec.plan.get("targeting"))
        if targeting == spec.plan.get("targeting"):
            continue
        # Before the plan, by which they are found again if this breaks.
        for partition in launch_store.partitions(person.org_id, rollout_id):
            launch_store.put_recipients(partition, _recipients_without(person, partition.recipients))
        launch_store.put_plan(spec, {**spec.plan, "targeting": targeting})
    return page.next_position


def _enrolls(person: Person, after: str | None) -> str | None:
    page = launch_store.enrolls(person.org_id, after)
    for enroll in page.items:
        left = person.traces.without(enroll.filter)
        if left != enroll.filter:
            launch_store.put_filter(enroll, left)
    return page.next_position


def _drafts(person: Person, after: str | None) -> str | None:
    """Of the admins there are. What somebody left who is none any more goes by itself within a week."""
    for tenant_pk in (org_pk(person.org_id), msp_pk(person.msp_id)):
        for account_id in store.admins(tenant_pk):
            for draft in launch_store.drafts(person.org_id, account_id):
                left = person.traces.without(draft.form)
                if left != draft.form:
                    launch_store.put_form(draft, left)
    return None


def _bulk_actions(person: Person, after: str | None) -> str | None:
    """Whom it reached is on record by their ids. One that is still counted goes on without the person."""
    page = launch_store.bulk_actions(person.org_id, after)
    for action in page.items:
        left = person.traces.without(action.filter)
        if left != action.filter:
            launch_store.put_chosen(action, left)
    return page.next_position


def _without(person: Person, targeting: Any) -> Any:
    """Of what chose recipients, the filter. Members who were chosen one by one stay, as ids."""
    if not isinstance(targeting, dict) or not targeting.get("filter"):
        return targeting
    return {**targeting, "filter": person.traces.without(targeting["filter"])}


def _recipients_without(person: Person, recipients: dict[str, Any]) -> dict[str, Any]:
    matching = recipients.get("matching")
    if not matching:
        return recipients
    return {**recipients, "matching": {**matching, "criteria": person.traces.without(matching["criteria"])}}


def _own_exports(person: Person, after: str | None) -> str | None:
    return _exports(person, person.org_id, after)


def _msp_exports(person: Person, after: str | None) -> str | None:
    return _exports(person, None, after)


def _exports(person: Person, org_id: str | None, after: str | None) -> str | None:
    """A list of people that was made before is made anew by whoever still needs it."""
    page = store.exports_of(person.msp_id, org_id, after)
    for export in page.items:
        is_of_org = org_id is not None or export.selection.get("org_id") == person.org_id
        if is_of_org and export.selection["kind"] not in _WITHOUT_PEOPLE:
            files().delete(file_key(person.msp_id, export.export_id, ending_of(export.selection["kind"])))
            store.drop_export(export)
    return page.next_position


def _answers(person: Person, after: str | None) -> str | None:
    """Answers that are kept a day, in case an admin's request comes again."""
    for tenant_pk in (org_pk(person.org_id), msp_pk(person.msp_id)):
        for account_id in store.admins(tenant_pk):
            _answers_to(person, account_id)
    return None


def _answers_to(person: Person, account_id: str) -> None:
    position: str | None = None
    while True:
        page = store.answers_to(account_id, position)
        for record in page.items:
            if record.answer and person.member.member_id in record.answer:
                left = json.dumps(person.traces.without(json.loads(record.answer)))
                store.put_answer(record, left)
        position = page.next_position
        if position is None:
            return


def _mails(person: Person, after: str | None) -> str | None:
    """Mails are kept without address or text. Of those about an invitation, the hash of the address goes as well."""
    member = person.member
    store.forget_addressees([*(member.earlier_mail_ids or ()), *([member.mail_id] if member.mail_id else [])])
    return None


def _notices(person: Person, after: str | None) -> str | None:
    """What the account was told of the organization, and the calendar file that shows its trainings."""
    account_id = person.member.account_id
    if account_id is None:
        return None
    feed_changes.forget(account_id, person.now)
    page = store.notices(account_id, after)
    store.drop_notices(notice for notice in page.items if notice.org_id == person.org_id)
    return page.next_position


def _certificates(person: Person, after: str | None) -> str | None:
    """They stay genuine, and say so without a name."""
    certificates.erase_member(person.org_id, person.member.member_id, person.now)
    return None


# In this order; the name is part of a message, and stays.
STEPS: list[tuple[str, Step]] = [
    ("uploads", _uploads),
    ("sessions", _sessions),
    ("history", _history),
    ("filters", _filters),
    ("launches", _launches),
    ("enrolls", _enrolls),
    ("drafts", _drafts),
    ("bulk_actions", _bulk_actions),
    ("exports", _own_exports),
    ("msp_exports", _msp_exports),
    ("answers", _answers),
    ("mails", _mails),
    ("notices", _notices),
    ("certificates", _certificates),
]
