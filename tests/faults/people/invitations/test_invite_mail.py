"""An invitation's mail and its delivery events, with a fault at every AWS call; events come twice, early, in any order.

One mail is sent, or none and its state is `unknown`; never two. A link that arrived works, and the member shows it.
"""

from collections.abc import Callable

import pytest

from chalicelib.people.members import store as members_store
from tests.faults.injector import Injector
from tests.faults.inviting_calls import CLAIMED_BY, MAIL, NEWS, NOTED_BY, SENT_BY
from tests.faults.inviting_scenarios import ANN, BOB, People, distinct_faults, named
from tests.faults.kinds import KILLED_AFTER, LOST, Fault, each
from tests.harness import World


@pytest.fixture
def people(world: World, hook: Injector, small: None, monkeypatch: pytest.MonkeyPatch) -> People:
    return People(world, hook, monkeypatch)


def _state(people: People) -> str:
    (mail,) = people.mails("invitation")
    return str(mail["state"])


def _one_queued(people: People) -> str:
    return people.invite(ANN)


def _two_queued(people: People) -> str:
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


# The calls before and after are the same for all mails (test_mail.py).
_OWN = [one for one in distinct_faults(MAIL) if CLAIMED_BY <= int(str(one.values[0])) <= NOTED_BY]


@pytest.mark.parametrize(("at", "fault"), _OWN)
def test_an_invitation_is_mailed_once_or_its_outcome_is_unknown(people: People, at: int, fault: Fault) -> None:
    people.starting(_one_queued)
    with people.injector.fault(at, fault):
        people.wake()
    assert people.injector.struck
    people.rest()
    may_have_gone = at > SENT_BY or (at == SENT_BY and fault in (LOST, KILLED_AFTER))
    assert people.num_links() == (0 if _state(people) == "unknown" and not may_have_gone else 1)
    assert _state(people) in ("sent", "unknown")
    if people.num_links():
        # Recorded or not: the link that arrived is the one whose hash is kept.
        assert people.page(people.link()) == "open"
    # SES's event decides, wherever it broke, and an admin can send it again.
    if may_have_gone:
        people.deliver_event("Delivery")
        assert (_state(people), people.statuses()) == ("delivered", {"pending": 1})
    (member,) = people.members()
    assert people.ask(people.change_request("resend", member["member_id"])).json["results"][0]["done"]
    people.rest()
    assert people.page(people.link()) == "open"


@pytest.mark.parametrize("kind", ["Delivery", "Bounce"])
@pytest.mark.parametrize("at", each(MAIL[NOTED_BY - 1 :]))
def test_an_event_that_names_the_mail_counts_however_far_its_sender_has_come(
    people: People, kind: str, at: int
) -> None:
    """From the moment at which SES has it: before and after its id is recorded."""
    member_id = _sent_while(people, NOTED_BY - 1 + at, lambda: people.deliver_event(kind))
    people.rest()
    assert (people.num_links(), _state(people), people.member(member_id)["status"]) == (1, *_STATES_BY_EVENT[kind])


def test_an_event_of_a_mail_whose_sender_died_with_the_answer_counts(people: People) -> None:
    member_id = people.invite(ANN)
    with people.injector.fault(SENT_BY, KILLED_AFTER):
        people.wake()
    people.deliver_event("Delivery")
    people.rest()
    assert (people.num_links(), _state(people), people.member(member_id)["status"]) == (1, "delivered", "pending")


def test_a_mail_whose_sender_died_with_its_outcome_recorded_leaves_its_queue(people: People) -> None:
    member = members_store.member(people.org_id, people.invite(ANN))
    assert member is not None
    members_store.update(people.org_id, member, members_store.copy_with(member, mail_blocked="complained"))
    # The claim is the first update, and two items are read between it and the outcome.
    with people.injector.fault(CLAIMED_BY + 2, KILLED_AFTER):
        people.wake()
    assert people.injector.struck
    queued = [item for item in people.dump("outbox") if item["pk"].startswith("QUEUE#")]
    assert (len(queued), _state(people)) == (1, "suppressed")
    # Fails while mail is queued; and the outcome is not called unknown.
    people.come_to_rest()
    assert (people.num_links(), _state(people)) == (0, "suppressed")


# ------------------------------------------------------------ delivery events


def _sent(people: People) -> str:
    member_id = people.invite(ANN)
    people.mail()
    return member_id


_STATES_BY_EVENT = {
    "Delivery": ("delivered", "pending"),
    "Bounce": ("bounced", "prospect"),
    "Complaint": ("complained", "pending"),
}


@pytest.mark.parametrize("kind", _STATES_BY_EVENT)
def test_an_event_of_an_invitation_makes_these_calls(people: People, kind: str) -> None:
    member_id = people.starting(_sent)
    with people.injector.watched() as calls:
        people.deliver_event(kind)
    assert calls == NEWS[kind]
    people.assert_sound()
    assert (_state(people), people.member(member_id)["status"]) == _STATES_BY_EVENT[kind]


@pytest.mark.parametrize(
    ("kind", "at", "fault"),
    [one for kind, calls in NEWS.items() for one in named(kind, distinct_faults(calls))],
)
def test_an_event_counts_once_although_lambda_delivers_it_again(
    people: People, kind: str, at: int, fault: Fault
) -> None:
    member_id = people.starting(_sent)
    events = people.events(kind)
    with people.injector.fault(at, fault):
        done = people.deliver_events(events)
    assert people.injector.struck
    if not done:
        assert people.deliver_events(events)
    people.rest()
    assert (_state(people), people.member(member_id)["status"]) == _STATES_BY_EVENT[kind]
    before = people.world.dump("core"), people.world.dump("outbox")
    assert people.deliver_events(events)
    assert (people.world.dump("core"), people.world.dump("outbox")) == before


@pytest.mark.parametrize("order", [("Delivery", "Bounce"), ("Bounce", "Delivery"), ("Complaint", "Delivery")])
def test_events_in_any_order_lead_to_the_same_state(people: People, order: tuple[str, str]) -> None:
    """A permanent bounce and a complaint outrank a delivery; a pending member stays pending."""
    member_id = people.starting(_sent)
    for kind in order:
        people.deliver_event(kind)
    people.rest()
    assert _state(people) == ("complained" if "Complaint" in order else "bounced")
    assert people.member(member_id)["mail_blocked"] == _state(people)
    (refused,) = people.ask(people.change_request("resend", member_id)).json["results"]
    assert refused["code"] == "mail_blocked"


def _sent_while(people: People, at: int, do: Callable[[], object]) -> str:
    member_id = people.starting(_one_queued)
    with people.injector.meanwhile(at, lambda: (do(), None)[1]):
        people.wake()
    assert people.injector.struck
    return member_id


# ------------------------------------------------------------ several at the same moment


@pytest.mark.parametrize("at", each(MAIL))
def test_two_mailers_at_once_send_it_once(people: People, at: int) -> None:
    people.starting(_two_queued)

    def other() -> None:
        people.end_leases()
        people.wake()

    with people.injector.meanwhile(at, other):
        people.wake()
    people.rest()
    assert sorted(mail["To"][0] for mail in people.sent()) == [ANN, BOB]
    assert {mail["state"] for mail in people.mails()} == {"sent"}
