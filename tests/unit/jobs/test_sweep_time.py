"""A sweep that has very much to send ends in time, and the next one begins with another shard."""

from datetime import timedelta

import pytest

from chalicelib.jobs import due, sweep
from tests.harness import NOW


def test_a_sweep_ends_before_its_time_does_and_the_next_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    swept: list[int] = []
    left = [50_000]

    def sweep_shard(shard: int, now: object) -> int:
        swept.append(shard)
        left[0] -= 10_000
        return 1

    monkeypatch.setattr(sweep, "_sweep_shard", sweep_shard)
    assert sweep.sweep(NOW, lambda: left[0]) == 4
    assert left[0] > 0
    for minute in range(1, len(due.all_shards())):
        left[0] = 50_000
        sweep.sweep(NOW + timedelta(minutes=minute), lambda: left[0])
    assert set(swept) == set(due.all_shards())


def test_a_sweep_without_a_limit_looks_into_every_shard(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sweep, "_sweep_shard", lambda shard, now: 1)
    assert sweep.sweep(NOW) == len(due.all_shards())
