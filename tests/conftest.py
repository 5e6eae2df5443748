"""One local cloud for each pytest-xdist worker, one world in it for each test."""

import gc
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings

from chalicelib.aws import accounts, clients
from chalicelib.core.clock import utc_now
from chalicelib.core.settings import settings
from chalicelib.web import routing as http
from infra.cloud import Cloud, free_port
from tests import cloud_state
from tests.cloud_fixture import Stage, new_stage
from tests.harness import World
from tests.in_process_cloud import in_process_cloud

E2E = "tests/e2e/"
# The files before it take about as long as the others.
_HALF = "test_people"

# The same examples in every run: a failure is somebody's change, and can be had again.
# And a slow machine is nobody's fault.
hypothesis_settings.register_profile(
    "muster", derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
hypothesis_settings.load_profile("muster")


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Iterator[None]:
    """No garbage is looked for among the 16,000 tests and all that they import: it took a third of the collection."""
    before = gc.get_threshold()
    gc.set_threshold(0)
    try:
        return (yield)  # type: ignore[return-value]
    finally:
        gc.freeze()
        gc.set_threshold(*before)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Files stay with one process; those of tests/e2e with two, so that few deployments are made and no process has to
    wait for a long line of them in the end."""
    if config.getoption("dist") != "loadfile":
        return None
    from xdist.scheduler import LoadFileScheduling

    class Scheduling(LoadFileScheduling):
        def _split_scope(self, nodeid: str) -> str:
            if nodeid.startswith(E2E):
                return f"{E2E} {nodeid.removeprefix(E2E) < _HALF}"
            return str(super()._split_scope(nodeid))

    return Scheduling(config, log)


@pytest.fixture(scope="session")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    with in_process_cloud(tmp_path_factory.mktemp("cloud"), free_port()) as started:
        # Only here: the address stays the same for all tests, and new clients cost 100 ms.
        clients.forget()
        yield started
    clients.forget()


@pytest.fixture(scope="session")
def empty(cloud: Cloud) -> tuple[Stage, bytes]:
    """A stage, and a snapshot of the local cloud when the stage was new."""
    return new_stage(cloud), cloud_state.snapshot()


@pytest.fixture
def world(cloud: Cloud, empty: tuple[Stage, bytes], monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """An empty Muster. The environment is the one that its functions would find."""
    stage, state = empty
    cloud_state.restore(state)
    for name, value in stage.environment.items():
        monkeypatch.setenv(name, value)
    settings.cache_clear()
    # Every stage of this process has the same client, whose secret a function asks for once.
    accounts._secret.cache_clear()
    made = World(cloud, stage)
    http.clock[0] = lambda: made.now
    yield made
    http.clock[0] = utc_now
    settings.cache_clear()
