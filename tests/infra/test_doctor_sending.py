"""What the doctor says of SES: the sender, the account, its quota and lists, and the news of mails."""

from typing import Any

import pytest

from infra.doctor import sending
from infra.doctor.findings import Level
from infra.doctor.stack import Resource
from tests.infra.stubs import asked, client

FROM = "training@mail.example.com"
TOPIC = "arn:aws:sns:us-east-1:123456789012:news"


def account(**changes: Any) -> Any:
    """As SES answers for an account that has nothing wrong."""
    said = {
        "ProductionAccessEnabled": True, "SendingEnabled": True, "EnforcementStatus": "HEALTHY",
        "SendQuota": {"Max24HourSend": 50_000.0, "MaxSendRate": 14.0, "SentLast24Hours": 100.0},
        "SuppressionAttributes": {"SuppressedReasons": ["BOUNCE", "COMPLAINT"]}, **changes,
    }  # fmt: skip
    return client("sesv2", ("get_account", said)).get_account()


def ses(state_by_identity: dict[str, str], dkim: str = "Success") -> Any:
    """Of a domain whose state is said SES also says whether it signs."""
    states = {name: {"VerificationStatus": state} for name, state in state_by_identity.items()}
    signed = {name: {"DkimEnabled": True, "DkimVerificationStatus": dkim} for name in states}
    return client(
        "ses",
        ("get_identity_verification_attributes", {"VerificationAttributes": states}),
        ("get_identity_dkim_attributes", {"DkimAttributes": signed}),
    )


@pytest.mark.parametrize("verified", [FROM, "mail.example.com", "example.com"])
def test_a_sender_is_verified_by_its_address_its_domain_or_one_above(verified: str) -> None:
    finding = sending.identity(ses({verified: "Success"}), FROM)
    assert (finding.level, finding.says) == (Level.OK, f"{verified} is verified and signs")


def test_ses_is_asked_once_for_all_of_them_and_for_no_top_level_domain() -> None:
    names = [FROM, "mail.example.com", "example.com"]
    question = ("get_identity_verification_attributes", {"Identities": names}, {"VerificationAttributes": {}})
    finding = sending.identity(asked("ses", question), FROM)
    assert finding.level is Level.BAD
    assert "SES knows none of them" in finding.says
    assert finding.do.startswith("Verify mail.example.com")


def test_a_sender_that_waits_for_its_records() -> None:
    finding = sending.identity(ses({"mail.example.com": "Pending"}), FROM)
    assert finding.level is Level.BAD
    assert "mail.example.com is Pending" in finding.says


def test_a_sender_whose_mails_are_not_signed() -> None:
    assert sending.identity(ses({"example.com": "Success"}, dkim="Pending"), FROM).level is Level.WARN


def test_a_sender_whom_nobody_named() -> None:
    assert sending.identity(client("ses"), "").level is Level.WARN


@pytest.mark.parametrize(
    ("is_out", "stage", "level"),
    [(True, "prod", Level.OK), (False, "dev", Level.WARN), (False, "prod", Level.BAD)],
)
def test_the_sandbox_is_for_trying(is_out: bool, stage: str, level: Level) -> None:
    assert sending.sandbox(account(ProductionAccessEnabled=is_out), stage).level is level


@pytest.mark.parametrize(
    ("enabled", "status", "level"),
    [
        (True, "HEALTHY", Level.OK),
        (True, "PROBATION", Level.WARN),
        (False, "HEALTHY", Level.BAD),
        (True, "SHUTDOWN", Level.BAD),
    ],
)
def test_whether_ses_sends_for_the_account(enabled: bool, status: str, level: Level) -> None:
    assert sending.sending(account(SendingEnabled=enabled, EnforcementStatus=status)).level is level


@pytest.mark.parametrize(
    ("a_day", "sent", "most", "rate", "level"),
    [
        (50_000, 0, 14, 14, Level.OK),
        (50_000, 0, 14, 15, Level.BAD),
        (50_000, 39_999, 14, 14, Level.OK),
        (50_000, 40_000, 14, 14, Level.WARN),
        (50_000, 50_000, 14, 14, Level.BAD),
        # Without limit.
        (-1, 900_000, 500, 100, Level.OK),
        # As in the sandbox.
        (200, 0, 1, 14, Level.BAD),
    ],
)
def test_the_quota_against_the_rate(a_day: float, sent: float, most: float, rate: int, level: Level) -> None:
    quota = {"Max24HourSend": float(a_day), "MaxSendRate": float(most), "SentLast24Hours": float(sent)}
    finding = sending.quota(account(SendQuota=quota), rate)
    assert finding.level is level
    if rate > most:
        assert f"MAIL_RATE={most}" in finding.do


def test_bounces_and_complaints_are_remembered() -> None:
    summaries = [{"EmailAddress": "a@example.com", "Reason": "BOUNCE", "LastUpdateTime": "2026-11-01T00:00:00Z"}]
    for more, number in (({}, "1"), ({"NextToken": "more"}, "more than 1,000")):
        sesv2 = client("sesv2", ("list_suppressed_destinations", {"SuppressedDestinationSummaries": summaries, **more}))
        finding = sending.suppression(account(), sesv2)
        assert (finding.level, finding.says.rpartition(": ")[2]) == (Level.OK, number)


def test_within_the_sandbox_the_list_is_not_asked_for() -> None:
    assert sending.suppression(account(ProductionAccessEnabled=False), client("sesv2")).level is Level.OK


def test_complaints_are_forgotten() -> None:
    finding = sending.suppression(account(SuppressionAttributes={"SuppressedReasons": ["BOUNCE"]}), client("sesv2"))
    assert finding.level is Level.WARN
    assert "complaint" in finding.says
    assert "bounce" not in finding.says


def told(kinds: list[str], *, topic: str = TOPIC, enabled: bool = True) -> Any:
    to = {"Name": "news", "Enabled": enabled, "MatchingEventTypes": kinds, "SnsDestination": {"TopicArn": topic}}
    return client("sesv2", ("get_configuration_set_event_destinations", {"EventDestinations": [to]}))


SETS = [Resource("MailConfiguration", "AWS::SES::ConfigurationSet", "muster-dev")]


def test_news_of_mails_comes() -> None:
    every = ["SEND", "DELIVERY", "BOUNCE", "COMPLAINT"]
    assert sending.news(told(every), SETS, TOPIC).level is Level.OK


@pytest.mark.parametrize(
    "answer",
    [
        {"kinds": ["DELIVERY", "BOUNCE"]},
        {"kinds": ["DELIVERY", "BOUNCE", "COMPLAINT"], "topic": "arn:aws:sns:us-east-1:123456789012:other"},
        {"kinds": ["DELIVERY", "BOUNCE", "COMPLAINT"], "enabled": False},
    ],
)
def test_news_of_mails_does_not_come(answer: dict[str, Any]) -> None:
    finding = sending.news(told(**answer), SETS, TOPIC)
    assert finding.level is Level.BAD
    assert "complaint" in finding.says


def test_a_stage_without_a_configuration_set() -> None:
    assert sending.news(client("sesv2"), [], TOPIC).level is Level.WARN
