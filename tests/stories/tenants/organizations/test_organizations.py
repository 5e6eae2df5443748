"""F3: client organizations, their settings and their readiness."""

from typing import Any

import pytest

from tests.harness import World

ACCESS = {"reply_to": "training@acme.example"}


@pytest.fixture
def msp(world: World) -> str:
    return world.msp()


@pytest.fixture
def admin(world: World, msp: str) -> str:
    return world.msp_admin(msp)


def test_a_client_is_created_and_listed_with_what_it_lacks(world: World, admin: str) -> None:
    made = world.post("/msp/organizations", admin, {"name": "Acme Industries", "time_zone": "Europe/Berlin"})
    assert made.status == 201
    assert made.json == {
        "org_id": made.json["org_id"],
        "name": "Acme Industries",
        "readiness": "not_configured",
        "missing": ["courses", "reply_to"],
        "time_zone": "Europe/Berlin",
        "subscription": "none",
        "closed_at": None,
    }
    assert world.get("/msp/organizations", admin).json == {"items": [made.json], "next_cursor": None}


def test_a_new_client_answers_to_its_msp_at_once(world: World, admin: str) -> None:
    made = world.post("/msp/organizations", admin, {"name": "Acme", "time_zone": "Europe/Berlin"}).json
    assert world.get(f"/orgs/{made['org_id']}", admin).json == {
        **made,
        "reply_to": None,
        "enroll_hour": "09:00",
        "invitation_days": 30,
    }


def test_training_access_makes_a_client_ready_and_its_withdrawal_undoes_it(world: World, msp: str, admin: str) -> None:
    org_id = world.org(msp, ready=False)
    first, second = world.course(msp), world.course(msp)
    body = {"course_ids": [first, second], "seats": {second: 20}, **ACCESS}
    assert world.put(f"/msp/organizations/{org_id}/training-access", admin, body).json == {
        "readiness": "ready",
        "missing": [],
        "course_ids": [first, second],
        "reply_to": "training@acme.example",
        "seats": {second: 20},
    }
    assert world.get("/msp/organizations", admin).json["items"][0]["readiness"] == "ready"
    withdrawn = world.delete(f"/msp/organizations/{org_id}/training-access", admin)
    assert (withdrawn.status, withdrawn.text) == (204, "")
    assert world.get("/msp/organizations", admin).json["items"][0]["missing"] == ["courses", "reply_to"]


def test_training_access_replaces_what_was_there(world: World, msp: str, admin: str) -> None:
    first, second = world.course(msp), world.course(msp)
    org_id = world.org(msp, courses=[first])
    answer = world.put(f"/msp/organizations/{org_id}/training-access", admin, {"course_ids": [second], **ACCESS})
    assert answer.json["course_ids"] == [second]
    entitlements = [item for item in world.dump("core") if item["sk"] == "ENTITLEMENTS"]
    assert [item["seats_by_course"] for item in entitlements] == [{second: 0}]
    assert _org_item(world)["num_entitled"] == 1


def test_a_client_without_time_zone_is_not_ready_until_it_has_one(world: World, msp: str, admin: str) -> None:
    org_id = world.org(msp, time_zone=None)
    assert world.get("/msp/organizations", admin).json["items"][0]["missing"] == ["time_zone"]
    changed = world.patch(f"/msp/organizations/{org_id}", admin, {"time_zone": "Asia/Kathmandu"})
    assert changed.json["readiness"] == "ready"


def test_name_time_zone_and_subscription_can_be_changed_one_by_one(world: World, msp: str, admin: str) -> None:
    org_id = world.org(msp)
    path = f"/msp/organizations/{org_id}"
    assert world.patch(path, admin, {"name": "Ácme & Söhne"}).json["name"] == "Ácme & Söhne"
    assert world.patch(path, admin, {"subscription": "active"}).json["subscription"] == "active"
    changed = world.patch(path, admin, {"time_zone": "America/New_York", "subscription": "none"}).json
    assert (changed["name"], changed["time_zone"], changed["subscription"]) == (
        "Ácme & Söhne",
        "America/New_York",
        "none",
    )


def test_a_change_keeps_the_counters_of_the_dashboard(world: World, msp: str, admin: str) -> None:
    org_id = world.org(msp, num_batches=3, num_completed=7)
    world.patch(f"/msp/organizations/{org_id}", admin, {"name": "New"})
    world.put(f"/msp/organizations/{org_id}/training-access", admin, {"course_ids": [world.course(msp)], **ACCESS})
    item = _org_item(world)
    assert (item["name"], item["num_batches"], item["num_completed"]) == ("New", 3, 7)


def test_a_change_that_changes_nothing_writes_nothing(world: World, msp: str, admin: str) -> None:
    course = world.course(msp)
    org_id = world.org(msp, name="Acme", courses=[course])
    before = world.dump("core")
    assert world.patch(f"/msp/organizations/{org_id}", admin, {}).status == 200
    assert world.patch(f"/msp/organizations/{org_id}", admin, {"name": "Acme"}).status == 200
    world.put(f"/msp/organizations/{org_id}/training-access", admin, {"course_ids": [course], **ACCESS})
    assert world.dump("core") == before


def test_clients_are_searched_by_a_part_of_their_name_whatever_its_case(world: World, msp: str, admin: str) -> None:
    acme = world.org(msp, "ACME Straße")
    world.org(msp, "Globex", ready=False)
    assert _ids(world, admin, "search=acme%20strasse") == {acme}
    assert _ids(world, admin, "search=me") == {acme}
    assert _ids(world, admin, "search=nobody") == set()


def test_clients_are_filtered_by_readiness(world: World, msp: str, admin: str) -> None:
    ready, lacking = world.org(msp), world.org(msp, ready=False)
    assert _ids(world, admin, "readiness=ready") == {ready}
    assert _ids(world, admin, "readiness=not_configured") == {lacking}
    assert world.get("/msp/organizations?readiness=maybe", admin).json["errors"][0]["field"] == "readiness"


@pytest.mark.parametrize("query", ["", "&search=client"])
def test_clients_come_in_pages_and_each_once(world: World, msp: str, admin: str, query: str) -> None:
    made = {world.org(msp, f"Client {number}") for number in range(5)}
    listed = [item["org_id"] for item in world.every(f"/msp/organizations?limit=2{query}", admin)]
    assert len(listed) == 5
    assert set(listed) == made


def test_a_search_looks_past_many_clients_that_do_not_match(world: World, msp: str, admin: str) -> None:
    for _ in range(30):
        world.org(msp, "Other", ready=False)
    wanted = world.org(msp, "Wanted")
    found = world.get("/msp/organizations?search=wanted&limit=1", admin).json
    assert [item["org_id"] for item in found["items"]] == [wanted]


@pytest.mark.parametrize(
    ("body", "field", "code"),
    [
        ({"time_zone": "Europe/Berlin"}, "name", "required"),
        ({"name": "", "time_zone": "Europe/Berlin"}, "name", "string_too_short"),
        ({"name": "  ", "time_zone": "Europe/Berlin"}, "name", "string_pattern_mismatch"),
        ({"name": "a\nb", "time_zone": "Europe/Berlin"}, "name", "string_pattern_mismatch"),
        ({"name": "x" * 201, "time_zone": "Europe/Berlin"}, "name", "string_too_long"),
        ({"name": "Acme", "time_zone": "Europe/Atlantis"}, "time_zone", "unknown_time_zone"),
        ({"name": "Acme", "time_zone": "europe/berlin"}, "time_zone", "unknown_time_zone"),
        ({"name": "Acme", "time_zone": "../etc/passwd"}, "time_zone", "unknown_time_zone"),
        ({"name": "Acme", "time_zone": "localtime"}, "time_zone", "unknown_time_zone"),
        ({"name": 7, "time_zone": "Europe/Berlin"}, "name", "string_type"),
        ({"name": "Acme", "time_zone": "Europe/Berlin", "colour": "red"}, "colour", "unknown_field"),
    ],
)
def test_a_client_with_wrong_fields_is_refused(
    world: World, admin: str, body: dict[str, Any], field: str, code: str
) -> None:
    answer = world.post("/msp/organizations", admin, body)
    assert answer.status == 422
    assert [(error["field"], error["code"]) for error in answer.json["errors"]] == [(field, code)]
    assert world.every("/msp/organizations", admin) == []


@pytest.mark.parametrize(
    ("change", "field", "code"),
    [
        ({"course_ids": []}, "course_ids", "too_short"),
        ({"course_ids": ["C", "C"]}, "course_ids", "repeated"),
        ({"course_ids": ["C", "01ARZ3NDEKTSV4RRFFQ69G5FAV"]}, "course_ids.1", "unknown_course"),
        ({"course_ids": ["a#b"]}, "course_ids.0", "string_pattern_mismatch"),
        ({"reply_to": "nobody"}, "reply_to", "invalid_email"),
        ({"reply_to": "j\u00fcrgen@b.example"}, "reply_to", "not_mailable"),
        ({"reply_to": "a@b.example\nBcc: x@y.example"}, "reply_to", "invalid_email"),
        ({"seats": {"C": 0}}, "seats.C", "greater_than_equal"),
        ({"seats": {"01ARZ3NDEKTSV4RRFFQ69G5FAV": 3}}, "seats", "not_entitled"),
    ],
)
def test_training_access_with_wrong_fields_is_refused(
    world: World, msp: str, admin: str, change: dict[str, Any], field: str, code: str
) -> None:
    course = world.course(msp)
    org_id = world.org(msp, ready=False)
    before = world.dump("core")
    body = _with_course({"course_ids": ["C"], **ACCESS, **change}, course)
    answer = world.put(f"/msp/organizations/{org_id}/training-access", admin, body)
    assert answer.status == 422
    assert (answer.json["errors"][0]["field"].replace(course, "C"), answer.json["errors"][0]["code"]) == (field, code)
    assert world.dump("core") == before


def test_an_organization_admin_reads_and_changes_its_settings(world: World, msp: str) -> None:
    org_id = world.org(msp)
    admin = world.org_admin(org_id)
    changes = {
        "time_zone": "Europe/Paris",
        "reply_to": "hr@acme.example",
        "enroll_hour": "00:00",
        "invitation_days": 365,
    }
    changed = world.patch(f"/orgs/{org_id}", admin, changes)
    assert changed.status == 200
    assert {name: changed.json[name] for name in changes} == changes
    assert world.get(f"/orgs/{org_id}", admin).json == changed.json


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"enroll_hour": "24:00"}, "enroll_hour"),
        ({"enroll_hour": "9:00"}, "enroll_hour"),
        ({"enroll_hour": "09:60"}, "enroll_hour"),
        ({"enroll_hour": "09:00\n"}, "enroll_hour"),
        ({"enroll_hour": "\u0660\u0669:\u0660\u0660"}, "enroll_hour"),
        ({"invitation_days": 0}, "invitation_days"),
        ({"invitation_days": 366}, "invitation_days"),
        ({"invitation_days": "30"}, "invitation_days"),
        ({"invitation_days": True}, "invitation_days"),
        ({"time_zone": None}, "time_zone"),
        ({"time_zone": "Nowhere"}, "time_zone"),
        ({"reply_to": "nobody"}, "reply_to"),
        ({"name": "A client does not rename itself"}, "name"),
        ({"subscription": "active"}, "subscription"),
    ],
)
def test_wrong_settings_are_refused(world: World, msp: str, body: dict[str, Any], field: str) -> None:
    org_id = world.org(msp)
    admin = world.org_admin(org_id)
    before = world.dump("core")
    answer = world.patch(f"/orgs/{org_id}", admin, body)
    assert answer.status == 422
    assert [error["field"] for error in answer.json["errors"]] == [field]
    assert world.dump("core") == before


def test_another_msp_s_client_is_not_there(world: World, msp: str) -> None:
    org_id = world.org(msp)
    other = world.msp("Other")
    stranger = world.msp_admin(other)
    body = {"course_ids": [world.course(other)], **ACCESS}
    before = world.dump("core")
    assert world.every("/msp/organizations", stranger) == []
    assert world.patch(f"/msp/organizations/{org_id}", stranger, {"name": "Mine"}).status == 404
    assert world.put(f"/msp/organizations/{org_id}/training-access", stranger, body).status == 404
    assert world.delete(f"/msp/organizations/{org_id}/training-access", stranger).status == 404
    assert world.get(f"/orgs/{org_id}", stranger).status == 404
    assert world.dump("core") == before


def test_a_client_cannot_be_entitled_to_another_msp_s_course(world: World, msp: str, admin: str) -> None:
    foreign = world.course(world.msp("Other"))
    org_id = world.org(msp)
    answer = world.put(f"/msp/organizations/{org_id}/training-access", admin, {"course_ids": [foreign], **ACCESS})
    assert answer.json["errors"][0]["code"] == "unknown_course"


def test_only_msp_admins_manage_clients(world: World, msp: str) -> None:
    org_id = world.org(msp)
    for account in (world.org_admin(org_id), world.learner(org_id)[0], world.account()):
        assert world.get("/msp/organizations", account).status == 403
        body = {"name": "Mine", "time_zone": "Europe/Berlin"}
        assert world.post("/msp/organizations", account, body).status == 403
        assert world.patch(f"/msp/organizations/{org_id}", account, {"name": "Mine"}).status == 403


def test_an_admin_of_two_msps_names_the_one_that_is_meant(world: World) -> None:
    first, second = world.msp("First"), world.msp("Second")
    admin = world.msp_admin(second, world.msp_admin(first))
    org_id = world.org(second)
    ambiguous = world.get("/msp/organizations", admin)
    assert (ambiguous.status, ambiguous.json["errors"][0]["field"]) == (422, "Muster-Msp")
    listed = world.get("/msp/organizations", admin, headers={"Muster-Msp": second})
    assert [item["org_id"] for item in listed.json["items"]] == [org_id]
    assert world.get("/msp/organizations", admin, headers={"Muster-Msp": world.msp("Third")}).status == 403


def _ids(world: World, admin: str, query: str) -> set[str]:
    return {item["org_id"] for item in world.every(f"/msp/organizations?{query}", admin)}


def _org_item(world: World) -> dict[str, Any]:
    return next(item for item in world.dump("core") if item["sk"].startswith("ORG#"))


def _with_course(body: dict[str, Any], course_id: str) -> dict[str, Any]:
    """The body with the id of a course that exists in place of every C."""
    ids = [course_id if one == "C" else one for one in body["course_ids"]]
    seats = {course_id if one == "C" else one: number for one, number in body.get("seats", {}).items()}
    return {**body, "course_ids": ids, **({"seats": seats} if "seats" in body else {})}
