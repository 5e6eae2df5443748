"""Where the numbers of a bill come from: two files beside this one, and the template."""

import datetime
import json
import math
import re
import tomllib
from pathlib import Path
from typing import Any

from infra.cost.bill import Deployment, Price
from infra.packaging import ROOT, TEMPLATE_PARTS

_FOLDER = Path(__file__).parent
# What a user pool is whose template says nothing of it.
_TIER_UNSAID = "ESSENTIALS"


def figures() -> dict[str, float]:
    """What one unit of work takes, by name, measured and assumed."""
    said = _read("figures.toml")
    return {name: float(entry["value"]) for part in said.values() for name, entry in part.items()}


def measured() -> dict[str, dict[str, Any]]:
    """Of what is measured also the bench, and the words of docs/benchmarks.md."""
    return dict(_read("figures.toml")["measured"])


def prices() -> dict[str, Price]:
    return {name: _price(entry) for name, entry in _read("prices.toml").items() if isinstance(entry, dict)}


def date_of_prices() -> datetime.date:
    date: datetime.date = _read("prices.toml")["date"]
    return date


def _price(entry: dict[str, Any]) -> Price:
    steps = entry.get("steps") or [[math.inf, entry["price"]]]
    return Price(entry["service"], entry["what"], entry["per"], tuple((float(end), price) for end, price in steps))


def _read(name: str) -> dict[str, Any]:
    return tomllib.loads((_FOLDER / name).read_text())


def deployment(stage: str) -> Deployment:
    """By the template's parts as they are written, so that nothing has to be packaged."""
    text = "\n".join((ROOT / "infra" / part).read_text() for part in TEMPLATE_PARTS)
    tier = re.search(r"UserPoolTier: *(\w+)", text)
    return Deployment(
        alarms=text.count("Type: AWS::CloudWatch::Alarm"),
        metrics=text.count("MetricTransformations:"),
        dashboards=text.count("Type: AWS::CloudWatch::Dashboard"),
        keys=text.count("Type: AWS::KMS::Key"),
        polled_queues=text.count("SqsEventSource:"),
        memory_gb=_memory(stage) / 1024,
        memory_gb_of_worker=_memory(stage, "worker") / 1024,
        tier=(tier[1] if tier else _TIER_UNSAID).lower(),
    )


def _memory(stage: str, function: str = "") -> int:
    """In MB, of one function, or of those of which nothing else is said; Lambda's own 128 where nothing is."""
    said = json.loads((ROOT / ".chalice" / "config.json").read_text())
    of_stage = said["stages"][stage]
    places = [of_stage.get("lambda_functions", {}).get(function, {}), of_stage, said]
    return next((int(place["lambda_memory_size"]) for place in places if "lambda_memory_size" in place), 128)
