"""What is stored about a person, as an archive of JSON and CSV files.

Ids are in it, so that the person can name what they ask about; secrets and their hashes are not.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from chalicelib.core.csv_files import Sheet
from chalicelib.core.zip_files import Archive
from chalicelib.notifications import notices
from chalicelib.people.members import store as members_store
from chalicelib.reporting.personal_data import store
from chalicelib.tenants.access import service as access
from chalicelib.tenants.access.models import AccountEntry
from chalicelib.tenants.access.service import Scope
from chalicelib.tenants.courses import store as courses_store
from chalicelib.training.batches import enrollment_store
from chalicelib.training.batches.models import Enrollment
from chalicelib.training.course_mails.member_mails import mails_of_member
from chalicelib.training.self_enrollment import store as own_courses
from chalicelib.training.sessions import my_store, participant_store
from chalicelib.web.paging import Walk

File = tuple[str, Iterable[bytes]]

_SECRET = frozenset({"pk", "sk", "invite_hash", "token", "revision", "row_shard"})
_PAGE = 100

_ENROLLMENT = (
    "course_id", "title", "status", "enrolled_at", "due_by", "started_at", "completed_at", "score", "cancelled_at",
)  # fmt: skip
_TRAINING = (
    "training_id", "title", "session_id", "starts_at", "ends_at", "time_zone", "status", "answered_at", "answered_by",
    "remark", "attendance_at", "score", "comment",
)  # fmt: skip


def of_member(scope: Scope, member_id: str, now: datetime) -> Archive:
    """What one organization has."""
    return Archive(_member_files("", scope.msp_id, scope.org, member_id))


def of_account(account_id: str, now: datetime) -> Archive:
    """What every organization has, and what belongs to the account alone."""
    return Archive(_account_files(account_id))


def _account_files(account_id: str) -> Iterator[File]:
    entries = access.entries(account_id)
    names, _ = members_store.names_and_members(entries)
    yield _json(
        "account.json", {"account_id": account_id, "roles_and_memberships": [_held(one, names) for one in entries]}
    )
    yield _json("notifications.json", list(_notices(account_id)))
    yield from _tables("own-courses", _ENROLLMENT, list(_own_courses(account_id)))
    for entry in entries:
        if entry.member_id:
            folder = f"organizations/{entry.org_id}/"
            yield from _member_files(folder, entry.msp_id, str(entry.org_id), entry.member_id)


def _member_files(folder: str, msp_id: str, org_id: str, member_id: str) -> Iterator[File]:
    member = members_store.member(org_id, member_id)
    if member is None:
        return
    scope = Scope("", msp_id, org_id)
    yield _json(folder + "member.json", _plain(member))
    yield _json(folder + "earlier.json", [_plain(change) for change in store.changes_of(org_id, member_id)])
    yield from _tables(folder + "courses", _ENROLLMENT, list(_enrollments(msp_id, org_id, member_id)))
    yield from _tables(folder + "trainings", _TRAINING, list(_trainings(msp_id, org_id, member_id)))
    yield _json(folder + "mails.json", list(_mails(scope, member_id)))


def _json(name: str, content: Any) -> File:
    return name, [json.dumps(content, ensure_ascii=False, indent=1, default=str).encode()]


def _tables(name: str, columns: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> Iterator[File]:
    """The same twice: for programs, and for people."""
    yield _json(f"{name}.json", rows)
    yield f"{name}.csv", Sheet(columns, ([row.get(column) for column in columns] for row in rows)).pieces()


def _plain(item: Any) -> dict[str, Any]:
    """An item's attributes, without keys and secrets."""
    values = {name: value for name, value in item.attribute_values.items() if name not in _SECRET}
    return {name: value.as_dict() if hasattr(value, "as_dict") else value for name, value in values.items()}


def _held(entry: AccountEntry, names: Mapping[str, str]) -> dict[str, Any]:
    return {**_plain(entry), "name": names.get(entry.org_id or entry.msp_id, "")}


def _enrollments(msp_id: str, org_id: str, member_id: str) -> Iterator[dict[str, Any]]:
    after: str | None = None
    while True:
        page = enrollment_store.enrollments_of(org_id, member_id, _PAGE, after)
        titles = courses_store.titles(msp_id, {enrollment.course_id for enrollment in page.items})
        yield from (_enrollment(one, titles) for one in page.items)
        after = page.next_position
        if after is None:
            return


def _own_courses(account_id: str) -> Iterator[dict[str, Any]]:
    after: str | None = None
    while True:
        page = own_courses.enrollments(account_id, _PAGE, after)
        titles = own_courses.titles(page.items)
        yield from (_enrollment(one, titles) for one in page.items)
        after = page.next_position
        if after is None:
            return


def _enrollment(enrollment: Enrollment, titles: Mapping[str, str]) -> dict[str, Any]:
    course_id = enrollment.course_id
    return {**_plain(enrollment), "course_id": course_id, "title": titles.get(course_id, "")}


def _trainings(msp_id: str, org_id: str, member_id: str) -> Iterator[dict[str, Any]]:
    pointers = participant_store.participations(org_id, member_id)
    for start in range(0, len(pointers), _PAGE):
        helds = participant_store.held_of(org_id, {member_id: pointers[start : start + _PAGE]})[member_id]
        keys = [(msp_id, org_id, held.pointer.training_id) for held in helds]
        _, trainings = my_store.orgs_and_trainings(keys)
        for held in helds:
            training = trainings.get(held.pointer.training_id)
            yield {
                **(_plain(held.session) if held.session else {}),
                **(_plain(held.participant) if held.participant else {}),
                "training_id": held.pointer.training_id,
                "title": training.title if training else "",
            }


def _mails(scope: Scope, member_id: str) -> Iterator[dict[str, Any]]:
    position: str | None = None
    while True:
        page = mails_of_member(scope, member_id, Walk(_PAGE, position))
        yield from (mail.model_dump(mode="json") for mail in page.items)
        position = page.next_cursor
        if position is None:
            return


def _notices(account_id: str) -> Iterator[dict[str, Any]]:
    position: str | None = None
    while True:
        _, items, position = notices.page(account_id, False, _PAGE, position)
        yield from (notice.model_dump(mode="json") for notice in items)
        if position is None:
            return
