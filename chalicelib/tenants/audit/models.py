"""Items of the audit trail."""

from pynamodb.attributes import NumberAttribute, UnicodeAttribute

from chalicelib.aws.items import CoreItem, OutboxItem
from chalicelib.aws.table import Ref


class AuditRecord(CoreItem):
    """`<tenant>#AUDIT` / `<instant>#<chain>#<number>`. `before` and `after` are JSON.

    A tenant's entries make some chains, each numbered from 1, so that many admins need not wait for one another.
    Before there were several, the sort key was the number alone: they are the beginning of chain 0.
    """

    at = UnicodeAttribute()
    actor = UnicodeAttribute()
    action = UnicodeAttribute()
    target = UnicodeAttribute()
    before = UnicodeAttribute(null=True)
    after = UnicodeAttribute(null=True)
    previous_hash = UnicodeAttribute()
    hash = UnicodeAttribute()

    @property
    def chain(self) -> int:
        return int(self.sk.split("#")[1]) if "#" in self.sk else 0

    @property
    def number(self) -> int:
        return int(self.sk.rsplit("#", 1)[-1])


def audit_pk(tenant_pk: str) -> str:
    return f"{tenant_pk}#AUDIT"


def number_key(number: int) -> str:
    """12 digits sort as the numbers do."""
    return f"{number:012d}"


def record_sk(at: str, chain: int, number: int) -> str:
    return f"{at}#{chain:02d}#{number_key(number)}"


class ChainHead(CoreItem):
    """`<tenant>#AUDIT` / `~HEAD#<chain>`, behind all records: the latest entry of a chain.

    An entry is not before the one that it follows: `at` is the later of its own time and the head's.
    """

    number = NumberAttribute()
    hash = UnicodeAttribute()
    at = UnicodeAttribute()

    @property
    def chain(self) -> int:
        return int(self.sk.rsplit("#", 1)[-1])


# A tenant has as many as it ever needed at once. With eight, one entry of a thousand by twenty writers without rest met
# another each time (docs/benchmarks.md).
NUM_CHAINS = 32
HEADS_PREFIX = "~HEAD#"


def head_ref(tenant_pk: str, chain: int) -> Ref[ChainHead]:
    return Ref(ChainHead, audit_pk(tenant_pk), f"{HEADS_PREFIX}{chain:02d}")


class AnchorDue(OutboxItem):
    """`ANCHOR#<day>` / `<tenant>`: the tenant had entries on this day, and its chains are not anchored since."""


def anchor_due(tenant_pk: str, day: str) -> AnchorDue:
    return AnchorDue(f"ANCHOR#{day}", tenant_pk)
