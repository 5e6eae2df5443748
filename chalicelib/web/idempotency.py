"""The same request happens once: records under caller, route and key, for 24 hours.

After the IETF draft "The Idempotency-Key HTTP Header Field".

A claim carries a seed from which new ids are made. When a process dies between claim and answer, the
next try takes the claim over with the same seed, so that what was created is met again, not made twice.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import BaseModel
from pynamodb.attributes import NumberAttribute, UnicodeAttribute
from pynamodb.expressions.condition import Condition

from chalicelib.aws import table
from chalicelib.aws.table import OutboxItem, Write
from chalicelib.core import observability
from chalicelib.core.clock import to_instant, to_text
from chalicelib.core.errors import ConditionFailed, Conflict, FieldError, Invalid, MusterError
from chalicelib.core.ids import new_id, short_hash

if TYPE_CHECKING:
    from chalicelib.web.routing import Call

KEPT_FOR = timedelta(hours=24)

A = TypeVar("A", bound=BaseModel)

# Past the 29 s that API Gateway waits, nobody is still at work on the request.
LEASE = timedelta(seconds=35)


class IdempotencyRecord(OutboxItem):
    body_hash = UnicodeAttribute()
    seed = UnicodeAttribute()
    leased_until = UnicodeAttribute()
    answer = UnicodeAttribute(null=True)
    made_at = UnicodeAttribute()
    ttl = NumberAttribute()


@dataclass(frozen=True)
class Attempt:
    """One request under its key. `answer` is there when it was answered before."""

    record: IdempotencyRecord
    known: IdempotencyRecord | None
    answer: str | None

    @property
    def seed(self) -> str:
        return self.record.seed

    @property
    def resumes(self) -> bool:
        """An earlier try claimed the key and did not come to its end."""
        return self.known is not None and self.known.seed == self.seed

    def claim(self) -> Write:
        """ConditionFailed when the same request is being answered right now."""
        free = IdempotencyRecord.pk.does_not_exist()
        if self.known is not None:
            free = (IdempotencyRecord.made_at == self.known.made_at) & (
                IdempotencyRecord.leased_until == self.known.leased_until
            )
        return Write("put", self.record, free)

    def answered(self, answer: str) -> Write:
        return answered(self.record, answer)

    def released(self) -> Write:
        """ConditionFailed when another try has taken the claim over."""
        return Write("delete", self.record, self._is_mine())

    def relinquished(self, now: datetime) -> Write:
        return Write("update", self.record, self._is_mine(), (IdempotencyRecord.leased_until.set(to_text(now)),))

    def _is_mine(self) -> Condition:
        mine: Condition = IdempotencyRecord.seed == self.seed
        leased: Condition = IdempotencyRecord.leased_until == self.record.leased_until
        both: Condition = mine & leased
        return both


def record_at(account_id: str, sk: str, seed: str) -> IdempotencyRecord:
    """A record by its key, for whoever ends what another process began."""
    return IdempotencyRecord(_pk(account_id), sk, seed=seed)


def answered(record: IdempotencyRecord, answer: str) -> Write:
    """Keep the answer. ConditionFailed when the record is gone, or a later request's."""
    return Write("update", record, IdempotencyRecord.seed == record.seed, (IdempotencyRecord.answer.set(answer),))


def _pk(account_id: str) -> str:
    return f"IDEMPOTENCY#{account_id}"


def in_flight() -> Conflict:
    return Conflict("in_flight", "The same request is still being answered; ask again in a few seconds.")


def attempt(account_id: str, route: str, key: str, body: bytes, now: datetime) -> Attempt:
    """Look the key up (one read). Raises Invalid when it came with another body, Conflict while in flight."""
    pk, sk = _pk(account_id), f"{route}#{short_hash(key)}"
    body_hash = short_hash(body.decode("utf-8", "replace"))
    known = table.get(IdempotencyRecord, pk, sk)
    # TTL deletes late, by days: an old record is as good as none.
    expired = known is not None and to_instant(known.made_at) + KEPT_FOR <= now
    fresh = known if known is not None and not expired else None
    if fresh is not None and fresh.body_hash != body_hash:
        problem = "This key was used with another body in the last 24 hours; use a new one."
        raise Invalid(FieldError("Idempotency-Key", "key_reused", problem), code="key_reused")
    if fresh is not None and fresh.answer is None and to_instant(fresh.leased_until) > now:
        raise in_flight()
    record = IdempotencyRecord(
        pk,
        sk,
        body_hash=body_hash,
        seed=fresh.seed if fresh else new_id(now),
        leased_until=to_text(now + LEASE),
        made_at=fresh.made_at if fresh else to_text(now),
        ttl=int((now + KEPT_FOR).timestamp()),
    )
    return Attempt(record, known, fresh.answer if fresh else None)


def idempotent(call: "Call[Any, Any]", answer_type: type[A], action: Callable[[str], A]) -> A:
    """Answer a request once per Idempotency-Key. `action` gets the seed of the ids that it makes.

    Without a key it simply runs. Raises Invalid when the key came with another body, Conflict while in flight.
    """
    now = call.now
    if call.idempotency_key is None:
        return action(new_id(now))
    this = attempt(call.account_id, call.route, call.idempotency_key, call.request_fingerprint, now)
    if this.answer is not None:
        return answer_type.model_validate_json(this.answer)
    try:
        table.transact([this.claim()])
    except ConditionFailed:
        raise in_flight() from None
    try:
        answer = action(this.seed)
    except MusterError as error:
        # A refusal changed nothing: the key is free for a corrected request. After trouble of ours the same
        # request may come again at once, and goes on with the same seed.
        try:
            table.transact([this.released() if error.status < 500 else this.relinquished(now)])
        except MusterError:
            observability.failure("claim is left to its lease", route=call.route)
        raise
    table.transact([this.answered(answer.model_dump_json())])
    return answer
