"""How often somebody who is not logged in may try. Failures are counted, and mails that are asked for.

A whole office comes from one address of the network, and a stranger knows other people's addresses. So what is limited
closely is one person's address from one network: the office's other people go on, and so does the person at home while
a stranger tries. What proves itself (the link of an invitation, a registration's id, an account) has a count of its
own. Far above them, lines for one network, and for one mailbox, stop the worst.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from chalicelib.core.errors import Invalid, MusterError, TooMany, Unauthorized
from chalicelib.core.text import normalized
from chalicelib.web import rate_limits
from chalicelib.web.rate_limits import network_of

# Wrong passwords and codes.
FAILURES = 5
FAILURES_PER_NETWORK = 100
FAILURES_PER = timedelta(minutes=1)

# Mails with a code or a link.
MAILS = 5
MAILS_TO_ADDRESS = 20
MAILS_PER_NETWORK = 200
MAILS_PER = timedelta(hours=1)
# By one form on a page: its button may be pressed twice.
MAILS_OF_FORM = 1


@contextmanager
def counted(target: str, source: str, now: datetime) -> Iterator[None]:
    """A try on an address, login name, registration or account, counted when it fails. Raises TooMany.

    It is counted before and given back after: of many tries at the same moment no more than the limit get through.
    """
    network = network_of(source)
    pair = f"{target}\0{network}"
    rate_limits.take("auth_network", network, FAILURES_PER_NETWORK, FAILURES_PER, now)
    rate_limits.take("auth", pair, FAILURES, FAILURES_PER, now)
    try:
        yield
    except MusterError as error:
        if not _is_a_guess(error):
            _give_back(network, pair)
        raise
    _give_back(network, pair)


def count_mail(address: str, source: str, now: datetime, *, proof: str | None = None) -> None:
    """One more mail to this address. `proof` names what the caller has proven to hold. Raises TooMany."""
    network, to = network_of(source), normalized(address)
    rate_limits.take("mail_network", network, MAILS_PER_NETWORK, MAILS_PER, now)
    if proof is not None:
        rate_limits.take("mail_proven", proof, MAILS, MAILS_PER, now)
        return
    rate_limits.take("mail", f"{to}\0{network}", MAILS, MAILS_PER, now)
    rate_limits.take("mail_address", to, MAILS_TO_ADDRESS, MAILS_PER, now)


@contextmanager
def first_press(form: str | None, to: str, now: datetime) -> Iterator[bool]:
    """Whether this form was not sent before, to this address: its button pressed twice mails once.

    `form` is the form's id; programs send none, and each of their requests is a first one. What fails was no press.
    """
    pressed = f"{form}\0{normalized(to)}"
    if form:
        try:
            rate_limits.take("press", pressed, MAILS_OF_FORM, MAILS_PER, now)
        except TooMany:
            yield False
            return
    try:
        yield True
    except MusterError:
        if form:
            rate_limits.give_back("press", pressed)
        raise


def _is_a_guess(error: MusterError) -> bool:
    return isinstance(error, Unauthorized) or (isinstance(error, Invalid) and error.code == "wrong_code")


def _give_back(network: str, pair: str) -> None:
    rate_limits.give_back("auth_network", network)
    rate_limits.give_back("auth", pair)
