"""F1, B11 on the deployed artifact: people make accounts of their own, over HTTP and by what their mailbox shows."""

import uuid
from typing import Any

from infra import mail
from tests.e2e.deployed import Deployed
from tests.gateway import Answer
from tests.stories.inbox import code_in, mails_to

DOMAIN = "muster.example.com"
PASSWORD = "Correct-horse-7"
OTHER = "Battery-staple-8"


# The local cloud believes what a caller says of its source; API Gateway itself does not.
SOURCE = {"X-Forwarded-For": "203.0.113.10"}


def _auth(deployed: Deployed, path: str, status: int, **body: Any) -> Answer:
    answer = deployed.send("POST", f"/auth/{path}", body=body, headers=SOURCE)
    assert answer.status == status, answer.text
    return answer


def _code(deployed: Deployed, address: str, count: int) -> str:
    """The code in the mail of this number to the address."""
    mails = deployed.until(lambda: mails_to(deployed.cloud, address), lambda found: len(found) >= count)
    return code_in(mails[count - 1])


def _log_in(deployed: Deployed, login: str, password: str = PASSWORD) -> str:
    return str(_auth(deployed, "login", 200, login=login, password=password).json["id_token"])


def test_somebody_registers_confirms_logs_in_and_is_known(deployed: Deployed) -> None:
    email = f"{uuid.uuid4().hex[:10]}@example.com"
    weak = _auth(deployed, "register", 422, email=email, password="weak")
    assert weak.json["code"] == "weak_password"
    registration = _auth(deployed, "register", 202, email=email, password=PASSWORD).json["registration_id"]
    _auth(deployed, "login", 401, login=email, password=PASSWORD)
    _auth(deployed, "confirm", 422, registration_id=registration, code="000000")
    _auth(deployed, "confirm", 204, registration_id=registration, code=_code(deployed, email, 1))
    tokens = _auth(deployed, "login", 200, login=email, password=PASSWORD).json
    me = deployed.send("GET", "/me", tokens["id_token"])
    assert (me.status, me.json["roles"], me.json["memberships"]) == (200, [], [])
    fresh = _auth(deployed, "refresh", 200, refresh_token=tokens["refresh_token"]).json
    assert deployed.send("GET", "/me", fresh["id_token"]).json == me.json


def test_who_forgot_a_password_sets_another(deployed: Deployed) -> None:
    email = deployed.person().email
    _auth(deployed, "forgot", 202, email=email)
    reset = {"email": email, "code": _code(deployed, email, 1), "new_password": OTHER}
    _auth(deployed, "reset", 422, **{**reset, "code": "000000"})
    _auth(deployed, "reset", 204, **reset)
    assert deployed.send("GET", "/me", _log_in(deployed, email, OTHER)).status == 200
    nobody = _auth(deployed, "forgot", 202, email=f"{uuid.uuid4().hex[:10]}@example.com")
    assert nobody.json == {}


def test_a_member_changes_the_address_and_is_the_same_member(deployed: Deployed) -> None:
    mail.verify_locally(deployed.cloud, DOMAIN)
    make, person = deployed.make, deployed.person()
    msp = make.msp()
    admin = deployed.msp_admin(msp)
    org = make.org(msp, courses=[])
    member = make.member(org, email=person.email, account_id=person.account_id)
    email = f"{uuid.uuid4().hex[:10]}@new.example"
    deployed.post("/me/email", person, {"email": email})
    code = _code(deployed, email, 1)
    changed = deployed.send("POST", "/me/email/confirm", person.token, {"code": code}, headers=SOURCE)
    assert (changed.status, changed.json) == (200, {"email": email, "kept_in": []})
    token = _log_in(deployed, email)
    assert [one["member_id"] for one in deployed.send("GET", "/me", token).json["memberships"]] == [member]
    assert deployed.get(f"/orgs/{org}/members/{member}", admin)["email"] == email
    _auth(deployed, "login", 401, login=person.email, password=PASSWORD)


def test_who_guesses_is_told_to_wait(deployed: Deployed) -> None:
    guess = {"login": f"{uuid.uuid4().hex[:10]}@example.com", "password": PASSWORD}
    answers: list[Answer] = []
    # Five a minute; on a slow machine the sixth may come a minute after the first.
    while not answers or answers[-1].status == 401:
        headers = {"X-Forwarded-For": "203.0.113.11"}
        answers.append(deployed.send("POST", "/auth/login", body=guess, headers=headers))
        assert len(answers) <= 60
    assert len(answers) >= 6
    assert answers[-1].status == 429
    assert 0 < int(answers[-1].headers["retry-after"]) <= 60
    assert answers[-1].headers["content-type"] == "application/problem+json"
