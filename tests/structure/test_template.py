"""The template and the zip that would be deployed, stage by stage."""

import json
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from infra.artifact import KEPT_SERVICES
from infra.check_template import lint, packaged_template
from infra.packaging import ROOT, STAGES, package, stage_settings
from infra.rules import RULES
from infra.rules.parts import Rule, Template

MAX_ZIP_BYTES = 7_000_000


@pytest.fixture(scope="session", params=STAGES)
def packaged(request: pytest.FixtureRequest) -> tuple[str, Path, Template]:
    file, template = packaged_template(request.param)
    return request.param, file, template


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_the_template_keeps_every_rule(packaged: tuple[str, Path, Template], rule: Rule) -> None:
    _, _, template = packaged
    assert list(rule(template)) == []


def test_cfn_lint_has_nothing_to_say(packaged: tuple[str, Path, Template]) -> None:
    _, file, _ = packaged
    assert lint(file) == ""


def test_each_stage_answers_browsers_of_its_own_origin(packaged: tuple[str, Path, Template]) -> None:
    stage, _, template = packaged
    origin = stage_settings(stage)["environment_variables"]["ALLOWED_ORIGIN"]
    definition = template["Resources"]["RestAPI"]["Properties"]["DefinitionBody"]
    told = set(re.findall(r"'(https?://[^']*)'", json.dumps(definition)))
    assert told == {origin}


def test_mails_may_go_out_by_the_identity_that_the_deployment_found(packaged: tuple[str, Path, Template]) -> None:
    """The sender's own domain need not be one: the one above it is enough."""
    _, _, template = packaged
    resources = template["Resources"]
    identity = "arn:${AWS::Partition}:ses:${AWS::Region}:${AWS::AccountId}:identity/${MailIdentity}"
    assert resources["UserPool"]["Properties"]["EmailConfiguration"]["SourceArn"] == {"Fn::Sub": identity}
    policy = json.dumps(resources["MailerRole"]["Properties"]["Policies"])
    assert identity in policy or ":identity/*" in policy


def test_each_handler_in_the_configuration_exists(packaged: tuple[str, Path, Template]) -> None:
    stage, _, template = packaged
    handlers = {
        resource["Properties"]["Handler"]
        for resource in template["Resources"].values()
        if resource["Type"] == "AWS::Serverless::Function"
    }
    configured = {f"app.{name}" for name in stage_settings(stage)["lambda_functions"]}
    assert handlers == configured | {"app.app"}


def test_each_policy_file_belongs_to_a_function() -> None:
    files = {file.name for file in (ROOT / ".chalice").glob("policy-*.json")}
    for stage in STAGES:
        settings = stage_settings(stage)
        used = {function["iam_policy_file"] for function in settings["lambda_functions"].values()}
        assert files == used | {settings["iam_policy_file"]}


def test_each_alarm_names_a_part_of_the_operators_page(packaged: tuple[str, Path, Template]) -> None:
    _, _, template = packaged
    parts = set(re.findall(r"^\*\*([^*]+?)\.?\*\*", (ROOT / "docs" / "operations.md").read_text(), re.MULTILINE))
    alarms = [one for one in template["Resources"].values() if one["Type"] == "AWS::CloudWatch::Alarm"]
    named = {re.search(r'See "(.*)"', alarm["Properties"]["AlarmDescription"])[1] for alarm in alarms}  # type: ignore[index]
    assert named <= parts


def test_each_metric_from_logs_counts_a_message_that_the_sources_log(packaged: tuple[str, Path, Template]) -> None:
    _, _, template = packaged
    filters = [one for one in template["Resources"].values() if one["Type"] == "AWS::Logs::MetricFilter"]
    sources = "".join(path.read_text() for path in (ROOT / "chalicelib").rglob("*.py"))
    for one in filters:
        message = re.fullmatch(r'\{ \$\.message = (".*") \}', one["Properties"]["FilterPattern"])
        assert message is not None
        assert f"warning({message[1]}," in sources
    assert filters


def test_widgets_of_the_dashboard_neither_overlap_nor_stick_out(packaged: tuple[str, Path, Template]) -> None:
    _, _, template = packaged
    body = json.loads(template["Resources"]["Dashboard"]["Properties"]["DashboardBody"]["Fn::Sub"])
    cells = [
        (widget["x"] + right, widget["y"] + down)
        for widget in body["widgets"]
        for right in range(widget["width"])
        for down in range(widget["height"])
    ]
    assert len(cells) == len(set(cells))
    assert max(x for x, _ in cells) < 24


def test_the_dashboard_counts_launches_by_a_route_that_there_is_and_that_has_metrics(
    packaged: tuple[str, Path, Template],
) -> None:
    _, _, template = packaged
    api = template["Resources"]["RestAPI"]["Properties"]
    body = json.loads(template["Resources"]["Dashboard"]["Properties"]["DashboardBody"]["Fn::Sub"])
    metrics = [
        one for widget in body["widgets"] for one in widget["properties"].get("metrics", []) if "Resource" in one
    ]
    of_routes = [one for one in metrics if "Resource" in one]
    counted = {(one[one.index("Method") + 1], one[one.index("Resource") + 1]) for one in of_routes}
    assert counted
    for method, path in counted:
        assert method.lower() in api["DefinitionBody"]["paths"][path]
    with_metrics = [setting for setting in api["MethodSettings"] if setting["MetricsEnabled"]]
    assert {(one["HttpMethod"], one["ResourcePath"][1:].replace("~1", "/")) for one in with_metrics} == counted
    assert len({(one["ThrottlingRateLimit"], one["ThrottlingBurstLimit"]) for one in api["MethodSettings"]}) == 1


def test_the_zip_is_small(packaged: tuple[str, Path, Template]) -> None:
    _, file, _ = packaged
    assert file.with_name("deployment.zip").stat().st_size <= MAX_ZIP_BYTES


def test_the_zip_imports_on_its_own(tmp_path: Path) -> None:
    """Nothing that was left out is missed: every module of ours, and the logger, which is imported late."""
    with zipfile.ZipFile(package("dev", ROOT / ".muster", for_host=True) / "deployment.zip") as archive:
        archive.extractall(tmp_path)
    ours = [path.relative_to(tmp_path).with_suffix("") for path in sorted(tmp_path.glob("chalicelib/**/*.py"))]
    modules = ["app", "aws_lambda_powertools", *(".".join(path.parts) for path in ours if path.name != "__init__")]
    services = "\n".join(f"session.create_client({name!r}, region_name='us-east-1')" for name in KEPT_SERVICES)
    code = "\n".join(
        [
            f"import sys; sys.path.insert(0, {str(tmp_path)!r})",
            *(f"import {module}" for module in modules),
            "import jinja2, botocore.session, zoneinfo",
            "from email_validator import validate_email",
            "validate_email('ann@example.org', check_deliverability=False, test_environment=True)",
            "aws_lambda_powertools.Logger(service='muster').info('it logs')",
            "session = botocore.session.get_session()",
            services,
            # Finding an endpoint reads more of a description than making a client does.
            "session.create_client('s3', region_name='us-east-1').generate_presigned_url('list_buckets')",
            "assert zoneinfo.ZoneInfo('Pacific/Auckland') and len(zoneinfo.available_timezones()) > 400",
        ]
    )
    # -I and -S: neither this checkout nor what is installed here can help out.
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", code],
        capture_output=True,
        text=True,
        env={"STAGE": "dev", "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"},
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_the_zip_describes_exactly_the_services_that_are_called() -> None:
    sources = [file.read_text() for file in (ROOT / "chalicelib").rglob("*.py")]
    called = {name for source in sources for name in re.findall(r'\b(?:client|fresh)\("([a-z0-9-]+)"\)', source)}
    assert called == set(KEPT_SERVICES)
