"""A key's record, try by try: who has the claim, until when, and what the next one finds."""

from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from pydantic import BaseModel

from chalicelib.aws import table
from chalicelib.core.errors import ConditionFailed, InFlight, Invalid, MusterError, NotFound, Unavailable
from chalicelib.core.ids import short_hash
from chalicelib.web import idempotency, idempotency_store
from chalicelib.web.idempotency_store import Attempt, IdempotencyRecord
from tests.harness import World

DAY, LEASE, MOMENT = timedelta(hours=24), timedelta(seconds=35), timedelta(milliseconds=1)
SK = f"POST /x#{short_hash('key')}"


def _attempt(world: World, after: timedelta = timedelta(0), body: bytes = b"{}") -> Attempt:
    return idempotency.attempt("ann", "POST /x", "key", body, world.now + after)


def _claimed(world: World, after: timedelta = timedelta(0)) -> Attempt:
    made = _attempt(world, after)
    made.claim()
    return made


def _stored() -> IdempotencyRecord:
    found = idempotency_store.record("ann", SK)
    assert found is not None
    return found


def test_a_claim_lasts_as_long_as_a_request_can(world: World) -> None:
    first = _claimed(world)
    assert (first.resumes, first.answer) == (False, None)
    with pytest.raises(InFlight) as refused:
        _attempt(world, timedelta(seconds=34))
    assert (refused.value.code, refused.value.retry_after) == ("in_flight", 2)
    next_ = _claimed(world, LEASE)
    assert (next_.resumes, next_.seed) == (True, first.seed)
    # The key is remembered from the first try on.
    assert _stored().made_at == first.record.made_at
    assert _stored().leased_until == idempotency_store.to_text(world.now + 2 * LEASE)
    assert _stored().ttl == int((world.now + LEASE + DAY).timestamp())


def test_of_two_who_read_the_same_one_has_the_claim(world: World) -> None:
    first, second = _attempt(world), _attempt(world)
    first.claim()
    # After a lost answer, again.
    first.claim()
    with pytest.raises(ConditionFailed):
        second.claim()
    with pytest.raises(ConditionFailed):
        table.transact([second.claim_write()])
    third, fourth = _attempt(world, LEASE), _attempt(world, LEASE + LEASE)
    third.claim()
    with pytest.raises(ConditionFailed):
        fourth.claim()
    third.release()
    with pytest.raises(ConditionFailed):
        fourth.claim()


def test_an_answer_is_kept_for_a_day_and_for_the_same_body_only(world: World) -> None:
    _claimed(world).save_answer("{}")
    assert _attempt(world, DAY - MOMENT).answer == "{}"
    # Hashes before and behind that of the first body.
    others = sorted((b"{}", *(b"%d" % number for number in range(99))), key=lambda body: short_hash(body.decode()))
    assert others[0] != b"{}" != others[-1]
    for body in (others[0], others[-1]):
        with pytest.raises(Invalid) as refused:
            _attempt(world, body=body)
        assert refused.value.code == "key_reused"
    for seed, after in (("~", DAY + MOMENT), ("0", DAY)):
        stored = _stored()
        stored.seed = seed
        table.transact([table.Write("put", stored)])
        anew = _attempt(world, after, b"[]")
        assert (anew.answer, anew.resumes) == (None, False)
    anew.claim()
    assert _stored().made_at == idempotency_store.to_text(world.now + DAY)


def test_only_who_has_the_claim_keeps_an_answer(world: World) -> None:
    first = _claimed(world)
    first.release()
    for write in (lambda: first.save_answer("{}"), lambda: table.transact([_answer_write(first)])):
        with pytest.raises(ConditionFailed):
            write()
        assert idempotency_store.record("ann", SK) is None
    second = _claimed(world)
    with pytest.raises(ConditionFailed):
        first.save_answer("{}")
    # A process that finishes what the second began.
    table.transact([_answer_write(second)])
    assert _attempt(world).answer == "{}"


def test_a_claim_is_another_s_whatever_its_seed_and_its_lease(world: World) -> None:
    first = _claimed(world)
    for seed, lease in (("0", ""), ("~", ""), (first.seed, "0"), (first.seed, "~")):
        stored = _stored()
        stored.seed, stored.leased_until = seed, lease or first.record.leased_until
        table.transact([table.Write("put", stored)])
        for give_up in (first.release, lambda: first.end_lease(world.now)):
            with pytest.raises(ConditionFailed):
                give_up()
        if not lease:
            for keep in (lambda: first.save_answer("{}"), lambda: table.transact([_answer_write(first)]), first.claim):
                with pytest.raises(ConditionFailed):
                    keep()


@pytest.mark.parametrize("field", ["made_at", "leased_until"])
def test_a_record_that_changed_since_it_was_read_is_not_claimed(world: World, field: str) -> None:
    _claimed(world)
    for value in ("0", "~"):
        late = _attempt(world, LEASE)
        before, changed = _stored(), _stored()
        setattr(changed, field, value)
        table.transact([table.Write("put", changed)])
        with pytest.raises(ConditionFailed):
            late.claim()
        table.transact([table.Write("put", before)])


def _answer_write(attempt: Attempt) -> table.Write:
    return idempotency_store.answer_write(idempotency_store.record_at("ann", SK, attempt.seed), "{}")


def test_who_ends_the_lease_lets_the_next_one_go_on_at_once(world: World) -> None:
    first = _claimed(world)
    first.end_lease(world.now)
    assert _claimed(world, timedelta(seconds=1)).seed == first.seed
    with pytest.raises(ConditionFailed):
        first.end_lease(world.now)


class Broken(MusterError):
    status = 500


class Made(BaseModel):
    seed: str


def _call(world: World, key: str | None = "key") -> Any:
    return SimpleNamespace(
        now=world.now, idempotency_key=key, account_id="ann", route="POST /x", request_fingerprint=b"{}"
    )


def _ask(world: World, error: MusterError | None = None, key: str | None = "key") -> tuple[Made, list[str]]:
    """The answer, and with what seeds something was made."""
    seeds: list[str] = []

    def act(seed: str) -> Made:
        seeds.append(seed)
        if error is not None:
            raise error
        return Made(seed=seed)

    return idempotency.idempotent(_call(world, key), Made, act), seeds


def test_a_request_happens_once_and_without_a_key_each_time(world: World) -> None:
    first, seeds = _ask(world)
    assert seeds == [first.seed]
    assert _ask(world) == (first, [])
    assert _ask(world, key=None)[0] != _ask(world, key=None)[0]


def test_a_refused_request_frees_its_key_and_one_that_failed_goes_on(world: World) -> None:
    with pytest.raises(NotFound):
        _ask(world, NotFound("nothing"))
    assert idempotency_store.record("ann", SK) is None
    for failed in (Unavailable(), Broken("broken", "")):
        with pytest.raises(type(failed)):
            _ask(world, failed)
    seed = _stored().seed
    assert _ask(world)[1] == [seed]


def test_a_claim_that_another_has_by_now_is_left_and_the_caller_told_what_went_wrong(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: object) -> None:
        raise ConditionFailed()

    for name in ("release", "end_lease"):
        monkeypatch.setattr(Attempt, name, refused)
    with pytest.raises(NotFound):
        _ask(world, NotFound("nothing"))
    with pytest.raises(InFlight):
        _ask(world)
    monkeypatch.setattr(idempotency_store, "record", lambda *_: None)
    with pytest.raises(InFlight) as in_flight:
        _ask(world)
    assert in_flight.value.code == "in_flight"
