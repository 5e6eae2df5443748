"""Delivery events of invitations: after a bounce or complaint no more mail is sent until an admin allows it (B6)."""

from datetime import timedelta

import pytest

from chalicelib.notifications import outbox, store
from chalicelib.notifications.models import Mail
from chalicelib.tenants.access.models import org_pk
from tests.harness import World
from tests.stories.driver import Driver
from tests.stories.inviting import Inviting


@pytest.fixture
def inviting(world: World, driver: Driver, monkeypatch: pytest.MonkeyPatch) -> Inviting:
    return Inviting(world, driver, monkeypatch)


def test_a_bounce_is_shown_with_its_reason_and_nothing_more_is_sent_until_an_admin_clears_it(
    world: World, inviting: Inviting
) -> None:
    (result,) = inviting.invite("bounce@simulator.amazonses.com")
    member_id = result["member_id"]
    inviting.mailbox.send()
    inviting.mailbox.deliver_events()
    shown = inviting.member(member_id)
    assert (shown["status"], shown["mail"]["state"], shown["mail_blocked"]) == ("prospect", "bounced", True)
    assert shown["mail"]["reason"].startswith("Permanent")
    (refused,) = inviting.change("resend", member_id)
    assert (refused["done"], refused["code"]) == (False, "mail_blocked")
    inviting.change("cancel", member_id)
    inviting.mailbox.send()
    (again,) = inviting.invite("bounce@simulator.amazonses.com")
    assert (again["result"], again["code"]) == ("failed", "mail_blocked")
    assert len(inviting.mailbox.to()) == 1
    form = {"group_id": inviting.group, "emails": ["bounce@simulator.amazonses.com"], "clear_blocked": True}
    assert inviting.send_form(form).json["results"][0]["result"] == "invited"
    inviting.mailbox.send()
    assert len(inviting.mailbox.to()) == 2


def test_an_admin_clears_a_bounce_by_sending_again(inviting: Inviting) -> None:
    (result,) = inviting.invite("bounce@simulator.amazonses.com")
    inviting.mailbox.send()
    inviting.mailbox.deliver_events()
    (done,) = inviting.change("resend", result["member_id"], clear_blocked=True)
    assert done["done"]
    inviting.mailbox.send()
    assert len(inviting.mailbox.to()) == 2


def test_a_block_can_be_lifted_whatever_the_member_s_status(world: World, inviting: Inviting) -> None:
    for status in ("active", "declined", "cancelled", "archived"):
        member = world.member(inviting.org, status=status, mail_blocked="complained")
        answer = world.patch(f"/orgs/{inviting.org}/members/{member}", inviting.admin, {"mail_blocked": False})
        assert (answer.status, answer.json["mail_blocked"]) == (200, False)


def test_who_complained_cannot_be_mailed_again_by_an_expired_link(world: World, inviting: Inviting) -> None:
    (result,) = inviting.invite("complaint@simulator.amazonses.com")
    token = inviting.mailed_token("complaint@simulator.amazonses.com")
    inviting.mailbox.deliver_events()
    world.now += timedelta(days=31)
    page = world.submit(f"/invites/{token}/renew")
    assert (page.status, "ask the organization" in page.text) == (409, True)
    inviting.mailbox.send()
    assert len(inviting.mailbox.to()) == 1
    assert inviting.member(result["member_id"])["mail_blocked"] is True


def test_a_report_that_a_mail_is_not_spam_blocks_nobody(inviting: Inviting) -> None:
    _, member_id = inviting.invited("ann@example.com", deliver=False)
    events = inviting.mailbox.events()
    for event in events:
        event["Sns"]["Message"] = (
            event["Sns"]["Message"]
            .replace('"Delivery"', '"Complaint"')
            .replace('"mail"', '"complaint": {"complaintFeedbackType": "not-spam"}, "mail"', 1)
        )
    inviting.mailbox.deliver_events(events)
    shown = inviting.member(member_id)
    assert (shown["status"], shown["mail"]["state"], shown["mail_blocked"]) == ("pending", "delivered", False)


def test_ses_may_greet_the_topic(inviting: Inviting) -> None:
    greeting = '{"notificationType": "AmazonSnsSubscriptionSucceeded", "message": "You have successfully subscribed."}'
    inviting.mailbox.deliver_events([{"Sns": {"Message": greeting}}])


def test_a_complaint_blocks_all_mail_to_the_person(inviting: Inviting) -> None:
    (result,) = inviting.invite("complaint@simulator.amazonses.com")
    inviting.mailbox.send()
    inviting.mailbox.deliver_events()
    shown = inviting.member(result["member_id"])
    assert (shown["mail"]["state"], shown["mail_blocked"]) == ("complained", True)


def test_every_mail_to_a_person_is_listed_with_the_reason_in_words(inviting: Inviting) -> None:
    """Issue 10, 14: replaced and withdrawn invitations and the welcome among them."""
    (result,) = inviting.invite("ann@example.com")
    member = result["member_id"]
    # Sent again before the first mail's turn, then withdrawn, then invited anew and accepted.
    inviting.change("resend", member)
    inviting.mailbox.send()
    inviting.change("cancel", member)
    inviting.mailbox.send()
    token, _ = inviting.invited("ann@example.com")
    path = f"/me/invites/{inviting.org}.{member}/accept"
    assert inviting.world.post(path, inviting.world.account("ann@example.com"), {"token": token}).status == 200
    inviting.mailbox.send()
    listed = inviting.world.every(f"/orgs/{inviting.org}/members/{member}/mails", inviting.admin)
    kinds = sorted((one["kind"], one["state"]) for one in listed)
    assert kinds == [
        ("invitation", "delivered"), ("invitation", "suppressed"), ("invitation_again", "delivered"),
        ("invitation_cancelled", "delivered"), ("welcome", "sent"),
    ]  # fmt: skip
    (replaced,) = [one for one in listed if one["state"] == "suppressed"]
    assert replaced["reason"] == "replaced"
    assert replaced["sentence"].startswith("Not sent: the invitation was sent again, moved or withdrawn")


def test_a_complaint_means_that_the_invitation_was_delivered(inviting: Inviting) -> None:
    """Issue 10, 14: without a delivery event, or before it, the person is pending."""
    (result,) = inviting.invite("complaint@simulator.amazonses.com")
    inviting.mailbox.send()
    complaints = [event for event in inviting.mailbox.events() if "omplain" in event["Sns"]["Message"]]
    assert complaints
    inviting.mailbox.deliver_events([one for one in complaints if '"Delivery"' not in one["Sns"]["Message"]])
    assert inviting.member(result["member_id"])["status"] == "pending"


def test_an_event_that_comes_twice_or_late_changes_nothing_more(world: World, inviting: Inviting) -> None:
    token, member_id = inviting.invited("ann@example.com", deliver=False)
    events = inviting.mailbox.events()
    world.submit(f"/invites/{token}/decline")
    before = world.dump("core")
    inviting.mailbox.deliver_events(events)
    inviting.mailbox.deliver_events(events)
    assert world.dump("core") == before
    assert inviting.member(member_id)["status"] == "declined"


def test_a_late_event_of_an_earlier_address_does_not_block_the_new_one(world: World, inviting: Inviting) -> None:
    token, member_id = inviting.invited("complaint@simulator.amazonses.com", deliver=False)
    account = world.account("new@example.com")
    path = f"/me/invites/{inviting.org}.{member_id}/accept"
    assert world.post(path, account, {"token": token}).status == 200
    inviting.mailbox.deliver_events()
    shown = inviting.member(member_id)
    assert (shown["email"], shown["mail_blocked"]) == ("new@example.com", False)


def test_a_mail_whose_outcome_is_unknown_is_sent_again_only_by_an_admin(world: World, inviting: Inviting) -> None:
    (result,) = inviting.invite("ann@example.com")
    (shard,) = store.open_queues()[org_pk(inviting.org)].shards
    (entry,) = store.queued_mails(org_pk(inviting.org), shard, 10)
    # A mailer takes it, and dies before it records the outcome.
    assert isinstance(store.claim(entry, "attempt", world.now), Mail)
    world.now += timedelta(minutes=16)
    outbox.sweep(world.now)
    inviting.mailbox.send()
    shown = inviting.member(result["member_id"])
    assert (shown["status"], shown["mail"]["state"]) == ("prospect", "unknown")
    assert inviting.mailbox.to() == []
    (done,) = inviting.change("resend", result["member_id"])
    assert done["done"]
    assert world.get(f"/invites/{inviting.mailed_token('ann@example.com')}").status == 200
    assert inviting.mailbox.to() == ["ann@example.com"]
