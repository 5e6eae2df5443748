"""The state of the local cloud in this process: snapshots and their restoration. MiniStack keeps it in its modules.

Each test begins with an empty stage that was created once, or with a scenario that another test has built.
"""

import importlib
import pickle
from collections.abc import Iterator
from typing import Any

from ministack.core.responses import AccountRegionScopedDict, AccountScopedDict

from tests import in_process_cloud

# The services of a stage.
_SERVICES = ("cognito", "dynamodb", "s3", "scheduler", "ses", "sns", "sqs")


def snapshot() -> bytes:
    return pickle.dumps([store._data for store in _stores()])


def restore(taken: bytes) -> None:
    """The state is what it was when the snapshot was taken; what came later is gone."""
    for store, data in zip(_stores(), pickle.loads(taken), strict=True):
        # Replaced rather than changed: MiniStack's threads iterate over it.
        store._data = data
    in_process_cloud.num_changing += 1


def _stores() -> Iterator[Any]:
    for service in _SERVICES:
        for value in vars(importlib.import_module(f"ministack.services.{service}")).values():
            if isinstance(value, AccountScopedDict | AccountRegionScopedDict):
                yield value
