"""One local cloud for each pytest-xdist worker, one world in it for each test."""

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings
from xdist.scheduler import LoadScopeScheduling

from chalicelib.aws import accounts, clients
from chalicelib.core.clock import utc_now
from chalicelib.core.settings import settings
from chalicelib.web import routing as http
from infra.cloud import Cloud, free_port
from tests import cloud_state
from tests.cloud_fixture import Stage, new_stage
from tests.harness import World
from tests.in_process_cloud import in_process_cloud

# The same examples in every run: a failure is somebody's change, and can be had again.
# And a slow machine is nobody's fault.
hypothesis_settings.register_profile(
    "muster", derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
hypothesis_settings.load_profile("muster")


class _ByFile(LoadScopeScheduling):
    """A file stays with one worker, and all end-to-end tests with one, for they share a deployment.

    Not by marks with `--dist loadgroup`: pytest-xdist 3.8 writes the groups where pytest 9.2 no longer reads them.
    """

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        return "e2e" if file.startswith("tests/e2e/") else file


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadScopeScheduling:
    return _ByFile(config, log)


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
