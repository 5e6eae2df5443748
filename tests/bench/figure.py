"""One line of the report."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Figure:
    """`reach` is the most that it may be, or the least; a figure without is for information."""

    name: str
    value: float
    reach: float | None = None
    is_least: bool = False

    @property
    def is_missed(self) -> bool:
        if self.reach is None:
            return False
        return self.value < self.reach if self.is_least else self.value > self.reach
