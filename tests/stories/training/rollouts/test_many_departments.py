"""A tree of 5 levels and 500 departments; 10,000 people move while enrollments run. Who is enrolled is exact."""

import random
from collections.abc import Sequence
from typing import Any

import pytest

from chalicelib.aws import bulk, loading, table
from chalicelib.people.members import store as members_store
from chalicelib.people.members.models import Member
from chalicelib.tenants.access.models import org_pk
from chalicelib.tenants.structure.models import Department, department_sk
from chalicelib.training.batches import recipients
from tests.faults.invariants import problems
from tests.stories.driver import Driver

# Below the root; the lowest level gets what is missing.
_WIDTHS = (4, 5, 5)
_NUM_DEPARTMENTS, _NUM_PEOPLE = 500, 5_000


class Tree:
    """`inside` are the departments of the first of four branches, `outside` those of the others."""

    def __init__(self, driver: Driver, org: str) -> None:
        self.driver, self.world, self.org = driver, driver.world, org
        self._departments: list[Department] = []
        level = [self._add([])]
        for width in _WIDTHS:
            level = [self._add(parent.path) for parent in level for _ in range(width)]
        while len(self._departments) < _NUM_DEPARTMENTS:
            self._add(level[len(self._departments) % len(level)].path)
        loading.put_all(self._departments)
        self.branch = self._departments[1]
        ids = [one.department_id for one in self._departments]
        self.inside = [one.department_id for one in self._departments if self.branch.department_id in one.path]
        self.outside = [one for one in ids if one not in set(self.inside)]

    def _add(self, above: Sequence[str]) -> Department:
        id_ = self.world._id()
        one = Department(
            org_pk(self.org), department_sk(id_), department_id=id_, name=id_, parent_id=above[-1] if above else None,
            path=[*above, id_], num_children=1,
        )  # fmt: skip
        self._departments.append(one)
        return one

    @property
    def depth(self) -> int:
        return max(len(one.path) for one in self._departments)

    def people(self, number: int, departments: Sequence[str]) -> list[Member]:
        """Spread over the departments."""
        bare = {"email": None, "first_name": "", "last_name": ""}
        made = [
            self.world._member(self.org, [], "active", {**bare, "department_id": departments[index % len(departments)]})
            for index in range(number)
        ]
        members_store.load(self.driver.msp, self.org, made)
        return made


def test_all_of_a_branch_are_enrolled_whoever_moves_meanwhile(
    driver: Driver, course: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """People are read as they are when a walk comes to them, so that nobody is missed for moving inside the branch."""
    tree = Tree(driver, driver.clients(course, "Acme")[0])
    assert (tree.depth, len(tree.inside) + len(tree.outside)) == (5, _NUM_DEPARTMENTS)
    staying = tree.people(_NUM_PEOPLE // 2, tree.inside)
    others = tree.people(_NUM_PEOPLE // 2, tree.outside)
    # These come and go, into the branch and out of it.
    crossing = [*tree.people(100, tree.inside), *tree.people(100, tree.outside)]
    boss = driver.world.org_admin(tree.org)
    head = driver.world.org_admin(tree.org, role="department_admin", department_ids=[tree.branch.department_id])
    rng, read, client = random.Random(11), recipients.sort_keys, bulk.client
    current = {member.member_id: member for member in (*staying, *others, *crossing)}
    inside = set(tree.inside)
    ever_inside = {one.member_id for one in crossing if one.department_id in inside}
    ever_outside = {one.member_id for one in crossing} - ever_inside
    num_moves = 0

    def move(people: Sequence[Member], among: Sequence[str]) -> list[Any]:
        """As a change of the member writes it: member and rosters in one transaction."""
        nonlocal num_moves
        writes = []
        for person in rng.sample(people, 6):
            before = current[person.member_id]
            after = members_store.copy_with(before, department_id=rng.choice(among))
            writes += members_store.change_writes(tree.org, before, after, driver.world.now)
            current[person.member_id] = after
            (ever_inside if after.department_id in inside else ever_outside).add(person.member_id)
            num_moves += 1
        return writes

    def shuffle() -> None:
        everywhere = [*tree.inside, *tree.outside]
        table.transact([*move(staying, tree.inside), *move(others, tree.outside), *move(crossing, everywhere)])

    def read_and_move(*args: Any, **more: Any) -> Any:
        for number, key in enumerate(read(*args, **more)):
            yield key
            if number % 18 == 0:
                shuffle()

    class Moving:
        """Some are elsewhere at each read of a roster, and more while its people are looked at."""

        def __init__(self, service: str) -> None:
            self._client = client(service)

        def __getattr__(self, name: str) -> Any:
            return getattr(self._client, name)

        def query(self, **request: Any) -> Any:
            shuffle()
            return self._client.query(**request)

    monkeypatch.setattr(bulk, "client", Moving)
    monkeypatch.setattr(recipients, "sort_keys", read_and_move)
    body = {"name": "All", "courses": [{"course_id": course}], "targeting": {"mode": "all"}}
    headers = {"Idempotency-Key": "1"}
    answer = driver.world.post(f"/orgs/{tree.org}/training/enrollment", head, body, headers=headers)
    assert answer.status == 202, answer.text
    driver.work()
    monkeypatch.setattr(bulk, "client", client)
    monkeypatch.setattr(recipients, "sort_keys", read)
    assert num_moves > _NUM_PEOPLE
    stayed, crossed = {member.member_id for member in staying}, {member.member_id for member in crossing}
    enrolled = driver.enrolled(tree.org, course)
    assert enrolled - crossed == stayed
    # Who comes and goes is enrolled by where they were when a chunk came to them; once, and counted so.
    assert crossed - ever_outside <= enrolled & crossed <= ever_inside
    assert 0 < len(enrolled & crossed) < len(crossed)
    batch = answer.json["results"][0]["batch_id"]
    (row,) = driver.world.get(f"/orgs/{tree.org}/training/{batch}", boss).json["courses"]
    numbers = (row["status"], row["num_targeted"], row["num_enrolled"], row["num_failed"])
    assert numbers == ("enrolled", len(enrolled), len(enrolled), 0)
    (own,) = driver.world.get(f"/orgs/{tree.org}/training/{batch}", head).json["courses"]
    still_theirs = [one for one in enrolled if current[one].department_id in inside]
    assert (own["num_targeted"], own["num_enrolled"]) == (len(still_theirs), len(still_theirs))
    assert len(still_theirs) < len(enrolled)
    assert problems(driver.world) == []
