"""One request for a page, as the functions of pages get it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any, TypeVar
from urllib.parse import urlencode

from pydantic import ValidationError

from chalicelib.core.errors import Unauthorized
from chalicelib.core.ids import derived_id, is_ulid, new_id, short_hash
from chalicelib.core.lazy import BaseModel
from chalicelib.people.members import memberships
from chalicelib.people.members import service as directory
from chalicelib.people.members.schemas import MeOut
from chalicelib.tenants.access import service as access
from chalicelib.tenants.access.permissions import TABLE
from chalicelib.tenants.access.service import Scope
from chalicelib.tenants.access.states import Permission, Reach, Role
from chalicelib.web.call import Call, Empty
from chalicelib.web.idempotency import kept_answer
from chalicelib.web.paging import PageQuery, Pager
from chalicelib.web.problems import invalid_of
from chalicelib.web.sessions.models import BrowserSession

M = TypeVar("M", bound=BaseModel)


class Fields:
    """The fields of a form or of a query string; a name may be there several times, as checkboxes are."""

    def __init__(self, pairs: Iterable[tuple[str, str]]) -> None:
        self.pairs = list(pairs)

    def one(self, name: str) -> str:
        """The last one, as browsers send a checkbox after its hidden twin; empty when there is none."""
        return next((text for given, text in reversed(self.pairs) if given == name), "")

    def many(self, name: str) -> list[str]:
        return [text for given, text in self.pairs if given == name and text]

    def __contains__(self, name: str) -> bool:
        return any(given == name for given, _ in self.pairs)


def key_of(pairs: Iterable[tuple[str, str]]) -> str:
    return short_hash(*(text for pair in pairs for text in pair))


@dataclass(frozen=True)
class Visit:
    """`path` lies below the portal. `session` is None on pages for everybody, where nobody is logged in."""

    method: str
    path: str
    params: Mapping[str, str]
    query: Fields
    form: Fields
    raw_body: bytes
    content_type: str
    needs: str
    session: BrowserSession | None
    now: datetime
    source: str = ""
    device: str = ""
    # Cookies that the page reads besides the session's.
    cookies: Mapping[str, str] = field(default_factory=dict)

    @property
    def account_id(self) -> str:
        if self.session is None:
            raise Unauthorized("logged_out", "Please log in.")
        return str(self.session.account_id)

    @property
    def org_id(self) -> str:
        return self.params["org_id"]

    @cached_property
    def me(self) -> MeOut:
        """The account's roles and memberships, as they are now."""
        return memberships.me(self.account_id, access.entries(self.account_id))

    @property
    def is_admin(self) -> bool:
        return self.session is not None and bool(self.me.roles)

    @property
    def msp_id(self) -> str | None:
        """Of several MSPs the one that the address names."""
        return self.query.one("msp") or None

    @cached_property
    def msp_scope(self) -> Scope:
        """Raises Forbidden for who is no admin of it, or may not do this."""
        several = [role for role in self.me.roles if role.role == Role.MSP_ADMIN]
        chosen = self.msp_id or (several[0].msp_id if len(several) > 1 else None)
        return access.msp(self.account_id, self.needs, chosen)

    @cached_property
    def org_scope(self) -> Scope:
        """Who is limited to departments gets to pages of these, and of their people. Raises Forbidden and NotFound."""
        if TABLE[Permission(self.needs)].reach != Reach.DEPARTMENTS:
            return access.org(self.account_id, self.org_id, self.needs)
        if "member_id" in self.params:
            path = directory.department_path_of(self.org_id, self.params["member_id"])
            return access.org(self.account_id, self.org_id, self.needs, path)
        return access.org_or_departments(self.account_id, self.org_id, self.needs)

    def address(self, path: str, **query: Any) -> str:
        """Of a page to go to, in the same MSP. What is None or empty is left out of the query."""
        given = {**query, "msp": self.msp_id}
        text = urlencode([(name, str(value)) for name, value in given.items() if value not in (None, "")])
        return f"{path}?{text}" if text else path

    def pager(self, query: PageQuery | None = None) -> Pager:
        """Of the list at this address; a cursor is bound to the address and to the other filters of its query."""
        cursor = self.query.one("cursor") or None
        given = query or PageQuery()
        chosen = given.model_copy(update={"cursor": cursor})
        filters = given.model_dump_json(exclude={"limit", "cursor"})
        return Pager(self.account_id, f"GET /portal{self.path} {self.msp_id or ''} {filters}", chosen)

    def answered(self, path: str, key: str, answer_type: type[M]) -> M | None:
        """What this account was answered to a form that it sent to `path` within a day; `key` is that of the form."""
        return kept_answer(self.account_id, f"POST /portal{path}", short_hash(key), answer_type, self.now)

    def call(self, key: str = "") -> Call[Any, Any]:
        """For what happens once under a key: that of the form, so that it may be sent twice."""
        return Call(
            route=f"{self.method} /portal{self.path}", account_id=self.account_id, params=dict(self.params),
            body=Empty(), query=Empty(), raw_body=urlencode(self.form.pairs).encode(),
            idempotency_key=key or self.form_key,
            msp_id=self.msp_id, now=self.now, source=self.source, content_type=self.content_type, needs=self.needs,
        )  # fmt: skip

    @property
    def form_id(self) -> str | None:
        """Drawn with the form; the same in each try of it."""
        return self.form.one("form_id")[:200] or None

    @property
    def form_key(self) -> str | None:
        """Of the form with what is in it: Back brings a form as it was left, with its id, and what is sent then with
        something else in it is another form."""
        return key_of(self.form.pairs) if self.form_id else None

    def begun_id(self, *of: str) -> str:
        """For what a form begins, `of` these: each press begins the same, and other contents something else."""
        return derived_id(str(self.form_id), *of) if is_ulid(self.form_id or "") else new_id(self.now)

    def read(self, model: type[M], values: Mapping[str, Any]) -> M:
        """Raises Invalid, with each wrong field, as the HTTP interface does."""
        try:
            return model.model_validate(values)
        except ValidationError as error:
            raise invalid_of(error) from None
