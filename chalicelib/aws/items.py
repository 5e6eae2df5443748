"""The bases of all models: which table their items lie in."""

from typing import ClassVar

from pynamodb.attributes import UnicodeAttribute
from pynamodb.models import Model

from chalicelib.core.settings import settings


class _LateName(type):
    """A table's name is known when the function runs, not when Chalice packages it."""

    setting: str

    @property
    def table_name(cls) -> str:
        return str(getattr(settings(), cls.setting))


class Item(Model):
    """The base of every model. Its subclasses name their table.

    `PERSONAL` names the attributes that hold what tells who somebody is, or what somebody said of them: they are
    exported and erased (reporting/personal_data). Ids of ours are not among them.
    """

    PERSONAL: ClassVar[frozenset[str]] = frozenset()

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True)

    @property
    def key(self) -> tuple[str, str]:
        return (self.pk, self.sk)


class CoreItem(Item):
    class Meta(metaclass=_LateName):
        setting = "core_table"


class EnrollmentItem(Item):
    class Meta(metaclass=_LateName):
        setting = "enrollments_table"


class OutboxItem(Item):
    class Meta(metaclass=_LateName):
        setting = "outbox_table"
