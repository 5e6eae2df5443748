"""P7: the simulation of tests/unit/notifications/test_mail_pace.py in virtual time, its outcomes as figures."""

from collections import Counter
from collections.abc import Iterator

from chalicelib.notifications.send_rate import MICROSECONDS
from chalicelib.notifications.service import num_pumps
from tests.bench.figure import Figure
from tests.unit.notifications.test_mail_pace import NUM_PUMPS, RATE, Office, busiest_second

_SECONDS = 60
_MIN_USED = 0.95
# Ten mails on every other slot take 1.5 s; a second may go until they are noticed.
_MAX_SECONDS_OF_SMALL = 4


def of_mail() -> Iterator[Figure]:
    yield from _of_rate()
    yield from _of_fairness()
    yield from _of_redelivery()


def _of_rate() -> Iterator[Figure]:
    for rate in (1, RATE, 50):
        office = Office(rate)
        office.table.add("huge", 2 * _SECONDS * rate)
        office.run(_SECONDS, num_pumps(rate))
        instants = office.ses.instants()
        used = (len(instants) - 1) / (instants[-1] - instants[0]) * MICROSECONDS / rate
        yield Figure(f"P7  mails in the busiest second, {rate} allowed", busiest_second(instants), rate)
        yield Figure(f"    share of {rate} a second used while mail waits", used, _MIN_USED, is_least=True)


def _of_fairness() -> Iterator[Figure]:
    office = Office()
    office.table.add("huge", 100_000)
    arrived: list[int] = []

    def somebody_small() -> None:
        office.time.sleep_until(office.time.start + 20 * MICROSECONDS)
        office.table.add("small", 10)
        arrived.append(office.time.now())

    office.run(40, NUM_PUMPS, somebody_small)
    sent = [instant for instant, mail_id in office.ses.taken if mail_id.startswith("small")]
    if len(sent) != 10:
        raise RuntimeError(f"{len(sent)} of the small client's ten mails were sent")
    took = (max(sent) - arrived[0]) / MICROSECONDS
    yield Figure("P7  ten mails beside 100,000 of another client: seconds", took, _MAX_SECONDS_OF_SMALL)


def _of_redelivery() -> Iterator[Figure]:
    """Ten pumps where four should run, as when wake-ups come again and no lease stops them."""
    office = Office()
    office.table.add("a", 300)
    office.table.add("b", 7)
    office.time.run([lambda number=number: office.pump(number % NUM_PUMPS, _SECONDS) for number in range(10)])  # type: ignore[misc]
    sent = Counter(mail_id for _, mail_id in office.ses.taken)
    yield Figure("P7  mails of 307 sent twice under redelivery", sum(number > 1 for number in sent.values()), 0)
    yield Figure("    mails of 307 not sent", 307 - len(sent), 0)
    yield Figure("    mails in the busiest second meanwhile", busiest_second(office.ses.instants()), RATE)
