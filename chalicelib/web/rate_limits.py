"""Rate limits: so many uses in a window, which begins with the first of them, counted over all processes.

Each count is one conditional write, so any number of uses may come at the same moment. Around the end of a window twice
as many may pass in its length; the limits leave room for that. The subject of a count is kept as a hash only: addresses
of strangers and of their machines have no place in a table.
"""

from datetime import datetime, timedelta
from ipaddress import IPv6Address, ip_address

from chalicelib.core.errors import TooMany
from chalicelib.web import rate_limit_store as store


def take(action: str, subject: str, limit: int, per: timedelta, now: datetime) -> None:
    """Count one use. Raises TooMany, with the seconds to wait, when `limit` were counted in this window.

    Refused uses are not counted: a caller who waits as long as the answer says gets through.
    """
    at, length = int(now.timestamp() * 1000), int(per.total_seconds() * 1000)
    if store.begin(action, subject, at - length, at, now + per) or store.add(action, subject, limit):
        return
    began = store.started(action, subject)
    wait = 1 if began is None else max(1, -(-(began + length - at) // 1000))
    minutes = -(-wait // 60)
    sentence = f"Too many tries. Please wait {minutes} {'minute' if minutes == 1 else 'minutes'}, then try again."
    raise TooMany("too_many", sentence, wait)


def give_back(action: str, subject: str) -> None:
    """The use was none of those that the limit is for."""
    store.take_back(action, subject)


def network_of(source: str) -> str:
    """The IPv4 address, or the network of an IPv6 address: a customer has 2^64 of those."""
    try:
        address = ip_address(source)
    except ValueError:
        return source
    return str(int(address) >> 64) if isinstance(address, IPv6Address) else source
