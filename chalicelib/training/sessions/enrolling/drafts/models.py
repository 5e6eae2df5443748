"""Items of drafts."""

from pynamodb.attributes import JSONAttribute, NumberAttribute, UnicodeAttribute

from chalicelib.aws.items import OutboxItem


def drafts_pk(org_id: str, account_id: str) -> str:
    return f"ENROLL_DRAFTS#{org_id}#{account_id}"


def draft_sk(kind: str, draft_id: str) -> str:
    return f"{kind.upper()}#{draft_id}"


class EnrollDraft(OutboxItem):
    """`ENROLL_DRAFTS#<org>#<account>` / `TRAININGS#<id>` or `COURSES#<id>`: one admin's own.

    `form` is a `schemas.EnrollDraftForm`. `enroll_id` once its people were enrolled; of courses that is the batch.
    `plan_id` is that of the preview of this very form. `revision` grows with each change.
    """

    # By what an admin looks for people: the start of a name, a value of a profile field.
    PERSONAL = frozenset({"form"})

    draft_id = UnicodeAttribute()
    form = JSONAttribute()
    enroll_id = UnicodeAttribute(null=True)
    plan_id = UnicodeAttribute(null=True)
    revision = NumberAttribute(default=1)
    changed_at = UnicodeAttribute()
    ttl = NumberAttribute()
