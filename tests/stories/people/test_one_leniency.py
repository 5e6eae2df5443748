"""The same input is understood in the same way through every door (issue 10, 12)."""

import pytest

from tests.harness import World
from tests.stories.driver import Driver
from tests.stories.joining import Joining

WRAPPED = [
    "Ann Lee <ann@example.com>", "mailto:ann@example.com?subject=Hi", " \u200bann@example.com. ", "<Ann@EXAMPLE.com>",
]  # fmt: skip
UNMAILABLE = ["j\u00fcrgen@example.com", "a" * 65 + "@example.com"]
PASSWORD = "Correct-horse-7-battery"


@pytest.fixture
def joining(world: World, driver: Driver, monkeypatch: pytest.MonkeyPatch) -> Joining:
    return Joining(world, driver, monkeypatch)


@pytest.mark.parametrize("wrapped", WRAPPED)
def test_by_hand_on_the_join_page_and_as_an_admin(joining: Joining, wrapped: str) -> None:
    world = joining.world
    (invited,) = joining.invite(wrapped)
    assert (invited["result"], invited["email"]) == ("invited", wrapped)
    assert invited["taken_as"].lower() == "ann@example.com"
    assert joining.member(invited["member_id"])["email"].lower() == "ann@example.com"
    joining.request_code(wrapped)
    joining.mailbox.send()
    assert {mail["To"][0].lower() for mail in joining.mailbox.mails()} == {"ann@example.com"}
    admin = world.post("/msp/admins", joining.driver.admin, {"email": wrapped})
    assert admin.status in (201, 404, 409, 422), admin.text
    assert "invalid_email" not in admin.text
    assert "not_mailable" not in admin.text


@pytest.mark.parametrize("wrapped", WRAPPED)
def test_at_the_registration_the_log_in_and_a_forgotten_password(world: World, wrapped: str) -> None:
    registered = world.post("/auth/register", body={"email": wrapped, "password": PASSWORD})
    assert registered.status in (200, 201, 202), registered.text
    pool = world.stage.environment["USER_POOL_ID"]
    cognito = world.client("cognito-idp")
    user_id = registered.json["registration_id"]
    cognito.admin_confirm_sign_up(UserPoolId=pool, Username=user_id)
    user = cognito.admin_get_user(UserPoolId=pool, Username=user_id)
    attributes = {one["Name"]: one["Value"] for one in user["UserAttributes"]}
    assert attributes["email"] == "ann@example.com"
    verified = [{"Name": "email_verified", "Value": "true"}]
    cognito.admin_update_user_attributes(UserPoolId=pool, Username=user_id, UserAttributes=verified)
    answer = world.post("/auth/login", body={"login": wrapped, "password": PASSWORD})
    assert (answer.status, bool(answer.json.get("id_token"))) == (200, True), answer.text
    assert world.post("/auth/forgot", body={"email": wrapped}).status in (200, 202)


@pytest.mark.parametrize("address", UNMAILABLE)
def test_what_can_never_be_mailed_is_refused_at_once_through_every_door(joining: Joining, address: str) -> None:
    world = joining.world
    (result,) = joining.invite(address)
    assert (result["result"], result["code"]) == ("failed", "not_mailable")
    assert joining.ask(address).status == 422
    for path, body in (
        ("/msp/admins", {"email": address}),
        ("/auth/register", {"email": address, "password": PASSWORD}),
        ("/me/email", {"email": address}),
    ):
        answer = world.post(path, joining.driver.admin, body)
        assert (answer.status, answer.json["errors"][0]["code"]) == (422, "not_mailable"), path


def test_a_domain_is_shown_to_people_in_its_own_letters(joining: Joining) -> None:
    (invited,) = joining.invite("ann@M\u00fcller.example")
    assert joining.member(invited["member_id"])["email"] == "ann@m\u00fcller.example"
    assert invited["taken_as"] == "ann@xn--mller-kva.example"
    token = joining.mailed_token("ann@xn--mller-kva.example")
    (mail,) = joining.mailbox.mails()
    assert mail["To"] == ["ann@xn--mller-kva.example"]
    page = joining.world.get(f"/invites/{token}")
    assert "ann@m\u00fcller.example" in page.text
    assert "xn--" not in page.text
