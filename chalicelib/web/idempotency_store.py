"""Records of requests under an Idempotency-Key, by account, route and key."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from pynamodb.attributes import NumberAttribute, UnicodeAttribute
from pynamodb.expressions.condition import Condition

from chalicelib.aws import table
from chalicelib.aws.items import OutboxItem
from chalicelib.aws.table import Write
from chalicelib.core.clock import to_instant, to_text
from chalicelib.core.errors import ConditionFailed
from chalicelib.core.ids import new_id

KEPT_FOR = timedelta(hours=24)

# API Gateway waits 29 s: after this time no process works on the request any more.
LEASE = timedelta(seconds=35)


class IdempotencyRecord(OutboxItem):
    """`IDEMPOTENCY#<account>` / `<method and path>#<hash of the key>`.

    `seed` is what new ids are derived from. Without an `answer` the request is in flight until `leased_until`.
    """

    PERSONAL = frozenset({"answer"})

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
    existing: IdempotencyRecord | None
    answer: str | None

    @property
    def seed(self) -> str:
        return self.record.seed

    @property
    def resumes(self) -> bool:
        """An earlier try claimed the key and did not finish."""
        return self.existing is not None and self.existing.seed == self.seed

    def claim_write(self) -> Write:
        """ConditionFailed when the same request is in flight."""
        is_free = IdempotencyRecord.pk.does_not_exist()
        if self.existing is not None:
            is_free = (IdempotencyRecord.made_at == self.existing.made_at) & (
                IdempotencyRecord.leased_until == self.existing.leased_until
            )
        return Write("put", self.record, is_free)

    def save_answer(self, answer: str) -> None:
        """ConditionFailed as `answer_write` says. An answer of some KB costs half of what a transaction would."""
        actions = (IdempotencyRecord.answer.set(answer),)
        if table.update_if(self.record, IdempotencyRecord.seed == self.seed, *actions) is None:
            raise ConditionFailed()

    def claim(self) -> None:
        """Raises ConditionFailed when the same request is in flight."""
        if self.existing is not None:
            table.transact([self.claim_write()])
            return
        # Half the units. After a lost answer botocore puts it again, and finds its own: nobody else has this seed.
        table.put_if(self.record, IdempotencyRecord.pk.does_not_exist() | (IdempotencyRecord.seed == self.seed))

    def release(self) -> None:
        """Free the key. ConditionFailed when another try has the claim."""
        table.transact([Write("delete", self.record, self._is_ours())])

    def end_lease(self, now: datetime) -> None:
        """Let the next try go on at once, with the same seed. ConditionFailed when another try has the claim."""
        actions = (IdempotencyRecord.leased_until.set(to_text(now)),)
        table.transact([Write("update", self.record, self._is_ours(), actions)])

    def _is_ours(self) -> Condition:
        same_seed: Condition = IdempotencyRecord.seed == self.seed
        same_lease: Condition = IdempotencyRecord.leased_until == self.record.leased_until
        both: Condition = same_seed & same_lease
        return both


def record(account_id: str, sk: str) -> IdempotencyRecord | None:
    return table.get(IdempotencyRecord, _pk(account_id), sk)


def is_expired(record: IdempotencyRecord, now: datetime) -> bool:
    """DynamoDB's TTL deletes late, by days: until then an expired record counts as none."""
    return to_instant(record.made_at) + KEPT_FOR <= now


def new_attempt(
    account_id: str,
    sk: str,
    body_hash: str,
    existing: IdempotencyRecord | None,
    now: datetime,
) -> Attempt:
    """`existing` is what lies under the key, expired or not."""
    current = None if existing is None or is_expired(existing, now) else existing
    record = IdempotencyRecord(
        _pk(account_id),
        sk,
        body_hash=body_hash,
        seed=current.seed if current else new_id(now),
        leased_until=to_text(now + LEASE),
        made_at=current.made_at if current else to_text(now),
        ttl=int((now + KEPT_FOR).timestamp()),
    )
    return Attempt(record, existing, current.answer if current else None)


def record_at(account_id: str, sk: str, seed: str) -> IdempotencyRecord:
    """A record by its key, for a process that finishes what another began."""
    return IdempotencyRecord(_pk(account_id), sk, seed=seed)


def answer_write(record: IdempotencyRecord, answer: str) -> Write:
    """Keep the answer. ConditionFailed when the record is gone, or a later request's."""
    return Write("update", record, IdempotencyRecord.seed == record.seed, (IdempotencyRecord.answer.set(answer),))


def _pk(account_id: str) -> str:
    return f"IDEMPOTENCY#{account_id}"
