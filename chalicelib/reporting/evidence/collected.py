"""What a client's evidence is made of, read once, page by page, into temporary files: one page is in memory."""

import csv
import json
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import IO, Any

from chalicelib.core.csv_files import BYTE_ORDER_MARK, cell_text
from chalicelib.core.paging import Page
from chalicelib.people.members import store as members_store
from chalicelib.people.members.models import Member, fields_of
from chalicelib.tenants.courses import store as courses_store
from chalicelib.training.batches import enrollment_store
from chalicelib.training.batches.models import Enrollment
from chalicelib.training.batches.states import EnrollmentStatus

MEMBER = (
    "member_id", "status", "email", "login_name", "first_name", "last_name", "group_ids", "department_id",
    "location_id", "fields", "created_at", "erased_at",
)  # fmt: skip
ENROLLMENT = (
    "member_id", "course_id", "title", "status", "enrolled_at", "due_by", "started_at", "completed_at", "score",
    "batch_id", "left_at", "cancelled_at",
)  # fmt: skip

_MEMBERS_AT_ONCE = 200
_ENROLLMENTS_AT_ONCE = 200
# Each member's enrollments are a query of some milliseconds.
_QUERIES_AT_ONCE = 8

_PIECE = 256 * 1024


class Table:
    """Rows under the same columns as CSV and as JSON lines, in temporary files, which are gone once they are closed."""

    def __init__(self, columns: Sequence[str], closing: ExitStack) -> None:
        self.columns = columns
        self.num_rows = 0
        self._csv, self._json = _temporary(closing), _temporary(closing)
        self._writer = csv.writer(self._csv, lineterminator="\r\n")
        self._csv.write(BYTE_ORDER_MARK)
        self._writer.writerow(columns)

    def add(self, row: Mapping[str, Any]) -> None:
        self.num_rows += 1
        self._json.write(json.dumps({name: row.get(name) for name in self.columns}, ensure_ascii=False, default=str))
        self._json.write("\n")
        self._writer.writerow([_cell(row.get(name)) for name in self.columns])

    def csv(self) -> Iterator[bytes]:
        return _pieces(self._csv)

    def json(self) -> Iterator[bytes]:
        return _pieces(self._json)


class People:
    """Members, their enrollments, and those that were completed."""

    def __init__(self, msp_id: str, org_id: str, closing: ExitStack) -> None:
        self.members, self.enrollments = Table(MEMBER, closing), Table(ENROLLMENT, closing)
        self.completions = Table(ENROLLMENT, closing)
        self._msp_id, self._org_id = msp_id, org_id
        self._titles: dict[str, str] = {}

    def read(self) -> None:
        after: str | None = None
        with ThreadPoolExecutor(_QUERIES_AT_ONCE) as pool:
            while True:
                page = members_store.members(self._org_id, _MEMBERS_AT_ONCE, after)
                held = pool.map(self._enrollments_of, page.items)
                for member, enrollments in zip(page.items, held, strict=True):
                    self._add(member, enrollments)
                after = page.next_position
                if after is None:
                    return

    def _enrollments_of(self, member: Member) -> list[Enrollment]:
        found: list[Enrollment] = []
        after: str | None = None
        while True:
            page: Page[Enrollment] = enrollment_store.enrollments_of(
                self._org_id, member.member_id, _ENROLLMENTS_AT_ONCE, after
            )
            found += page.items
            after = page.next_position
            if after is None:
                return found

    def _add(self, member: Member, enrollments: Iterable[Enrollment]) -> None:
        self.members.add({**member.attribute_values, "group_ids": list(member.group_ids), "fields": fields_of(member)})
        for enrollment in enrollments:
            course_id = enrollment.course_id
            row = {**enrollment.attribute_values, "member_id": member.member_id, "course_id": course_id}
            row["title"] = self._title(course_id)
            self.enrollments.add(row)
            if enrollment.status == EnrollmentStatus.COMPLETED:
                self.completions.add(row)

    def _title(self, course_id: str) -> str:
        if course_id not in self._titles:
            self._titles[course_id] = courses_store.titles(self._msp_id, {course_id}).get(course_id, "")
        return self._titles[course_id]


def _cell(value: Any) -> str:
    if isinstance(value, (dict, list)):
        return cell_text(json.dumps(value, ensure_ascii=False) if value else "")
    return cell_text(value if value is None or isinstance(value, str) else str(value))


def _temporary(closing: ExitStack) -> IO[str]:
    return closing.enter_context(tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace", newline=""))


def _pieces(file: IO[str]) -> Iterator[bytes]:
    file.flush()
    file.seek(0)
    while piece := file.read(_PIECE):
        yield piece.encode("utf-8", "replace")
