"""Each step of the pages is an address of its own: pressed twice, reloaded, come back to, and no dead ends."""

import pytest

from chalicelib.aws.accounts import Accounts, Refused
from tests.harness import World
from tests.stories.driver import Driver
from tests.stories.inbox import code_for, mails_to
from tests.stories.inviting import Inviting
from tests.stories.people.invitations.test_invite_pages import PASSWORD, Visitor, _account, _member

NEW = "Another-horse-8"


@pytest.fixture
def inviting(world: World, driver: Driver, monkeypatch: pytest.MonkeyPatch) -> Inviting:
    return Inviting(world, driver, monkeypatch)


@pytest.fixture
def visitor(world: World, inviting: Inviting) -> Visitor:
    token, _ = inviting.invited("ann@example.com")
    return Visitor(world, token)


def _codes(world: World, email: str) -> int:
    return len([mail for mail in mails_to(world.cloud, email) if "/invites/" not in str(mail)])


def test_make_my_account_pressed_twice_registers_and_mails_once(world: World, visitor: Visitor) -> None:
    page = visitor.opens("accept")
    first, second = (visitor.presses(page, "register", first_name="Ann", password=PASSWORD) for _ in range(2))
    assert first.headers["location"] == second.headers["location"]
    assert _codes(world, "ann@example.com") == 1


def test_who_goes_back_and_chooses_another_password_gets_a_registration_of_its_own(
    world: World, visitor: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = visitor.opens("accept")
    first = visitor.presses(page, "register", first_name="Ann", password=PASSWORD)

    def wrong_password(*_: str) -> None:
        """As Cognito says it, which looks at the password before it looks whether the registration is confirmed."""
        raise Refused("NotAuthorizedException", "")

    monkeypatch.setattr(Accounts, "log_in", wrong_password)
    second = visitor.presses(page, "register", first_name="Ann", password=NEW)
    assert first.headers["location"] != second.headers["location"]


def test_confirm_and_accept_pressed_twice_answers_as_the_first_time(
    world: World, inviting: Inviting, visitor: Visitor
) -> None:
    page = visitor.goes_on(visitor.opens("accept"), "register", first_name="Ann", password=PASSWORD)
    code = code_for(world, "ann@example.com")
    first, second = (visitor.presses(page, "confirm", code=code) for _ in range(2))
    assert (first.status, first.headers["location"]) == (second.status, second.headers["location"])
    assert first.headers["location"] == f"/dev{visitor.path}"
    page = visitor.opens().text
    assert "You have joined" in page
    # What comes next is the portal.
    assert 'href="https://muster.example/dev/portal">Go to my courses' in page


def test_what_was_confirmed_but_not_accepted_is_accepted_by_the_next_press(
    world: World, inviting: Inviting, visitor: Visitor
) -> None:
    """As when the second of two presses arrives in the midst of the first, or the first was interrupted."""
    page = visitor.goes_on(visitor.opens("accept"), "register", first_name="Ann", password=PASSWORD)
    registration_id = visitor.address.partition("registration_id=")[2]
    code = code_for(world, "ann@example.com")
    body = {"registration_id": registration_id, "code": code}
    assert world.post("/auth/confirm", body=body).status == 204
    assert "You have joined" in visitor.goes_on(page, "confirm", code=code).text
    assert (_member(inviting)["status"], _member(inviting)["first_name"]) == ("active", "Ann")


def test_a_reload_of_the_code_page_registers_nobody_again(world: World, visitor: Visitor) -> None:
    visitor.goes_on(visitor.opens("accept"), "register", first_name="Ann", password=PASSWORD)
    before = _codes(world, "ann@example.com")
    for _ in range(3):
        assert "Check your email" in world.get(visitor.address).text
    assert _codes(world, "ann@example.com") == before == 1


def test_who_closed_the_tab_before_the_code_goes_on_from_the_link(
    world: World, inviting: Inviting, visitor: Visitor
) -> None:
    visitor.goes_on(visitor.opens("accept"), "register", first_name="Ann", password=PASSWORD)
    code_page = visitor.address
    page = visitor.opens("accept")
    assert f'href="/dev{code_page}"' in page.text
    page = world.get(code_page)
    assert "You have joined" in visitor.goes_on(page, "confirm", code=code_for(world, "ann@example.com")).text


def test_the_code_is_sent_again(world: World, visitor: Visitor) -> None:
    page = visitor.goes_on(visitor.opens("accept"), "register", first_name="Ann", password=PASSWORD)
    page = visitor.goes_on(page, "resend")
    assert (page.status, "We sent a new code." in page.text) == (200, True)
    assert "You have joined" in visitor.goes_on(page, "confirm", code=code_for(world, "ann@example.com")).text


def test_a_forgotten_password_is_no_dead_end(world: World, inviting: Inviting, visitor: Visitor) -> None:
    _account(world, "ann@example.com")
    assert "Forgot your password?" in visitor.opens("accept").text
    page = visitor.goes_on(visitor.opens("forgot"), "forgot", email="ann@example.com")
    assert "Choose a new password" in page.text
    weak = visitor.goes_on(page, "reset", code="1", password="short")
    assert (weak.status, "12" in weak.text) == (422, True)
    code = code_for(world, "ann@example.com")
    assert "You have joined" in visitor.goes_on(page, "reset", code=code, password=NEW).text
    assert world.post("/auth/login", body={"login": "ann@example.com", "password": NEW}).status == 200


def test_an_unknown_address_is_answered_alike_when_a_password_is_forgotten(world: World, visitor: Visitor) -> None:
    page = visitor.goes_on(visitor.opens("forgot"), "forgot", email="nobody@example.com")
    assert (page.status, "Choose a new password" in page.text) == (200, True)


def test_errors_stand_on_the_form_they_belong_to(visitor: Visitor) -> None:
    log_in = visitor.submits("log_in", email="ann@example.com", password="wrong").text
    assert log_in.index("I already have an account") < log_in.index('role="alert"')
    register = visitor.submits("register", first_name="Ann", password="short").text
    assert register.index('role="alert"') < register.index("I already have an account")


@pytest.mark.parametrize("names", [{"first_name": "Suharto", "last_name": ""}, {"first_name": "", "last_name": "Kim"}])
def test_somebody_with_one_name_registers(
    world: World, inviting: Inviting, visitor: Visitor, names: dict[str, str]
) -> None:
    page = visitor.goes_on(visitor.opens("accept"), "register", **names, password=PASSWORD)
    visitor.goes_on(page, "confirm", code=code_for(world, "ann@example.com"))
    person = _member(inviting)
    assert [person["first_name"] or "", person["last_name"] or ""] == list(names.values())


def test_the_accounts_names_are_taken_when_the_invitation_moves(
    world: World, inviting: Inviting, visitor: Visitor
) -> None:
    _account(world, "ann@home.example")
    page = visitor.goes_on(visitor.opens("accept"), "log_in", email="ann@home.example", password=PASSWORD)
    first, second = (visitor.presses(page, "finish") for _ in range(2))
    assert first.headers["location"] == second.headers["location"]
    assert (_member(inviting)["email"], _member(inviting)["first_name"]) == ("ann@home.example", "Ann")


def test_an_account_without_a_name_is_asked_for_one(world: World, inviting: Inviting, visitor: Visitor) -> None:
    _account(world, "ann@example.com", has_name=False)
    page = visitor.goes_on(visitor.opens("accept"), "log_in", email="ann@example.com", password=PASSWORD)
    assert "What is your name?" in page.text
    assert visitor.goes_on(page, "finish").status == 422
    assert "You have joined" in visitor.goes_on(page, "finish", last_name="Lee").text
    assert _member(inviting)["last_name"] == "Lee"


def test_declining_twice_shows_that_it_was_declined(visitor: Visitor) -> None:
    for _ in range(2):
        assert visitor.world.submit(f"{visitor.path}/decline").headers["location"] == f"/dev{visitor.path}"
    assert "You declined the invitation" in visitor.opens().text
