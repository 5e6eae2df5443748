"""Drafts of launches and of enrollments, with every fault at every AWS call: what was chosen is kept, once.

Those of launches have an API, whose routes are broken in tests/faults/routes; what only the wizards of the portal write
is here, by its services, and the press that launches or enrolls, by its page.
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import pytest

from chalicelib.core.errors import Unavailable
from chalicelib.tenants.access import service as access
from chalicelib.tenants.access.service import Scope
from chalicelib.tenants.access.states import Permission
from chalicelib.training.rollouts.drafts import service as launch_drafts
from chalicelib.training.rollouts.drafts.schemas import DraftForm
from chalicelib.training.sessions.enrolling.drafts import service as enroll_drafts
from chalicelib.training.sessions.enrolling.drafts.schemas import EnrollDraftForm
from tests import cloud_state
from tests.faults import later
from tests.faults.fake_sqs import LEASE, Request
from tests.faults.harness import FaultHarness
from tests.faults.injector import Killed
from tests.faults.inviting_scenarios import distinct_faults
from tests.faults.kinds import (
    FAULTS_BY_OPERATION,
    GET,
    GET_MANY,
    KILLED_AFTER,
    LOST,
    PUT,
    TRANSACT,
    UNREACHABLE,
    Fault,
    each,
)
from tests.stories.portal.browser import Browser, Form

DRAFT = "01KDRAFT000000000000000000"
PLAN, DONE = "01KPLAN0000000000000000000", "01KDONE0000000000000000000"
KINDS = ("launch", "trainings", "courses")

# By what a step does: the calls that it makes.
CALLS = {
    "begin": [PUT],
    "change": [GET, TRANSACT, GET],
    # Of the draft as the page has read it.
    "count": [TRANSACT],
    "finish": [GET, TRANSACT],
    "delete": [GET, TRANSACT],
}


@dataclass
class Wizard:
    """One admin's draft of one kind."""

    play: FaultHarness
    kind: Any
    scope: Scope = field(init=False)

    def __post_init__(self) -> None:
        self.scope = Scope("admin", "msp", None if self.kind == "launch" else "org", is_msp_admin=True)

    def begin(self) -> None:
        now = self.play.world.now
        if self.kind == "launch":
            launch_drafts.begin(self.scope, DRAFT, DraftForm(name="Spring"), now)
        else:
            enroll_drafts.begin(self.scope, DRAFT, EnrollDraftForm(kind=self.kind, name="Spring"), now)

    def find(self) -> Any:
        now = self.play.world.now
        if self.kind == "launch":
            return launch_drafts.find(self.scope, DRAFT, now)
        return enroll_drafts.find(self.scope, self.kind, DRAFT, now)

    def change(self, **fields: Any) -> None:
        now, given = self.play.world.now, fields or {"course_ids": ["first", "second"]}
        if self.kind == "launch":
            launch_drafts.change(self.scope, DRAFT, given, now)
        else:
            enroll_drafts.change(self.scope, self.kind, DRAFT, lambda _: given, now)

    def counting(self) -> Callable[[], None]:
        draft, now = self.find(), self.play.world.now
        counted: Any = launch_drafts.counted if self.kind == "launch" else enroll_drafts.counted
        return lambda: counted(draft, PLAN, now)

    def finish(self) -> None:
        now = self.play.world.now
        if self.kind == "launch":
            launch_drafts.launched(self.scope, DRAFT, DONE, now)
        else:
            enroll_drafts.enrolled(self.scope, self.kind, DRAFT, DONE, now)

    def delete(self) -> None:
        now = self.play.world.now
        if self.kind == "launch":
            launch_drafts.delete(self.scope, DRAFT, now)
        else:
            enroll_drafts.delete(self.scope, self.kind, DRAFT, now)

    def ready(self, what: str) -> Callable[[], None]:
        """What a press does, after the steps before it."""
        if what == "begin":
            return self.begin
        self.begin()
        if what == "count":
            return self.counting()
        return {"change": self.change, "finish": self.finish, "delete": self.delete}[what]

    def stored(self) -> list[dict[str, Any]]:
        return [item for item in self.play.world.dump("outbox") if item.get("draft_id") == DRAFT]


@pytest.fixture
def wizards(play: FaultHarness) -> Callable[[str], Wizard]:
    return lambda kind: Wizard(play, kind)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("what", CALLS)
def test_a_step_makes_these_calls_and_the_same_again_changes_nothing(
    wizards: Callable[[str], Wizard], what: str, kind: str
) -> None:
    wizard = wizards(kind)
    press = wizard.ready(what)
    with wizard.play.injector.watched() as calls:
        press()
    assert calls == CALLS[what]
    before = wizard.stored()
    assert len(before) == (0 if what == "delete" else 1)
    press()
    assert wizard.stored() == before


def _each_step() -> list[Any]:
    """Drafts for trainings and for courses are the same code."""
    return [
        pytest.param(kind, what, *one.values, id=f"{kind}, {what}: {one.id}")
        for kind in KINDS[:2]
        for what, calls in CALLS.items()
        for one in distinct_faults(calls)
    ]


@pytest.mark.parametrize(("kind", "what", "at", "fault"), _each_step())
def test_a_step_that_breaks_is_pressed_again_and_is_as_if_nothing_had_been(
    wizards: Callable[[str], Wizard], kind: str, what: str, at: int, fault: Fault
) -> None:
    wizard = wizards(kind)
    press = wizard.ready(what)
    with wizard.play.injector.fault(at, fault), suppress(Killed, Unavailable):
        press()
    assert wizard.play.injector.struck
    press()
    stored = wizard.stored()
    if what == "delete":
        assert stored == []
        return
    draft = wizard.find()
    assert len(stored) == 1
    assert draft.form["name"] == "Spring"
    assert draft.form["course_ids"] == (["first", "second"] if what == "change" else [])
    assert draft.plan_id == (PLAN if what == "count" else None)
    assert (draft.rollout_id if kind == "launch" else draft.enroll_id) == (DONE if what == "finish" else None)
    # Each change counts once, also one whose answer was lost.
    assert int(draft.revision) == (1 if what == "begin" else 2)


@pytest.mark.parametrize("at", each(CALLS["change"]))
@pytest.mark.parametrize("kind", KINDS[:2])
def test_two_windows_at_once_lose_nothing_of_each_other(wizards: Callable[[str], Wizard], kind: str, at: int) -> None:
    wizard = wizards(kind)
    wizard.begin()
    with wizard.play.injector.meanwhile(at, lambda: wizard.change(enrollment=True)):
        wizard.change()
    form = wizard.find().form
    assert (form["course_ids"], form["enrollment"]) == (["first", "second"], True)


@pytest.mark.parametrize("kind", KINDS[:2])
def test_what_was_counted_for_another_form_does_not_count(wizards: Callable[[str], Wizard], kind: str) -> None:
    """Another window changes the form just before the count of the one before is noted."""
    wizard = wizards(kind)
    press = wizard.ready("count")
    with wizard.play.injector.meanwhile(1, wizard.change):
        press()
    assert wizard.find().plan_id is None


# ---------------------------------------------------------------- the press that launches, or enrolls


_LAST = {
    # The answer that the launch keeps; the draft leads to what it has become.
    "launch": [TRANSACT, GET, TRANSACT],
    "courses": [TRANSACT, GET, TRANSACT],
    # What it was asked to do; the draft.
    "trainings": [GET_MANY, GET, TRANSACT],
}


def _at_the_button(play: FaultHarness, kind: str) -> tuple[Browser, Form]:
    """Everything is chosen for two people, and counted where there is something to count: the button is on the page."""
    course = play.course()
    org_id = play.client(2, [course])
    browser = Browser(play.world).has_session_of(play.admin)
    if kind == "launch":
        scope, path = access.msp(play.admin, Permission.ROLLOUTS), f"/msp/training/enrollment/{DRAFT}"
        launch_form = DraftForm(name="Spring", org_ids=[org_id], course_ids=[course])
        launch_drafts.begin(scope, DRAFT, launch_form, play.world.now)
        last, button = "review", "launch"
    else:
        scope = access.org(play.admin, org_id, Permission.TRAININGS)
        form = EnrollDraftForm(kind="courses", name="Spring", member_ids=play.people[org_id], course_ids=[course])
        path, last, button = f"/orgs/{org_id}/training/enrollment/{DRAFT}", "launch", "launch"
        if kind == "trainings":
            form = EnrollDraftForm(member_ids=play.people[org_id], sessions=_session(play, org_id))
            path, last, button = f"/orgs/{org_id}/trainings/enroll/{DRAFT}", "review", "enroll"
        enroll_drafts.begin(scope, DRAFT, form, play.world.now)
    if kind != "trainings":
        assert browser.request("POST", f"{path}/count").status == 303
        play.outside.work_off()
    page = browser.open(f"{path}/{last}")
    (form_of_button,) = [one for one in page.forms if one.action.endswith(f"/{button}")]
    return browser, form_of_button


def _session(play: FaultHarness, org_id: str) -> dict[str, str]:
    times = {"starts_at": "2087-01-20T09:00", "ends_at": "2087-01-20T10:00", "time_zone": "Europe/Berlin"}
    base = f"/orgs/{org_id}/trainings"
    training = play.ask(Request("POST", base, play.admin, {"title": "First aid"}, "training")).json["training_id"]
    asked = Request("POST", f"{base}/{training}/sessions", play.admin, {**times, "place": "Room 1"}, "session")
    return {training: play.ask(asked).json["session_id"]}


def _press(browser: Browser, form: Form) -> str | None:
    """Where it leads; None for an error page, and when the process died."""
    try:
        answer = browser.request("POST", form.action, form.fields)
    except Killed:
        return None
    return answer.headers["location"].partition("?")[0] if answer.status == 303 else None


def _results(play: FaultHarness, kind: str) -> tuple[int, int]:
    """How many launches or enrollments there are, and the people in them."""
    core, enrollments = play.world.dump("core"), play.world.dump("enrollments")
    if kind == "trainings":
        people = [one for one in core if "participation_id" in one and "status" in one]
        return sum(one["sk"].startswith("ENROLL#") for one in core), len(people)
    return sum(one["sk"].startswith("BATCH#") for one in core), sum(
        one["sk"].startswith("COURSE#") for one in enrollments
    )


def _made(play: FaultHarness) -> set[str]:
    """Ids of launches and enrollments."""
    kinds = ("ROLLOUT#", "BATCH#", "ENROLL#")
    return {item["sk"].partition("#")[2] for item in play.world.dump("core") if item["sk"].startswith(kinds)}


@pytest.mark.parametrize("kind", KINDS)
def test_a_draft_is_launched_once_and_leads_there_whichever_of_the_last_calls_breaks(
    play: FaultHarness, kind: str
) -> None:
    browser, form = _at_the_button(play, kind)
    play.outside.take()
    begin, now = cloud_state.snapshot(), play.world.now
    with play.injector.watched() as calls:
        assert _press(browser, form) is not None
    assert calls[-3:] == _LAST[kind]
    for at in range(len(calls) - 2, len(calls) + 1):
        for fault in (UNREACHABLE, LOST, KILLED_AFTER):
            if fault not in FAULTS_BY_OPERATION[calls[at - 1]]:
                continue
            cloud_state.restore(begin)
            play.world.now = now
            play.outside.waiting.clear()
            with play.injector.fault(at, fault):
                _press(browser, form)
            assert play.injector.struck
            where = _press(browser, form)
            if where is None:
                # The first try may still be under way.
                play.world.now += LEASE
                where = _press(browser, form)
            assert where is not None, (at, fault.name)
            later.settle(play)
            assert _results(play, kind) == (1, 2), (at, fault.name)
            # To what there is one of, now and ever after.
            assert where.rpartition("/")[2] in _made(play), (at, fault.name)
            assert _press(browser, form) == where
