"""Write units of one call, key by key: what the engine does not report, by AWS's formula.

A unit for each KB begun of an item, and the same for each index that it is in; twice that within a transaction.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from math import ceil
from typing import Any

_INSERT = re.compile(r'INSERT INTO "([^"]+)" VALUE \{(.*)\}')
_UPDATE = re.compile(r'UPDATE "([^"]+)" (.*) WHERE "pk" = \? AND "sk" = \? AND .*')
_KB = 1024

RawItem = Mapping[str, Mapping[str, Any]]

# Attributes that an index needs, by table: an item without them is not in it.
IndexKeys = Mapping[str, list[str]]


@dataclass(frozen=True)
class Written:
    """Units that one partition key takes, of a table or of an index: `<table> <key>`, `<table>/<index key> <key>`."""

    partition: str
    units: float


class Formula:
    """`stored` gives an item as the write has left it."""

    def __init__(self, index_keys: IndexKeys, stored: Callable[[str, RawItem], RawItem]) -> None:
        self._index_keys = index_keys
        self._stored = stored

    def of_partiql(self, statements: list[dict[str, Any]], answers: list[dict[str, Any]]) -> Iterator[Written]:
        """Of inserts and updates. One that meets its key, or whose condition does not hold, costs what a failed
        condition does, and no index entry.
        """
        for statement, answer in zip(statements, answers, strict=True):
            table, item = self._inserted(statement) if _is_insert(statement) else self._updated(statement)
            yield from self._of_item(table, item, 1, is_indexed="Error" not in answer)

    def of_transaction(self, writes: list[dict[str, Any]]) -> Iterator[Written]:
        """A check counts as a write. What is deleted, or is not there to check, counts as one KB: claims, entries and
        mails' places, all of them small.
        """
        for write in writes:
            ((kind, said),) = write.items()
            item = said["Item"] if kind == "Put" else self._stored(said["TableName"], said["Key"])
            yield from self._of_item(said["TableName"], {**said.get("Key", {}), **item}, 2)

    def _inserted(self, statement: dict[str, Any]) -> tuple[str, RawItem]:
        """The table and the item of an INSERT whose values are all parameters."""
        match = _INSERT.fullmatch(statement["Statement"])
        if match is None:
            raise _unknown(statement)
        names = re.findall(r"'([^']+)': \?", match[2])
        return match[1], dict(zip(names, statement["Parameters"], strict=True))

    def _updated(self, statement: dict[str, Any]) -> tuple[str, RawItem]:
        """The table and the item of an UPDATE by key: the key's values follow on those that are set."""
        match = _UPDATE.fullmatch(statement["Statement"])
        if match is None:
            raise _unknown(statement)
        number = match[2].count("?")
        pk, sk = statement["Parameters"][number : number + 2]
        key = {"pk": pk, "sk": sk}
        return match[1], {**key, **self._stored(match[1], key)}

    def _of_item(self, table: str, item: RawItem, factor: int, *, is_indexed: bool = True) -> Iterator[Written]:
        units = factor * max(1, ceil(item_size(item) / _KB))
        yield Written(f"{table} {item['pk']['S']}", units)
        for key in self._index_keys.get(table, []) if is_indexed else ():
            if key in item:
                yield Written(f"{table}/{key} {item[key]['S']}", units)


def _is_insert(statement: dict[str, Any]) -> bool:
    return str(statement["Statement"]).startswith("INSERT")


def _unknown(statement: dict[str, Any]) -> ValueError:
    return ValueError(f"no formula for this statement: {statement['Statement']}")


def item_size(item: RawItem) -> int:
    """Bytes of an item as DynamoDB counts them: names and values in UTF-8."""
    return sum(len(name.encode()) + _value_size(value) for name, value in item.items())


def _value_size(value: Mapping[str, Any]) -> int:
    ((kind, content),) = value.items()
    if kind == "S":
        return len(content.encode())
    if kind == "B":
        return len(content)
    if kind == "N":
        return len(content) // 2 + 2
    if kind in ("BOOL", "NULL"):
        return 1
    if kind == "NS":
        return 3 + sum(1 + len(entry) // 2 + 2 for entry in content)
    if kind == "L":
        return 3 + sum(1 + _value_size(entry) for entry in content)
    if kind == "M":
        return 3 + sum(1 + len(name.encode()) + _value_size(entry) for name, entry in content.items())
    raise ValueError(f"no size known for the type {kind}")
