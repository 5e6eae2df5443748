"""The world of one test: an empty Muster on the local cloud, a clock, and factories with plain defaults."""

import json
import uuid
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

from chalicelib.aws import loading, table
from chalicelib.aws.items import Item
from chalicelib.core.clock import to_text
from chalicelib.core.ids import new_id
from chalicelib.people.members import store as members_store
from chalicelib.people.members.models import Member, member_sk, members_pk
from chalicelib.tenants.access.models import SELF_SK, AccountEntry, Msp, OrgPointer, account_pk, msp_pk, org_pk
from chalicelib.tenants.admins import store as admins_store
from chalicelib.tenants.admins.models import Admin, admin_sk, admins_pk, msp_role_sk, org_role_sk
from chalicelib.tenants.courses import store as catalog_store
from chalicelib.tenants.courses.models import Course, course_sk, courses_pk
from chalicelib.tenants.organizations.models import ENTITLEMENTS_SK, Entitlements, Org, org_sk
from chalicelib.tenants.structure.models import (
    Department,
    Group,
    Location,
    ReservedName,
    department_sk,
    group_sk,
    location_sk,
    name_sk,
)
from infra.cloud import Cloud
from tests import gateway
from tests.aws_probe import AwsProbe
from tests.cloud_fixture import Stage
from tests.gateway import Answer
from tests.virtual_time import WorldTime

NOW = datetime(2027, 1, 4, 10, 0, tzinfo=UTC)


class World(AwsProbe):
    """Factories write the items that the services would have written, without their checks and audit entries.

    `now` is the time of every request until the test sets another.
    """

    def __init__(self, cloud: Cloud, stage: Stage) -> None:
        self.cloud = cloud
        self.stage = stage
        self.now = NOW
        self.mail_time = WorldTime(lambda: self.now)
        # The IP address of the caller.
        self.source = "192.0.2.1"
        # When people logged in: a moment ago, unless a test says otherwise.
        self.logged_in_at: datetime | None = None
        self._email_by_account: dict[str, str] = {}
        self._msp_by_org: dict[str, str] = {}
        self._num_made = 0

    # ------------------------------------------------------------ requests

    def request(
        self,
        method: str,
        path: str,
        *,
        as_: str | None = None,
        body: Any = None,
        raw: bytes | None = None,
        headers: dict[str, str] | None = None,
    ) -> Answer:
        """`path` may carry a query string. `body` is sent as JSON, `raw` as it is. `as_` is an account id."""
        content = json.dumps(body).encode() if body is not None else raw
        claims = None
        if as_ is not None:
            email = self._email_by_account.get(as_, "somebody@example.com")
            claims = {"sub": as_, "token_use": "id", "email": email, "email_verified": "true"}
            claims["auth_time"] = str(int((self.logged_in_at or self.now).timestamp()))
        more = {"Content-Type": "application/json"} if content is not None else {}
        all_headers = {**more, **(headers or {})}
        return gateway.send(method, path, claims=claims, body=content, headers=all_headers, source=self.source)

    def get(self, path: str, as_: str | None = None, **more: Any) -> Answer:
        return self.request("GET", path, as_=as_, **more)

    def post(self, path: str, as_: str | None = None, body: Any = None, **more: Any) -> Answer:
        return self.request("POST", path, as_=as_, body=body, **more)

    def put(self, path: str, as_: str | None = None, body: Any = None, **more: Any) -> Answer:
        return self.request("PUT", path, as_=as_, body=body, **more)

    def patch(self, path: str, as_: str | None = None, body: Any = None, **more: Any) -> Answer:
        return self.request("PATCH", path, as_=as_, body=body, **more)

    def delete(self, path: str, as_: str | None = None, **more: Any) -> Answer:
        return self.request("DELETE", path, as_=as_, **more)

    def submit(self, path: str, form: dict[str, str] | None = None, as_: str | None = None) -> Answer:
        """A form as a browser sends it."""
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        return self.request("POST", path, as_=as_, raw=urlencode(form or {}).encode(), headers=headers)

    def every(self, path: str, as_: str) -> list[Any]:
        """The items of a list, page after page."""
        items: list[Any] = []
        cursor = ""
        while True:
            answer = self.get(path + (f"{'&' if '?' in path else '?'}cursor={cursor}" if cursor else ""), as_)
            assert answer.status == 200, answer.text
            items += answer.json["items"]
            cursor = answer.json["next_cursor"]
            if cursor is None:
                return items

    # ------------------------------------------------------------ MSPs, organizations, courses

    def msp(self, name: str = "Northwind Managed IT") -> str:
        msp_id = self._id()
        loading.put_all([Msp(msp_pk(msp_id), SELF_SK, name=name, num_admins=0)])
        return msp_id

    def org(
        self,
        msp_id: str,
        name: str = "Acme Industries",
        *,
        ready: bool = True,
        time_zone: str | None = "Europe/Berlin",
        courses: Sequence[str] | None = None,
        **fields: Any,
    ) -> str:
        """`ready` without `courses` makes one course and entitles the organization to it."""
        org_id = self._id()
        if courses is None:
            courses = [self.course(msp_id)] if ready else []
        fields = {"reply_to": "training@acme.example" if ready else None, **fields}
        org = Org(
            msp_pk(msp_id), org_sk(org_id), org_id=org_id, msp_id=msp_id, name=name, time_zone=time_zone,
            num_entitled=len(courses), created_at=to_text(self.now), **fields,
        )  # fmt: skip
        entitlements = Entitlements(org_pk(org_id), ENTITLEMENTS_SK, seats_by_course=dict.fromkeys(courses, 0))
        loading.put_all([org, OrgPointer(org_pk(org_id), SELF_SK, msp_id=msp_id, num_admins=0), entitlements])
        self._msp_by_org[org_id] = msp_id
        return org_id

    def course(self, msp_id: str, title: str = "Spotting Phishing", **fields: Any) -> str:
        course_id = self._id()
        plain = {"summary": "What gives it away.", "duration_minutes": 20, "launch_url": "https://courses.example/1"}
        more = {**plain, **fields}
        course = Course(courses_pk(msp_id), course_sk(course_id), course_id=course_id, title=title, **more)
        loading.put_all(catalog_store.course_items(msp_id, course))
        return course_id

    # ------------------------------------------------------------ accounts and admins

    def account(self, email: str | None = None) -> str:
        account_id = str(uuid.UUID(int=self._next()))
        self._email_by_account[account_id] = email or f"account{self._num_made}@example.com"
        return account_id

    def msp_admin(self, msp_id: str, account_id: str | None = None) -> str:
        account_id = account_id or self.account()
        entry = AccountEntry(account_pk(account_id), msp_role_sk(msp_id), role="msp_admin", msp_id=msp_id)
        return self._appoint(entry, msp_pk(msp_id), Msp(msp_pk(msp_id), SELF_SK))

    def org_admin(self, org_id: str, account_id: str | None = None, *, role: str = "org_admin", **scope: Any) -> str:
        """`scope` holds `department_ids`, `permissions` and `role_id` of the roles that have them."""
        account_id = account_id or self.account()
        entry = AccountEntry(
            account_pk(account_id), org_role_sk(org_id), role=role, msp_id=self._msp_by_org[org_id], org_id=org_id,
            **scope,
        )  # fmt: skip
        return self._appoint(entry, org_pk(org_id), OrgPointer(org_pk(org_id), SELF_SK))

    def _appoint(self, entry: AccountEntry, tenant_pk: str, counter: Msp | OrgPointer) -> str:
        account_id = entry.pk.removeprefix("ACCOUNT#")
        admin = Admin(
            admins_pk(tenant_pk), admin_sk(account_id), account_id=account_id, role=entry.role,
            email=self._email_by_account[account_id], department_ids=entry.department_ids,
            permissions=entry.permissions, role_id=entry.role_id, appointed_at=to_text(self.now),
        )  # fmt: skip
        table.transact(admins_store.appoint_writes(admin, entry, counter))
        return account_id

    # ------------------------------------------------------------ structure

    def group(self, org_id: str, name: str | None = None, courses: Sequence[str] = ()) -> str:
        group_id = self._id()
        name = name or f"Group {self._num_made}"
        group = Group(org_pk(org_id), group_sk(group_id), group_id=group_id, name=name, course_ids=list(courses))
        loading.put_all([group, ReservedName(org_pk(org_id), name_sk("group", name), owner_id=group_id)])
        return group_id

    def department(self, org_id: str, name: str | None = None, parent_id: str | None = None) -> str:
        department_id = self._id()
        name = name or f"Department {self._num_made}"
        parent = table.get(Department, org_pk(org_id), department_sk(parent_id)) if parent_id else None
        path = [*(parent.path if parent else []), department_id]
        items: list[Item] = [
            Department(
                org_pk(org_id), department_sk(department_id), department_id=department_id, name=name,
                parent_id=parent_id, path=path,
            ),
            ReservedName(org_pk(org_id), name_sk(f"department:{parent_id or ''}", name), owner_id=department_id),
        ]  # fmt: skip
        if parent is not None:
            parent.num_children += 1
            items.append(parent)
        loading.put_all(items)
        return department_id

    def location(self, org_id: str, name: str | None = None) -> str:
        location_id = self._id()
        name = name or f"Location {self._num_made}"
        location = Location(org_pk(org_id), location_sk(location_id), location_id=location_id, name=name)
        loading.put_all([location, ReservedName(org_pk(org_id), name_sk("location", name), owner_id=location_id)])
        return location_id

    # ------------------------------------------------------------ people

    def member(self, org_id: str, groups: Sequence[str] = (), status: str = "active", **fields: Any) -> str:
        member = self._member(org_id, groups, status, fields)
        members_store.create(self._msp_by_org[org_id], org_id, member)
        return member.member_id

    def members(
        self, org_id: str, count: int, groups: Sequence[str] = (), status: str = "active", *, named: bool = False,
        **fields: Any,
    ) -> list[str]:  # fmt: skip
        """Many at once. Without names and addresses, unless `named`: that keeps them at two items each, one a group."""
        bare = fields if named else {"email": None, "first_name": "", "last_name": "", **fields}
        members = [self._member(org_id, groups, status, bare) for _ in range(count)]
        members_store.load(self._msp_by_org[org_id], org_id, members)
        return [member.member_id for member in members]

    def accepts(self, org_id: str, member_id: str) -> None:
        """An invited person becomes active, as when they accept the invitation."""
        member = members_store.member(org_id, member_id)
        assert member is not None
        after = members_store.copy_with(member, status="active")
        table.transact(members_store.change_writes(org_id, member, after, self.now))

    def learner(self, org_id: str, groups: Sequence[str] = (), **fields: Any) -> tuple[str, str]:
        """An active member with an account: (account_id, member_id)."""
        account_id = fields.pop("account_id", None) or self.account()
        return account_id, self.member(org_id, groups, account_id=account_id, **fields)

    def _member(self, org_id: str, groups: Sequence[str], status: str, fields: dict[str, Any]) -> Member:
        member_id = self._id()
        plain = {
            "email": f"person{self._num_made}@example.com", "first_name": "Ann", "last_name": "Lee",
            "created_at": to_text(self.now),
        }  # fmt: skip
        return Member(
            members_pk(org_id), member_sk(member_id), member_id=member_id, status=status, group_ids=list(groups),
            **{**plain, **fields},
        )  # fmt: skip

    def _next(self) -> int:
        self._num_made += 1
        return self._num_made

    def _id(self) -> str:
        self._next()
        return new_id(self.now)
