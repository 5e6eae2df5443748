"""The register of personal data (F9): every text that is stored is declared personal, or known not to be.

A model names its personal attributes in `PERSONAL`. A new attribute that is neither there nor here fails: whoever adds
one decides, and whoever declares one personal says here how it is erased.
"""

import re
from collections.abc import Iterator

import pytest
from pynamodb.attributes import BooleanAttribute, NumberAttribute, NumberSetAttribute

from chalicelib.aws.items import Item
from chalicelib.reporting.personal_data.erasers import STEPS
from infra.packaging import ROOT
from tests.unit.test_stored import _model_by_name

_NUMBERS = (BooleanAttribute, NumberAttribute, NumberSetAttribute)

# What these endings and names hold in every kind: ids of ours, instants, statuses, hashes of secrets of ours.
_NEVER = re.compile(r"(^|.*_)(id|ids|at|by|on|pk|sk|hash|utc|status|state|kind|code|token|seed)")

# Texts of organizations and MSPs, of courses and rollouts, and what the machinery needs.
NOT_PERSONAL = {
    "AuditRecord.before", "CertificateNumber.holder", "Draft.form", "KeptPost.sealed", "StatusList.credential",
    "StatusPlace.holder", "about", "action", "actor", "after", "allowed_domains", "archive_id", "as_of", "asked",
    "at", "attempt", "bounds", "cancel_reason", "carried_to", "changing", "changing_until", "code_before",
    "columns", "count", "counting_since", "department_ids", "description", "due_before", "earlier_mail_ids",
    "earlier_reminders", "ends_at", "enroll_hour", "enroll_on", "expires_at", "facts", "file_name", "fresh_until",
    "header", "invites", "job", "kid", "launch_url", "leased_until", "link_seed", "mail_blocked", "mails",
    "member_ids_by_code", "missing_groups", "modulus", "name", "not_before", "number", "numbers", "one_with",
    "open_due", "organization", "origin", "outcomes", "overlapping", "owner", "part", "path", "permissions",
    "place", "position", "problems", "provider", "queue", "reading", "reason", "reminded_at", "reminded_first",
    "reminded_within", "replaces", "reply_stamp", "reply_to", "results", "retried_within", "revisions", "role",
    "row_shard", "seats_by_course", "secret", "selection", "sessions", "sizes", "slug", "starts", "starts_at",
    "subscription", "summary", "target", "time_zone", "title", "up_to", "valid_until", "visible_from", "web_link",
    "within",
}  # fmt: skip

# The step that erases a kind's personal attributes, or why none does. docs/personal-data.md says the same to people.
ERASED_BY = {
    "Member": "the end of the job",
    "UniqueClaim": "the end of the job",
    "SearchEntry": "the end of the job",
    "LoginNameClaim": "the end of the job",
    "MemberChange": "history",
    "OpenInvite": "the request",
    "KeptFilter": "filters",
    "UploadRows": "uploads",
    "Participant": "sessions",
    "IdempotencyRecord": "answers",
    "Mail": "mails",
    "FeedFile": "notices",
    "EmailChange": "the account's job",
    "EmailNotice": "the account's job",
    "Admin": "refused: an admin is removed as such first, and the item goes with that",
    "Session": "kept: whom the organization names as instructor",
    "RolloutSpec": "launches",
    "Partition": "launches",
    "PlanItem": "goes by itself: an hour",
    "SearchCount": "goes by itself: an hour",
    "EnrollDraft": "drafts",
    "StepTicket": "goes by itself: 15 minutes",
    "JoinRequest": "goes by itself",
    "BrowserSession": "the account's job",
    "Certificate": "certificates",
    "Badge": "certificates",
    "BulkAction": "bulk_actions",
    "Enroll": "enrolls",
}


def _texts(kind: type[Item]) -> Iterator[str]:
    for name, attribute in kind.get_attributes().items():
        if not isinstance(attribute, _NUMBERS):
            yield name


def test_every_stored_text_is_declared_personal_or_known_not_to_be() -> None:
    unknown = [
        f"{name}.{text}"
        for name, kind in sorted(_model_by_name().items())
        for text in _texts(kind)
        if text not in kind.PERSONAL
        and not _NEVER.fullmatch(text)
        and NOT_PERSONAL.isdisjoint({text, f"{name}.{text}"})
    ]
    assert unknown == []


def test_what_is_declared_personal_is_there() -> None:
    wrong = [
        f"{name}.{text}"
        for name, kind in _model_by_name().items()
        for text in kind.PERSONAL
        if text not in kind.get_attributes()
    ]
    assert wrong == []


def test_whatever_is_personal_is_erased_or_says_why_not() -> None:
    personal = {name for name, kind in _model_by_name().items() if kind.PERSONAL}
    assert personal == ERASED_BY.keys()
    steps = {name for name, _ in STEPS}
    words = ("the ", "kept: ", "refused: ", "goes by itself")
    assert [how for how in ERASED_BY.values() if how not in steps and not how.startswith(words)] == []


@pytest.mark.parametrize("kind", sorted(ERASED_BY))
def test_the_document_says_what_is_kept_of_it(kind: str) -> None:
    assert f"`{kind}`" in (ROOT / "docs" / "personal-data.md").read_text(encoding="utf-8")
