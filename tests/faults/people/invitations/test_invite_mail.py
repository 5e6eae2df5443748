"""The mail of an invitation and what SES tells of it: broken at every call, told again, early and out of order.

There is one mail, or none and it says `unknown`; never two. A link that arrived works, and the member knows of it.
"""

from collections.abc import Callable
from typing import Any

import pytest

from tests.faults.injector import Injector
from tests.faults.inviting_calls import CLAIMED_BY, DELIVERED, MAIL, NOTED_BY, SENT_BY
from tests.faults.inviting_scenarios import ANN, BOB, People, named, telling
from tests.faults.kinds import KILLED_AFTER, LOST, Fault, each
from tests.harness import World


@pytest.fixture
def people(world: World, hook: Injector, small: None, monkeypatch: pytest.MonkeyPatch) -> People:
    return People(world, hook, monkeypatch)


def _state(people: People) -> str:
    (mail,) = people.mails("invitation")
    return str(mail["state"])


def _waits(people: People) -> str:
    return people.invite(ANN)


def _two_wait(people: People) -> str:
    return people.invite(ANN, BOB)


# ------------------------------------------------------------ sending


def test_sending_an_invitation_makes_these_calls(people: People) -> None:
    people.invite(ANN)
    people.world.messages("mail")
    with people.injector.watched() as calls:
        people.wake()
    assert calls == MAIL
    people.rest()
    assert people.page(people.link()) == "open"


# What the mailer does before and after its mails is the same for all mails (test_mail.py).
_OWN = [one for one in telling(MAIL) if CLAIMED_BY <= int(str(one.values[0])) <= NOTED_BY + 1]


@pytest.mark.parametrize(("at", "fault"), _OWN)
def test_an_invitation_is_mailed_once_or_its_outcome_is_unknown(people: People, at: int, fault: Fault) -> None:
    people.starting(_waits)
    with people.injector.fault(at, fault):
        people.wake()
    assert people.injector.struck
    people.rest()
    may_have_gone = at > SENT_BY or (at == SENT_BY and fault in (LOST, KILLED_AFTER))
    assert people.num_links() == (0 if _state(people) == "unknown" and not may_have_gone else 1)
    assert _state(people) in ("sent", "unknown")
    if people.num_links():
        # Known or not: the link that arrived is the one whose hash is kept.
        assert people.page(people.link()) == "open"
    # SES's own word settles it, wherever it broke, and an admin can send it again.
    if may_have_gone:
        people.tell("Delivery")
        assert (_state(people), people.statuses()) == ("delivered", {"pending": 1})
    (member,) = people.members()
    assert people.ask(people.changing("resend", member["member_id"])).json["results"][0]["done"]
    people.rest()
    assert people.page(people.link()) == "open"


@pytest.mark.parametrize("kind", ["Delivery", "Bounce"])
@pytest.mark.parametrize("at", each(MAIL[NOTED_BY - 1 :]))
def test_news_that_names_the_mail_counts_however_far_its_sender_has_come(people: People, kind: str, at: int) -> None:
    """From the moment at which SES has it: before its id is noted, and after."""
    member_id = _sent_while(people, NOTED_BY - 1 + at, lambda: people.tell(kind))
    people.rest()
    assert (people.num_links(), _state(people), people.member(member_id)["status"]) == (1, *_NEWS[kind])


def test_news_of_a_mail_whose_sender_died_with_ses_answer_counts(people: People) -> None:
    member_id = people.invite(ANN)
    with people.injector.fault(SENT_BY, KILLED_AFTER):
        people.wake()
    people.tell("Delivery")
    people.rest()
    assert (people.num_links(), _state(people), people.member(member_id)["status"]) == (1, "delivered", "pending")


# ------------------------------------------------------------ what SES tells


def _sent(people: People) -> str:
    member_id = people.invite(ANN)
    people.mail()
    return member_id


_NEWS = {
    "Delivery": ("delivered", "pending"),
    "Bounce": ("bounced", "prospect"),
    "Complaint": ("complained", "prospect"),
}


@pytest.mark.parametrize("kind", _NEWS)
def test_news_of_an_invitation_makes_these_calls(people: People, kind: str) -> None:
    member_id = people.starting(_sent)
    with people.injector.watched() as calls:
        people.tell(kind)
    assert calls == DELIVERED
    people.assert_sound()
    assert (_state(people), people.member(member_id)["status"]) == _NEWS[kind]


@pytest.mark.parametrize(
    ("kind", "at", "fault"),
    [one for kind in ("Delivery", "Bounce") for one in named(kind, telling(DELIVERED))],
)
def test_news_counts_once_although_lambda_hands_it_in_again(people: People, kind: str, at: int, fault: Fault) -> None:
    member_id = people.starting(_sent)
    news = people.news(kind)
    with people.injector.fault(at, fault):
        done = people.settle_news(news)
    assert people.injector.struck
    if not done:
        assert people.settle_news(news)
    people.rest()
    assert (_state(people), people.member(member_id)["status"]) == _NEWS[kind]
    before = people.world.dump("core"), people.world.dump("outbox")
    assert people.settle_news(news)
    assert (people.world.dump("core"), people.world.dump("outbox")) == before


@pytest.mark.parametrize("order", [("Delivery", "Bounce"), ("Bounce", "Delivery"), ("Complaint", "Delivery")])
def test_news_in_any_order_comes_to_the_same(people: People, order: tuple[str, str]) -> None:
    """A permanent bounce and a complaint outweigh a delivery; who is pending stays so."""
    member_id = people.starting(_sent)
    for kind in order:
        people.tell(kind)
    people.rest()
    assert _state(people) == ("complained" if "Complaint" in order else "bounced")
    assert people.member(member_id)["mail_blocked"] == _state(people)
    (refused,) = people.ask(people.changing("resend", member_id)).json["results"]
    assert refused["code"] == "mail_blocked"


@pytest.mark.parametrize("kind", ["Delivery", "Bounce"])
@pytest.mark.parametrize("at", each(MAIL[NOTED_BY - 1 : NOTED_BY + 1]))
def test_news_that_names_no_mail_and_comes_before_the_note_is_kept_for_it(people: People, kind: str, at: int) -> None:
    """As from an identity whose news comes without headers: SES's id alone says which mail it is about."""
    member_id = _sent_while(people, NOTED_BY - 1 + at, lambda: people.settle_news(_nameless(people, kind)))
    people.rest()
    assert (_state(people), people.member(member_id)["status"]) == _NEWS[kind]


def _nameless(people: People, kind: str) -> list[dict[str, Any]]:
    return people.news(kind, {"mail_id": "", "message_id": people.sent()[-1]["MessageId"]}, names_mail=False)


def _sent_while(people: People, at: int, do: Callable[[], object]) -> str:
    member_id = people.starting(_waits)
    with people.injector.meanwhile(at, lambda: (do(), None)[1]):
        people.wake()
    assert people.injector.struck
    return member_id


# ------------------------------------------------------------ and others at the same moment


@pytest.mark.parametrize("at", each(MAIL))
def test_two_mailers_at_once_send_it_once(people: People, at: int) -> None:
    people.starting(_two_wait)

    def other() -> None:
        people.end_leases()
        people.wake()

    with people.injector.meanwhile(at, other):
        people.wake()
    people.rest()
    assert sorted(mail["To"][0] for mail in people.sent()) == [ANN, BOB]
    assert {mail["state"] for mail in people.mails()} == {"sent"}
