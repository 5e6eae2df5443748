"""The code of a request, on the request's own item: set when its mail is written, and counted with each try."""

from datetime import datetime

from pynamodb.expressions.condition import Condition

from chalicelib.aws import table
from chalicelib.aws.table import Write
from chalicelib.core.clock import to_text
from chalicelib.core.errors import ConditionFailed
from chalicelib.people.accounts.models import CODE_GOOD_FOR, MAX_CODE_TRIES, CodedRequest


def set_code(request: CodedRequest, code_hash: str, now: datetime, is_current: Condition) -> bool:
    """False when `is_current` does not hold."""
    model = type(request)
    actions = (model.code_hash.set(code_hash), model.code_expires_at.set(to_text(now + CODE_GOOD_FOR)))
    return updated(Write("update", model(*request.key), is_current, actions))


def count_try(request: CodedRequest, is_current: Condition) -> bool:
    """False after too many tries, or when `is_current` does not hold."""
    model = type(request)
    condition = is_current & (model.num_tries < MAX_CODE_TRIES)
    return updated(Write("update", model(*request.key), condition, (model.num_tries.add(1),)))


def updated(write: Write) -> bool:
    """False when the condition of the write did not hold."""
    try:
        table.transact([write])
    except ConditionFailed:
        return False
    return True
