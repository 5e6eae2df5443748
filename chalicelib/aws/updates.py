"""A conditional update of attributes of an item that was read before."""

from collections.abc import Iterable, Mapping
from typing import Any

from chalicelib.aws.items import Item
from chalicelib.aws.table import Write


def update_as_read(item: Item, changes: Mapping[str, Any], *, unchanged: Iterable[str] = ()) -> Write:
    """Set attributes to other values; None removes one.

    ConditionFailed when one of them, or of those named in `unchanged`, is not as it was read. So the values that
    the audit trail gives as those before are true.
    """
    model = type(item)
    condition = model.pk.exists()
    for name in {*changes, *unchanged}:
        attribute, value = getattr(model, name), getattr(item, name)
        condition = condition & (attribute.does_not_exist() if value is None else attribute == value)
    actions = [
        getattr(model, name).remove() if value is None else getattr(model, name).set(value)
        for name, value in changes.items()
    ]
    return Write("update", item, condition, tuple(actions))
