"""No other state, clock, caller or setting is taken for the one from which a step's end is known."""

from collections.abc import Callable
from typing import Any

import pytest

from chalicelib.aws import table
from chalicelib.core.ids import new_id
from chalicelib.training.batches import reconcile
from tests import in_process_cloud
from tests.faults import cloud_digest
from tests.faults.chance import chance
from tests.faults.fake_sqs import Request
from tests.faults.harness import NOW
from tests.faults.injector import Injector
from tests.faults.known_ends import known_ends
from tests.harness import World


class Steps:
    """Leads a step that does nothing, and counts how often it was really led."""

    def __init__(self, world: World, injector: Injector, monkeypatch: pytest.MonkeyPatch) -> None:
        self.world, self._injector, self._monkeypatch = world, injector, monkeypatch
        self.num_led = 0
        known_ends.forget()

    def case(self) -> None:
        """A case of its own begins."""
        known_ends.begin_case(self._injector, self._monkeypatch)

    def lead(self, *step: Any) -> int:
        self.case()
        return known_ends.lead(self.world, step or ("a step",), self._led)

    def _led(self) -> int:
        self.num_led += 1
        return self.num_led


@pytest.fixture
def steps(world: World, hook: Injector, small: None, monkeypatch: pytest.MonkeyPatch) -> Steps:
    return Steps(world, hook, monkeypatch)


# ---------------------------------------------------------------- what is another state


def _put(world: World, pk: str, **attributes: str) -> None:
    item = {name: {"S": value} for name, value in {"pk": pk, "sk": "A", **attributes}.items()}
    world.client("dynamodb").put_item(TableName=world.stage.table_names["core"], Item=item)


def _both(world: World) -> None:
    _put(world, "X")
    _put(world, "Y")


def _delete(world: World, pk: str) -> None:
    key = {"pk": {"S": pk}, "sk": {"S": "A"}}
    world.client("dynamodb").delete_item(TableName=world.stage.table_names["core"], Key=key)


def _queue(world: World, queue: str, *bodies: str) -> None:
    for body in bodies:
        world.client("sqs").send_message(QueueUrl=world.stage.queue_urls[queue], MessageBody=body)


def _schedule(world: World, name: str, instant: str = "2087-01-10T08:00:00", said: str = "{}") -> None:
    stage = world.stage.environment
    target = {"Arn": stage["JOBS_QUEUE_ARN"], "RoleArn": stage["SCHEDULER_ROLE_ARN"], "Input": said}
    world.client("scheduler").create_schedule(
        GroupName=stage["SCHEDULE_GROUP"],
        Name=name,
        ScheduleExpression=f"at({instant})",
        Target=target,
        FlexibleTimeWindow={"Mode": "OFF"},
    )


def _file(world: World, content: bytes) -> None:
    world.client("s3").put_object(Bucket=world.stage.environment["FILES_BUCKET"], Key="a", Body=content)


def _mail(world: World, text: str) -> None:
    ses = world.client("ses")
    ses.verify_domain_identity(Domain="muster.example")
    message = {"Subject": {"Data": "Hello"}, "Body": {"Text": {"Data": text}}}
    to = {"ToAddresses": ["ann@example.com"]}
    ses.send_email(Source="training@muster.example", Destination=to, Message=message)


def _user(world: World, email: str) -> None:
    attributes = [{"Name": "email", "Value": email}]
    pool_id = world.stage.environment["USER_POOL_ID"]
    world.client("cognito-idp").admin_create_user(
        UserPoolId=pool_id, Username="ann", UserAttributes=attributes, MessageAction="SUPPRESS"
    )


def _nothing(world: World) -> None:
    """As the world begins."""


def _later(world: World) -> None:
    world.now = NOW


def _mailer_slept(world: World) -> None:
    world.mail_time.sleep_until(world.mail_time.now() + 1)


def _caller(world: World) -> None:
    world.account("ann@example.com")


def _network(world: World) -> None:
    world.source = "192.0.2.2"


_STATES: dict[str, Callable[[World], None]] = {
    "nothing": _nothing,
    "an item": lambda world: _put(world, "X"),
    "another item": lambda world: _put(world, "Y"),
    "both": _both,
    "an attribute": lambda world: _put(world, "X", name="Ann"),
    "another value": lambda world: _put(world, "X", name="Bob"),
    "a message": lambda world: _queue(world, "jobs", "{}"),
    "a message to the mailer": lambda world: _queue(world, "mail", "{}"),
    "two messages": lambda world: _queue(world, "jobs", "1", "2"),
    "two messages in another order": lambda world: _queue(world, "jobs", "2", "1"),
    "a schedule": lambda world: _schedule(world, "a"),
    "another schedule": lambda world: _schedule(world, "b"),
    "a later schedule": lambda world: _schedule(world, "a", "2087-01-11T08:00:00"),
    "a schedule with another message": lambda world: _schedule(world, "a", said="[]"),
    "a file": lambda world: _file(world, b"1"),
    "another file": lambda world: _file(world, b"2"),
    "a mail": lambda world: _mail(world, "1"),
    "another mail": lambda world: _mail(world, "2"),
    "an account": lambda world: _user(world, "ann@example.com"),
    "another account": lambda world: _user(world, "bob@example.com"),
    "another time": _later,
    "another time of the mailer": _mailer_slept,
    "another caller": _caller,
    "another network": _network,
}


def test_no_two_of_these_states_are_taken_for_equal(steps: Steps) -> None:
    new, now = cloud_digest.snapshot(), steps.world.now
    for number, prepare in enumerate(_STATES.values(), start=1):
        cloud_digest.restore(new)
        steps.world.__init__(steps.world.cloud, steps.world.stage)  # type: ignore[misc]
        steps.world.now = now
        prepare(steps.world)
        assert steps.lead() == number
        # And each of them is known then.
        assert steps.lead() == number
    assert steps.num_led == len(_STATES)


def test_another_step_is_not_taken_for_the_same(steps: Steps) -> None:
    asked = [Request("GET", "/a", None), Request("GET", "/b", None), Request("PUT", "/a", None)]
    asked += [Request("GET", "/a", "ann"), Request("GET", "/a", None, {"a": 1}), Request("GET", "/a", None, key="key")]
    found = [steps.lead("request", *vars(request).values()) for request in asked]
    assert found == [*range(1, len(asked) + 1)]


def test_another_setting_is_not_taken_for_the_same(steps: Steps, monkeypatch: pytest.MonkeyPatch) -> None:
    assert steps.lead() == 1
    monkeypatch.setattr(reconcile, "_ROWS_AT_ONCE", 2)
    assert [steps.lead(), steps.lead()] == [2, 2]
    # As tests do that set it once more.
    reconcile._ROWS_AT_ONCE = 3
    assert steps.lead() == 3
    monkeypatch.setenv("MAIL_RATE", "1000")
    assert [steps.lead(), steps.lead()] == [4, 4]
    monkeypatch.setenv("MAIL_RATE", "2000")
    assert steps.lead() == 5


def test_what_cannot_be_told_is_led_each_time(steps: Steps, monkeypatch: pytest.MonkeyPatch) -> None:
    _queue(steps.world, "jobs", "{}")
    steps.world.client("sqs").receive_message(QueueUrl=steps.world.stage.queue_urls["jobs"])
    # When it can be received again is up to the machine's clock.
    assert [steps.lead(), steps.lead()] == [1, 2]
    steps.world.client("sqs").purge_queue(QueueUrl=steps.world.stage.queue_urls["jobs"])
    assert [steps.lead(), steps.lead()] == [3, 3]
    monkeypatch.setattr(reconcile, "_ROWS_AT_ONCE", [1])
    assert [steps.lead(), steps.lead()] == [4, 5]


def test_a_state_is_equal_whichever_way_it_came_about(steps: Steps) -> None:
    _put(steps.world, "X")
    _put(steps.world, "Y", name="Ann")
    _queue(steps.world, "jobs", "{}")
    assert steps.lead() == 1
    _delete(steps.world, "X")
    assert steps.lead() == 2
    table.get(_Nothing, "nobody", "A")
    assert steps.lead() == 2
    assert len(steps.world.messages()) == 1
    _put(steps.world, "X")
    _queue(steps.world, "jobs", "{}")
    assert steps.lead() == 1


class _Nothing(reconcile.Batch):
    """A read of what is not there, after which MiniStack remembers an empty partition."""


def test_a_change_of_the_cloud_behind_known_ends_is_noticed(steps: Steps) -> None:
    """Whatever writes goes through the one place that counts."""
    before = in_process_cloud.num_changing
    _put(steps.world, "X")
    _file(steps.world, b"1")
    _schedule(steps.world, "a")
    _queue(steps.world, "jobs", "{}")
    assert in_process_cloud.num_changing == before + 4


def test_a_step_that_fails_fails_again(steps: Steps) -> None:
    def fail() -> None:
        raise AssertionError("never quiet")

    for _ in range(2):
        steps.case()
        with pytest.raises(AssertionError, match="never quiet"):
            known_ends.lead(steps.world, ("fail",), fail)


# ---------------------------------------------------------------- chance


def _drawn(steps: Steps, *, new_case: bool = True) -> str:
    if new_case:
        steps.case()
    return known_ends.lead(steps.world, ("draw",), lambda: new_id(NOW))


def test_steps_draw_what_no_other_step_draws(steps: Steps, hook: Injector) -> None:
    drawn = [_drawn(steps), _drawn(steps, new_case=False)]
    with hook.watched():
        drawn.append(_drawn(steps))
    drawn.append(known_ends.lead(steps.world, ("draw more",), lambda: new_id(NOW)))
    _put(steps.world, "X")
    drawn += [_drawn(steps), new_id(NOW), new_id(NOW)]
    assert len({*drawn}) == len(drawn)


def test_what_is_set_back_begins_again(steps: Steps) -> None:
    first = _drawn(steps)
    known_ends.begin_again()
    assert _drawn(steps, new_case=False) == first
    assert _drawn(steps, new_case=False) != first


def test_chance_goes_on_as_if_a_step_had_drawn_nothing(steps: Steps) -> None:
    """So it is the same after a step that is led and after one that is not."""
    before = chance.position
    _drawn(steps)
    assert chance.position == before
    _drawn(steps)
    assert chance.position == before
