"""Upgrades: what an earlier version stored or sent is read by this one.

`tests/stored` has a folder for each date on which kinds were added or changed, with one sample of every kind as the
version of that day wrote it. Samples are never changed. A later version adds a folder for what it writes differently,
and goes on reading the earlier ones until none of them can be left in a table or a queue.
"""

import importlib
import json
import pkgutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import chalicelib
from chalicelib import worker
from chalicelib.aws import items
from chalicelib.aws.items import Item
from chalicelib.notifications.schemas import Wake
from chalicelib.reporting.exports.models import Export
from chalicelib.reporting.exports.schemas import Selection
from chalicelib.training.batches.models import RolloutSpec
from chalicelib.training.batches.schemas import Plan

STORED = Path(__file__).parent.parent / "stored"
FOLDERS = sorted(STORED.iterdir())

# Kinds and attributes of earlier versions that nothing reads any more, each with the reason.
GONE: dict[str, str] = {}


def _samples(file: str) -> Iterator[tuple[str, dict[str, Any]]]:
    for folder in FOLDERS:
        if (folder / file).exists():
            yield from json.loads((folder / file).read_text(encoding="utf-8")).items()


ITEMS = [pytest.param(kind, raw, id=kind) for kind, raw in _samples("items.json") if kind not in GONE]
MESSAGES = [pytest.param(kind, body, id=kind) for kind, body in _samples("messages.json") if kind not in GONE]


def _kinds(of: type[Item]) -> Iterator[type[Item]]:
    """Those of the product: tests have some of their own."""
    for kind in _kinds_below(of):
        yield from _kinds(kind)
        if kind.__module__ != items.__name__ and not _kinds_below(kind):
            yield kind


def _kinds_below(of: type[Item]) -> list[type[Item]]:
    return [kind for kind in of.__subclasses__() if kind.__module__.startswith("chalicelib.")]


def _model_by_name() -> dict[str, type[Item]]:
    for module in pkgutil.walk_packages(chalicelib.__path__, "chalicelib."):
        importlib.import_module(module.name)
    return {kind.__name__: kind for kind in _kinds(Item)}


def test_there_is_a_sample_of_every_kind_of_item() -> None:
    assert _model_by_name().keys() == {kind for kind, _ in _samples("items.json")} - GONE.keys()


def test_there_is_a_sample_of_every_kind_of_message() -> None:
    sent = {*worker._KIND_BY_NAME, Wake().job}
    assert sent == {kind for kind, _ in _samples("messages.json")} - GONE.keys()


@pytest.mark.parametrize(("kind", "raw"), ITEMS)
def test_a_stored_item_is_read_with_all_that_it_holds(kind: str, raw: dict[str, Any]) -> None:
    """An attribute under another name, or of another type, would be lost when the item is written again."""
    written = _model_by_name()[kind].from_raw_data(raw).serialize()
    for name, value in raw.items():
        if f"{kind}.{name}" not in GONE:
            assert _plain(written.get(name)) == _plain(value), name


@pytest.mark.parametrize(("kind", "body"), MESSAGES)
def test_a_sent_message_is_read_with_all_that_it_says(kind: str, body: dict[str, Any]) -> None:
    model = Wake if kind == Wake().job else worker._KIND_BY_NAME[kind].message
    assert model.model_validate(body).model_dump(mode="json").items() >= body.items()


def test_documents_within_items_are_read() -> None:
    for kind, raw in _samples("items.json"):
        if kind == "RolloutSpec":
            assert Plan.model_validate(RolloutSpec.from_raw_data(raw).plan).courses
        if kind == "Export":
            assert Selection.model_validate(Export.from_raw_data(raw).selection).kind


def _plain(value: Any) -> Any:
    """DynamoDB's JSON, whatever order a set has, and however a number or a document in it is written."""
    if isinstance(value, dict):
        if value.keys() == {"N"}:
            return float(value["N"])
        if value.keys() == {"NS"}:
            return sorted(map(float, value["NS"]))
        if value.keys() == {"S"} and str(value["S"]).startswith(("{", "[")):
            return json.loads(value["S"])
        return {name: _plain(one) for name, one in value.items()}
    return [_plain(one) for one in value] if isinstance(value, list) else value
