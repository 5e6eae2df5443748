"""What is counted, part after part: the people of an organization with their courses, then its sessions.

Everybody is looked at once, in the order of ids. Who leaves a department meanwhile is counted in the one of the moment.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from chalicelib.people.members import store as members_store
from chalicelib.people.members.models import Member
from chalicelib.people.members.states import ON_ROSTERS, MemberStatus
from chalicelib.reporting.reports import store
from chalicelib.reporting.reports.kept import Counted
from chalicelib.reporting.reports.states import ReportKind
from chalicelib.reporting.reports.tally import (
    THE_WHOLE,
    LineKey,
    LocalTime,
    client_key,
    course_key,
    department_key,
)
from chalicelib.tenants.courses import store as courses_store
from chalicelib.tenants.organizations import store as organizations_store
from chalicelib.tenants.organizations.lookups import org_of, zone_of
from chalicelib.tenants.organizations.models import Org
from chalicelib.tenants.structure import store as structure_store
from chalicelib.training.sessions import participant_store
from chalicelib.training.sessions import store as sessions_store
from chalicelib.training.sessions.models import Session, Training
from chalicelib.training.sessions.participants import shown_status

# People that one message looks at: some seconds of reads.
LOOKS = 5_000

_PER_READ = 500

# What one more client, or one more session, costs at least, in looks.
_FEW = 20

_MEMBERS, _SESSIONS = "members", "sessions"


@dataclass
class Walk:
    """One message's part of a count. `looks` are what is left of it."""

    msp_id: str
    as_of: datetime
    counted: Counted
    looks: int = field(default_factory=lambda: LOOKS)

    # ------------------------------------------------------------ an MSP

    def clients(self) -> None:
        """Client after client, in the order of ids. A place is the client's key, and the last of its people."""
        after, member = self.counted.place or ["", ""]
        while self.looks > 0:
            if not after or not member:
                page = organizations_store.orgs(self.msp_id, 1, after or None)
                if not page.items:
                    self.counted.place = None
                    return
                org = page.items[0]
            else:
                org = org_of(self.msp_id, after.removeprefix("ORG#"))
            self.counted.tally.line(client_key(org.org_id)).about["title"] = org.name
            member = self._people(org, member, (client_key(org.org_id),), None) or ""
            after = org.sk
            self.looks -= _FEW
            self.counted.place = [after, member]

    # ------------------------------------------------------------ an organization

    def organization(self, org_id: str, department_ids: Sequence[str] | None) -> None:
        """All of it, or these departments with all below them as they are now."""
        org = org_of(self.msp_id, org_id)
        departments = structure_store.departments(org_id)
        reached = None
        if department_ids is not None:
            roots = set(department_ids)
            reached = frozenset(one.department_id for one in departments if roots & set(one.path))
        stage, *place = self.counted.place or [_MEMBERS, ""]
        if stage == _MEMBERS:
            after = self._people(org, place[0], None, reached)
            if after is not None:
                self.counted.place = [_MEMBERS, after]
                return
            for department in departments:
                if reached is None or department.department_id in reached:
                    self.counted.tally.line(department_key(department.department_id)).about["title"] = department.name
            place = ["", ""]
        self._sessions(org, place, bool(departments), reached)

    # ------------------------------------------------------------ people and courses

    def _people(
        self, org: Org, after: str, also: Sequence[LineKey] | None, reached: frozenset[str] | None
    ) -> str | None:
        """Add people past this one. Gives the last one that was looked at, None after the last of all.

        `also` are lines that everybody is added to, in place of those of departments.
        """
        local, tally = LocalTime(zone_of(org), self.as_of), self.counted.tally
        while self.looks > 0:
            page = members_store.members(org.org_id, min(_PER_READ, self.looks), after or None)
            self.looks -= len(page.items)
            keys_by_member: dict[str, list[LineKey]] = {}
            for member in page.items:
                department_id = _department_of(member)
                if reached is not None and department_id not in reached:
                    continue
                keys = [THE_WHOLE, *([department_key(department_id)] if also is None else also)]
                keys_by_member[member.member_id] = keys
                if member.status == MemberStatus.ACTIVE:
                    for key in keys:
                        tally.line(key).num_members += 1
            for member_id, enrollment in store.enrollments(org.org_id, list(keys_by_member)):
                tally.add_enrollment(enrollment, local, [course_key(enrollment.course_id), *keys_by_member[member_id]])
            if page.next_position is None:
                return None
            after = page.next_position
        return after

    # ------------------------------------------------------------ live trainings

    def _sessions(self, org: Org, place: Sequence[str], in_departments: bool, reached: frozenset[str] | None) -> None:
        """A place is the key of the training before, and that of the last session of the next one that is done."""
        after, done = place
        self.counted.place = [_SESSIONS, after, done]
        while self.looks > 0:
            page = sessions_store.trainings(org.org_id, 1, after or None)
            if not page.items:
                self.counted.place = None
                return
            training = page.items[0]
            self.looks -= _FEW
            for session in sessions_store.sessions(org.org_id, training.training_id):
                if session.sk <= done:
                    continue
                self._session(org.org_id, training, session, in_departments, reached)
                done = session.sk
                if self.looks <= 0:
                    break
            else:
                after, done = training.sk, ""
            self.counted.place = [_SESSIONS, after, done]

    def _session(
        self, org_id: str, training: Training, session: Session, in_departments: bool, reached: frozenset[str] | None
    ) -> None:
        tally, day = self.counted.tally, str(session.starts_at)[:10]
        own: list[LineKey] = [
            (ReportKind.TRAININGS, training.training_id), (ReportKind.SESSIONS, session.session_id)
        ]  # fmt: skip
        tally.line(own[0]).about["title"] = training.title
        tally.line(own[1]).about.update(
            title=training.title,
            training_id=training.training_id,
            starts_at=session.starts_at,
            time_zone=session.time_zone,
            starts_utc=session.starts_utc,
            is_cancelled=not session.is_open,
        )
        tally.add_session(day, [THE_WHOLE, *own])
        self.looks -= _FEW
        after: str | None = None
        while True:
            page = participant_store.participants(org_id, session.session_id, _PER_READ, after, consistent=False)
            self.looks -= len(page.items)
            members: dict[str, Member] = {}
            if in_departments:
                members = members_store.members_by_id(org_id, [one.member_id for one in page.items])
            for participant in page.items:
                department_id = _department_of(members.get(participant.member_id))
                if reached is not None and department_id not in reached:
                    continue
                keys = [THE_WHOLE, *own, department_key(department_id)]
                tally.add_participant(shown_status(participant, session), day, keys)
            after = page.next_position
            if after is None:
                return


def add_titles(msp_id: str, counted: Counted) -> None:
    """Of courses: those of the rows are as they were, and these as they are. Departments without a name are gone."""
    courses = counted.tally.lines(ReportKind.COURSES)
    for course_id, title in courses_store.titles(msp_id, courses).items():
        courses[course_id].about["title"] = title


def _department_of(member: Member | None) -> str | None:
    """Who has left is in no department, although the item still names one."""
    return member.department_id if member is not None and member.status in ON_ROSTERS else None
