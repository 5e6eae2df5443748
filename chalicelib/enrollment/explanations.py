"""The sentence and the next step for a code. Texts live in explanations.toml, ready for other languages."""

import tomllib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path


@dataclass(frozen=True)
class Explanation:
    sentence: str
    next_step: str

    @property
    def text(self) -> str:
        return f"{self.sentence} {self.next_step}".strip()


@lru_cache(maxsize=1)
def _all() -> dict[str, Explanation]:
    texts = tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8"))
    return {code: Explanation(**text) for code, text in texts.items()}


def explain(code: str) -> Explanation:
    return _all()[code]
