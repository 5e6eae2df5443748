"""Items of actions on many people. They lie in the outbox, whose items have an end."""

from pynamodb.attributes import BooleanAttribute, JSONAttribute, NumberAttribute, UnicodeAttribute

from chalicelib.aws.items import OutboxItem
from chalicelib.tenants.access.models import org_pk


class BulkAction(OutboxItem):
    """`ORG#o#BULK` / `BULK#i`. `filter` chose the people, or nothing where they were named.

    `department_ids` limited who asked. `position` is how far counting has come, `num_parts` of people there are then,
    and `parts_done` of them were acted on. `numbers` counts who is left out, by code.
    """

    PERSONAL = frozenset({"filter"})

    action_id = UnicodeAttribute()
    msp_id = UnicodeAttribute()
    org_id = UnicodeAttribute()
    action_kind = UnicodeAttribute()
    filter = JSONAttribute(null=True)
    department_ids = JSONAttribute(null=True)
    clear_blocked = BooleanAttribute(default=False)
    status = UnicodeAttribute()
    position = UnicodeAttribute(null=True)
    num_parts = NumberAttribute(default=0)
    parts_done = NumberAttribute(default=0)
    numbers = JSONAttribute()
    num_matching = NumberAttribute(default=0)
    num_reached = NumberAttribute(default=0)
    num_done = NumberAttribute(default=0)
    num_refused = NumberAttribute(default=0)
    created_by = UnicodeAttribute()
    created_at = UnicodeAttribute()
    run_by = UnicodeAttribute(null=True)
    run_at = UnicodeAttribute(null=True)
    # Of the request that ran it: by it, the same request knows what it did before.
    run_id = UnicodeAttribute(null=True)
    ttl = NumberAttribute()


class BulkPeople(OutboxItem):
    """`ORG#o#BULK#i` / `PART#<n>`: pairs of member and code; `waits` is who is to be acted on."""

    results = JSONAttribute()
    ttl = NumberAttribute()


def bulk_pk(org_id: str) -> str:
    return f"{org_pk(org_id)}#BULK"


def bulk_sk(action_id: str) -> str:
    return f"BULK#{action_id}"


def people_pk(org_id: str, action_id: str) -> str:
    return f"{org_pk(org_id)}#BULK#{action_id}"


PARTS_PREFIX = "PART#"


def part_sk(number: int) -> str:
    return f"{PARTS_PREFIX}{number:06d}"
