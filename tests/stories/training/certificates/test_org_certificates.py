"""I8, L2: the certificates of an organization: listed, exported, revoked, issued again, kept, and blanked."""

import csv
import io
import urllib.error
import urllib.request
from typing import Any

import pytest

from chalicelib.core.errors import Forbidden
from chalicelib.tenants.access.service import Scope
from chalicelib.training.certificates import erase, reissue, revoke
from chalicelib.training.certificates.ids import CertificateId
from tests.gateway import Answer
from tests.harness import World
from tests.stories.driver import Driver
from tests.stories.live_trainings import LiveTrainings
from tests.stories.training.certificates.holders import Holder, certificates, checked, holder


def _listed(driver: Driver, org: str, query: str = "", as_: str | None = None) -> list[dict[str, Any]]:
    return driver.world.every(f"/orgs/{org}/certificates" + (f"?{query}" if query else ""), as_ or driver.admin)


def _do(driver: Driver, one: Holder, what: str, body: Any = None, key: str = "once", id_: str | None = None) -> Answer:
    path = f"/orgs/{one.org}/certificates/{id_ or one.certificate['certificate_id']}/{what}"
    return driver.world.post(path, driver.admin, body, headers={"Idempotency-Key": key})


def _complete(driver: Driver, org: str, course: str, **fields: Any) -> tuple[str, str]:
    account, member = driver.world.learner(org, **fields)
    driver.launch(org, [course])
    driver.world.post(f"/me/courses/{org}.{member}.{course}/complete", account)
    return account, member


def test_admins_see_what_was_issued_the_newest_first(world: World, driver: Driver) -> None:
    one = holder(driver)
    _, second = _complete(driver, one.org, one.course, first_name="Bob", last_name="Ray")
    listed = _listed(driver, one.org)
    assert [item["holder"] for item in listed] == ["Bob Ray", "Ann Lee"]
    assert listed[1] == {
        **one.certificate, "member_id": one.member, "course_id": one.course, "training_id": None, "revoked_at": None,
        "revoke_reason": None, "replaces": None, "replaced_by": None,
    }  # fmt: skip
    assert _listed(driver, one.org, "limit=1") == listed
    assert [item["member_id"] for item in _listed(driver, one.org, f"member_id={second}")] == [second]
    assert _listed(driver, one.org, "state=revoked") == []


def test_department_admins_see_the_certificates_of_their_people(world: World, driver: Driver) -> None:
    one = holder(driver)
    inside, outside = world.department(one.org), world.department(one.org)
    _, ours = _complete(driver, one.org, one.course, department_id=inside)
    _, theirs = _complete(driver, one.org, one.course, department_id=outside)
    admin = world.org_admin(one.org, role="department_admin", department_ids=[inside])
    assert [item["member_id"] for item in _listed(driver, one.org, as_=admin)] == [ours]
    (foreign,) = _listed(driver, one.org, f"member_id={theirs}")
    path = f"/orgs/{one.org}/certificates/{foreign['certificate_id']}/revoke"
    assert world.post(path, admin, {}, headers={"Idempotency-Key": "x"}).status == 403


def test_certificates_are_kept_when_a_person_is_archived(world: World, driver: Driver) -> None:
    one = holder(driver)
    assert world.post(f"/orgs/{one.org}/members/{one.member}/archive", driver.admin).status == 200
    driver.work()
    assert [item["holder"] for item in _listed(driver, one.org)] == ["Ann Lee"]
    assert [item["number"] for item in certificates(driver, one.account)] == [one.certificate["number"]]
    assert checked(driver, one.certificate)["state"] == "valid"


def test_the_list_is_exported(world: World, driver: Driver) -> None:
    one = holder(driver, first_name="=cmd()", last_name="Lee")
    path = f"/orgs/{one.org}/certificates/export"
    export = world.post(path, driver.admin, headers={"Idempotency-Key": "x"}).json["export_id"]
    driver.work()
    ready = world.get(f"/orgs/{one.org}/exports/{export}", driver.admin).json
    with urllib.request.urlopen(ready["url"]) as file:
        (row,) = csv.DictReader(io.StringIO(file.read().decode("utf-8-sig")))
    assert (row["number"], row["state"], row["completed_on"]) == (one.certificate["number"], "valid", "2027-01-04")
    assert row["holder"] == "'=cmd() Lee"


# ---------------------------------------------------------------- revoked


def test_a_revoked_certificate_says_so_to_everybody_but_not_why(world: World, driver: Driver) -> None:
    one = holder(driver)
    answer = _do(driver, one, "revoke", {"reason": "Somebody else took the test"})
    assert (answer.status, answer.json["state"]) == (200, "revoked")
    assert answer.json["revoke_reason"] == "Somebody else took the test"
    assert [item["state"] for item in certificates(driver, one.account)] == ["revoked"]
    page = world.get(f"/certificates/{one.certificate['number']}")
    assert "was revoked" in page.text
    assert "Somebody else" not in page.text + str(checked(driver, one.certificate)) + str(
        world.get("/me/certificates", one.account).json
    )
    file = world.get(f"/me/certificates/{one.certificate['certificate_id']}/file", one.account)
    assert (file.status, file.json["code"]) == (409, "revoked")
    # What was completed stays completed.
    assert [item["status"] for item in driver.enrollments(one.org, one.member)] == ["completed"]


def test_revoking_twice_leaves_one_entry_in_the_trail(world: World, driver: Driver) -> None:
    one = holder(driver)
    first = _do(driver, one, "revoke", {"reason": "First"}, "a").json
    world.now = world.now.replace(hour=11)
    assert _do(driver, one, "revoke", {"reason": "Second"}, "b").json == first
    trail = world.get(f"/orgs/{one.org}/audit", driver.admin).json["items"]
    assert [entry["action"] for entry in trail if "certificate" in entry["action"]] == ["certificate.revoked"]
    assert "First" not in str(trail)


# ---------------------------------------------------------------- issued again


def test_a_certificate_is_issued_again_under_the_new_name(world: World, driver: Driver) -> None:
    one = holder(driver, certificate_months=12)
    path = f"/orgs/{one.org}/members/{one.member}"
    assert world.patch(path, driver.admin, {"last_name": "Lee-Miller"}).status == 200
    driver.until("2027-02-01T12:00")
    answer = _do(driver, one, "reissue")
    assert answer.status == 201, answer.text
    new = answer.json
    assert (new["holder"], new["completed_on"], new["valid_until"]) == ("Ann Lee-Miller", "2027-01-04", "2028-01-04")
    assert (new["issued_on"], new["replaces"], new["state"]) == ("2027-02-01", one.certificate["number"], "valid")
    assert checked(driver, new)["holder"] == "Ann Lee-Miller"
    old = checked(driver, one.certificate)
    assert (old["state"], old["holder"]) == ("replaced", "Ann Lee")
    assert "was replaced" in world.get(f"/certificates/{one.certificate['number']}").text
    assert [item["state"] for item in certificates(driver, one.account)] == ["valid", "replaced"]

    # The same request again, and another one.
    assert _do(driver, one, "reissue").json == new
    again = _do(driver, one, "reissue", key="another")
    assert (again.status, again.json["code"]) == (409, "replaced")


def test_a_date_that_is_corrected_issues_the_certificate_again(world: World, driver: Driver) -> None:
    one = holder(driver, certificate_months=6)
    driver.until("2027-01-20T12:00")
    path = f"/orgs/{one.org}/members/{one.member}/enrollments/{one.org}.{one.member}.{one.course}"
    for day in ("2027-01-15", "2027-01-15"):
        assert world.patch(path, driver.admin, {"result": {"completed_at": day}}).status == 200
    new, old = certificates(driver, one.account)
    assert (new["completed_on"], new["valid_until"], new["state"]) == ("2027-01-15", "2027-07-15", "valid")
    assert (old["number"], old["state"]) == (one.certificate["number"], "replaced")


def test_a_correction_revokes_what_was_issued_again(
    world: World, driver: Driver, monkeypatch: pytest.MonkeyPatch
) -> None:
    live = LiveTrainings(world, driver, monkeypatch)
    training = live.training(certificate=True)
    session = live.session(training)
    account, member = world.learner(live.org)
    live.enroll([member], (training, session))
    driver.until("2027-02-01T09:00")
    live.ask("POST", f"/{training}/sessions/{session}/attendance", {"attended": [member]})
    (first,) = certificates(driver, account)
    path = f"/orgs/{live.org}/certificates/{first['certificate_id']}/reissue"
    assert world.post(path, driver.admin, headers={"Idempotency-Key": "x"}).status == 201
    live.ask("PATCH", f"/{training}/participants/{member}", {"attendance": "absent"})
    assert [item["state"] for item in certificates(driver, account)] == ["revoked", "replaced"]


# ---------------------------------------------------------------- erased


def test_of_an_erased_person_the_number_stays_genuine(world: World, driver: Driver) -> None:
    one = holder(driver, first_name="Zoë", last_name="Unmistakable")
    path = f"/me/certificates/{one.certificate['certificate_id']}/file"
    world.get(path, one.account)
    driver.work()
    url = world.get(path, one.account).json["url"]
    for _ in range(2):
        assert erase.erase_member(one.org, one.member, world.now) == 1

    said = checked(driver, one.certificate)
    assert (said["state"], said["holder"], said["title"]) == ("valid", None, "Spotting Phishing")
    page = world.get(f"/certificates/{one.certificate['number']}").text
    assert "genuine" in page
    assert "Removed at this person" in page
    assert [item["holder"] for item in _listed(driver, one.org)] == [None]
    with pytest.raises(urllib.error.HTTPError):
        urllib.request.urlopen(url)
    stored = [item for short in ("core", "enrollments", "outbox") for item in world.dump(short)]
    assert not [item for item in stored if "CERTIFICATE" in str(item) and "Unmistakable" in str(item)]
    answer = _do(driver, one, "reissue")
    assert (answer.status, answer.json["code"]) == (409, "erased")


def test_a_file_that_was_being_made_of_an_erased_person_is_deleted(world: World, driver: Driver) -> None:
    one = holder(driver)
    path = f"/me/certificates/{one.certificate['certificate_id']}/file"
    world.get(path, one.account)
    erase.erase_member(one.org, one.member, world.now)
    driver.work()
    bucket = world.stage.environment["FILES_BUCKET"]
    assert "Contents" not in world.client("s3").list_objects_v2(Bucket=bucket)
    assert not [item for item in world.dump("outbox") if item["pk"].startswith("DUE#")]


def test_certificates_of_ones_own_courses_are_blanked_with_the_account(world: World, driver: Driver) -> None:
    course = world.course(driver.msp, "Passwords", certificate=True, self_enroll=True)
    account = world.account("kim@example.com")
    taken = world.post("/me/courses", account, {"course_id": course}).json["enrollment_id"]
    world.post(f"/me/courses/{taken}/complete", account)
    (certificate,) = certificates(driver, account)
    assert erase.erase_account(account, world.now) == 1
    assert checked(driver, certificate)["holder"] is None


# ---------------------------------------------------------------- a limited admin


@pytest.mark.parametrize("what", ["revoke", "reissue"])
def test_of_who_moved_or_left_a_limited_admin_changes_nothing(world: World, driver: Driver, what: str) -> None:
    """The change itself decides, not the route's check; and what was issued can still be read."""
    one = holder(driver)
    inside, outside = world.department(one.org), world.department(one.org)
    _, ours = _complete(driver, one.org, one.course, department_id=inside)
    head = world.org_admin(one.org, role="department_admin", department_ids=[inside])
    (listed,) = _listed(driver, one.org, as_=head)
    wanted = CertificateId.parse(listed["certificate_id"])
    scope = Scope(head, driver.msp, one.org, frozenset({inside}))
    person = f"/orgs/{one.org}/members/{ours}"

    def change() -> None:
        if what == "revoke":
            revoke.revoke(scope, wanted, None, world.now)
        else:
            reissue.reissue(scope, wanted, False, "seed", world.now)

    assert world.patch(person, driver.admin, {"department_id": outside}).status == 200
    with pytest.raises(Forbidden):
        change()
    assert world.patch(person, driver.admin, {"department_id": inside}).status == 200
    assert world.post(f"{person}/archive", driver.admin).status == 200
    path = f"/orgs/{one.org}/certificates/{listed['certificate_id']}"
    assert world.post(f"{path}/{what}", head, {}, headers={"Idempotency-Key": "x"}).status == 403
    assert world.get(f"{path}/file", head).status in (200, 202)
    assert [item["state"] for item in _listed(driver, one.org, f"member_id={ours}", as_=head)] == ["valid"]
