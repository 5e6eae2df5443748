"""What `make run` shows of a learner: a certificate, the page that checks it, its PDF and its badge."""

import re

import pytest

from infra.demo_certificate import DemoCertificate
from tests.harness import World
from tests.infra.test_demo_training import InProcess
from tests.stories.driver import Driver


def test_a_course_is_completed_and_its_certificate_shown_again_by_another_run(
    world: World, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("infra.demo_certificate._SECONDS_BETWEEN_LOOKS", 0)
    driver = Driver(world)
    plain, certified = world.course(driver.msp, "Passwords"), world.course(driver.msp, "Phishing", certificate=True)
    org = world.org(driver.msp, "Alderquay Logistics", courses=[plain, certified])
    account, _ = world.learner(org, first_name="Ann", last_name="Lee")
    driver.launch(org, [plain, certified])
    demo = DemoCertificate(InProcess(api_url="", driver=driver, account=account))
    demo.run()
    told = capsys.readouterr().out
    assert "Completed Phishing" in told
    assert re.search(r"Issued +\S{18,} to Ann Lee: Phishing", told), told
    check = re.search(r"Check it +https://muster\.example/dev(/certificates/\S+)", told)
    badge = re.search(r"As badge +https://muster\.example/dev(/certificates/\S+/badge)", told)
    assert check is not None
    assert badge is not None
    assert "This certificate is genuine" in world.get(check[1]).text
    assert world.get(badge[1]).headers["content-type"] == "application/vc+jwt"
    assert re.search(r"As PDF +http\S+", told)
    demo.run()
    again = capsys.readouterr().out
    assert "Completed" not in again
    assert check[0] in again


def test_a_learner_without_such_a_course_is_told_so(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    driver = Driver(world)
    account, _ = world.learner(world.org(driver.msp))
    DemoCertificate(InProcess(api_url="", driver=driver, account=account)).run()
    assert "None of this learner's courses has a certificate." in capsys.readouterr().out
