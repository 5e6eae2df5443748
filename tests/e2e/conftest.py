"""One local cloud, one deployment of the packaged artifact, for all end-to-end tests."""

import time
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from infra.application import application_of
from infra.cloud import free_port, local_cloud
from infra.deploy import deploy
from infra.packaging import ROOT
from tests.e2e.browser import chromium
from tests.e2e.deployed import ANSWERS_DOMAIN, Deployed

MAIL_FROM = "training@muster.example.com"


@pytest.fixture(scope="session")
def deployed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployed]:
    home = tmp_path_factory.mktemp("deployed")
    with local_cloud(home, free_port(), keep_state=False) as cloud:
        chosen = {"MailFrom": MAIL_FROM, "MailRate": "100", "AnswersDomain": ANSWERS_DOMAIN}
        stack = deploy(cloud, "dev", ROOT / ".muster", chosen)
        yield Deployed(cloud, stack)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as started:
        yield started


@pytest.fixture(autouse=True)
def _in_its_environment(deployed: Deployed) -> Iterator[None]:
    """Factories write to the deployed tables, as the deployed functions do."""
    with application_of(deployed.cloud, deployed.stack):
        yield


@pytest.fixture(autouse=True)
def _errors_of_functions(deployed: Deployed) -> Iterator[None]:
    """What the functions logged as errors is printed with a test that fails."""
    started = int(time.time() * 1000)
    yield
    logs = deployed.cloud.client("logs")
    for group in logs.describe_log_groups(logGroupNamePrefix="/muster")["logGroups"]:
        name = group["logGroupName"]
        for event in logs.filter_log_events(logGroupName=name, startTime=started)["events"]:
            if '"level":"ERROR"' in event["message"]:
                print(name, event["message"][:3000])
