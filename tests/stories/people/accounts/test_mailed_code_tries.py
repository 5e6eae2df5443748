"""The code of a request: set while the request is the current one, and tried a few times."""

from datetime import timedelta

from chalicelib.aws import table
from chalicelib.aws.table import Write
from chalicelib.core.clock import to_text
from chalicelib.people.accounts import mailed_code_store
from chalicelib.people.accounts.models import EmailChange
from tests.harness import World

PK, SK = "EMAIL_CHANGE#ann", "CHANGE"
CURRENT, OLD = EmailChange.change_id == "1", EmailChange.change_id == "0"


def _asked() -> EmailChange:
    made = EmailChange(PK, SK, change_id="1", email="ann@example.com", ttl=9)
    table.transact([Write("put", made)])
    return made


def _stored() -> EmailChange:
    found = table.get(EmailChange, PK, SK)
    assert found is not None
    return found


def test_a_code_is_tried_five_times(world: World) -> None:
    request = _asked()
    assert [mailed_code_store.count_try(request, CURRENT) for _ in range(6)] == [True] * 5 + [False]
    assert (_stored().num_tries, _stored().has_tries_left) == (5, False)
    # Of a time when more were allowed.
    table.transact([Write("update", EmailChange(PK, SK), None, (EmailChange.num_tries.set(7),))])
    assert not mailed_code_store.count_try(request, CURRENT)


def test_a_try_of_a_request_that_was_replaced_is_none(world: World) -> None:
    request = _asked()
    assert not mailed_code_store.count_try(request, OLD)
    assert _stored().num_tries == 0


def test_a_code_is_good_for_half_an_hour_and_for_the_current_request(world: World) -> None:
    request = _asked()
    assert not mailed_code_store.set_code(request, "old", world.now, OLD)
    assert _stored().code_hash is None
    assert mailed_code_store.set_code(request, "new", world.now, CURRENT)
    assert (_stored().code_hash, _stored().email) == ("new", "ann@example.com")
    assert _stored().code_expires_at == to_text(world.now + timedelta(minutes=30))
