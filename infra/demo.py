"""A real rollout over HTTP, as the front end would do it: the wizard's pages, the launch, and then its progress."""

import textwrap
import time
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from infra.caller import Caller
from infra.progress import Board, Line, table

NUM_CLIENTS = 25

# Of the first run; the following ones take the others in turn.
FIRST_COURSES = ("Spotting Phishing", "Using Generative AI Responsibly", "Data Protection Essentials")

_DAYS_TO_LATER_COURSE = 30
_DAYS_TO_COMPLETE = 30
_SECONDS_BETWEEN_LOOKS = 0.5
_PATIENCE = 300.0

# What a row says while it is still being worked on, and a batch before anything of it ran.
_ROW_AT_WORK = "enrolling"
_BATCH_WAITING = (None, "scheduled")


@dataclass(frozen=True)
class Launched:
    rollout_id: str
    immediate_ids: frozenset[str]


@dataclass(frozen=True)
class Done:
    """What one client came to, from its batch's page. People, except the two that count courses."""

    name: str
    num_enrolled: int
    num_failed: int
    num_denied_courses: int
    num_scheduled_courses: int
    seconds: float
    reasons: tuple[str, ...] = ()


class Demo:
    """One rollout to 25 clients: two courses now, one later. `certain_org_ids` are among the 25."""

    def __init__(self, msp_admin: Caller, certain_org_ids: Collection[str] = ()) -> None:
        self._admin = msp_admin
        self._certain_org_ids = certain_org_ids

    def run(self) -> None:
        launched = self._launch()
        started = time.monotonic()
        print(f"  Launched as rollout {launched.rollout_id}; what happens now is in the background.\n")
        done = self._watch(launched, started)
        print(f"\n{_summary(done)}\n\n{_reasons(done)}")

    def _launch(self) -> Launched:
        clients = list(self._admin.every("/msp/organizations", limit=100))
        ready = [client for client in clients if client["readiness"] == "ready"]
        num_earlier = len(list(self._admin.every("/msp/rollouts", limit=100)))
        courses = _courses_of(num_earlier, list(self._admin.every("/msp/courses", limit=100)))
        # Sorting keeps the order among equals: the certain ones come first.
        chosen = sorted(ready, key=lambda client: client["org_id"] not in self._certain_org_ids)[:NUM_CLIENTS]
        print(f"  Step 1  {len(clients)} clients, {len(ready)} of them ready; {len(chosen)} chosen")
        later = datetime.now(UTC).date() + timedelta(days=_DAYS_TO_LATER_COURSE)
        when = ("now", "now", str(later))
        told = [f"{day:10}  {course['title']}" for course, day in zip(courses, when, strict=True)]
        print("  Step 2  " + "\n          ".join(told))
        print(f"  Step 3  all users\n  Step 4  the later course has to be completed within {_DAYS_TO_COMPLETE} days")
        due = later + timedelta(days=_DAYS_TO_COMPLETE)
        form = {
            "name": f"Awareness {num_earlier + 1}",
            "org_ids": [client["org_id"] for client in chosen],
            "courses": [
                {"course_id": course["course_id"], "enroll_on": enroll_on, "due_by": str(due)}
                for course, enroll_on in zip(courses, (None, None, str(later)), strict=True)
            ],
            "targeting": {"mode": "all"},
        }
        asked = time.monotonic()
        answer = self._admin.post("/msp/training/enrollment", form)
        num_ok = sum(bool(result["ok"]) for result in answer["results"])
        print(f"  Launch  answered after {time.monotonic() - asked:.2f} s: {num_ok} batches made")
        immediate = frozenset(course["course_id"] for course in courses[:2])
        return Launched(answer["rollout_id"], immediate)

    def _watch(self, launched: Launched, started: float) -> list[Done]:
        board = Board()
        done: dict[str, Done] = {}
        while True:
            rollout = self._admin.get(f"/msp/rollouts/{launched.rollout_id}")
            seconds = time.monotonic() - started
            for result in rollout["results"]:
                if result["org_id"] not in done:
                    finished = self._finished(result, launched.immediate_ids, seconds)
                    if finished is not None:
                        done[result["org_id"]] = finished
            board.show([_line(result, done.get(result["org_id"])) for result in rollout["results"]])
            if len(done) == len(rollout["results"]):
                return list(done.values())
            if seconds > _PATIENCE:
                raise RuntimeError(f"the rollout was not through after {_PATIENCE:.0f} s; the logs will say why")
            time.sleep(_SECONDS_BETWEEN_LOOKS)

    def _finished(self, result: dict[str, Any], immediate_ids: frozenset[str], seconds: float) -> Done | None:
        """What the client came to; None while its immediate courses are at work."""
        if result["ok"] is False:
            return Done(result["name"], 0, 0, 0, 0, seconds, (result["error"]["detail"],))
        progress = result.get("progress") or {}
        settled = progress.get("num_done", 0) + progress.get("num_failed", 0) == progress.get("num_targeted", 0)
        if result.get("batch_status") in _BATCH_WAITING or not settled:
            return None
        page = f"/msp/training/{result['org_id']}/{result['batch_id']}"
        rows = self._admin.get(page)["courses"]
        waiting = (_ROW_AT_WORK, "scheduled")
        if any(row["status"] in waiting for row in rows if row["course_id"] in immediate_ids):
            return None
        statuses = [row["status"] for row in rows]
        return Done(
            result["name"],
            num_enrolled=sum(row["num_enrolled"] for row in rows),
            num_failed=sum(row["num_failed"] for row in rows),
            num_denied_courses=statuses.count("access_denied"),
            num_scheduled_courses=statuses.count("scheduled"),
            seconds=seconds,
            reasons=tuple(self._reasons_of(page, rows)),
        )

    def _reasons_of(self, page: str, rows: Sequence[dict[str, Any]]) -> Iterator[str]:
        """Why rows were denied or failed, and of rows that failed in part why the first of their learners did."""
        for row in rows:
            if row["num_failed"]:
                learners = self._admin.get(f"{page}/courses/{row['course_id']}/learners", outcome="failed", limit=1)
                for learner in learners["items"]:
                    yield f"{row['title']}: {learner['sentence']} {learner['next_step']}"
            elif row["explanation"]:
                yield f"{row['title']}: {row['explanation']}"


def _courses_of(num_earlier: int, library: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    first = [course for title in FIRST_COURSES for course in library if course["title"] == title]
    others = [course for course in library if course not in first]
    in_turn = first + sorted(others, key=lambda course: str(course["title"]))
    return [in_turn[(3 * num_earlier + index) % len(in_turn)] for index in range(3)]


def _line(result: dict[str, Any], done: Done | None) -> Line:
    progress = result.get("progress") or {"num_targeted": 0, "num_done": 0, "num_failed": 0}
    line = Line(result["name"], "waiting", **progress, seconds=None)
    if done is None:
        return replace(line, state="enrolling") if progress["num_targeted"] else line
    state = "done"
    if result["ok"] is False:
        state = "failed"
    elif done.num_denied_courses:
        state = "needs access"
    elif done.num_failed:
        state = "has failures"
    return replace(line, state=state, seconds=done.seconds)


def _summary(done: Sequence[Done]) -> str:
    heads = ("client", "enrolled", "failed", "no access", "scheduled", "time")
    rows = [
        (
            one.name,
            f"{one.num_enrolled:,}",
            f"{one.num_failed:,}" if one.num_failed else "-",
            _courses(one.num_denied_courses),
            _courses(one.num_scheduled_courses),
            f"{one.seconds:.1f} s",
        )
        for one in sorted(done, key=lambda one: one.name)
    ]
    total = (
        f"{len(done)} clients",
        f"{sum(one.num_enrolled for one in done):,}",
        f"{sum(one.num_failed for one in done):,}",
        _courses(sum(one.num_denied_courses for one in done)),
        _courses(sum(one.num_scheduled_courses for one in done)),
        f"{max(one.seconds for one in done):.1f} s",
    )
    return table(heads, [*rows, total])


def _reasons(done: Sequence[Done]) -> str:
    """Each reason once, with the clients that it holds for."""
    names_by_reason: dict[str, list[str]] = {}
    for one in sorted(done, key=lambda one: one.name):
        for reason in one.reasons:
            names_by_reason.setdefault(reason, []).append(one.name)
    lines = (f"{reason}\n({', '.join(names)})" for reason, names in names_by_reason.items())
    return "".join(textwrap.indent(textwrap.fill(line, 100), "  ") + "\n" for line in lines)


def _courses(number: int) -> str:
    return f"{number} course{'s' if number > 1 else ''}" if number else "-"
