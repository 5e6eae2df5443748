"""All that Muster logs while a test runs, whichever stream a logger of an earlier test writes to."""

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
    # Made with its own settings, among them whether lines are passed on, when something is logged first.
    observability.info("a test begins")
    logger.addHandler(handler)
    try:
        yield handler
    finally:
        logger.removeHandler(handler)
