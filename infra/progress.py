"""How a rollout looks on a terminal: a line for each client, updated in place, or one line for each change."""

import shutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TextIO

_BAR = 20
_NAME = 28


@dataclass(frozen=True)
class Line:
    """Where one client stands. `seconds` is None until its part is done."""

    name: str
    state: str
    num_targeted: int
    num_done: int
    num_failed: int
    seconds: float | None

    @property
    def text(self) -> str:
        share = (self.num_done + self.num_failed) / self.num_targeted if self.num_targeted else 0.0
        filled = _BAR if self.seconds is not None else round(share * _BAR)
        bar = "█" * filled + "·" * (_BAR - filled)
        people = f"{self.num_done:>5} of {self.num_targeted:<5}"
        failed = f"{self.num_failed} failed" if self.num_failed else ""
        when = f"{self.seconds:5.1f} s" if self.seconds is not None else ""
        return f"  {_short(self.name)} {bar} {people} {self.state:<12} {failed:<10} {when}".rstrip()


class Board:
    """Shows the lines again and again. In place only where a person watches and all lines fit."""

    def __init__(self, output: TextIO = sys.stdout) -> None:
        self._output = output
        self._shown: list[Line] = []

    def show(self, lines: Sequence[Line]) -> None:
        if self._in_place(len(lines)):
            up = f"\x1b[{len(self._shown)}A" if self._shown else ""
            self._output.write(up + "".join(f"\x1b[2K{line.text}\n" for line in lines))
        else:
            before = set(self._shown)
            for line in lines:
                if line not in before and line.seconds is not None:
                    self._output.write(line.text + "\n")
        self._output.flush()
        self._shown = list(lines)

    def _in_place(self, num_lines: int) -> bool:
        return self._output.isatty() and shutil.get_terminal_size().lines > num_lines + 1


def table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Columns as wide as they need to be; all but the first are numbers."""
    widths = [max(len(row[index]) for row in (heads, *rows)) for index in range(len(heads))]
    ruler = ["─" * width for width in widths]

    def line(cells: Sequence[str]) -> str:
        first, *others = (
            cell.rjust(width) if index else cell.ljust(width)
            for index, (cell, width) in enumerate(zip(cells, widths, strict=True))
        )
        return "  " + "  ".join([first, *others]).rstrip()

    return "\n".join(line(row) for row in (heads, ruler, *rows))


def _short(name: str) -> str:
    return f"{name[: _NAME - 1]}…" if len(name) > _NAME else name.ljust(_NAME)
