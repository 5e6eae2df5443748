"""The participants page, attendance and results (O8, O9)."""

from typing import Any

import pytest

from chalicelib.core.errors import Forbidden
from chalicelib.tenants.access.service import Scope
from chalicelib.training.sessions import participant_changes
from chalicelib.training.sessions.participant_schemas import ParticipantPatch
from tests.harness import World
from tests.stories.driver import Driver
from tests.stories.live_trainings import LiveTrainings

ANN, BOB, CAROL = (f"{name}@example.com" for name in ("ann", "bob", "carol"))


@pytest.fixture
def live(world: World, driver: Driver, monkeypatch: pytest.MonkeyPatch) -> LiveTrainings:
    return LiveTrainings(world, driver, monkeypatch)


def test_the_page_lists_filters_and_sorts(live: LiveTrainings) -> None:
    training, session = live.one()
    other = live.session(training)
    ann = live.person(ANN, first_name="Ann", last_name="Zimmer")
    bob = live.person(BOB, first_name="Bob", last_name="Adler")
    carol = live.person(None, login_name="carol", first_name="Carol", last_name="Berg")
    live.enroll([ann, bob], (training, session))
    live.enroll([carol], (training, other))
    live.send()
    live.answer(BOB, "confirm")
    live.answer(ANN, "decline")

    def ids(query: str = "") -> list[str]:
        return [row["member_id"] for row in live.participants(training, query)]

    assert ids() == ids("limit=1") == [ann, bob, carol]
    assert ids("sort=name") == ids("sort=name&limit=1") == [bob, carol, ann]
    assert ids("sort=answer&limit=2") == [carol, bob, ann]
    assert ids(f"session_id={other}") == [carol]
    assert ids("status=declined") == [ann]
    rows = {row["member_id"]: row for row in live.participants(training)}
    assert (rows[bob]["answered_by"], rows[bob]["mail"]["state"], rows[bob]["has_address"]) == ("page", "sent", True)
    assert (rows[carol]["mail"], rows[carol]["has_address"], rows[carol]["email"]) == (None, False, None)


def test_attendance_and_results_are_entered_from_the_start_on(live: LiveTrainings) -> None:
    training, session = live.one()
    ann, bob, carol = (live.person(address) for address in (ANN, BOB, CAROL))
    live.enroll([ann, bob, carol], (training, session))
    live.send()
    live.answer(CAROL, "decline")
    path = f"/{training}/sessions/{session}/attendance"
    early = live.ask("POST", path, {"attended": [ann]}, 409)
    assert early["code"] == "not_started"
    assert live.ask("PATCH", f"/{training}/participants/{ann}", {"score": 90}, 409)["code"] == "not_started"
    live.driver.until("2027-02-01T08:00")
    rows = live.ask("POST", path, {"attended": [ann, carol, "nobody"], "absent": [bob]})["results"]
    assert [(row["done"], row["code"]) for row in rows] == [
        (True, None), (False, "no_place"), (False, "not_participant"), (True, None),
    ]  # fmt: skip
    changed = live.ask("PATCH", f"/{training}/participants/{ann}", {"score": 90, "comment": "Well done"})
    assert (changed["status"], changed["score"], changed["comment"]) == ("attended", 90, "Well done")
    changed = live.ask("PATCH", f"/{training}/participants/{bob}", {"attendance": "attended"})
    assert changed["status"] == "attended"
    assert live.ask("POST", f"/{training}/participants/{bob}/cancel", None, 409)["code"] == "has_attendance"
    trail = live.world.get(f"/orgs/{live.org}/audit", live.admin).text
    assert "Well done" not in trail
    live.sound(session)
    # Who has to accept an invitation again is found by the address, and not by a name that is hidden until then.
    live.world.post(f"/orgs/{live.org}/members/{bob}/archive", live.admin)
    live.driver.work()
    form = {"group_id": live.world.group(live.org), "emails": [BOB], "notify": "now"}
    assert live.world.post(f"/orgs/{live.org}/invites", live.admin, form).json["results"][0]["member_id"] == bob
    assert {row["member_id"] for row in live.participants(training, "search=lee")} == {ann, carol}
    assert [row["member_id"] for row in live.participants(training, "search=bob")] == [bob]


def test_1000_people_s_attendance_is_entered_in_one_request(live: LiveTrainings) -> None:
    training, session = live.one()
    people = live.world.members(live.org, 1000)
    live.enroll(people, (training, session))
    live.driver.until("2027-02-01T08:00")
    body = {"attended": people[:600], "absent": people[600:]}
    rows = live.ask("POST", f"/{training}/sessions/{session}/attendance", body)["results"]
    assert [row["done"] for row in rows] == [True] * 1000
    read = live.read(training, session)
    assert read["num_taken"] == 1000
    before = live.world.dump("core")
    live.ask("POST", f"/{training}/sessions/{session}/attendance", body)
    assert live.world.dump("core") == before


def test_results_of_many_are_entered_with_their_attendance_or_without(live: LiveTrainings) -> None:
    training, session = live.one(capacity=2, waiting_list=True)
    ann, bob, eve = live.person(ANN), live.person(BOB), live.person("eve@example.com")
    live.enroll([ann, bob, eve], (training, session))
    path = f"/{training}/sessions/{session}/attendance"
    results = [{"member_id": ann, "score": 80, "comment": "Well done"}, {"member_id": eve, "score": 1}]
    assert live.ask("POST", path, {"results": results}, 409)["code"] == "not_started"
    live.driver.until("2027-02-01T08:00")
    body = {"attended": [ann], "absent": [bob, "nobody"], "results": results}
    lines = live.ask("POST", path, body)["results"]
    assert [(line["member_id"], line["code"]) for line in lines] == [
        (ann, None), (bob, None), ("nobody", "not_participant"), (eve, "no_place"),
    ]  # fmt: skip
    rows = {row["member_id"]: row for row in live.participants(training)}
    assert (rows[ann]["status"], rows[ann]["score"], rows[ann]["comment"]) == ("attended", 80, "Well done")
    assert (rows[bob]["status"], rows[eve]["score"]) == ("absent", None)
    before = live.world.dump("core")
    live.ask("POST", path, body)
    assert live.world.dump("core") == before
    # What is left out stays; null takes it away.
    live.ask("POST", path, {"results": [{"member_id": ann, "score": None}]})
    (row,) = live.participants(training, "status=attended")
    assert (row["score"], row["comment"]) == (None, "Well done")
    assert "Well done" not in live.world.get(f"/orgs/{live.org}/audit", live.admin).text
    for wrong in ({"attended": [ann], "absent": [ann]}, {"results": [results[0], results[0]]}):
        assert live.ask("POST", path, wrong, 422)["errors"][0]["code"] == "repeated"
    many = [f"m{number}" for number in range(600)]
    too_many = {"attended": many, "absent": [f"{one}x" for one in many]}
    assert live.ask("POST", path, too_many, 422)["errors"][0]["code"] == "too_many"


def test_who_looks_after_a_department_enters_results_of_its_people_only(live: LiveTrainings) -> None:
    training, session = live.one()
    mine = live.world.department(live.org)
    ann, bob = live.person(ANN, department_id=mine), live.person(BOB)
    live.enroll([ann, bob], (training, session))
    admin = live.world.org_admin(live.org, role="department_admin", department_ids=[mine])
    live.driver.until("2027-02-01T08:00")
    body = {"attended": [ann, bob], "results": [{"member_id": bob, "score": 3}]}
    lines = live.world.post(f"{live.base}/{training}/sessions/{session}/attendance", admin, body).json["results"]
    assert [(line["member_id"], line["code"]) for line in lines] == [(ann, None), (bob, "not_participant")]
    assert [row["status"] for row in live.participants(training)] == ["attended", "invited"]


def test_who_looks_after_a_department_sees_and_enrolls_its_people_only(live: LiveTrainings) -> None:
    training, session = live.one()
    mine, other = live.world.department(live.org), live.world.department(live.org)
    below = live.world.department(live.org, parent_id=mine)
    ann, bob = live.person(ANN, department_id=below), live.person(BOB, department_id=other)
    admin = live.world.org_admin(
        live.org, role="custom", permissions=["trainings", "training_read"], department_ids=[mine]
    )
    items = [{"training_id": training, "session_id": session}]
    answer = live.world.post(f"{live.base}/enroll", admin, {"member_ids": [ann, bob], "items": items})
    assert answer.status == 202, answer.text
    live.driver.work()
    assert live.outcomes(answer.json["enroll_id"]) == ["invited", "not_yours"]
    live.enroll([bob], (training, session))
    seen = live.world.every(f"{live.base}/{training}/participants", admin)
    assert [row["member_id"] for row in seen] == [ann]
    assert live.world.post(f"{live.base}/{training}/participants/{bob}/cancel", admin).status == 403
    assert live.world.post(f"{live.base}/{training}/participants/{ann}/cancel", admin).status == 200
    assert live.world.post(live.base, admin, {"title": "Mine"}).status == 403


def test_a_member_s_page_has_their_live_trainings_with_why_and_what_became_of_each(live: LiveTrainings) -> None:
    first, second = live.one(), live.one(capacity=1, waiting_list=True)
    mine, other = live.world.department(live.org), live.world.department(live.org)
    ann, bob = live.person(ANN, department_id=mine), live.person(BOB, department_id=other)
    asked = live.enroll([ann], first)
    live.enroll([bob, ann], second)
    live.send()
    live.answer(BOB, "decline")
    live.driver.work()
    live.driver.until("2027-02-01T08:00")
    live.ask("PATCH", f"/{first[0]}/participants/{ann}", {"attendance": "attended", "score": 90})
    limited = live.world.org_admin(live.org, role="department_admin", department_ids=[mine])

    def listed(member: str, as_: str) -> list[dict[str, Any]]:
        return live.world.every(f"/orgs/{live.org}/members/{member}/trainings?limit=1", as_)

    one, two = listed(ann, limited)
    assert (one["training_id"], one["title"], one["session"]["session_id"]) == (first[0], "First aid", first[1])
    assert (one["participant"]["status"], one["participant"]["score"]) == ("attended", 90)
    assert one["participant"]["mail"]["state"] == "sent"
    assert one["why"] == {"enroll_id": asked, "enrolled_by": live.admin, "enrolled_at": "2027-01-04T10:00:00Z"}
    assert (two["training_id"], two["participant"]["status"]) == (second[0], "invited")
    (of_bob,) = listed(bob, live.admin)
    assert (of_bob["participant"]["status"], of_bob["participant"]["answered_by"]) == ("declined", "page")
    assert live.world.get(f"/orgs/{live.org}/members/{bob}/trainings", limited).status == 403
    # Of who was archived nothing is shown but where they were.
    assert live.world.post(f"/orgs/{live.org}/members/{ann}/archive", live.admin).status == 200
    assert [row["training_id"] for row in listed(ann, live.admin)] == [first[0]]


def test_who_moves_to_another_department_after_the_routes_check_is_out_of_reach(live: LiveTrainings) -> None:
    """The change itself decides: nothing is written for who is elsewhere by then."""
    training, session = live.one()
    second = live.session(training)
    mine, other = live.world.department(live.org), live.world.department(live.org)
    ann, bob = live.person(ANN, department_id=mine), live.person(BOB, department_id=other)
    live.enroll([ann, bob], (training, session))
    scope = Scope(live.admin, live.driver.msp, live.org, frozenset({mine}))

    def change(member: str, **fields: Any) -> None:
        participant_changes.change(scope, training, member, ParticipantPatch(**fields), live.world.now)

    with pytest.raises(Forbidden):
        participant_changes.cancel(scope, training, bob, live.world.now)
    with pytest.raises(Forbidden):
        change(bob, session_id=second)
    live.driver.until("2027-02-01T08:00")
    with pytest.raises(Forbidden):
        change(bob, attendance="attended")
    change(ann, attendance="attended")
    rows = {row["member_id"]: (row["session_id"], row["status"]) for row in live.participants(training)}
    assert rows == {ann: (session, "attended"), bob: (session, "invited")}
