"""Finds where chains of hashes were tampered with, reading each entry once, the oldest first.

The offline command does the same from an evidence pack (reporting/evidence/verify_evidence.txt).
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from chalicelib.tenants.audit import log
from chalicelib.tenants.audit.models import AuditRecord, ChainHead, number_key, record_sk
from chalicelib.tenants.audit.schemas import Anchor, Break, Tampering, Verification

# Where one entry was taken out or changed, those behind it are as they were; more places than these say nothing more.
MAX_BREAKS = 20


@dataclass
class Chains:
    """What was read so far. `anchor` is what was written down elsewhere: where each chain ended on that day."""

    anchor: Anchor | None = None
    num_entries: int = 0
    broken: list[Break] = field(default_factory=list)
    _number: dict[int, int] = field(default_factory=dict)
    _hash: dict[int, str] = field(default_factory=dict)
    _has_head: set[int] = field(default_factory=set)
    _needs_head: set[int] = field(default_factory=set)

    @classmethod
    def after(cls, state: Mapping[str, Any]) -> "Chains":
        """As they were when `state` was taken: a trail may be followed in parts."""
        if not state:
            return cls()
        anchor = Anchor.model_validate(state["anchor"]) if state["anchor"] else None
        broken = [Break.model_validate(one) for one in state["broken"]]
        number, hashes = ({int(chain): value for chain, value in state[name].items()} for name in ("number", "hash"))
        return cls(anchor, state["num_entries"], broken, number, hashes, set(), set(state["needs_head"]))

    def state(self) -> dict[str, Any]:
        """As JSON has it, before any end was looked at."""
        return {
            "anchor": self.anchor.model_dump() if self.anchor else None,
            "num_entries": self.num_entries,
            "broken": [one.model_dump(mode="json") for one in self.broken],
            "number": {str(chain): number for chain, number in self._number.items()},
            "hash": {str(chain): value for chain, value in self._hash.items()},
            "needs_head": sorted(self._needs_head),
        }

    def note(self, found: Iterable[Break]) -> None:
        self.broken += list(found)[: max(0, MAX_BREAKS - len(self.broken))]

    def verification(self) -> Verification:
        """Once everything was read."""
        return Verification(
            ok=not self.broken,
            num_entries=self.num_entries,
            first_broken=self.broken[0].number if self.broken else None,
            broken=self.broken,
            anchored_at=self.anchor.at if self.anchor is not None and not self.broken else None,
        )

    def follow(self, record: AuditRecord) -> Iterator[Break]:
        """What is wrong with the next entry, or missing before it."""
        self.num_entries += 1
        chain, number = record.chain, record.number
        expected = self._number.get(chain, 0) + 1
        if number > expected:
            yield Break(chain=chain, number=expected, at=record.at, problem=Tampering.MISSING)
        elif number < expected:
            yield Break(chain=chain, number=number, at=record.at, problem=Tampering.INSERTED)
        elif record.previous_hash != self._hash.get(chain, log.FIRST_HASH) or not _is_whole(record):
            yield Break(chain=chain, number=number, at=record.at, problem=Tampering.CHANGED)
        anchored = self.anchor.heads.get(str(chain)) if self.anchor is not None else None
        if anchored is not None and anchored.number == number and anchored.hash != record.hash:
            yield Break(chain=chain, number=number, at=record.at, problem=Tampering.REWRITTEN)
        if record.sk != number_key(number):
            # Not of the time before chains had heads.
            self._needs_head.add(chain)
        self._number[chain] = max(number, expected - 1)
        self._hash[chain] = record.hash

    def end(self, head: ChainHead) -> Iterator[Break]:
        """The head of a chain, once all entries were followed."""
        chain, last = head.chain, self._number.get(head.chain, 0)
        self._has_head.add(chain)
        if last < head.number:
            yield Break(chain=chain, number=last + 1, at=head.at, problem=Tampering.CUT_OFF)
        elif last > head.number or self._hash.get(chain) != head.hash:
            yield Break(chain=chain, number=int(head.number), at=head.at, problem=Tampering.HEAD)

    def close(self) -> Iterator[Break]:
        """What is missing once everything was read."""
        for chain in sorted(self._needs_head - self._has_head):
            yield Break(chain=chain, number=self._number[chain], at="", problem=Tampering.HEAD)
        for name, anchored in sorted(self.anchor.heads.items()) if self.anchor is not None else ():
            if self._number.get(int(name), 0) < anchored.number:
                number = self._number.get(int(name), 0) + 1
                yield Break(chain=int(name), number=number, at="", problem=Tampering.CUT_OFF)


def _is_whole(record: AuditRecord) -> bool:
    """Its key and its hash are its own."""
    keys = (number_key(record.number), record_sk(record.at, record.chain, record.number))
    return record.sk in keys and record.hash == log.hash_of(record)
