"""What must be explained, by a reference that keeps the whole history: every decision, when it was made.

It knows the rules as product.md tells them, and nothing of the tables. Instants are texts, a minute apart.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field

# What Retry tries again.
FAILED = ("no_seat", "access_denied", "write_rejected", "processing_failed")

# at, code, id of the batch or group
Step = tuple[str | None, str, str | None]
# Who would enroll, a batch or a group, and when; a group once the person accepts.
Coming = tuple[str, str | None]


@dataclass
class Held:
    """One enrollment. `by` is the id of its batch, `group` that of a group instead."""

    at: str
    by: str
    status: str = "enrolled"
    log: list[tuple[str, str]] = field(default_factory=list)


@dataclass
class Person:
    status: str
    groups: set[str]
    department: str | None
    job: str
    held: list[Held] = field(default_factory=list)
    joined: set[str] = field(default_factory=set)
    came_at: dict[str, str] = field(default_factory=dict)
    active_since: str | None = None

    @property
    def current(self) -> Held | None:
        return self.held[-1] if self.held else None

    @property
    def holds(self) -> str | None:
        """`already_enrolled`, `already_completed`, or nothing that stands in the way."""
        if self.current is None or self.current.status == "cancelled":
            return None
        return "already_completed" if self.current.status == "completed" else "already_enrolled"


@dataclass
class Batch:
    """`why_not` says of a person why they are no recipient, None for a recipient."""

    why_not: Callable[[str, Person], str | None]
    reenroll: bool
    at: str
    state: str = "scheduled"
    decided: dict[str, tuple[str, str]] = field(default_factory=dict)
    enrolled: set[str] = field(default_factory=set)
    cancelled: tuple[str, str] | None = None


class Reference:
    def __init__(self) -> None:
        self.people: dict[str, Person] = {}
        self.batches: dict[str, Batch] = {}
        self.group_courses: dict[str, str] = {}
        self.refused: dict[tuple[str, str], tuple[str, str]] = {}
        self.limit = 0
        self.has_access = True

    # ------------------------------------------------------------ people

    @property
    def taken(self) -> int:
        return sum(held.status != "cancelled" for person in self.people.values() for held in person.held)

    def comes(self, member: str, person: Person, at: str) -> None:
        self.people[member] = person
        if person.status == "active":
            person.active_since = at
            person.came_at = dict.fromkeys(person.groups, at)

    def accepts(self, member: str, at: str) -> None:
        person = self.people[member]
        person.status, person.active_since = "active", at
        person.came_at = dict.fromkeys(person.groups, at)
        for group in sorted(person.groups):
            self.joins(member, group, at)

    def changes_groups(self, member: str, groups: set[str], at: str) -> None:
        person = self.people[member]
        new = groups - person.groups
        person.groups = groups
        if person.status == "active":
            person.came_at.update(dict.fromkeys(new, at))
            for group in sorted(new):
                self.joins(member, group, at)

    def joins(self, member: str, group: str, at: str) -> None:
        if group not in self.group_courses:
            return
        person = self.people[member]
        person.joined.add(group)
        current = person.current
        if current is not None and current.by == group and current.status != "cancelled":
            self.refused.pop((member, group), None)
            return
        code = person.holds
        if code is None and not self.has_access:
            code = "access_denied"
        if code is None and self.limit and self.taken >= self.limit:
            code = "no_seat"
        if code is not None:
            self.refused[member, group] = (at, code)
            return
        self.refused.pop((member, group), None)
        person.held.append(Held(at, group, log=[(at, "enrolled")]))

    def archives(self, member: str, at: str) -> None:
        person = self.people[member]
        person.status = "archived"
        if person.current is not None and person.current.status == "enrolled":
            self._end(person.current, at, "archived_before_start")

    def steps_on(self, member: str, step: str, at: str) -> None:
        """The learner starts, or completes."""
        held = self.people[member].current
        assert held is not None
        if step == "complete" and held.status == "enrolled":
            held.log.append((at, "started"))
        held.status = {"start": "in_progress", "complete": "completed"}[step]
        held.log.append((at, {"start": "started", "complete": "completed"}[step]))

    def cancels_one(self, member: str, at: str) -> None:
        held = self.people[member].current
        assert held is not None
        self._end(held, at, "cancelled_by_admin")

    @staticmethod
    def _end(held: Held, at: str, code: str) -> None:
        held.status = "cancelled"
        held.log.append((at, code))

    # ------------------------------------------------------------ batches

    def runs(self, batch_id: str, at: str, broken: Collection[str] = (), code: str = "write_rejected") -> None:
        """The date of a batch, or of its retry, has come. The enrollments of some are `broken`, with this code."""
        batch = self.batches[batch_id]
        is_first = batch.state in ("scheduled", "denied")
        failed = {member for member, (_, code) in batch.decided.items() if code in FAILED}
        if not self.has_access:
            if is_first:
                batch.state, batch.at = "denied", at
            batch.decided.update(dict.fromkeys(failed, (at, "access_denied")))
            return
        batch.state = "ran"
        if is_first:
            batch.at = at
        for member in sorted(self.people):
            if not is_first and member not in failed:
                continue
            person = self.people[member]
            why = batch.why_not(member, person)
            if why is None and not (person.holds == "already_completed" and batch.reenroll):
                why = person.holds
            if why is None and self.limit and self.taken >= self.limit:
                why = "no_seat"
            if why is None and member in broken:
                why = code
            if why is not None:
                batch.decided[member] = (at, why)
                continue
            batch.decided.pop(member, None)
            batch.enrolled.add(member)
            person.held.append(Held(at, batch_id, log=[(at, "enrolled")]))

    def stops(self, batch_id: str, at: str, code: str) -> None:
        batch = self.batches[batch_id]
        if batch.state == "scheduled" or (batch.state == "denied" and code == "batch_undone"):
            batch.cancelled = (at, code)
            batch.state = "cancelled"

    def undoes(self, batch_id: str, at: str) -> None:
        self.stops(batch_id, at, "batch_undone")
        for person in self.people.values():
            for held in person.held:
                if held.by == batch_id and held.status == "enrolled":
                    self._end(held, at, "undone")

    # ------------------------------------------------------------ what must be explained

    def explained(self, member: str) -> tuple[bool, str, Sequence[Step], set[Coming]]:
        """Enrolled, what decided, the steps that have happened in order, and what would enroll."""
        person = self.people[member]
        visible = [one for one in person.held if person.status != "archived" or one.status == "completed"]
        hidden = {one.by for one in person.held if one not in visible}
        steps: list[tuple[str, int, Step]] = []
        for held in visible:
            steps += [(at, order, (at, code, held.by)) for order, (at, code) in enumerate(held.log)]
        would: set[Coming] = set()
        for batch_id, batch in self.batches.items():
            if batch_id in hidden or member in batch.enrolled:
                continue
            if batch.state == "scheduled":
                if person.status == "active" and batch.why_not(member, person) is None and self._open_to(person, batch):
                    would.add((batch_id, batch.at))
            elif batch.state == "denied":
                steps.append((batch.at, 9, (batch.at, "access_denied", batch_id)))
            elif batch.state == "cancelled" and batch.cancelled is not None:
                at, code = batch.cancelled
                steps.append((at, 9, (at, code, batch_id)))
            else:
                at, code = batch.decided.get(member) or (batch.at, "not_there_yet")
                if code == "not_active_then" and (person.active_since or "") > at:
                    code = "joined_after"
                steps.append((at, 9, (at, code, batch_id)))
        for (refused, group), (at, code) in self.refused.items():
            if refused == member:
                steps.append((at, 9, (at, code, group)))
        steps += self._gifts(person)
        if person.status == "pending":
            would |= {(group, None) for group in person.groups & set(self.group_courses)}
        found = [step for _, _, step in sorted(steps)]
        current = visible[-1] if visible else None
        if current is not None and current is person.current and current.status != "cancelled":
            last = {"enrolled": "enrolled", "in_progress": "started", "completed": "completed"}[current.status]
            return True, last, found, would
        if person.status != "active":
            return False, "not_active", found, would
        if found:
            return False, found[-1][1], found, would
        planned = [batch for batch in self.batches.values() if batch.state == "scheduled"]
        if would:
            return False, "scheduled_for", found, would
        if planned:
            first = min(planned, key=lambda batch: batch.at)
            return False, str(first.why_not(member, person)), found, would
        return False, "never_assigned" if self.has_access else "no_access", found, would

    @staticmethod
    def _open_to(person: Person, batch: Batch) -> bool:
        return person.holds is None or (person.holds == "already_completed" and batch.reenroll)

    def _gifts(self, person: Person) -> list[tuple[str, int, Step]]:
        """Groups of the person whose course they never got, because it came later than they."""
        if person.status != "active":
            return []
        waiting = [group for group in person.groups & set(self.group_courses) if group not in person.joined]
        return [
            (max(self.group_courses[one], ""), 9, (self.group_courses[one], "attached_later", one)) for one in waiting
        ]
