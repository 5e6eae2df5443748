"""P7 and P15: sending in virtual time (tests/mail_simulation.py), its outcomes as figures."""

from collections import Counter
from collections.abc import Iterator

from chalicelib.notifications.send_rate import MICROSECONDS
from chalicelib.notifications.service import num_workers
from tests.bench.figure import Figure
from tests.mail_simulation import AS_AWS_HAS_IT, NUM_WORKERS, RATE, Simulation, busiest_second

_SECONDS = 60
_MIN_USED = 0.95
# Ten mails on every other slot take 1.5 s; a second may go until they are noticed.
_MAX_SECONDS_OF_SMALL = 4


def of_mail() -> Iterator[Figure]:
    yield from _of_rate()
    yield from _of_fairness()
    yield from _of_redelivery()
    yield from _of_latencies()


def _of_rate() -> Iterator[Figure]:
    for rate in (1, RATE, 50):
        simulation = Simulation(rate)
        simulation.table.add("huge", 2 * _SECONDS * rate)
        simulation.run(_SECONDS, num_workers(rate))
        instants = simulation.ses.instants()
        used = (len(instants) - 1) / (instants[-1] - instants[0]) * MICROSECONDS / rate
        yield Figure(f"P7  mails in the busiest second, {rate} allowed", busiest_second(instants), rate)
        yield Figure(f"    share of {rate} a second used while mail waits", used, _MIN_USED, is_least=True)


def _of_fairness() -> Iterator[Figure]:
    simulation = Simulation()
    simulation.table.add("huge", 100_000)
    arrived: list[int] = []

    def somebody_small() -> None:
        simulation.time.sleep_until(simulation.time.start + 20 * MICROSECONDS)
        simulation.table.add("small", 10)
        arrived.append(simulation.time.now())

    simulation.run(40, NUM_WORKERS, somebody_small)
    sent = [instant for instant, mail_id in simulation.ses.taken if mail_id.startswith("small")]
    if len(sent) != 10:
        raise RuntimeError(f"{len(sent)} of the small client's ten mails were sent")
    took = (max(sent) - arrived[0]) / MICROSECONDS
    yield Figure("P7  ten mails beside 100,000 of another client: seconds", took, _MAX_SECONDS_OF_SMALL)


def _of_redelivery() -> Iterator[Figure]:
    """Ten workers where four should run, as if wake-ups were redelivered and no lease stopped them."""
    simulation = Simulation()
    simulation.table.add("a", 300)
    simulation.table.add("b", 7)
    simulation.time.run([lambda number=number: simulation.work(number % NUM_WORKERS, _SECONDS) for number in range(10)])  # type: ignore[misc]
    sent = Counter(mail_id for _, mail_id in simulation.ses.taken)
    yield Figure("P7  mails of 307 sent twice under redelivery", sum(number > 1 for number in sent.values()), 0)
    yield Figure("    mails of 307 not sent", 307 - len(sent), 0)
    yield Figure("    mails in the busiest second meanwhile", busiest_second(simulation.ses.instants()), RATE)


def _of_latencies() -> Iterator[Figure]:
    """Calls take as long as AWS's, and one of a hundred is throttled."""
    for rate in (RATE, 50, 100):
        simulation = Simulation(rate, timing=AS_AWS_HAS_IT)
        simulation.table.add("huge", 2 * _SECONDS * rate)
        simulation.run(_SECONDS, num_workers(rate))
        instants = simulation.ses.instants()
        yield Figure(f"P15 mails in the busiest second, {rate} allowed", busiest_second(instants), rate)
        used = len(instants) / _SECONDS / rate
        yield Figure(f"    share of {rate} a second used while mail waits", used, _MIN_USED, is_least=True)
