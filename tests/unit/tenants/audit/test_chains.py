"""Following chains of hashes entry by entry; what an admin is shown of it, the story of the trail tells."""

import json
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from chalicelib.tenants.audit import log
from chalicelib.tenants.audit.chains import MAX_BREAKS, Chains
from chalicelib.tenants.audit.models import AuditRecord, ChainHead, audit_pk, head_ref, number_key, record_sk
from chalicelib.tenants.audit.schemas import Anchor, AnchoredHead, Break, Tampering

TENANT = "ORG#1"
AT = "2027-01-04T10:00:00Z"


def _record(number: int, previous: str, chain: int = 0, sk: str | None = None, **changed: str) -> AuditRecord:
    made = AuditRecord(
        audit_pk(TENANT), sk or record_sk(AT, chain, number),
        at=AT, actor="ann", action="group.created", target=f"group/{number}", previous_hash=previous,
    )  # fmt: skip
    made.hash = log.hash_of(made)
    for name, value in changed.items():
        setattr(made, name, value)
    return made


def _chain(length: int, chain: int = 0) -> list[AuditRecord]:
    records: list[AuditRecord] = []
    for number in range(1, length + 1):
        records.append(_record(number, records[-1].hash if records else log.FIRST_HASH, chain))
    return records


def _old(length: int) -> list[AuditRecord]:
    """Of the time before chains had heads: the sort key is the number alone."""
    records: list[AuditRecord] = []
    for number in range(1, length + 1):
        previous = records[-1].hash if records else log.FIRST_HASH
        records.append(_record(number, previous, sk=number_key(number)))
    return records


def _head(number: int, hash_: str, chain: int = 0) -> ChainHead:
    ref = head_ref(TENANT, chain)
    return ChainHead(ref.pk, ref.sk, number=number, hash=hash_, at=AT)


def _anchor(**heads: AuditRecord) -> Anchor:
    """By `c0`, `c1`: the names of chains."""
    anchored = {name[1:]: AnchoredHead(number=record.number, hash=record.hash) for name, record in heads.items()}
    return Anchor(tenant=TENANT, at="2027-01-03", heads=anchored)


def _found(
    records: Sequence[AuditRecord], heads: Sequence[ChainHead], anchor: Anchor | None = None
) -> list[tuple[int, int, str, str]]:
    """Chain, number, time and problem of each break, in the order in which they are found."""
    chains = Chains(anchor)
    for record in records:
        chains.note(chains.follow(record))
    for head in heads:
        chains.note(chains.end(head))
    chains.note(chains.close())
    return [(one.chain, one.number, one.at, one.problem.value) for one in chains.broken]


def test_whole_chains_have_no_breaks_however_they_are_mixed() -> None:
    zero, one = _chain(3), _chain(2, chain=1)
    mixed = [zero[0], one[0], zero[1], zero[2], one[1]]
    heads = [_head(3, zero[2].hash), _head(2, one[1].hash, chain=1)]
    assert _found(mixed, heads) == []
    assert _found(mixed, heads, _anchor(c0=zero[1], c1=one[1])) == []
    assert _found([], []) == []


def test_entries_of_before_there_were_heads_need_none_and_may_have_one() -> None:
    old = _old(3)
    assert _found(old, []) == []
    assert _found(old, [_head(3, old[2].hash)]) == []
    new = _record(4, old[2].hash)
    assert _found([*old, new], [_head(4, new.hash)]) == []
    assert _found([*old, new], []) == [(0, 4, "", "head")]


def _without(number: int) -> Callable[[list[AuditRecord]], list[AuditRecord]]:
    return lambda records: [one for one in records if one.number != number]


def _with(number: int, **changed: str) -> Callable[[list[AuditRecord]], list[AuditRecord]]:
    def change(records: list[AuditRecord]) -> list[AuditRecord]:
        for name, value in changed.items():
            setattr(records[number - 1], name, value)
        return records

    return change


def _of_another_chain(records: list[AuditRecord]) -> list[AuditRecord]:
    return [records[0], _record(2, "f" * 64), records[2]]


def _foreign_key(records: list[AuditRecord]) -> list[AuditRecord]:
    """Under another instant, with a hash that is right for that."""
    moved = _record(2, records[0].hash, sk=f"2027-01-05T10:00:00Z#00#{number_key(2)}")
    return [records[0], moved, _record(3, moved.hash)]


@pytest.mark.parametrize(
    ("tamper", "breaks"),
    [
        # The one behind it is whole, but for what it follows.
        (_without(2), [(0, 2, AT, "missing")]),
        (_without(1), [(0, 1, AT, "missing")]),
        (_without(3), [(0, 3, AT, "cut_off")]),
        (lambda records: [records[0], *records], [(0, 1, AT, "inserted")]),
        (_with(2, actor="bob"), [(0, 2, AT, "changed")]),
        (_with(2, previous_hash="0" * 64), [(0, 2, AT, "changed")]),
        (_of_another_chain, [(0, 2, AT, "changed"), (0, 3, AT, "changed")]),
        (_foreign_key, [(0, 2, AT, "changed"), (0, 3, AT, "head")]),
        (lambda records: [], [(0, 1, AT, "cut_off")]),
    ],
)  # fmt: skip
def test_each_change_is_named_once_at_its_place(
    tamper: Callable[[list[AuditRecord]], list[AuditRecord]], breaks: list[Any]
) -> None:
    head = _head(3, _chain(3)[2].hash)
    assert _found(tamper(_chain(3)), [head]) == breaks


@pytest.mark.parametrize(
    ("head", "breaks"),
    [
        (lambda last: _head(4, last.hash), [(0, 4, AT, "cut_off")]),
        (lambda last: _head(2, last.hash), [(0, 2, AT, "head")]),
        (lambda last: _head(3, "f" * 64), [(0, 3, AT, "head")]),
    ],
)
def test_the_head_says_where_a_chain_ends(head: Callable[[AuditRecord], ChainHead], breaks: list[Any]) -> None:
    records = _chain(3)
    assert _found(records, [head(records[-1])]) == breaks


def test_a_chain_without_its_head_is_named_and_the_others_are_not() -> None:
    zero, one = _chain(1), _chain(2, chain=1)
    assert _found([*zero, *one], [_head(1, zero[0].hash)]) == [(1, 2, "", "head")]
    assert _found([*zero, *one], []) == [(0, 1, "", "head"), (1, 2, "", "head")]


def test_a_chain_that_is_whole_and_not_the_anchored_one_was_rewritten() -> None:
    before, records = _chain(3), [_record(1, log.FIRST_HASH, actor="ann")]
    records.append(_record(2, records[0].hash, sk=record_sk("2027-01-04T11:00:00Z", 0, 2)))
    records[1].at = "2027-01-04T11:00:00Z"
    records[1].hash = log.hash_of(records[1])
    head = _head(2, records[1].hash)
    assert _found(records, [head]) == []
    assert _found(records, [head], _anchor(c0=before[1])) == [(0, 2, "2027-01-04T11:00:00Z", "rewritten")]
    # Only the anchored entry tells: the first is as it was.
    assert _found(records, [head], _anchor(c0=before[0])) == []


def test_what_was_anchored_and_is_not_there_was_cut_off() -> None:
    records = _chain(3)
    assert _found(records[:2], [_head(2, records[1].hash)], _anchor(c0=records[2])) == [(0, 3, "", "cut_off")]
    assert _found([], [], _anchor(c0=records[2])) == [(0, 1, "", "cut_off")]
    assert _found(records, [_head(3, records[2].hash)], _anchor(c0=records[2])) == []


@pytest.mark.parametrize("split", range(5))
def test_a_trail_that_is_followed_in_parts_gives_the_same(split: int) -> None:
    records = _chain(4)
    records[1].actor = "bob"
    anchor = _anchor(c0=_chain(4)[3])
    whole, parts = Chains(anchor), Chains(anchor)
    for number, record in enumerate(records):
        if number == split:
            parts = Chains.after(json.loads(json.dumps(parts.state())))
        whole.note(whole.follow(record))
        parts.note(parts.follow(record))
    assert parts.state() == whole.state()
    assert [one.model_dump() for one in parts.close()] == [one.model_dump() for one in whole.close()] != []
    assert parts.verification() == whole.verification()
    assert (parts.num_entries, parts.verification().num_entries) == (4, 4)


def test_without_a_state_it_begins_anew() -> None:
    assert Chains.after({}) == Chains()


def test_what_is_told_names_the_first_break_and_the_anchor_only_when_all_is_whole() -> None:
    records = _chain(2)
    chains = Chains(_anchor(c0=records[1]))
    assert (chains.verification().ok, chains.verification().anchored_at) == (True, "2027-01-03")
    assert chains.verification().first_broken is None
    assert Chains().verification().anchored_at is None
    chains.note(Break(chain=0, number=number, at="", problem=Tampering.MISSING) for number in (7, 9))
    told = chains.verification()
    assert (told.ok, told.first_broken, told.anchored_at, len(told.broken)) == (False, 7, None, 2)


def test_no_more_than_twenty_places_are_named() -> None:
    chains = Chains()
    breaks = [Break(chain=0, number=number, at="", problem=Tampering.MISSING) for number in range(1, 16)]
    chains.note(breaks)
    assert chains.broken == breaks
    chains.note(breaks)
    chains.note(breaks)
    assert MAX_BREAKS == 20
    assert chains.broken == [*breaks, *breaks[:5]]
