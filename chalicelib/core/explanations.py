"""Explains a code to an admin, with the next step. The texts are in TOML files, ready for other languages."""

import tomllib
from collections.abc import Mapping
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


@lru_cache(maxsize=16)
def explanations_in(file: Path) -> Mapping[str, Explanation]:
    """By code."""
    texts = tomllib.loads(file.read_text(encoding="utf-8"))
    return {code: Explanation(**text) for code, text in texts.items()}
