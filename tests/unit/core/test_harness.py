"""The harness itself, without the application's routes."""

from tests.harness import World


def test_a_thousand_members_are_there_at_once(world: World) -> None:
    org_id = world.org(world.msp())
    group = world.group(org_id)
    made = world.members(org_id, 1000, [group])
    assert len({item["sk"] for item in world.dump("core") if item["pk"] == f"ORG#{org_id}#LEARNERS"}) == len(made)


def test_messages_are_taken_once(world: World) -> None:
    world.client("sqs").send_message(QueueUrl=world.stage.queue_urls["jobs"], MessageBody='{"job": "advance"}')
    assert world.messages() == [{"job": "advance"}]
    assert world.messages() == []
