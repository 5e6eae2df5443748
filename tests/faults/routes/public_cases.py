"""A request for every route that is open to everybody: links, the join page, accounts."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from chalicelib.core.ids import new_id
from tests.faults.fake_sqs import Request
from tests.faults.inviting_scenarios import token_in
from tests.faults.routes.scene import Scene, table_request
from tests.stories.inbox import code_in
from tests.stories.tenants.access.tenant_table import Tenant

_PASSWORD, _OTHER = "Correct-horse-7", "Other-horse-8"
_SLUG = "vanquish-industries"
_INVITED, _HOME, _NEW = "new@example.com", "home@example.com", "stranger@example.com"
# The local cloud's codes for another password.
_RESET_CODE = "654321"


@dataclass(frozen=True)
class PublicCase:
    """`build` does what comes before, in a fresh copy of the scene."""

    name: str
    build: Callable[["Doors"], Request]

    @property
    def route(self) -> str:
        return self.name.partition(": ")[0]


class Doors:
    """Somebody who is invited, and what strangers find of the tenant."""

    def __init__(self, scene: Scene, made: Tenant) -> None:
        self.scene, self.made = scene, made

    # ------------------------------------------------------------ the invitation's link

    def invited(self) -> str:
        """The path of the link that was mailed."""
        assert self.scene.ask(table_request(self.made, "POST /orgs/{org_id}/invites", "invite")).status == 201
        token = [token for token in map(token_in, self.scene.mails()) if token][-1]
        return f"/invites/{token.text}"

    def press(self, path: str, **fields: str) -> Request:
        form = "application/x-www-form-urlencoded"
        return Request("POST", path, None, raw=urlencode(fields).encode(), content_type=form)

    def led_to(self, request: Request) -> str:
        """The path of the page that follows."""
        answer = self.scene.ask(request)
        assert answer.status == 303, answer.text
        return answer.headers["location"].removeprefix("/dev")

    def step(self, path: str, query: str = "") -> Request:
        return Request("GET", path + query, None)

    def asked(self, request: Request) -> Request:
        """The same once more."""
        assert self.scene.ask(request).status == 200
        return request

    def account(self, email: str, *, first_password: bool = False) -> None:
        cognito, pool = self.scene.world.client("cognito-idp"), self.scene.world.stage.environment["USER_POOL_ID"]
        attributes = [{"Name": "email", "Value": email}, {"Name": "email_verified", "Value": "true"}]
        names = {"UserPoolId": pool, "Username": f"user-{email}"}
        more: dict[str, Any] = {"TemporaryPassword": _PASSWORD} if first_password else {}
        cognito.admin_create_user(**names, UserAttributes=attributes, MessageAction="SUPPRESS", **more)
        if not first_password:
            cognito.admin_set_user_password(**names, Password=_PASSWORD, Permanent=True)

    def log_in(self, path: str, email: str) -> Request:
        return self.press(f"{path}/accept", step="log_in", email=email, password=_PASSWORD)

    def registering(self) -> tuple[str, str, str]:
        """The link's path, the registration and its code."""
        path = self.invited()
        form = self.press(f"{path}/accept", step="register", password=_PASSWORD, first_name="New")
        registration = self.led_to(form).partition("=")[2]
        return path, registration, code_in(self.scene.mails()[-1])

    def expired(self) -> str:
        path = self.invited()
        self.scene.world.now += timedelta(days=31)
        return path

    # ------------------------------------------------------------ accounts

    def post(self, path: str, **fields: str) -> Request:
        return Request("POST", path, None, fields)

    def json(self, request: Request) -> Any:
        answer = self.scene.ask(request)
        assert answer.status < 300, answer.text
        return answer.json

    def registered(self) -> str:
        return str(self.json(self.post("/auth/register", email=_NEW, password=_PASSWORD))["registration_id"])

    # ------------------------------------------------------------ the join page

    def open_page(self) -> None:
        body = {"enabled": True, "slug": _SLUG, "allowed_domains": []}
        assert self.scene.ask(Request("PUT", f"/orgs/{self.made.org}/join-page", self.made.admin, body)).status == 200

    def ask_to_join(self) -> Request:
        self.open_page()
        ids = self.made.ids
        return self.press(
            f"/join/{_SLUG}", email=_NEW, group_id=ids["group_id"], location_id=ids["location_id"],
            request=new_id(self.scene.world.now),
        )  # fmt: skip

    def secret_of(self, route: str, name: str) -> str:
        """The secret at the end of an address that a learner is given."""
        answer = self.scene.ask(table_request(self.made, route, "address"))
        return str(answer.json[name]).rpartition("/")[2]


def _show(step: str) -> PublicCase:
    return PublicCase(f"GET /invites/{{token}}/{step}", lambda doors: doors.step(f"{doors.invited()}/{step}"))


def _other_account(doors: Doors) -> str:
    """Led to the page that asks whether the invitation moves."""
    doors.account(_HOME)
    return doors.led_to(doors.log_in(doors.invited(), _HOME))


def _first_password(doors: Doors) -> str:
    doors.account(_INVITED, first_password=True)
    return doors.led_to(doors.log_in(doors.invited(), _INVITED))


def _forgotten(doors: Doors) -> str:
    doors.account(_INVITED)
    return doors.led_to(doors.press(f"{doors.invited()}/forgot", step="forgot", email=_INVITED))


def _pressed(page: Callable[[Doors], str], **fields: str) -> Callable[[Doors], Request]:
    """The button of a page that has a ticket in its address."""

    def build(doors: Doors) -> Request:
        path, _, ticket = page(doors).partition("?ticket=")
        return doors.press(path, ticket=ticket, **fields)

    return build


def _log_in(doors: Doors) -> Request:
    doors.account(_INVITED)
    return doors.log_in(doors.invited(), _INVITED)


def _register(doors: Doors) -> Request:
    fields = {"step": "register", "password": _PASSWORD, "first_name": "New", "request": new_id(doors.scene.world.now)}
    return doors.press(f"{doors.invited()}/accept", **fields)


def _confirm(doors: Doors) -> Request:
    path, registration, code = doors.registering()
    return doors.press(f"{path}/confirm", step="confirm", registration_id=registration, code=code)


def _resend(doors: Doors) -> Request:
    path, registration, _ = doors.registering()
    return doors.press(f"{path}/confirm", step="resend", registration_id=registration)


def _show_confirm(doors: Doors) -> Request:
    path, registration, _ = doors.registering()
    return doors.step(f"{path}/confirm", f"?registration_id={registration}")


def _forgot(doors: Doors) -> Request:
    doors.account(_INVITED)
    return doors.press(f"{doors.invited()}/forgot", step="forgot", email=_INVITED)


def _show_renewed(doors: Doors) -> Request:
    return doors.step(doors.led_to(doors.press(f"{doors.expired()}/renew")))


def _verify(doors: Doors) -> Request:
    request_id = doors.led_to(doors.ask_to_join()).partition("=")[2]
    return doors.press(f"/join/{_SLUG}/verify", request=request_id, code=code_in(doors.scene.mails()[-1]))


def _show_verify(doors: Doors) -> Request:
    return doors.step(doors.led_to(doors.ask_to_join()))


def _join_page(end: str = "") -> Callable[[Doors], Request]:
    def build(doors: Doors) -> Request:
        doors.open_page()
        return doors.step(f"/join/{_SLUG}{end}")

    return build


def _confirm_account(doors: Doors) -> Request:
    registration = doors.registered()
    return doors.post("/auth/confirm", registration_id=registration, code=code_in(doors.scene.mails()[-1]))


def _account(request: Callable[[Doors], Request], *, first_password: bool = False) -> Callable[[Doors], Request]:
    """A request for somebody who has an account."""

    def build(doors: Doors) -> Request:
        doors.account(_HOME, first_password=first_password)
        return request(doors)

    return build


def _logs_in(doors: Doors, password: str = _PASSWORD) -> Request:
    return doors.post("/auth/login", login=_HOME, password=password)


def _chooses(doors: Doors) -> Request:
    session = doors.json(_logs_in(doors))["session"]
    return doors.post("/auth/login", login=_HOME, session=session, new_password=_OTHER)


def _refreshes(doors: Doors) -> Request:
    return doors.post("/auth/refresh", refresh_token=doors.json(_logs_in(doors))["refresh_token"])


def _resets(doors: Doors) -> Request:
    doors.json(doors.post("/auth/forgot", email=_HOME))
    return doors.post("/auth/reset", email=_HOME, code=_RESET_CODE, new_password=_OTHER)


def _rsvp(doors: Doors) -> str:
    found = [one["token"] for one in doors.scene.world.dump("core") if "participation_id" in one and "token" in one]
    return f"/rsvp/{found[0]}"


def _certificate(doors: Doors) -> str:
    found = [one["pk"] for one in doors.scene.world.dump("core") if one["sk"] == "NUMBER"]
    return f"/certificates/{found[0].partition('#')[2]}"


def _badge(doors: Doors) -> str:
    """Of the certificate that has one."""
    world = doors.scene.world
    (made,) = [one for one in world.dump("enrollments") if one["sk"].startswith("BADGE#")]
    found = [one for one in world.dump("core") if one.get("certificate_id") == made["certificate_id"]]
    (number,) = [one["pk"].partition("#")[2] for one in found if one["sk"] == "NUMBER"]
    return f"/certificates/{number}/badge"


def _issuer(doors: Doors) -> str:
    found = [one["pk"] for one in doors.scene.world.dump("core") if one["sk"] == "ISSUER"]
    return f"/badges/{found[0].partition('#')[2]}"


_ALL = (
    *(PublicCase(f"GET {path}", lambda doors, path=path: doors.step(path)) for path in
      ("/health", "/docs", "/openapi.json", "/guide")),
    PublicCase("GET /invites/{token}", lambda doors: doors.step(doors.invited())),
    _show("accept"), _show("forgot"), _show("decline"),
    PublicCase("GET /invites/{token}/confirm", _show_confirm),
    PublicCase("GET /invites/{token}/finish", lambda doors: doors.step(_other_account(doors))),
    PublicCase("GET /invites/{token}/password", lambda doors: doors.step(_first_password(doors))),
    PublicCase("GET /invites/{token}/reset", lambda doors: doors.step(_forgotten(doors))),
    PublicCase("GET /invites/{token}/renew", _show_renewed),
    PublicCase("POST /invites/{token}/accept", _log_in),
    PublicCase("POST /invites/{token}/accept: by registering", _register),
    PublicCase("POST /invites/{token}/confirm", _confirm),
    PublicCase("POST /invites/{token}/confirm: sent again", _resend),
    PublicCase("POST /invites/{token}/finish", _pressed(_other_account, step="finish", first_name="New")),
    PublicCase("POST /invites/{token}/password", _pressed(_first_password, step="new_password", password=_OTHER)),
    PublicCase("POST /invites/{token}/forgot", _forgot),
    PublicCase("POST /invites/{token}/reset", _pressed(_forgotten, step="reset", code=_RESET_CODE, password=_OTHER)),
    PublicCase("POST /invites/{token}/decline", lambda doors: doors.press(f"{doors.invited()}/decline")),
    PublicCase("POST /invites/{token}/renew", lambda doors: doors.press(f"{doors.expired()}/renew")),
    PublicCase("GET /join/{slug}", _join_page()),
    PublicCase("GET /join/{slug}/joined", _join_page("/joined")),
    PublicCase("POST /join/{slug}", Doors.ask_to_join),
    PublicCase("GET /join/{slug}/verify", _show_verify),
    PublicCase("POST /join/{slug}/verify", _verify),
    PublicCase("GET /rsvp/{token}", lambda doors: doors.step(_rsvp(doors))),
    PublicCase("POST /rsvp/{token}", lambda doors: doors.press(_rsvp(doors), answer="confirm")),
    PublicCase("POST /rsvp/{token}: declined", lambda doors: doors.press(_rsvp(doors), answer="decline")),
    PublicCase("GET /certificates/{number}", lambda doors: doors.step(_certificate(doors))),
    PublicCase("GET /certificates/{number}/badge", lambda doors: doors.step(_badge(doors))),
    PublicCase("GET /badges/{issuer_id}/did.json", lambda doors: doors.step(f"{_issuer(doors)}/did.json")),
    PublicCase("GET /badges/{issuer_id}/status/{list_number}", lambda doors: doors.step(f"{_issuer(doors)}/status/1")),
    PublicCase(
        "GET /calendar/{token}",
        # Its file is kept since the calendar program asked for the first time.
        lambda doors: doors.asked(doors.step(f"/calendar/{doors.secret_of('POST /me/calendar', 'address')}")),
    ),
    PublicCase("POST /auth/register", lambda doors: doors.post("/auth/register", email=_NEW, password=_PASSWORD)),
    PublicCase("POST /auth/confirm", _confirm_account),
    PublicCase("POST /auth/resend", lambda doors: doors.post("/auth/resend", registration_id=doors.registered())),
    PublicCase("POST /auth/login", _account(_logs_in)),
    PublicCase("POST /auth/login: wrong", _account(lambda doors: _logs_in(doors, _OTHER))),
    PublicCase("POST /auth/login: with another password", _account(_chooses, first_password=True)),
    PublicCase("POST /auth/refresh", _account(_refreshes)),
    PublicCase("POST /auth/forgot", _account(lambda doors: doors.post("/auth/forgot", email=_HOME))),
    PublicCase("POST /auth/forgot: without an account", lambda doors: doors.post("/auth/forgot", email=_HOME)),
    PublicCase("POST /auth/reset", _account(_resets)),
)  # fmt: skip

PUBLIC_CASES = {case.name: case for case in _ALL}
