"""What a check found, and what to do about it. One that breaks is a finding, too."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from botocore.exceptions import ClientError


class Level(StrEnum):
    OK = "ok"
    WARN = "warn"
    BAD = "bad"


@dataclass(frozen=True)
class Finding:
    """`says` is one line; `do` what a person should do, empty when nothing."""

    level: Level
    says: str
    do: str = ""


def ok(says: str) -> Finding:
    return Finding(Level.OK, says)


def warn(says: str, do: str) -> Finding:
    return Finding(Level.WARN, says, do)


def bad(says: str, do: str) -> Finding:
    return Finding(Level.BAD, says, do)


@dataclass(frozen=True)
class Check:
    name: str
    look: Callable[[], Finding]


def examined(checks: Iterable[Check]) -> Iterator[tuple[str, Finding]]:
    """Every check's name and finding; none of them stops the others."""
    for check in checks:
        yield check.name, looked(check)


def looked(check: Check) -> Finding:
    # What could not be looked at is not known to be well, whoever's fault that is.
    try:
        return check.look()
    except ClientError as error:
        code = error.response["Error"]["Code"]
        return bad(f"{error.operation_name} answered {code}", f"Let whoever runs this call {error.operation_name}.")
    except Exception as error:
        return bad(f"could not be looked at: {type(error).__name__}: {error}", "Mend this and look again.")
