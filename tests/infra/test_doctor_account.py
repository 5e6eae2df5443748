"""What the doctor says of credentials, of concurrency and of the stack, and how a check that breaks is told."""

from typing import Any

import pytest
from botocore.exceptions import NoCredentialsError

from infra.doctor import account, stack
from infra.doctor.findings import Check, Finding, Level, examined, ok
from infra.doctor.stack import Deployed
from tests.infra.stubs import asked, client, refusing

WHO = {"Account": "123456789012", "Arn": "arn:aws:iam::123456789012:user/ops", "UserId": "AIDA"}


def test_a_check_that_breaks_stops_no_other() -> None:
    def denied() -> Finding:
        refusing("lambda", "get_account_settings").get_account_settings()
        return ok("not reached")

    def broken() -> Finding:
        raise KeyError("Table")

    found = dict(examined([Check("a", denied), Check("b", broken), Check("c", lambda: ok("fine"))]))
    assert [one.level for one in found.values()] == [Level.BAD, Level.BAD, Level.OK]
    assert found["a"].says == "GetAccountSettings answered AccessDeniedException"
    assert found["a"].do == "Let whoever runs this call GetAccountSettings."
    assert "KeyError" in found["b"].says


def test_whose_credentials_they_are_and_where() -> None:
    finding = account.credentials(client("sts", ("get_caller_identity", WHO)), "eu-central-1")
    assert finding == ok("account 123456789012 in eu-central-1, as arn:aws:iam::123456789012:user/ops")


def test_credentials_that_aws_does_not_take() -> None:
    finding = account.credentials(refusing("sts", "get_caller_identity", "ExpiredToken", "too old"), "eu-central-1")
    assert finding.level is Level.BAD
    assert "ExpiredToken" in finding.says


def test_no_credentials_at_all() -> None:
    class Sts:
        def get_caller_identity(self) -> None:
            raise NoCredentialsError

    assert account.credentials(Sts(), "eu-central-1").level is Level.BAD


def limits(most: int, free: int) -> Any:
    said = {"AccountLimit": {"ConcurrentExecutions": most, "UnreservedConcurrentExecutions": free}}
    return client("lambda", ("get_account_settings", said))


@pytest.mark.parametrize(
    ("most", "free", "level"),
    [
        (1000, 1000, Level.OK),
        (1000, 82, Level.OK),
        (1000, 81, Level.WARN),
        (100, 32, Level.WARN),
        # As new accounts have it.
        (10, 10, Level.BAD),
    ],
)
def test_concurrency_that_is_left(most: int, free: int, level: Level) -> None:
    finding = account.concurrency(limits(most, free), taken_by_queues=32)
    assert finding.level is level
    assert (level is Level.OK) != ("L-B99A9384" in finding.do)


def test_queues_take_what_the_template_lets_them() -> None:
    assert account.concurrency_of_queues() >= 20


def described(status: str, **more: Any) -> dict[str, Any]:
    one = {"StackName": "muster-dev", "CreationTime": "2026-11-01T00:00:00Z", "StackStatus": status, **more}
    return {"Stacks": [one]}


def resource(name: str, kind: str, **more: str) -> dict[str, Any]:
    return {
        "LogicalResourceId": name, "ResourceType": kind, "LastUpdatedTimestamp": "2026-11-01T00:00:00Z",
        "ResourceStatus": "CREATE_COMPLETE", **more,
    }  # fmt: skip


def test_a_stack_is_read_with_its_parameters_and_all_pages_of_resources() -> None:
    parameters = [{"ParameterKey": "MailFrom", "ParameterValue": "training@example.com"}]
    cloudformation = asked(
        "cloudformation",
        ("describe_stacks", {"StackName": "muster-dev"}, described("CREATE_COMPLETE", Parameters=parameters)),
        (
            "list_stack_resources",
            {"StackName": "muster-dev"},
            {"StackResourceSummaries": [resource("A", "AWS::SQS::Queue", PhysicalResourceId="a")], "NextToken": "more"},
        ),
        (
            "list_stack_resources",
            {"StackName": "muster-dev", "NextToken": "more"},
            {"StackResourceSummaries": [resource("B", "AWS::SNS::Topic")]},
        ),
    )
    found = stack.read(cloudformation, "dev")
    assert found is not None
    assert found.parameters == {"MailFrom": "training@example.com"}
    assert [one.name for one in found.of_kind("AWS::SQS::Queue")] == ["A"]
    assert (found.id_of("A"), found.id_of("B")) == ("a", "")
    with pytest.raises(LookupError):
        found.id_of("C")


def test_a_stage_that_is_not_there() -> None:
    missing = refusing(
        "cloudformation", "describe_stacks", "ValidationError", "Stack with id muster-dev does not exist"
    )
    assert stack.read(missing, "dev") is None
    assert stack.stack(None, "dev").level is Level.WARN


def test_a_stack_that_may_not_be_read_is_not_taken_for_missing() -> None:
    denied = refusing("cloudformation", "describe_stacks", "AccessDenied")
    with pytest.raises(denied.exceptions.ClientError):
        stack.read(denied, "dev")


@pytest.mark.parametrize(
    ("status", "level"),
    [
        ("CREATE_COMPLETE", Level.OK),
        ("UPDATE_COMPLETE", Level.OK),
        ("UPDATE_IN_PROGRESS", Level.WARN),
        ("UPDATE_ROLLBACK_COMPLETE", Level.WARN),
        ("UPDATE_ROLLBACK_IN_PROGRESS", Level.WARN),
        ("REVIEW_IN_PROGRESS", Level.BAD),
        ("ROLLBACK_COMPLETE", Level.BAD),
        ("UPDATE_ROLLBACK_FAILED", Level.BAD),
        ("DELETE_FAILED", Level.BAD),
    ],
)
def test_how_the_last_deployment_ended(status: str, level: Level) -> None:
    finding = stack.stack(Deployed("muster-dev", status, False, {"Build": "b1"}, ()), "dev")
    assert finding.level is level
    assert status in finding.says


def test_prod_is_protected_from_being_deleted() -> None:
    bare, protected = (Deployed("muster-prod", "UPDATE_COMPLETE", is_so, {}, ()) for is_so in (False, True))
    assert stack.stack(bare, "prod").level is Level.WARN
    assert "--stack-name muster-prod" in stack.stack(bare, "prod").do
    assert stack.stack(protected, "prod").level is Level.OK
