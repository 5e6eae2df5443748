"""All that Muster would log while a test runs: else tests are silent, by a level that lets nothing pass."""

import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from traceback import format_exception

from chalicelib.core import observability


class Logged(logging.Handler):
    """`text` is everything so far: messages, fields, stacks."""

    def __init__(self) -> None:
        super().__init__()
        self._lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self._lines.append(json.dumps(vars(record), default=str, ensure_ascii=False))
        if record.exc_info and record.exc_info[1] is not None:
            self._lines += format_exception(record.exc_info[1])

    @property
    def text(self) -> str:
        return "\n".join(self._lines)


@contextmanager
def logged() -> Iterator[Logged]:
    handler, logger = Logged(), logging.getLogger("muster")
    # It gets its level when something is logged first.
    observability.info("a test begins")
    level = logger.level
    logger.setLevel(logging.DEBUG)
    logger.addHandler(handler)
    try:
        yield handler
    finally:
        logger.removeHandler(handler)
        logger.setLevel(level)
