"""The one place that joins services to queues, schedules and the clock.

Routes and jobs ask `wiring()` for what they need. Each part is made when first asked for, and imported
then, so that a worker's cold start does not pay for what only the API needs.
"""

from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import BaseModel

from chalicelib.wiring.people import People

if TYPE_CHECKING:
    from chalicelib.web.routing import Call

A = TypeVar("A", bound=BaseModel)


class Wiring(People):
    """All of it: adapters, training on them, people on both."""


@lru_cache(maxsize=1)
def wiring() -> Wiring:
    return Wiring()


def once(call: "Call[Any, Any]", answer_type: type[A], action: Callable[[str], A]) -> A:
    """Answer a request once per Idempotency-Key; `action` gets the seed of the ids that it makes."""
    from chalicelib.web import idempotency

    return idempotency.once(call.account_id, call.route, call.idempotency_key, call.said, call.now, answer_type, action)
