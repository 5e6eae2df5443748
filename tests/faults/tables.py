"""A dump of the tables, sorted into batches, rows, chunks, enrollments and other items."""

import re
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import Any, ClassVar

from chalicelib.core.clock import to_text
from tests import in_process_cloud as in_process_cloud
from tests.faults.known_ends import known_ends
from tests.harness import World

Item = dict[str, Any]
# Organization, batch, course.
RowKey = tuple[str, str, str]

_BATCH_PART = re.compile(r"ORG#([^#]+)#BATCH#([^#]+)")
_LEARNER = re.compile(r"ORG#([^#]+)#MEMBER#([^#]+)")


@dataclass
class Tables:
    """A dump, sorted into what it is made of. Rows, partitions and chunks are found by organization and batch."""

    now: str
    orgs: dict[str, Item] = field(default_factory=dict)
    totals: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    batches: dict[tuple[str, str], Item] = field(default_factory=dict)
    rows: dict[RowKey, Item] = field(default_factory=dict)
    partitions: dict[RowKey, Item] = field(default_factory=dict)
    chunks: dict[RowKey, dict[int, Item]] = field(default_factory=lambda: defaultdict(dict))
    # Of groups' rows: results of those whom they did not enroll, by member.
    not_enrolled: dict[RowKey, dict[str, Item]] = field(default_factory=lambda: defaultdict(dict))
    audit: dict[str, list[Item]] = field(default_factory=lambda: defaultdict(list))
    headers: dict[str, Item] = field(default_factory=dict)
    specs: dict[str, Item] = field(default_factory=dict)
    # Current enrollments and history, by the row that created them: (member id, item).
    enrollments: dict[RowKey, list[tuple[str, Item]]] = field(default_factory=lambda: defaultdict(list))
    # Taken seats, by organization and course.
    seats: dict[tuple[str, str], int] = field(default_factory=dict)
    dues: list[Item] = field(default_factory=list)

    _last: ClassVar["tuple[World, Any, Tables] | None"] = None

    @classmethod
    def of(cls, world: World) -> "Tables":
        """The tables as they are now. Read again only when something may have changed."""
        key = (in_process_cloud.num_changing, world.now)
        if cls._last is None or cls._last[0] is not world or cls._last[1] != key:
            cls._last = (world, key, known_ends.seen(world, "tables", lambda: cls._read(world)))
        return cls._last[2]

    @classmethod
    def _read(cls, world: World) -> "Tables":
        tables = cls(to_text(world.now))
        for item in world.dump("core"):
            tables._take_core(item)
        for item in world.dump("enrollments"):
            if item["pk"].startswith("ACCOUNT#"):
                # A self-enrollment: no organization counts it.
                continue
            learner = _LEARNER.fullmatch(item["pk"])
            assert learner, f"unexpected key: {item['pk']}"
            key = (learner[1], item.get("batch_id", ""), item["sk"].split("#")[1])
            tables.enrollments[key].append((learner[2], item))
        tables.dues = [item for item in world.dump("outbox") if item["pk"].startswith("DUE#")]
        return tables

    def _take_core(self, item: Item) -> None:
        pk, sk = item["pk"], item["sk"]
        part = _BATCH_PART.fullmatch(pk)
        if part:
            kind, _, rest = sk.partition("#")
            if kind == "COURSE":
                self.rows[part[1], part[2], rest] = item
            elif kind == "PARTITION":
                self.partitions[part[1], part[2], rest] = item
            elif kind == "CHUNK":
                course_id, number = rest.split("#")
                if number.isdecimal() and len(number) == 6:
                    self.chunks[part[1], part[2], course_id][int(number)] = item
                else:
                    self.not_enrolled[part[1], part[2], course_id][number] = item
        elif pk.endswith("#BATCHES"):
            self.batches[item["org_id"], item["batch_id"]] = item
        elif pk.endswith("#AUDIT") and not sk.startswith("~"):
            self.audit[pk].append(item)
        elif pk.endswith("#ROLLOUTS"):
            self.headers[item["rollout_id"]] = item
        elif sk == "SPEC":
            self.specs[pk.rsplit("#", 1)[1]] = item
        elif pk.startswith("MSP#") and sk.startswith("ORG#"):
            self.orgs[item["org_id"]] = item
        elif sk.startswith("SEATS#"):
            self.seats[pk.removeprefix("ORG#"), sk.removeprefix("SEATS#")] = int(item["taken"])
        elif sk.startswith("COUNTS#"):
            numbers = {name: int(item.get(name, 0)) for name in ("num_courses", "num_completed", "num_scheduled")}
            self.totals[pk.removeprefix("MSP#")].update(numbers)

    def rows_of(self, org_id: str, batch_id: str) -> list[Item]:
        return [row for (org, batch, _), row in self.rows.items() if (org, batch) == (org_id, batch_id)]
