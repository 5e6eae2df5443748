"""All that the local cloud in this process holds, kept and brought back at will: MiniStack has it in its modules.

So every test begins with an empty stage that was made once, or with a scene that another test has built before.
"""

import importlib
import pickle
from collections.abc import Iterator
from typing import Any

from ministack.core.responses import AccountRegionScopedDict, AccountScopedDict

from tests import in_process_cloud

# Those that a stage is made of, and where its mails go.
_SERVICES = ("cognito", "dynamodb", "s3", "scheduler", "ses", "sqs")


def keep() -> bytes:
    return pickle.dumps([store._data for store in _stores()])


def bring_back(kept: bytes) -> None:
    """Exactly what was there when it was kept. Whatever came later is gone."""
    for store, data in zip(_stores(), pickle.loads(kept), strict=True):
        # Exchanged rather than changed: threads of MiniStack's look through them.
        store._data = data
    in_process_cloud.num_changing += 1


def _stores() -> Iterator[Any]:
    for service in _SERVICES:
        for value in vars(importlib.import_module(f"ministack.services.{service}")).values():
            if isinstance(value, AccountScopedDict | AccountRegionScopedDict):
                yield value
