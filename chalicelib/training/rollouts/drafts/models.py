"""Items of drafts."""

from pynamodb.attributes import JSONAttribute, NumberAttribute, UnicodeAttribute

from chalicelib.aws.items import OutboxItem


def drafts_pk(msp_id: str, account_id: str) -> str:
    return f"DRAFTS#{msp_id}#{account_id}"


def draft_sk(draft_id: str) -> str:
    return f"DRAFT#{draft_id}"


class Draft(OutboxItem):
    """`DRAFTS#<msp>#<account>` / `DRAFT#<id>`: one admin's own. `form` is a `schemas.DraftForm`.

    `plan_id` is that of the preview of this very form. `rollout_id` once it was launched. `revision` grows with each
    change, so that two tabs do not undo each other's steps.
    """

    draft_id = UnicodeAttribute()
    form = JSONAttribute()
    plan_id = UnicodeAttribute(null=True)
    rollout_id = UnicodeAttribute(null=True)
    revision = NumberAttribute(default=1)
    changed_at = UnicodeAttribute()
    ttl = NumberAttribute()
