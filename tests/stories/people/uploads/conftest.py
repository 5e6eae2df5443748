"""An organization whose admin uploads people."""

import pytest

from tests.harness import World
from tests.stories.driver import Driver
from tests.stories.uploading import Uploading


@pytest.fixture
def uploading(world: World, driver: Driver, monkeypatch: pytest.MonkeyPatch) -> Uploading:
    return Uploading(world, driver, monkeypatch)
