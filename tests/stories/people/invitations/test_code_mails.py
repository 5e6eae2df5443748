"""Who is mailed a code on the way into an organization reads its name: Cognito is told it with each such call."""

from collections.abc import Iterator
from typing import Any

import pytest

from chalicelib.aws import clients
from tests.harness import World
from tests.stories.driver import Driver
from tests.stories.inviting import Inviting
from tests.stories.people.invitations.test_invite_pages import PASSWORD, Visitor

Told = list[tuple[str, str | None]]


@pytest.fixture
def told() -> Iterator[Told]:
    """The operations of Cognito that may mail, each with the organization that it was told."""
    seen: Told = []
    mailing = {"SignUp", "ResendConfirmationCode", "ForgotPassword", "AdminCreateUser"}

    def note(params: dict[str, Any], model: Any, **_: Any) -> None:
        if model.name in mailing:
            seen.append((model.name, params.get("ClientMetadata", {}).get("organization")))

    clients.forget()
    events: Any = clients.session().get_component("event_emitter")
    events.register("before-parameter-build.cognito-identity-provider", note)
    yield seen
    clients.forget()


@pytest.fixture
def inviting(world: World, driver: Driver, monkeypatch: pytest.MonkeyPatch) -> Inviting:
    return Inviting(world, driver, monkeypatch)


def _name(world: World, inviting: Inviting) -> str:
    return str(world.get(f"/orgs/{inviting.org}", inviting.admin).json["name"])


def test_codes_on_the_way_into_an_organization_name_it(world: World, inviting: Inviting, told: Told) -> None:
    name = _name(world, inviting)
    token, _ = inviting.invited("ann@example.com")
    visitor = Visitor(world, token)
    page = visitor.goes_on(visitor.opens("accept"), "register", first_name="Ann", password=PASSWORD)
    visitor.presses(page, "resend")
    visitor.presses(visitor.opens("forgot"), "forgot", email="ann@example.com")
    assert told == [("SignUp", name), ("ResendConfirmationCode", name), ("ForgotPassword", name)]


def test_a_registration_at_no_organization_names_none(world: World, told: Told) -> None:
    body = {"email": "bob@example.com", "password": PASSWORD, "first_name": "Bob", "last_name": "B"}
    registered = world.post("/auth/register", body=body)
    assert registered.status == 202, registered.text
    assert told == [("SignUp", None)]


def test_the_first_password_of_an_admin_names_the_tenant(world: World, inviting: Inviting, told: Told) -> None:
    name = _name(world, inviting)
    body = {"email": "new.admin@example.com", "role": "org_admin"}
    appointed = world.post(f"/orgs/{inviting.org}/admins", inviting.admin, body=body)
    assert appointed.status == 201, appointed.text
    assert told == [("AdminCreateUser", name)]
