"""A plain count of what lies in the tables, to compare reports with: read whole, and added up by nothing clever."""

from collections import Counter, defaultdict
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from tests.harness import World

COURSE_NUMBERS = ("num_enrolled", "num_started", "num_completed", "num_due", "num_due_completed", "num_overdue")
STATUSES = ("waiting", "invited", "confirmed", "declined", "attended", "absent", "cancelled")
TRAINING_NUMBERS = ("num_sessions", *(f"num_{status}" for status in STATUSES))

Numbers = dict[str, dict[str, int]]


class Reference:
    """Of one organization, as it is now. `departments` limits it to these."""

    def __init__(self, world: World, org: str, departments: set[str] | None = None) -> None:
        self.core, self.enrollments = world.dump("core"), world.dump("enrollments")
        self.org, self.now, self.departments = org, world.now, departments
        (item,) = [one for one in self.core if one["pk"].startswith("MSP#") and one["sk"] == f"ORG#{org}"]
        self.zone = ZoneInfo(item.get("time_zone") or "UTC")

    def courses(self, first: date = date.min, last: date = date.max) -> Numbers:
        return _numbers(self._enrolled(first, last, lambda _, item: item["sk"].split("#")[1]), COURSE_NUMBERS)

    def departments_(self, first: date = date.min, last: date = date.max) -> Numbers:
        found = self._enrolled(first, last, lambda member, _: self._department_of(member))
        for member, _, _, start, status in self._participants():
            if first <= start <= last and self._is_seen(member):
                found[self._department_of(member)][f"num_{status}"] += 1
        return _numbers(found, (*COURSE_NUMBERS, *TRAINING_NUMBERS[1:]))

    def trainings(self, first: date = date.min, last: date = date.max) -> Numbers:
        return _numbers(self._live(first, last, by_session=False), TRAINING_NUMBERS)

    def sessions(self, first: date = date.min, last: date = date.max) -> Numbers:
        return _numbers(self._live(first, last, by_session=True), TRAINING_NUMBERS)

    def num_active(self) -> Counter[str]:
        """By department; under an empty one those who are in none."""
        active = [item["member_id"] for item in self._members().values() if item["status"] == "active"]
        return Counter(self._department_of(one) for one in active if self._is_seen(one))

    def of_rows(self) -> Counter[str]:
        """What the rows say of enrollments that are neither cancelled nor withdrawn, and of completions."""
        sums: Counter[str] = Counter()
        for item in self.core:
            if item["pk"].startswith(f"ORG#{self.org}#BATCH#") and item["sk"].startswith("COURSE#"):
                sums["num_enrolled"] += int(item["num_enrolled"]) - int(item["num_withdrawn"])
                sums["num_completed"] += int(item["num_completed"])
        return +sums

    # ------------------------------------------------------------ what is counted

    def _enrolled(self, first: date, last: date, of: Any) -> defaultdict[str, Counter[str]]:
        found: defaultdict[str, Counter[str]] = defaultdict(Counter)
        start = f"ORG#{self.org}#MEMBER#"
        for item in self.enrollments:
            member = item["pk"].removeprefix(start)
            if not item["pk"].startswith(start) or not item["sk"].startswith("COURSE#") or not self._is_seen(member):
                continue
            if "batch_id" not in item or item["status"] == "cancelled" or item.get("left_at"):
                continue
            counted = found[of(member, item)]
            for number, at in (("enrolled", "enrolled_at"), ("started", "started_at"), ("completed", "completed_at")):
                if item.get(at) and first <= self._day(item[at]) <= last:
                    counted[f"num_{number}"] += 1
            due = date.fromisoformat(item["due_by"]) if item.get("due_by") else None
            if due is not None and first <= due <= last:
                is_completed = item["status"] == "completed"
                counted["num_due"] += 1
                counted["num_due_completed"] += is_completed
                counted["num_overdue"] += not is_completed and due < self.now.astimezone(self.zone).date()
        return found

    def _live(self, first: date, last: date, *, by_session: bool) -> defaultdict[str, Counter[str]]:
        found: defaultdict[str, Counter[str]] = defaultdict(Counter)
        for session in self._sessions().values():
            if first <= _start(session) <= last:
                found[session["session_id" if by_session else "training_id"]]["num_sessions"] += 1
        for member, training, session_id, start, status in self._participants():
            if first <= start <= last and self._is_seen(member):
                found[session_id if by_session else training][f"num_{status}"] += 1
        return found

    def _participants(self) -> list[tuple[str, str, str, date, str]]:
        sessions, found = self._sessions(), []
        for item in self.core:
            if not item["pk"].startswith(f"ORG#{self.org}#SESSION#") or not item["sk"].startswith("MEMBER#"):
                continue
            session = sessions[item["session_id"]]
            is_off = session["status"] == "cancelled" and item["status"] != "declined"
            status = "cancelled" if is_off else item["status"]
            found.append((item["member_id"], item["training_id"], item["session_id"], _start(session), status))
        return found

    def _sessions(self) -> dict[str, Any]:
        start = f"ORG#{self.org}#TRAINING#"
        items = [one for one in self.core if one["pk"].startswith(start) and one["sk"].startswith("SESSION#")]
        return {item["session_id"]: item for item in items}

    # ------------------------------------------------------------ people and days

    def _members(self) -> dict[str, Any]:
        return {item["member_id"]: item for item in self.core if item["pk"] == f"ORG#{self.org}#MEMBERS"}

    def _department_of(self, member: str) -> str:
        item = self._members()[member]
        return str(item.get("department_id") or "") if item["status"] in ("prospect", "pending", "active") else ""

    def _is_seen(self, member: str) -> bool:
        return self.departments is None or self._department_of(member) in self.departments

    def _day(self, instant: str) -> date:
        return datetime.fromisoformat(instant).astimezone(UTC).astimezone(self.zone).date()


def _start(session: Any) -> date:
    return date.fromisoformat(session["starts_at"][:10])


def _numbers(found: dict[str, Counter[str]], names: tuple[str, ...]) -> Numbers:
    """Lines without anything are left out."""
    return {one: {name: numbers[name] for name in names} for one, numbers in found.items() if any(numbers.values())}
