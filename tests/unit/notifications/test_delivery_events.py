"""What SES publishes of a mail, in both of its shapes, and what is made of it."""

import json
from typing import Any

import pytest

from chalicelib.aws import mailer
from chalicelib.core.settings import settings
from chalicelib.notifications.delivery_events import event_of, handle
from chalicelib.notifications.schemas import notification_in
from chalicelib.notifications.states import DELIVERED, DeliveryEvent, bounced, complained, refused, suppressed_by_ses
from tests.harness import NOW

MAIL = {"messageId": "0100", "destination": ["ann@example.com"], "headers": []}
BOUNCE = {
    "bounceType": "Permanent",
    "bounceSubType": "General",
    "bouncedRecipients": [{"emailAddress": "ann@example.com", "status": "5.1.1", "diagnosticCode": "smtp; 550"}],
}
SUPPRESSED = {"bounceType": "Permanent", "bounceSubType": "OnAccountSuppressionList", "bouncedRecipients": []}


def _event(field: str, kind: str, **detail: Any) -> DeliveryEvent | None:
    found = notification_in(json.dumps({field: kind, "mail": MAIL, **detail}))
    assert found is not None
    assert found.mail is not None
    assert found.mail.messageId == "0100"
    return event_of(found)


@pytest.mark.parametrize("field", ["eventType", "notificationType"])
def test_events_and_notifications_say_the_same(field: str) -> None:
    assert _event(field, "Delivery", delivery={"recipients": ["ann@example.com"]}) == DELIVERED
    assert _event(field, "Bounce", bounce=BOUNCE) == bounced("Permanent", "Permanent/General 5.1.1")
    assert _event(field, "Bounce", bounce=SUPPRESSED) == suppressed_by_ses("OnAccountSuppressionList")
    assert _event(field, "Complaint", complaint={"complaintFeedbackType": "abuse"}) == complained("abuse")


def test_what_only_events_tell() -> None:
    assert _event("eventType", "Reject", reject={"reason": "Bad content"}) == refused("rejected")
    for kind in ("DeliveryDelay", "Rendering Failure", "Send", "Open", "Subscription"):
        assert _event("eventType", kind, deliveryDelay={"delayType": "MailboxFull"}) is None


@pytest.mark.parametrize(
    "greeting",
    [
        "Successfully validated SNS topic for Amazon SES event publishing.",
        '{"notificationType": "AmazonSnsSubscriptionSucceeded", "message": "You have successfully subscribed."}',
    ],
)
def test_ses_may_try_the_topic(greeting: str) -> None:
    handle(notification_in(greeting), NOW)


def test_what_is_neither_is_not_overlooked() -> None:
    with pytest.raises(ValueError, match="eventType"):
        notification_in('{"mail": {"messageId": "0100"}}')


def test_each_mail_names_the_set_whose_events_tell_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[dict[str, Any]] = []

    class Ses:
        def send_raw_email(self, **parameters: Any) -> dict[str, str]:
            asked.append(parameters)
            return {"MessageId": "0100"}

    monkeypatch.setattr(mailer, "fresh", lambda service: Ses())
    monkeypatch.setattr(mailer, "settings", lambda: _Settings())
    assert mailer.Mailer().send("training@example.com", "ann@example.com", b"...", "01ARZ") == "0100"
    assert [one["ConfigurationSetName"] for one in asked] == ["muster-dev"]


class _Settings:
    mail_configuration_set = "muster-dev"


def test_the_set_comes_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    settings.cache_clear()
    monkeypatch.delenv("MAIL_CONFIGURATION_SET", raising=False)
    with pytest.raises(RuntimeError, match="MAIL_CONFIGURATION_SET"):
        settings()
