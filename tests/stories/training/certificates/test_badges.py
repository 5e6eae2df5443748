"""A certificate as Open Badge 3.0: signed by KMS, verified by a program of other people, revoked in public."""

import base64
import hashlib
import json
import secrets
from datetime import timedelta

import pytest
from openbadgeslib.ob3.verifier import OB3VerificationError, OB3Verifier

from chalicelib.aws.failures import StorageFailure
from chalicelib.training.certificates.badges import badges
from chalicelib.training.certificates.badges.messages import MakeBadge
from tests.cloud_fixture import resources
from tests.gateway import Answer
from tests.harness import World
from tests.stories.driver import Driver
from tests.stories.training.certificates.holders import Holder, certificates, checked, holder
from tests.stories.training.certificates.verifiers import LONG_AGO, download, payload_of, verified


@pytest.fixture(autouse=True)
def _long_ago(world: World) -> None:
    world.now = LONG_AGO


def _ask(driver: Driver, one: Holder) -> Answer:
    return driver.world.get(f"/me/certificates/{one.certificate['certificate_id']}/badge", one.account)


def _made(driver: Driver, one: Holder) -> str:
    _ask(driver, one)
    driver.work()
    answer = _ask(driver, one)
    assert (answer.status, answer.json["status"]) == (200, "ready"), answer.text
    return str(answer.json["credential"])


def _is_of(credential: str, kind: str, text: str) -> bool:
    """As the standard says that whoever is shown a badge compares."""
    for identity in payload_of(credential)["credentialSubject"]["identifier"]:
        if identity["identityType"] == kind:
            digest = hashlib.sha256(f"{text}{identity['salt']}".encode()).hexdigest()
            return bool(identity["identityHash"] == f"sha256${digest}")
    return False


def test_a_badge_is_signed_when_it_is_asked_for_and_others_verify_it(world: World, driver: Driver) -> None:
    one = holder(driver, first_name="Zoë", last_name="Müller", email="zoe@example.com")
    assert checked(driver, one.certificate)["badge_url"] is None
    first = _ask(driver, one)
    assert (first.status, first.json["status"], first.json["credential"]) == (202, "being_made", None)
    assert first.headers["retry-after"] == "2"
    driver.work()
    ready = _ask(driver, one)
    credential = ready.json["credential"]

    found = verified(world, credential)
    assert (found.issuer.name, found.achievement.name) == ("Acme Industries", "Spotting Phishing")
    assert found.issuer.id == f"did:web:muster.example:dev:badges:{one.org}"
    payload = payload_of(credential)
    assert payload["id"] == one.certificate["check_url"]
    assert payload["validFrom"] == "2026-01-05T10:00:00Z"
    assert "validUntil" not in payload

    # Whose it is: only who knows name or address can tell.
    assert _is_of(credential, "emailAddress", "zoe@example.com")
    assert _is_of(credential, "name", "Zoë Müller")
    assert not _is_of(credential, "emailAddress", "another@example.com")
    for part in (0, 1):
        assert not {"Zoë", "Müller", "zoe@example.com"} & set(json.dumps(payload_of(credential, part)).split('"'))
    assert one.member not in json.dumps(payload)

    # Its public address, which the check page names.
    assert ready.json["url"] == checked(driver, one.certificate)["badge_url"]
    path = ready.json["url"].removeprefix("https://muster.example/dev")
    public = world.get(path)
    assert (public.text, public.headers["content-type"]) == (credential, "application/vc+jwt")
    assert ready.json["url"] in world.get(f"/certificates/{one.certificate['number']}").text


def test_it_is_signed_once(world: World, driver: Driver) -> None:
    one = holder(driver)
    _ask(driver, one)
    (job,) = world.messages()
    assert _ask(driver, one).json["status"] == "being_made"
    assert world.messages() == []
    driver.deliver([job, job])
    credential = _ask(driver, one).json["credential"]
    driver.deliver([job])
    assert _ask(driver, one).json["credential"] == credential
    assert world.messages() == []
    assert len([item for item in world.dump("core") if item["sk"].startswith("PLACE#")]) == 1


def test_who_waits_for_long_is_told_so_and_the_sweep_brings_the_job(world: World, driver: Driver) -> None:
    one = holder(driver)
    _ask(driver, one)
    # The message is lost.
    assert len(world.messages()) == 1
    world.now += timedelta(minutes=15)
    late = _ask(driver, one)
    assert (late.status, late.json["status"]) == (202, "waiting")
    assert "keep trying" in late.json["explanation"]
    assert driver.sweep() == 1
    assert _ask(driver, one).status == 200


def test_a_badge_ends_when_its_certificate_does(world: World, driver: Driver) -> None:
    one = holder(driver, certificate_months=1)
    credential = _made(driver, one)
    # Until the last day has ended everywhere on earth.
    assert payload_of(credential)["validUntil"] == "2026-02-06T12:00:00Z"
    with pytest.raises(OB3VerificationError, match="expired"):
        verified(world, credential)


def test_who_completes_on_the_own_account_has_a_badge_of_the_msp(world: World, driver: Driver) -> None:
    course = world.course(driver.msp, "Open to everybody", certificate=True, self_enroll=True)
    account = world.account("own@example.com")
    taken = world.post("/me/courses", account, {"course_id": course}).json["enrollment_id"]
    assert world.post(f"/me/courses/{taken}/complete", account).status == 200
    (certificate,) = certificates(driver, account)
    one = Holder("", account, "", course, certificate)
    assert verified(world, _made(driver, one)).issuer.id.endswith(f":badges:{driver.msp}")


def test_a_key_that_does_not_sign_costs_time_and_nothing_else(
    world: World, driver: Driver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As when it is disabled, or the function may not use it."""
    one = holder(driver)
    with monkeypatch.context() as patch:
        patch.setenv("BADGE_KEY", "00000000-0000-0000-0000-000000000000")
        _ask(driver, one)
        (job,) = world.messages()
        with pytest.raises(StorageFailure):
            badges.make(MakeBadge.model_validate(job), world.now)
        driver.handle_dead_letter(job)
        assert _ask(driver, one).status == 202
    world.now += timedelta(minutes=10)
    assert driver.sweep() == 1
    verified(world, _ask(driver, one).json["credential"])


# ---------------------------------------------------------------- what ends it


def _do(driver: Driver, one: Holder, action: str, query: str = "") -> Answer:
    path = f"/orgs/{one.org}/certificates/{one.certificate['certificate_id']}/{action}{query}"
    headers = {"Idempotency-Key": f"{action} {'on purpose' if query else ''}"}
    return driver.world.post(path, driver.admin, {} if action == "revoke" else None, headers=headers)


def _assert_revoked(world: World, credential: str) -> None:
    with pytest.raises(OB3VerificationError, match="'revocation' is set"):
        verified(world, credential)


def test_a_revoked_certificate_revokes_its_badge_and_no_other(world: World, driver: Driver) -> None:
    one, other = holder(driver), holder(driver, "Globex")
    account, member = world.learner(one.org)
    driver.launch(one.org, [one.course], name="More")
    world.post(f"/me/courses/{one.org}.{member}.{one.course}/complete", account)
    (beside,) = certificates(driver, account)
    credential, of_other = _made(driver, one), _made(driver, other)
    of_beside = _made(driver, Holder(one.org, account, member, one.course, beside))
    url = _ask(driver, one).json["url"]

    assert _do(driver, one, "revoke").status == 200
    (job,) = world.messages()
    driver.deliver([job, job])
    _assert_revoked(world, credential)
    verified(world, of_other)
    verified(world, of_beside)
    assert _ask(driver, one).json["code"] == "revoked"
    assert world.get(url.removeprefix("https://muster.example/dev")).status == 404
    assert checked(driver, one.certificate)["badge_url"] is None


def test_a_lost_message_revokes_it_with_the_next_sweep(world: World, driver: Driver) -> None:
    one = holder(driver)
    credential = _made(driver, one)
    _do(driver, one, "revoke")
    world.messages()
    verified(world, credential)
    world.now += timedelta(minutes=10)
    assert driver.sweep() == 1
    _assert_revoked(world, credential)


def test_a_reissued_certificate_has_a_badge_of_its_own(world: World, driver: Driver) -> None:
    one = holder(driver)
    credential = _made(driver, one)
    new = _do(driver, one, "reissue")
    assert new.status == 201, new.text
    driver.work()
    _assert_revoked(world, credential)
    assert _ask(driver, one).json["code"] == "replaced"
    newer = _made(driver, Holder(one.org, one.account, one.member, one.course, new.json))
    assert verified(world, newer).id == new.json["check_url"]


def test_what_was_revoked_counts_again_only_on_purpose(world: World, driver: Driver) -> None:
    one = holder(driver)
    credential = _made(driver, one)
    _do(driver, one, "revoke")
    driver.work()
    refused = _do(driver, one, "reissue")
    assert (refused.status, refused.json["code"]) == (409, "revoked")
    assert [found["state"] for found in certificates(driver, one.account)] == ["revoked"]
    assert _do(driver, one, "reissue", "?even_if_revoked=true").status == 201
    assert sorted(found["state"] for found in certificates(driver, one.account)) == ["revoked", "valid"]
    trail = world.every(f"/orgs/{one.org}/audit", driver.admin)
    (entry,) = [found for found in trail if found["action"] == "certificate.reissued"]
    assert entry["after"]["was_revoked"] is True
    # The old badge stays what it is.
    driver.work()
    _assert_revoked(world, credential)


def test_an_erased_persons_badge_is_gone_and_revoked(world: World, driver: Driver) -> None:
    one = holder(driver, first_name="Zoë", last_name="Müller")
    credential = _made(driver, one)
    url = _ask(driver, one).json["url"]
    answer = world.post(
        f"/orgs/{one.org}/members/{one.member}/erase", driver.admin, headers={"Idempotency-Key": "erase"}
    )
    assert answer.status == 202, answer.text
    driver.work()
    _assert_revoked(world, credential)
    assert world.get(url.removeprefix("https://muster.example/dev")).status == 404
    stored = [item for short in ("core", "enrollments") for item in world.dump(short)]
    assert not [item for item in stored if item["sk"].startswith("BADGE#")]
    assert checked(driver, one.certificate)["state"] == "valid"


# ---------------------------------------------------------------- places, lists, keys


def test_no_two_badges_share_a_place_and_a_full_list_is_followed_by_another(
    world: World, driver: Driver, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, account = holder(driver), world.account()
    monkeypatch.setattr(secrets, "randbelow", lambda _: 7)
    first = _made(driver, one)
    _, member = world.learner(one.org, account_id=account)
    driver.launch(one.org, [one.course], name="More")
    world.post(f"/me/courses/{one.org}.{member}.{one.course}/complete", account)
    (certificate,) = certificates(driver, account)
    second = _made(driver, Holder(one.org, account, member, one.course, certificate))
    places = [payload_of(badge)["credentialStatus"] for badge in (first, second)]
    assert [place["statusListIndex"] for place in places] == ["7", "7"]
    assert [place["statusListCredential"][-2:] for place in places] == ["/1", "/2"]
    _do(driver, one, "revoke")
    driver.work()
    _assert_revoked(world, first)
    verified(world, second)


def test_what_an_earlier_key_signed_stays_verifiable(
    world: World, driver: Driver, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other = holder(driver), holder(driver, "Globex")
    credential = _made(driver, one)
    world.now += timedelta(days=1)
    properties = resources()["BadgeKey"]["Properties"]
    chosen = {name: properties[name] for name in ("KeySpec", "KeyUsage")}
    new_key = world.client("kms").create_key(**chosen)["KeyMetadata"]["KeyId"]
    monkeypatch.setenv("BADGE_KEY", new_key)
    of_other = _made(driver, other)
    assert payload_of(credential, 0)["kid"].partition("#")[2] != payload_of(of_other, 0)["kid"].partition("#")[2]
    verified(world, of_other)
    document = world.get(f"/badges/{one.org}/did.json")
    assert len(document.json["verificationMethod"]) == len(document.json["assertionMethod"]) == 2
    OB3Verifier.for_issuer_did(payload_of(credential)["iss"], download(world)).verify(credential)


def test_a_changed_badge_is_no_badge(world: World, driver: Driver) -> None:
    credential = _made(driver, holder(driver))
    head, _, signature = credential.split(".")
    payload = payload_of(credential)
    payload["credentialSubject"]["achievement"]["name"] = "Another"
    changed = base64.urlsafe_b64encode(json.dumps(payload).encode()).decode().rstrip("=")
    with pytest.raises(OB3VerificationError, match="signature"):
        verified(world, f"{head}.{changed}.{signature}")


def test_what_is_public_is_cached_and_says_nothing_of_who_never_issued(world: World, driver: Driver) -> None:
    one = holder(driver)
    paths = [f"/badges/{one.org}/did.json", f"/badges/{one.org}/status/1"]
    assert [world.get(path).status for path in paths] == [404, 404]
    _made(driver, one)
    for path in paths:
        answer = world.get(path)
        assert (answer.status, answer.headers["cache-control"]) == (200, "public, max-age=300")
        assert answer.headers["access-control-allow-origin"] == "*"
    for path in (f"/badges/{one.org}/status/2", f"/badges/{one.org}/status/one", "/badges/nobody/did.json"):
        assert world.get(path).status == 404
