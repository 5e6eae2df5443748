"""A stack comes up from whatever state an earlier attempt left it in, and nobody waits for ever. Here nothing waits."""

import pytest

from infra.stacks.changes import Changes
from infra.stacks.patience import Patience
from tests.infra.fake_cloudformation import FakeCloudFormation

KNOWN = ["MailFrom", "AlarmEmail", "MailRate", "Lately"]


class Clock:
    def __init__(self) -> None:
        self.slept: list[float] = []

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)


@pytest.fixture
def clock() -> Clock:
    return Clock()


def changes_of(fake: FakeCloudFormation, clock: Clock) -> Changes:
    return Changes(fake, "muster-dev", Patience(5, 600, clock.sleep))


def bring_up(fake: FakeCloudFormation, clock: Clock, **told: str) -> None:
    changes_of(fake, clock).bring_up("https://bucket/template", KNOWN, told)


def kinds(fake: FakeCloudFormation) -> list[str]:
    return [call["ChangeSetType"] for call in fake.called("create_change_set")]


@pytest.mark.parametrize("status", [None, "REVIEW_IN_PROGRESS"])
def test_a_stack_that_never_had_anything_is_created(status: str | None, clock: Clock) -> None:
    fake = FakeCloudFormation(status)
    assert changes_of(fake, clock).begin() is None
    bring_up(fake, clock, MailFrom="a@example.com")
    assert kinds(fake) == ["CREATE"]
    assert fake.status == "CREATE_COMPLETE"


@pytest.mark.parametrize("status", ["ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "CREATE_FAILED"])
def test_what_a_failed_creation_left_is_deleted_first(status: str, clock: Clock) -> None:
    fake = FakeCloudFormation(status, after_deletion=["DELETE_IN_PROGRESS", None])
    bring_up(fake, clock, MailFrom="a@example.com")
    assert [name for name, _ in fake.calls] == ["delete_stack", "create_change_set", "execute_change_set"]
    assert kinds(fake) == ["CREATE"]


def test_a_failed_creation_that_cannot_be_deleted_says_why(clock: Clock) -> None:
    event = {"LogicalResourceId": "FilesBucket", "ResourceStatus": "DELETE_FAILED", "ResourceStatusReason": "not empty"}
    fake = FakeCloudFormation("ROLLBACK_COMPLETE", after_deletion=["DELETE_FAILED"], events=[event])
    with pytest.raises(RuntimeError, match="could not be deleted:\nFilesBucket: not empty"):
        bring_up(fake, clock)


@pytest.mark.parametrize("status", ["UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE", "IMPORT_COMPLETE"])
def test_a_stack_that_is_up_is_changed_and_keeps_what_is_not_said(status: str, clock: Clock) -> None:
    before = {"MailFrom": "a@example.com", "AlarmEmail": "ops@example.com", "MailRate": "50", "Gone": "x"}
    fake = FakeCloudFormation(status, before)
    bring_up(fake, clock, MailRate="14")
    (call,) = fake.called("create_change_set")
    assert call["ChangeSetType"] == "UPDATE"
    # Not what the template does not know any more, nor what the stack has never had.
    assert call["Parameters"] == [
        {"ParameterKey": "MailRate", "ParameterValue": "14"},
        {"ParameterKey": "MailFrom", "UsePreviousValue": True},
        {"ParameterKey": "AlarmEmail", "UsePreviousValue": True},
    ]
    assert fake.parameters["AlarmEmail"] == "ops@example.com"


@pytest.mark.parametrize(
    ("status", "advice"),
    [
        ("UPDATE_ROLLBACK_FAILED", "continue-update-rollback --stack-name muster-dev"),
        ("UPDATE_FAILED", "rollback-stack --stack-name muster-dev"),
        ("DELETE_FAILED", "delete-stack --stack-name muster-dev"),
        ("IMPORT_ROLLBACK_FAILED", "events"),
    ],
)
def test_what_only_a_person_can_mend_is_told_with_what_to_do(status: str, advice: str, clock: Clock) -> None:
    fake = FakeCloudFormation(status)
    with pytest.raises(RuntimeError, match=f"{status}; .*{advice}"):
        bring_up(fake, clock)
    assert fake.calls == []


def test_a_change_that_goes_on_is_waited_for(clock: Clock) -> None:
    fake = FakeCloudFormation(coming=["UPDATE_IN_PROGRESS", "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", "UPDATE_COMPLETE"])
    bring_up(fake, clock)
    assert kinds(fake) == ["UPDATE"]
    assert clock.slept == [5, 5]


def test_a_new_stack_is_not_up_before_its_change_has_begun(clock: Clock) -> None:
    fake = FakeCloudFormation(after_execution=["REVIEW_IN_PROGRESS", "CREATE_IN_PROGRESS", "CREATE_COMPLETE"])
    bring_up(fake, clock)
    assert fake.status == "CREATE_COMPLETE"
    assert clock.slept == [5, 5]


def test_waiting_for_a_stack_has_an_end(clock: Clock) -> None:
    fake = FakeCloudFormation("UPDATE_IN_PROGRESS")
    with pytest.raises(RuntimeError, match=r"muster-dev takes more than 10 minutes.*the same command again"):
        bring_up(fake, clock)
    assert clock.slept == [5] * 120
    assert fake.num_looks == 120


def test_waiting_for_a_change_set_has_an_end(clock: Clock) -> None:
    fake = FakeCloudFormation(change_sets=[("CREATE_PENDING", "")])
    with pytest.raises(RuntimeError, match="change set of muster-dev takes more than 10 minutes"):
        bring_up(fake, clock)
    assert clock.slept == [5] * 120


def test_nothing_happens_when_there_is_nothing_to_change(clock: Clock) -> None:
    reason = "The submitted information didn't contain changes. Submit different information to create a change set."
    fake = FakeCloudFormation("UPDATE_COMPLETE", change_sets=[("CREATE_IN_PROGRESS", ""), ("FAILED", reason)])
    bring_up(fake, clock)
    assert [name for name, _ in fake.calls] == ["create_change_set", "delete_change_set"]


def test_a_change_set_that_fails_says_why(clock: Clock) -> None:
    fake = FakeCloudFormation(change_sets=[("FAILED", "Transform failed")])
    with pytest.raises(RuntimeError, match="change set failed: Transform failed"):
        bring_up(fake, clock)
    # It can be tried again: what was left is a stack without anything.
    assert (fake.status, fake.called("execute_change_set")) == ("REVIEW_IN_PROGRESS", [])


def test_the_reasons_are_those_of_the_last_change_in_their_order(clock: Clock) -> None:
    def event(name: str, status: str, reason: str = "") -> dict[str, str]:
        return {"LogicalResourceId": name, "ResourceStatus": status, "ResourceStatusReason": reason}

    events = [
        event("muster-dev", "UPDATE_ROLLBACK_COMPLETE"),
        event("OutboxTable", "UPDATE_FAILED", "Resource update cancelled"),
        event("CoreTable", "UPDATE_FAILED", "too many indexes"),
        event("Worker", "UPDATE_FAILED", "no such role"),
        event("muster-dev", "UPDATE_IN_PROGRESS"),
        event("Mailer", "CREATE_FAILED", "last week"),
    ]
    fake = FakeCloudFormation("CREATE_COMPLETE", after_execution=["UPDATE_ROLLBACK_COMPLETE"], events=events)
    with pytest.raises(RuntimeError) as raised:
        bring_up(fake, clock)
    assert str(raised.value).splitlines() == [
        "the stack muster-dev is UPDATE_ROLLBACK_COMPLETE:",
        "Worker: no such role",
        "CoreTable: too many indexes",
    ]


@pytest.mark.parametrize("status", [None, "UPDATE_COMPLETE"])
def test_what_a_failing_change_made_is_taken_back(status: str | None, clock: Clock) -> None:
    fake = FakeCloudFormation(status)
    bring_up(fake, clock)
    assert [call["RetainExceptOnCreate"] for call in fake.called("execute_change_set")] == [True]


def test_a_stack_is_protected_once(clock: Clock) -> None:
    fake = FakeCloudFormation("CREATE_COMPLETE")
    changes_of(fake, clock).protect()
    changes_of(fake, clock).protect()
    assert fake.called("update_termination_protection") == [
        {"StackName": "muster-dev", "EnableTerminationProtection": True}
    ]
