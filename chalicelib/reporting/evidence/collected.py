"""What a client's evidence is made of, read part by part: a message reads one, and one is in memory."""

import csv
import io
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any

from chalicelib.core.csv_files import BYTE_ORDER_MARK, cell_text
from chalicelib.people.members import store as members_store
from chalicelib.people.members.models import Member, fields_of
from chalicelib.reporting.evidence.states import State, Step
from chalicelib.tenants.access.service import Scope
from chalicelib.tenants.audit import anchors, trail
from chalicelib.tenants.audit.chains import Chains
from chalicelib.tenants.audit.models import AuditRecord, ChainHead, head_ref
from chalicelib.tenants.courses import store as courses_store
from chalicelib.training.batches import enrollment_store
from chalicelib.training.batches.models import Enrollment
from chalicelib.training.batches.states import EnrollmentStatus
from chalicelib.training.certificates import store as certificates_store
from chalicelib.training.certificates.org_certificates import org_certificate_out

MEMBER = (
    "member_id", "status", "email", "login_name", "first_name", "last_name", "group_ids", "department_id",
    "location_id", "fields", "created_at", "erased_at",
)  # fmt: skip
ENROLLMENT = (
    "member_id", "course_id", "title", "status", "enrolled_at", "due_by", "started_at", "completed_at", "score",
    "batch_id", "left_at", "cancelled_at",
)  # fmt: skip
CERTIFICATE = (
    "number", "state", "holder", "title", "organization", "completed_on", "issued_on", "valid_until", "revoked_at",
    "replaces", "replaced_by", "member_id", "course_id", "training_id", "check_url",
)  # fmt: skip
AUDIT = ("chain", "number", "at", "actor", "action", "target", "before", "after", "previous_hash", "hash")

# By the names of their files.
COLUMNS: Mapping[str, Sequence[str]] = {
    "members": MEMBER, "enrollments": ENROLLMENT, "completions": ENROLLMENT, "certificates": CERTIFICATE,
    "audit": AUDIT,
}  # fmt: skip

# What a record's hash is over, in this order (tenants/audit/log.py).
_HASHED = ("pk", "sk", "at", "actor", "action", "target", "before", "after", "previous_hash", "hash")

# What one message reads, at most: some seconds. Each member's enrollments are a query of some milliseconds; a part also
# ends behind the member with whom its rows are so many.
MEMBERS = 500
_MEMBERS_AT_ONCE = 100
_ROWS = 20_000
_QUERIES_AT_ONCE = 8
CERTIFICATES = 2_000
_CERTIFICATES_AT_ONCE = 100
ANCHORS = 100
# A page is 1 MB, which is some thousand entries.
AUDIT_PAGES = 3


class Slices:
    """What one part adds to each file, by the file's name."""

    def __init__(self) -> None:
        self.texts: dict[str, io.StringIO] = {}
        self.counts: dict[str, int] = {}

    def add(self, name: str, row: Mapping[str, Any], line: Mapping[str, Any] | None = None) -> None:
        """A row of a list: of its CSV, and of its JSON lines, where it may say more."""
        columns = COLUMNS[name]
        self.line(name, line or {column: row.get(column) for column in columns})
        csv.writer(self._text(f"{name}.csv"), lineterminator="\r\n").writerow(
            [_cell(row.get(column)) for column in columns]
        )

    def line(self, name: str, line: Mapping[str, Any]) -> None:
        self.counts[name] = self.counts.get(name, 0) + 1
        self._text(f"{name}.jsonl").write(json.dumps(line, ensure_ascii=False, default=str) + "\n")

    def _text(self, name: str) -> io.StringIO:
        return self.texts.setdefault(name, io.StringIO(newline=""))


def headings(name: str) -> bytes:
    """The beginning of a list's CSV."""
    text = io.StringIO(newline="")
    text.write(BYTE_ORDER_MARK)
    csv.writer(text, lineterminator="\r\n").writerow(COLUMNS[name])
    return text.getvalue().encode()


def part(scope: Scope, state: State, now: datetime) -> tuple[dict[str, str], State]:
    """The next part after this state: its slices by name, and the state after it."""
    slices = Slices()
    after = _READ[state.step](scope, state, slices, now)
    steps = list(Step)
    step = state.step if after is not None else steps[steps.index(state.step) + 1]
    counts = {name: state.counts.get(name, 0) + slices.counts.get(name, 0) for name in (*state.counts, *slices.counts)}
    left = state.model_copy(update={"step": step, "after": after, "counts": counts})
    return {name: text.getvalue() for name, text in slices.texts.items()}, left


# ---------------------------------------------------------------- people


def _members(scope: Scope, state: State, slices: Slices, now: datetime) -> str | None:
    after, titles = state.after, _Titles(scope.msp_id)
    with ThreadPoolExecutor(_QUERIES_AT_ONCE) as pool:
        for _ in range(max(1, MEMBERS // _MEMBERS_AT_ONCE)):
            page = members_store.members(scope.org, min(MEMBERS, _MEMBERS_AT_ONCE), after)
            held = pool.map(lambda member: _enrollments_of(scope.org, member.member_id), page.items)
            for member, enrollments in zip(page.items, held, strict=True):
                _add_member(slices, member, enrollments, titles)
            after = page.next_position
            if after is None or sum(slices.counts.values()) >= _ROWS:
                break
    return after


def _enrollments_of(org_id: str, member_id: str) -> list[Enrollment]:
    found: list[Enrollment] = []
    after: str | None = None
    while True:
        page = enrollment_store.enrollments_of(org_id, member_id, 200, after)
        found += page.items
        after = page.next_position
        if after is None:
            return found


def _add_member(slices: Slices, member: Member, enrollments: Iterable[Enrollment], titles: "_Titles") -> None:
    row = {**member.attribute_values, "group_ids": list(member.group_ids), "fields": fields_of(member)}
    if not members_store.shows_name(member):
        # As on every page: the name that an invitation was sent with is nobody's to see before it is accepted.
        row |= {"first_name": "", "last_name": ""}
    slices.add("members", row)
    for enrollment in enrollments:
        course_id = enrollment.course_id
        row = {**enrollment.attribute_values, "member_id": member.member_id, "course_id": course_id}
        row["title"] = titles.of(course_id)
        slices.add("enrollments", row)
        if enrollment.status == EnrollmentStatus.COMPLETED:
            slices.add("completions", row)


class _Titles:
    """Of courses, each read once."""

    def __init__(self, msp_id: str) -> None:
        self._msp_id = msp_id
        self._known: dict[str, str] = {}

    def of(self, course_id: str) -> str:
        if course_id not in self._known:
            self._known[course_id] = courses_store.titles(self._msp_id, {course_id}).get(course_id, "")
        return self._known[course_id]


def _certificates(scope: Scope, state: State, slices: Slices, now: datetime) -> str | None:
    """Those of archived people too. Of who was erased, all but the name."""
    after = state.after
    for _ in range(max(1, CERTIFICATES // _CERTIFICATES_AT_ONCE)):
        page = certificates_store.issued_by(scope.org, min(CERTIFICATES, _CERTIFICATES_AT_ONCE), after)
        for certificate in page.items:
            slices.add("certificates", org_certificate_out(certificate, now).model_dump(mode="json"))
        after = page.next_position
        if after is None:
            break
    return after


# ---------------------------------------------------------------- the trail


def _anchors(scope: Scope, state: State, slices: Slices, now: datetime) -> str | None:
    """Every day's, as it was first written, and the latest for the part that follows the trail."""
    found = anchors.written(scope.tenant_pk, state.after, ANCHORS)
    for file, anchor in found:
        # One that nobody of us wrote: the program that checks the pack names it.
        told = {"at": "", "heads": None} if anchor is None else anchor.model_dump(exclude={"tenant"})
        slices.line("anchors", {"file": file, **told})
        if anchor is not None:
            state.chains = Chains(anchor).state()
    return found[-1][0] if len(found) == ANCHORS else None


def _ends(scope: Scope, state: State, slices: Slices, now: datetime) -> str | None:
    """The pack's trail ends here, whatever is written while the rest of it is read."""
    heads = trail.heads(scope)
    state.heads = [
        {"chain": head.chain, "number": int(head.number), "hash": head.hash, "at": head.at} for head in heads
    ]
    slices.texts["heads.json"] = io.StringIO(json.dumps(state.heads, indent=1))
    return None


def _audit(scope: Scope, state: State, slices: Slices, now: datetime) -> str | None:
    """Every entry with what its hash is over, in the order in which chains are followed."""
    chains = Chains.after(state.chains)
    ends = {int(head["chain"]): int(head["number"]) for head in state.heads}
    after = state.after
    for _ in range(AUDIT_PAGES):
        items, after = trail.oldest(scope, after)
        for item in items:
            if isinstance(item, AuditRecord) and (item.number <= ends.get(item.chain, 0) or "#" not in item.sk):
                chains.note(chains.follow(item))
                row = {name: getattr(item, name) for name in AUDIT}
                slices.add("audit", row, {name: getattr(item, name) for name in _HASHED})
        if after is None:
            _close(chains, state.heads)
            break
    state.chains = chains.state()
    return after


def _close(chains: Chains, heads: Iterable[Mapping[str, Any]]) -> None:
    for head in heads:
        key = head_ref("", head["chain"])
        end = ChainHead(key.pk, key.sk, number=head["number"], hash=head["hash"], at=head["at"])
        chains.note(chains.end(end))
    chains.note(chains.close())


def _cell(value: Any) -> str:
    if isinstance(value, (dict, list)):
        return cell_text(json.dumps(value, ensure_ascii=False) if value else "")
    return cell_text(value if value is None or isinstance(value, str) else str(value))


_Read = Callable[[Scope, State, Slices, datetime], str | None]

# Each reads what one part takes after `state.after`, and gives the last key that it read, None at the end.
_READ: Mapping[Step, _Read] = {
    Step.MEMBERS: _members, Step.CERTIFICATES: _certificates, Step.ANCHORS: _anchors, Step.ENDS: _ends,
    Step.AUDIT: _audit,
}  # fmt: skip
