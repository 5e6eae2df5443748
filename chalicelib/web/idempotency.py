"""The same request happens once: requests under an Idempotency-Key are remembered for 24 hours.

After the IETF draft "The Idempotency-Key HTTP Header Field".

A request claims its key and gets a seed, from which the ids of new items are derived. If the process dies before it
answers, the next try takes over the claim with the same seed. It meets what was created and creates nothing twice.
"""

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import BaseModel

from chalicelib.core import observability
from chalicelib.core.clock import to_instant
from chalicelib.core.errors import ConditionFailed, FieldError, InFlight, Invalid, MusterError
from chalicelib.core.ids import new_id, short_hash
from chalicelib.web import idempotency_store as store
from chalicelib.web.idempotency_store import Attempt

if TYPE_CHECKING:
    from chalicelib.web.routing import Call

A = TypeVar("A", bound=BaseModel)


def attempt(account_id: str, route: str, key: str, body: bytes, now: datetime) -> Attempt:
    """Look the key up (one read). Raises Invalid when it came with another body, InFlight."""
    sk = f"{route}#{short_hash(key)}"
    body_hash = short_hash(body.decode("utf-8", "replace"))
    existing = store.record(account_id, sk)
    if existing is not None and not store.is_expired(existing, now):
        if existing.body_hash != body_hash:
            problem = "This key was used with a different body in the last 24 hours. Use a new one."
            raise Invalid(FieldError("Idempotency-Key", "key_reused", problem), code="key_reused")
        if existing.answer is None and to_instant(existing.leased_until) > now:
            raise InFlight()
    return store.new_attempt(account_id, sk, body_hash, existing, now)


def kept_answer(account_id: str, route: str, key: str, answer_type: type[A], now: datetime) -> A | None:
    """What a request was answered, as long as that is remembered. `key` is the hash of its Idempotency-Key."""
    found = store.record(account_id, f"{route}#{key}")
    if found is None or found.answer is None or store.is_expired(found, now):
        return None
    return answer_type.model_validate_json(found.answer)


def idempotent(call: "Call[Any, Any]", answer_type: type[A], action: Callable[[str], A]) -> A:
    """Answer a request once per Idempotency-Key. `action` gets the seed of the ids that it creates.

    Without a key it simply runs. Raises Invalid when the key came with another body, InFlight while another does this.
    """
    now = call.now
    if call.idempotency_key is None:
        return action(new_id(now))
    this = attempt(call.account_id, call.route, call.idempotency_key, call.request_fingerprint, now)
    if this.answer is not None:
        return answer_type.model_validate_json(this.answer)
    try:
        this.claim()
    except ConditionFailed:
        raise InFlight() from None
    try:
        answer = action(this.seed)
    except MusterError as error:
        # A refused request changed nothing: its key is free for a corrected one. After a failure of ours (5xx) the
        # same request may come again at once, and continues with the same seed.
        try:
            if error.status < 500:
                this.release()
            else:
                this.end_lease(now)
        except MusterError:
            observability.failure("claim not released; its lease will end", route=call.route)
        raise
    this.save_answer(answer.model_dump_json())
    return answer
