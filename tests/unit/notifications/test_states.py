"""States of mails: which event decides, and what blocks an address."""

from itertools import permutations

import pytest

from chalicelib.notifications import states
from chalicelib.notifications.states import DeliveryEvent, MailState, ShownState, blocks_further_mail, public_state

# From what counts least to what counts most.
IN_ORDER = [
    states.UNKNOWN,
    DeliveryEvent(MailState.SENT, states.SENT_RANK),
    states.bounced("Transient", "MailboxFull"),
    states.DELIVERED,
    states.bounced("Permanent", "General"),
    states.complained("abuse"),
    states.refused("no_such_thing"),
]


def test_whatever_the_order_of_events_the_one_that_says_most_decides() -> None:
    for some in permutations(IN_ORDER, 2):
        said_most = max(some, key=IN_ORDER.index)
        assert max(some, key=lambda event: event.rank) is said_most


def test_what_was_tried_counts_more_than_what_waits() -> None:
    assert states.PENDING_RANK < states.SENDING_RANK < states.UNKNOWN_RANK < states.SENT_RANK


@pytest.mark.parametrize(
    ("event", "blocks"),
    [
        (states.bounced("Permanent", "General"), True),
        (states.bounced("Transient", "MailboxFull"), False),
        (states.bounced("Undetermined", "Undetermined"), False),
        (states.complained("abuse"), True),
        (states.suppressed_by_ses("OnAccountSuppressionList"), True),
        (states.suppressed("completed"), False),
        (states.refused("no_address"), False),
        (states.DELIVERED, False),
        (states.UNKNOWN, False),
    ],
)
def test_only_what_is_final_about_an_address_blocks_it(event: DeliveryEvent, blocks: bool) -> None:
    assert blocks_further_mail(event.state, event.rank) is blocks


@pytest.mark.parametrize("rank", range(9))
def test_a_mail_that_was_delivered_never_blocks(rank: int) -> None:
    assert not blocks_further_mail(MailState.DELIVERED, rank)


def test_waiting_and_being_sent_are_shown_alike_and_all_else_as_it_is() -> None:
    shown = {state: public_state(state) for state in MailState}
    assert shown.pop(MailState.PENDING) == shown.pop(MailState.SENDING) == ShownState.QUEUED
    assert {str(state) for state in shown} == {str(state) for state in shown.values()}
