"""Fixtures of the stories about training."""

import pytest

from tests.harness import World
from tests.stories.driver import Driver


@pytest.fixture
def driver(world: World) -> Driver:
    return Driver(world)


@pytest.fixture
def course(world: World, driver: Driver) -> str:
    return world.course(driver.msp)
