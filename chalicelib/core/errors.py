"""Every error of Muster, one tree.

    MusterError
    ├── BadRequest 400          the request cannot be read
    ├── Unauthorized 401        no identity, or an invalid one
    ├── Forbidden 403           the caller lacks the permission
    ├── NotFound 404            does not exist, or belongs to another tenant
    │   └── DeadLink            of somebody who comes by a link
    ├── Conflict 409            the current state does not allow it
    │   └── ConditionFailed     the condition of a write did not hold (services turn it into a sentence)
    ├── InFlight 409            the same request is still being answered
    ├── TooLarge 413
    ├── UnsupportedMedia 415
    ├── Invalid 422             readable, but wrong: names every wrong field
    ├── TooMany 429             over a rate limit
    └── Unavailable 503         a service behind Muster failed or throttled; trying again may help

Routes answer them as problem details (RFC 9457). In a job they fail the message, which is delivered again.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

# A body of 1 MB can hold a hundred thousand wrong values; all of them would be more than a function may answer.
MAX_ERRORS = 100


@dataclass(frozen=True)
class FieldError:
    """What is wrong with one field. `field` is a path such as `courses.0.due_by`."""

    field: str
    code: str
    message: str


class MusterError(Exception):
    status: ClassVar[int] = 500
    title: ClassVar[str] = "Something went wrong"
    # Seconds after which the same request may go through.
    retry_after: int | None = None
    # Wrong fields beyond those that `errors` names.
    num_more_errors: int = 0

    def __init__(
        self,
        code: str,
        detail: str,
        errors: Sequence[FieldError] = (),
        extra: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(f"{code}: {detail}")
        self.code = code
        self.detail = detail
        self.errors = tuple(errors)
        self.extra = dict(extra or {})


class BadRequest(MusterError):
    status = 400
    title = "This request can't be read"


class Unauthorized(MusterError):
    status = 401
    title = "Please log in"


class Forbidden(MusterError):
    status = 403
    title = "You don't have access"

    def __init__(self, detail: str = "You don't have permission to do this.", code: str = "forbidden") -> None:
        super().__init__(code, detail)


class NotFound(MusterError):
    status = 404
    title = "Not found"

    def __init__(self, what: str = "There is nothing here", code: str = "not_found") -> None:
        super().__init__(code, f"{what}, or you don't have access to it.")


class DeadLink(NotFound):
    """The same answer for every link that does not work: forged, used, replaced by a later one, withdrawn."""

    title = "This link no longer works"

    def __init__(self) -> None:
        super().__init__(code="dead_link")
        self.detail = "If you have a newer email, use the link in that one."


class Conflict(MusterError):
    status = 409
    title = "This can't be done right now"


class ConditionFailed(Conflict):
    """The condition of a write did not hold. `failed` are the indexes of these writes."""

    def __init__(self, failed: Sequence[int] = ()) -> None:
        super().__init__("changed_meanwhile", "Someone changed this at the same time. Please reload and try again.")
        self.failed = tuple(failed)


class InFlight(MusterError):
    """No Conflict: nothing is in the way. The answer is not there yet; a page waits for it (portal/dispatch.py)."""

    status = 409
    title = Conflict.title

    def __init__(self) -> None:
        super().__init__("in_flight", "The same request is still being processed. Please try again in a few seconds.")
        self.retry_after = 2


class TooLarge(MusterError):
    status = 413
    title = "Too large"


class UnsupportedMedia(MusterError):
    status = 415
    title = "This kind of file can't be used"


class Invalid(MusterError):
    status = 422
    title = "Please check what you entered"

    def __init__(self, *errors: FieldError, code: str = "invalid", num_more: int = 0) -> None:
        """`num_more`: wrong fields that are not among `errors`. Of these the first 100 are kept."""
        first = errors[0].message if errors else "Please check what you entered."
        num_errors = len(errors) + num_more
        more = f" ({num_errors - 1} more)" if num_errors > 1 else ""
        super().__init__(code, first + more, errors[:MAX_ERRORS])
        self.num_more_errors = num_errors - len(self.errors)


class TooMany(MusterError):
    status = 429
    title = "Too many tries"

    def __init__(self, code: str, detail: str, retry_after: int) -> None:
        super().__init__(code, detail)
        self.retry_after = retry_after


class Unavailable(MusterError):
    status = 503
    title = "Try again in a moment"

    def __init__(
        self,
        code: str = "unavailable",
        detail: str = "A service we need did not answer.",
    ) -> None:
        super().__init__(code, detail)
        self.retry_after = 2


def refuse_unknown(field: str, ids: Sequence[str], unknown: Collection[str], what: str) -> None:
    """Raises Invalid that names each position in `ids` whose id is unknown."""
    errors = [
        FieldError(f"{field}.{index}", f"unknown_{what}", f"There is no such {what}.")
        for index, id_ in enumerate(ids)
        if id_ in unknown
    ]
    if errors:
        raise Invalid(*errors)
