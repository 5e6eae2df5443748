"""The code of a request, on the request's own item: written with its mail, and counted with each try."""

from datetime import datetime

from pynamodb.attributes import NumberAttribute, UnicodeAttribute
from pynamodb.expressions.condition import Condition

from chalicelib.aws import table
from chalicelib.aws.table import OutboxItem, Write
from chalicelib.core.clock import to_text
from chalicelib.core.errors import ConditionFailed
from chalicelib.people.accounts.mailed_codes import GOOD_FOR, TRIES


class CodedRequest(OutboxItem):
    """What every request with a mailed code has. The hash is absent until the mail with the code was written."""

    code_hash = UnicodeAttribute(null=True)
    code_expires_at = UnicodeAttribute(null=True)
    num_tries = NumberAttribute(default=0)


def set_code(request: CodedRequest, code_hash: str, now: datetime, still_wanted: Condition) -> bool:
    """False when the request is no longer as `still_wanted` says."""
    model = type(request)
    actions = (model.code_hash.set(code_hash), model.code_expires_at.set(to_text(now + GOOD_FOR)))
    return updated(Write("update", model(*request.key), still_wanted, actions))


def count_try(request: CodedRequest, still_wanted: Condition) -> bool:
    """False after too many tries, or when the request is no longer as `still_wanted` says."""
    model = type(request)
    return updated(
        Write("update", model(*request.key), still_wanted & (model.num_tries < TRIES), (model.num_tries.add(1),))
    )


def updated(write: Write) -> bool:
    """False when its condition did not hold."""
    try:
        table.transact([write])
    except ConditionFailed:
        return False
    return True
