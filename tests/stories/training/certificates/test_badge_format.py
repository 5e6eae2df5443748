"""A badge against what Open Badges 3.0 requires: the schema of the credential, and the section on JSON Web Tokens.

1EdTech's schema is nobody's package. What it and the specification say of the parts that ours have is written down
here as a schema of our own; what is in neither is refused, so that a slip of a name shows.
"""

import hashlib
import re
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.harness import World
from tests.stories.driver import Driver
from tests.stories.training.certificates.holders import Holder, certificates, holder
from tests.stories.training.certificates.verifiers import LONG_AGO, download, payload_of

_DATE_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
_URI = re.compile(r"(https://|did:web:|urn:uuid:)[^\s]+")
_HASH = re.compile(r"sha256\$[0-9a-f]{64}")

# Names of what must be there, and of what may be; every other name is a slip.
_REQUIRED = {
    "credential": {"@context", "id", "type", "issuer", "validFrom", "credentialSubject"},
    "issuer": {"id", "type"},
    # An `id` or an `identifier`; ours have both.
    "subject": {"id", "type", "identifier", "achievement"},
    "achievement": {"id", "type", "name", "description", "criteria"},
    "identity": {"type", "identityHash", "identityType", "hashed", "salt"},
    "status": {"id", "type", "statusPurpose", "statusListIndex", "statusListCredential"},
    "schema": {"id", "type"},
}
_OPTIONAL = {
    "credential": {"name", "awardedDate", "validUntil", "credentialStatus", "credentialSchema"},
    "issuer": {"name"},
}
_CLAIMS = {"iss", "jti", "nbf", "sub", "exp"}


def _named(kind: str, told: dict[str, Any]) -> None:
    required = _REQUIRED[kind]
    assert told.keys() >= required, (kind, required - told.keys())
    assert told.keys() <= required | _OPTIONAL.get(kind, set()), (kind, told.keys())


def _seconds(text: str) -> int:
    assert _DATE_TIME.fullmatch(text)
    return int(datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC).timestamp())


@pytest.fixture(autouse=True)
def _long_ago(world: World) -> None:
    world.now = LONG_AGO


def _badge(driver: Driver, account: str, certificate: dict[str, Any]) -> str:
    path = f"/me/certificates/{certificate['certificate_id']}/badge"
    driver.world.get(path, account)
    driver.work()
    return str(driver.world.get(path, account).json["credential"])


def _check_credential(credential: dict[str, Any]) -> None:
    _named("credential", credential)
    # In this order, each with a context of version 2 of credentials and of version 3 of badges.
    assert credential["@context"][0] == "https://www.w3.org/ns/credentials/v2"
    assert re.fullmatch(r"https://purl\.imsglobal\.org/spec/ob/v3p0/context-3\.0\.\d\.json", credential["@context"][1])
    assert isinstance(credential["type"], list)
    assert set(credential["type"]) == {"VerifiableCredential", "OpenBadgeCredential"}
    _named("issuer", credential["issuer"])
    assert "Profile" in credential["issuer"]["type"]
    for uri in (credential["id"], credential["issuer"]["id"], credential["credentialSubject"]["id"]):
        assert _URI.fullmatch(uri), uri
    for name in ("validFrom", "awardedDate", "validUntil"):
        assert name not in credential or _DATE_TIME.fullmatch(credential[name]), name
    _check_subject(credential["credentialSubject"])
    status = credential["credentialStatus"]
    _named("status", status)
    assert (status["type"], status["statusPurpose"]) == ("BitstringStatusListEntry", "revocation")
    # A number as a text.
    assert re.fullmatch(r"\d+", status["statusListIndex"])
    for schema in credential["credentialSchema"]:
        _named("schema", schema)
        assert schema["type"] == "1EdTechJsonSchemaValidator2019"
        assert schema["id"].endswith("/ob/v3p0/schema/json/ob_v3p0_achievementcredential_schema.json")


def _check_subject(subject: dict[str, Any]) -> None:
    _named("subject", subject)
    assert "AchievementSubject" in subject["type"]
    _named("achievement", subject["achievement"])
    assert "Achievement" in subject["achievement"]["type"]
    # An id or a text for people: ours have the text.
    assert subject["achievement"]["criteria"]["narrative"]
    for identity in subject["identifier"]:
        _named("identity", identity)
        # One word, not a list, unlike all other types.
        assert identity["type"] == "IdentityObject"
        assert identity["hashed"] is True
        assert _HASH.fullmatch(identity["identityHash"])
        assert identity["identityType"] in {"name", "emailAddress"}


def _check_token(world: World, badge: str) -> dict[str, Any]:
    """What the section on JSON Web Tokens requires, and the credential within."""
    header, payload = payload_of(badge, 0), payload_of(badge)
    # No other header is allowed.
    assert header.keys() == {"alg", "typ", "kid"}
    assert (header["alg"], header["typ"]) == ("RS256", "JWT")
    did, _, fragment = header["kid"].partition("#")
    assert did == payload["iss"]
    claims = {name: payload.pop(name) for name in _CLAIMS & payload.keys()}
    assert claims["iss"] == payload["issuer"]["id"]
    assert claims["jti"] == payload["id"]
    assert claims["sub"] == payload["credentialSubject"]["id"]
    assert claims["nbf"] == _seconds(payload["validFrom"])
    assert ("exp" in claims) == ("validUntil" in payload)
    if "exp" in claims:
        assert claims["exp"] == _seconds(payload["validUntil"])
    # `kid` leads to a public key.
    path = "/".join(did.split(":")[3:])
    document = download(world)(f"https://muster.example/{path}/did.json").decode()
    assert f"#{fragment}" in document
    assert '"d"' not in document
    return payload


def _own(driver: Driver) -> Holder:
    """Somebody with a course on the own account."""
    world = driver.world
    course = world.course(driver.msp, "Open to everybody", certificate=True, self_enroll=True)
    account = world.account("own@example.com")
    taken = world.post("/me/courses", account, {"course_id": course}).json["enrollment_id"]
    assert world.post(f"/me/courses/{taken}/complete", account).status == 200
    (certificate,) = certificates(driver, account)
    return Holder("", account, "", course, certificate)


@pytest.mark.parametrize("months", [None, 12])
def test_a_badge_is_as_the_standard_requires(world: World, driver: Driver, months: int | None) -> None:
    validity = {} if months is None else {"certificate_months": months}
    one = holder(driver, first_name="Zoë", last_name="Müller", email="zoe@example.com", **validity)
    credential = _check_token(world, _badge(driver, one.account, one.certificate))
    _check_credential(credential)
    kinds = [identity["identityType"] for identity in credential["credentialSubject"]["identifier"]]
    assert kinds == ["emailAddress", "name"]
    for identity, text in zip(
        credential["credentialSubject"]["identifier"], ("zoe@example.com", "Zoë Müller"), strict=True
    ):
        digest = hashlib.sha256(f"{text}{identity['salt']}".encode()).hexdigest()
        assert identity["identityHash"] == f"sha256${digest}"
    # Until the last day has ended everywhere on earth, if the course says how long it counts.
    assert credential.get("validUntil") == (None if months is None else "2027-01-06T12:00:00Z")


def test_so_is_one_of_the_own_account(world: World, driver: Driver) -> None:
    one = _own(driver)
    _check_credential(_check_token(world, _badge(driver, one.account, one.certificate)))


def test_the_subject_of_two_badges_tells_nobody_that_they_are_of_one_person(world: World, driver: Driver) -> None:
    one = holder(driver)
    other = world.course(driver.msp, "Passwords", certificate=True)
    access = {"course_ids": [one.course, other], "reply_to": "training@acme.example"}
    granted = world.put(f"/msp/organizations/{one.org}/training-access", driver.admin, access)
    assert granted.status == 200, granted.text
    driver.launch(one.org, [other])
    assert world.post(f"/me/courses/{one.org}.{one.member}.{other}/complete", one.account).status == 200
    badges = [_badge(driver, one.account, certificate) for certificate in certificates(driver, one.account)]
    subjects = {payload_of(badge)["sub"] for badge in badges}
    assert len(subjects) == len(badges) == 2
    assert not [subject for subject in subjects if one.member in subject]
