"""The audit trail as it is stored: one entry after each head, one note for each day, and where the chains end."""

from typing import Any

import pytest
from botocore.awsrequest import AWSResponse

from chalicelib.aws import loading
from chalicelib.aws.failures import Contended
from chalicelib.aws.table import Write
from chalicelib.core.errors import ConditionFailed
from chalicelib.tenants.audit import store
from chalicelib.tenants.audit.models import (
    NUM_CHAINS,
    AnchorDue,
    AuditRecord,
    ChainHead,
    anchor_due,
    audit_pk,
    head_ref,
    record_sk,
)
from tests.harness import World

TENANT = "ORG#1"
DAY = "2027-01-04"


def _record(number: int = 1, at: str = f"{DAY}T10:00:00Z", hash_: str = "m", chain: int = 0) -> AuditRecord:
    said: dict[str, Any] = {"actor": "ann", "action": "group.created", "target": "group/1", "previous_hash": ""}
    return AuditRecord(audit_pk(TENANT), record_sk(at, chain, number), at=at, hash=hash_, **said)


def _head(chain: int = 0) -> ChainHead | None:
    return store.ends(TENANT).heads.get(chain)


def _append(record: AuditRecord) -> ChainHead:
    """Behind the head as it is; what is the head then."""
    store.append(record, _head(record.chain), [])
    head = _head(record.chain)
    assert head is not None
    return head


def _numbers() -> list[int]:
    return [record.number for record in store.newest(TENANT, 9, None).items]


def test_an_entry_becomes_the_head_of_its_chain(world: World) -> None:
    head = _append(_record(7, hash_="a", chain=3))
    assert (head.sk, head.number, head.hash) == (head_ref(TENANT, 3).sk, 7, "a")
    assert (head.at, list(store.ends(TENANT).heads)) == (f"{DAY}T10:00:00Z", [3])
    assert _append(_record(8, hash_="b", chain=3)).number == 8


@pytest.mark.parametrize("hash_", ["a", "z"])
def test_no_entry_follows_a_head_that_is_not_the_latest(world: World, hash_: str) -> None:
    """Whether the other one's hash comes before it or behind it in the alphabet."""
    read = _append(_record(1, hash_="m"))
    _append(_record(2, hash_=hash_))
    for before in (read, None):
        with pytest.raises(ConditionFailed) as refused:
            store.append(_record(3, hash_="n"), before, [])
        assert refused.value.failed == (1,)
    assert _numbers() == [2, 1]


def test_no_entry_follows_a_head_that_is_gone_and_none_is_written_over(world: World) -> None:
    head = _append(_record(1))
    with pytest.raises(ConditionFailed) as refused:
        store.append(_record(1), head, [])
    assert refused.value.failed == (0,)
    with pytest.raises(ConditionFailed):
        store.append(_record(2, chain=1), head, [])
    assert _numbers() == [1]


def test_an_entry_and_its_change_are_written_both_or_neither(world: World) -> None:
    change = Write("put", anchor_due("change", "done"))
    never = Write("put", anchor_due("change", "never"), AnchorDue.pk.exists())
    with pytest.raises(ConditionFailed) as refused:
        store.append(_record(1), None, [change, never])
    assert (refused.value.failed, _numbers(), store.tenants_to_anchor("done")) == ((1,), [], [])
    store.append(_record(1), None, [change])
    assert (_numbers(), store.tenants_to_anchor("done")) == ([1], ["change"])
    # Neither the change, when the entry must not be.
    again = Write("put", anchor_due("change", "again"))
    with pytest.raises(ConditionFailed) as refused:
        store.append(_record(2), None, [again])
    assert (refused.value.failed, _numbers(), store.tenants_to_anchor("again")) == ((2,), [1], [])


def test_who_meets_another_transaction_is_told_at_once(world: World) -> None:
    """Whoever waited for it would find another head."""
    asked: list[str] = []
    reasons = [{"Code": "TransactionConflict"}]
    refusal = {"Error": {"Code": "TransactionCanceledException", "Message": ""}, "CancellationReasons": reasons}

    def refuse(model: Any, **_: Any) -> tuple[AWSResponse, dict[str, Any]]:
        asked.append(model.name)
        return AWSResponse("", 400, {}, None), {**refusal, "ResponseMetadata": {"HTTPStatusCode": 400}}

    with world.answering("dynamodb", "TransactWriteItems", refuse), pytest.raises(Contended):
        store.append(_record(1), None, [])
    assert len(asked) == 1


def test_a_day_is_noted_with_its_first_entry_of_a_chain_and_not_again(world: World) -> None:
    _append(_record(1))
    assert store.tenants_to_anchor(DAY) == [TENANT]
    store.anchored(TENANT, DAY)
    _append(_record(2, at=f"{DAY}T10:00:01Z"))
    assert store.tenants_to_anchor(DAY) == []
    _append(_record(3, at="2027-01-05T00:00:00Z"))
    assert (store.tenants_to_anchor(DAY), store.tenants_to_anchor("2027-01-05")) == ([], [TENANT])
    # Another chain may be the only one that has entries of the day.
    _append(_record(1, chain=1))
    assert store.tenants_to_anchor(DAY) == [TENANT]


def test_all_heads_are_read_at_once_and_behind_them_no_entry_of_the_time_before_heads(world: World) -> None:
    old = AuditRecord(audit_pk(TENANT), f"{5:012d}", at="", actor="", action="", target="", previous_hash="", hash="")
    loading.put_all([old])
    ends = store.ends(TENANT)
    assert (dict(ends.heads), ends.newest and ends.newest.number) == ({}, 5)
    for chain in range(NUM_CHAINS):
        store.append(_record(1, chain=chain), None, [])
    with world.asked("Query") as asked:
        ends = store.ends(TENANT)
    assert (sorted(ends.heads), ends.newest) == (list(range(NUM_CHAINS)), None)
    assert len(asked) == 1


def test_where_the_chains_end_is_read_as_it_is_at_this_moment(world: World) -> None:
    """A reader of what was so a moment ago would take the same number again, and find breaks where there are none."""
    with world.asked("Query") as asked:
        store.ends(TENANT)
        store.oldest(TENANT, None)
        store.tenants_to_anchor(DAY)
    assert [query["ConsistentRead"] for query in asked] == [True] * 3


def test_the_newest_are_read_without_heads_and_the_oldest_with_them_at_the_end(world: World) -> None:
    for number in (1, 2, 3):
        _append(_record(number))
    page = store.newest(TENANT, 2, None)
    assert [record.number for record in page.items] == [3, 2]
    assert [record.number for record in store.newest(TENANT, 2, page.next_position).items] == [1]
    oldest = store.oldest(TENANT, None).items
    assert [type(item) for item in oldest] == [AuditRecord, AuditRecord, AuditRecord, ChainHead]
    assert [item.sk for item in oldest] == sorted(item.sk for item in oldest)
