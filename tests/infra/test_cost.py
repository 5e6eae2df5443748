"""A month's bill: by hand, in proportion, and by numbers that are written down in one place only."""

import importlib
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from infra.cost import __main__ as command
from infra.cost import tables
from infra.cost.bill import Deployment, Month, Price, bill, by_service, quantities
from infra.packaging import TEMPLATE_PARTS

ROOT = Path(__file__).parents[2]
NOTHING = Month(clients=0, learners=0, mails=0, logins=0)
AT_REST = Deployment(
    alarms=0, metrics=0, dashboards=0, keys=0, polled_queues=0, memory_gb=1, memory_gb_of_worker=1, tier="lite"
)


def dollars(month: Month, deployment: Deployment = AT_REST) -> dict[str, float]:
    """By service, with the figures and prices as they are."""
    lines = bill(quantities(month, tables.figures(), deployment), tables.prices())
    return {service: total for service, total, _ in by_service(lines)}


def quantity(name: str, month: Month, **changes: float) -> float:
    """With every figure 0 but those that are said; a chunk has 10 learners, and a call enrolls 5."""
    plain = dict.fromkeys(tables.figures(), 0.0) | {"learners_of_chunk": 10, "learners_of_call": 5}
    assert changes.keys() <= plain.keys()
    return quantities(month, plain | changes, AT_REST)[name]


def test_writes_by_hand() -> None:
    month = Month(clients=2, learners=50, mails=7, logins=9, courses=3, invited=4)
    writes = quantity(
        "dynamodb_writes", month, writes_of_rollout=45, writes_of_chunk=17, writes_of_enrollment=2,
        writes_of_making_mail=2, writes_of_sending_mail=14, writes_of_news=8,
        writes_of_inviting=15, writes_of_accepting=38,
    )  # fmt: skip
    # 2 clients in 3 courses: 6 rollouts; 25 learners each: 3 chunks of 10; 150 enrollments; 24 a mail; 53 a person.
    assert writes == 6 * 45 + 18 * 17 + 150 * 2 + 7 * 24 + 4 * 53


def test_time_of_functions_by_hand() -> None:
    month = Month(clients=1, learners=20, mails=2000, logins=3)
    seconds = quantity(
        "lambda_gb_seconds", month, seconds_of_call=0.5, calls_of_rollout=18, calls_of_chunk=6,
        calls_of_making_1000_mails=100, calls_of_news=5, seconds_of_mailer=0.25, seconds_of_request=2,
        requests_of_login=10,
    )  # fmt: skip
    # 18 for the rollout, 6 for each of 2 chunks, 4 that enroll, 200 that make mails, 10,000 for their news.
    assert seconds == (18 + 12 + 4 + 200 + 10_000) * 0.5 + 2000 * 0.25 + 3 * 10 * 2


def test_the_example_of_the_issue_without_the_free_ten_thousand() -> None:
    quarter = Month(clients=0, learners=0, mails=0, logins=250_000)
    assert dollars(quarter, AT_REST)["Cognito"] == pytest.approx(100_000 * 0.0055 + 150_000 * 0.0046)
    essentials = replace(AT_REST, tier="essentials")
    assert dollars(quarter, essentials)["Cognito"] == pytest.approx(3750)


def test_a_price_in_steps() -> None:
    price = Price("Cognito", "people", 10, ((100, 5.0), (300, 2.0), (float("inf"), 1.0)))
    assert price.of(0) == 0
    assert price.of(100) == 50
    assert price.of(101) == pytest.approx(50.2)
    assert price.of(1000) == 50 + 40 + 70


def test_what_stands_still_costs_too() -> None:
    still = Deployment(
        alarms=20, metrics=1, dashboards=1, keys=2, polled_queues=3, memory_gb=1, memory_gb_of_worker=1, tier="lite"
    )
    costs = dollars(NOTHING, still)
    assert costs["CloudWatch"] == pytest.approx(20 * 0.10 + 0.30 + 3.00, abs=0.1)
    assert costs["KMS"] == 2
    assert 0.5 < costs["SQS"] < 1
    assert 0 < costs["Lambda"] < 2
    assert costs["Cognito"] == costs["SES"] == costs["API Gateway"] == 0


def test_ten_times_the_mails_are_ten_times_the_dollars_of_ses() -> None:
    few, many = (Month(clients=1, learners=0, mails=number, logins=0) for number in (1_000, 10_000))
    assert dollars(few)["SES"] == pytest.approx(0.1)
    assert dollars(many)["SES"] == pytest.approx(1.0)
    assert dollars(many)["API Gateway"] == dollars(few)["API Gateway"]


def test_mails_and_log_ins_are_the_dear_parts_of_a_rollout() -> None:
    costs = dollars(Month(clients=25, learners=100_000, mails=200_000, logins=100_000), tables.deployment("prod"))
    assert list(costs)[:2] == ["Cognito", "SES"]
    assert sum(costs.values()) - costs["Cognito"] - costs["SES"] < 0.05 * sum(costs.values())


MONTHS = st.builds(
    Month,
    clients=st.integers(1, 500),
    learners=st.integers(0, 5_000_000),
    mails=st.integers(0, 50_000_000),
    logins=st.integers(0, 50_000_000),
    courses=st.integers(0, 50),
    invited=st.integers(0, 100_000),
)


@given(MONTHS)
def test_nothing_is_negative(month: Month) -> None:
    assert all(total >= 0 for total in dollars(month).values())


@given(MONTHS, st.sampled_from(["clients", "learners", "mails", "logins", "courses", "invited"]))
def test_more_never_costs_less(month: Month, of_what: str) -> None:
    more = Month(**{**vars(month), of_what: getattr(month, of_what) * 2 + 1})
    assert sum(dollars(more).values()) >= sum(dollars(month).values()) - 1e-9


@pytest.mark.parametrize("wrong", [{"mails": -1}, {"clients": 0, "learners": 1}])
def test_a_month_that_cannot_be(wrong: dict[str, int]) -> None:
    with pytest.raises(ValueError, match=r"say how many clients|no negative"):
        Month(**{"clients": 1, "learners": 1, "mails": 1, "logins": 1, **wrong})


def test_every_price_has_its_quantity() -> None:
    asked = set(quantities(NOTHING, tables.figures(), AT_REST))
    tiers = {"cognito_lite", "cognito_essentials", "cognito_plus"}
    assert asked | tiers == set(tables.prices())


def test_measured_figures_are_those_of_the_benchmarks() -> None:
    told = (ROOT / "docs" / "benchmarks.md").read_text()
    for name, figure in tables.measured().items():
        module, function = figure["bench"].split(":")
        assert callable(getattr(importlib.import_module(module), function)), name
        assert figure["says"] in told, name
        number = f"{figure['value']:,}"
        assert number in figure["says"] or (number == "2" and "two write units" in figure["says"]), name


class _Loader(yaml.SafeLoader):
    """CloudFormation's tags become None."""


_Loader.add_multi_constructor("!", lambda loader, suffix, node: None)


def test_what_a_stage_has_at_rest_is_that_of_its_template() -> None:
    resources: dict[str, Any] = {}
    for part in TEMPLATE_PARTS:
        resources |= yaml.load((ROOT / "infra" / part).read_text(), _Loader).get("Resources", {})
    kinds = [resource.get("Type") for resource in resources.values()]
    found = tables.deployment("prod")
    assert found.alarms == kinds.count("AWS::CloudWatch::Alarm") > 10
    assert found.dashboards == kinds.count("AWS::CloudWatch::Dashboard")
    assert found.metrics == kinds.count("AWS::Logs::MetricFilter")
    assert found.tier == str(resources["UserPool"]["Properties"].get("UserPoolTier", "ESSENTIALS")).lower()
    readers = [
        one for one in resources.values() for event in one.get("Properties", {}).get("Events", {}) if "Sqs" in event
    ]
    assert found.polled_queues == len(readers) > 0
    assert (found.memory_gb, found.memory_gb_of_worker) == (1, 1769 / 1024)


def test_the_command_says_services_total_and_what_is_left_out(capsys: pytest.CaptureFixture[str]) -> None:
    command.main(["--clients", "2", "--learners", "3000", "--mails", "1000000", "--logins", "0"])
    said = capsys.readouterr().out
    assert "SES                                                           100.00" in said
    assert "Total, US dollars" in said
    assert "free tiers" in said
    assert str(tables.date_of_prices()) in said


def test_the_command_refuses_what_cannot_be(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        command.main(["--clients", "0", "--learners", "3000", "--mails", "0", "--logins", "0"])
    assert "how many clients" in capsys.readouterr().err
