"""Plans: what a preview is of, and its counts for each client and course. They live an hour."""

from datetime import datetime, timedelta

from pynamodb.attributes import JSONAttribute, NumberAttribute, UnicodeAttribute

from chalicelib.aws import table
from chalicelib.aws.items import OutboxItem
from chalicelib.aws.table import Ref, Write
from chalicelib.core.clock import to_instant, to_text
from chalicelib.core.errors import ConditionFailed

LIFETIME = timedelta(hours=1)


class PlanItem(OutboxItem):
    """`PLAN#<msp>#<plan>` / `SPEC`. `launch` is the body, `plan` what it was checked to, `revisions` by client."""

    PERSONAL = frozenset({"launch", "plan"})

    launch = JSONAttribute()
    plan = JSONAttribute()
    revisions = JSONAttribute()
    made_at = UnicodeAttribute()
    ttl = NumberAttribute()


class PlanCount(OutboxItem):
    """`PLAN#<msp>#<plan>` / `COUNT#<org>#<course>`: a `schemas.PreviewCourse`."""

    count = JSONAttribute()
    ttl = NumberAttribute()


_SPEC = "SPEC"
_COUNTS = "COUNT#"


def _pk(msp_id: str, plan_id: str) -> str:
    return f"PLAN#{msp_id}#{plan_id}"


def plan_ref(msp_id: str, plan_id: str) -> Ref[PlanItem]:
    return Ref(PlanItem, _pk(msp_id, plan_id), _SPEC)


def _ttl(made_at: datetime) -> int:
    return int((made_at + LIFETIME).timestamp())


def save(
    msp_id: str, plan_id: str, launch: object, plan: object, revisions: object, started: Write, now: datetime
) -> None:
    """Put the plan, with the note that it was started; the same request again puts the same."""
    item = PlanItem(
        _pk(msp_id, plan_id), _SPEC, launch=launch, plan=plan, revisions=revisions, made_at=to_text(now), ttl=_ttl(now)
    )
    table.transact([Write("put", item), started])


def find(msp_id: str, plan_id: str, now: datetime) -> PlanItem | None:
    """None once its hour is over, though TTL deletes late."""
    item = table.get(PlanItem, _pk(msp_id, plan_id), _SPEC)
    return item if item is not None and expires_at(item) > now else None


def expires_at(item: PlanItem) -> datetime:
    return to_instant(item.made_at) + LIFETIME


def put_count(
    msp_id: str, plan_id: str, org_id: str, course_id: str, count: object, now: datetime, *, if_none: bool = False
) -> None:
    """With `if_none`, a count that is there stays."""
    item = PlanCount(_pk(msp_id, plan_id), f"{_COUNTS}{org_id}#{course_id}", count=count, ttl=_ttl(now))
    try:
        table.transact([table.put_new(item) if if_none else Write("put", item)])
    except ConditionFailed:
        return


def counts(msp_id: str, plan_id: str) -> dict[tuple[str, str], object]:
    """By organization and course, as far as they are known."""
    items = table.query_all(PlanCount, _pk(msp_id, plan_id), prefix=_COUNTS)
    return {(item.sk.split("#")[1], item.sk.split("#")[2]): item.count for item in items}
