"""One write of an item, described: `table` sends it, alone or in a transaction."""

from dataclasses import dataclass
from typing import Any, Literal

from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action

from chalicelib.aws.items import Item


@dataclass(frozen=True)
class Write:
    """One write of a transaction. `item` need only carry its key for `update`, `delete` and `check`."""

    kind: Literal["put", "update", "delete", "check"]
    item: Item
    condition: Condition | None = None
    actions: tuple[Action, ...] = ()

    def as_request(self) -> dict[str, Any]:
        item = self.item
        if self.kind == "put":
            return {"Put": item.get_save_kwargs_from_instance(condition=self.condition)}
        if self.kind == "update":
            return {
                "Update": item.get_update_kwargs_from_instance(actions=list(self.actions), condition=self.condition)
            }
        if self.kind == "delete":
            return {"Delete": item.get_delete_kwargs_from_instance(condition=self.condition)}
        if self.condition is None:
            raise ValueError("a check needs a condition")
        return {
            "ConditionCheck": type(item).get_operation_kwargs_from_class(
                item.pk, range_key=item.sk, condition=self.condition
            )
        }


def put_new(item: Item) -> Write:
    """Create-only: ConditionFailed when the key is taken."""
    return Write("put", item, condition=type(item).pk.does_not_exist())
