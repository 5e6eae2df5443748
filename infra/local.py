"""`make run`: Muster on this machine, with its sample data and a rollout to watch. Ctrl-C ends it; its data stays.

python -m infra.local [--port 4566]
"""

import argparse
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from types import FrameType

from infra import mail
from infra.application import application_of
from infra.caller import Refused, log_in
from infra.cloud import Cloud, local_cloud
from infra.demo import Demo
from infra.demo_certificate import DemoCertificate
from infra.demo_live import DemoLive
from infra.demo_people import DemoPeople
from infra.demo_training import DemoTraining
from infra.deploy import Stack, deploy
from infra.logs import latest_errors
from infra.packaging import ROOT
from infra.seed import LEARNERS_AT, PASSWORD, LogIns, Seed
from infra.seed_items import sample_id
from infra.welcome import welcome

HOME = ROOT / ".muster"
STAGE = "dev"
MAIL_FROM = "training@muster.example.com"
ANSWERS_DOMAIN = "answers.muster.example.com"


def main() -> None:
    arguments = argparse.ArgumentParser(description="Run Muster on this machine.")
    arguments.add_argument("--port", type=int, default=4566)
    arguments.add_argument("--no-demo", action="store_true", help="only start; launch nothing")
    chosen = arguments.parse_args()
    # However the end is asked for, data is saved on the way out; shells hide Ctrl-C from what runs behind them.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _interrupt)
    try:
        run(chosen.port, with_demo=not chosen.no_demo)
    except KeyboardInterrupt:
        print("\nStopped. The data is kept in .muster/; `make run` goes on with it, `make clean` removes it.")
    except RuntimeError as error:
        sys.exit(f"\n{error}")


def run(port: int, *, with_demo: bool) -> None:
    with ExitStack() as running:
        with _told("Starting the local cloud"):
            cloud = running.enter_context(local_cloud(HOME, port, keep_state=True))
        with _told("Packaging and deploying what changed"):
            stack = deploy(
                cloud, STAGE, HOME, {"MailFrom": MAIL_FROM, "PublicUrl": "", "AnswersDomain": ANSWERS_DOMAIN}
            )
            domain = mail.domain_of(MAIL_FROM)
            mail.verify_locally(cloud, domain)
        log_ins = _seeded(cloud, stack)
        api_url = cloud.api_url(stack.resources["RestAPI"], STAGE)
        if with_demo:
            admin = log_in(api_url, log_ins.msp_admin, PASSWORD)
            print("\nA rollout to 25 clients, over HTTP:\n")
            _demonstrate(cloud, Demo(admin, [sample_id("org", key) for key in LEARNERS_AT]))
            org_admin = log_in(api_url, log_ins.org_admin, PASSWORD)
            print("An invitation to Alderquay Logistics, over HTTP:\n")
            _demonstrate(cloud, DemoPeople(org_admin, sample_id("org", LEARNERS_AT[0]), str(cloud.endpoint)))
            print("Alderquay Logistics enrolls a department of its own, and asks why somebody is enrolled:\n")
            _demonstrate(cloud, DemoTraining(org_admin, sample_id("org", LEARNERS_AT[0])))
            print("And a live training, with answers by link and from the calendar:\n")
            _demonstrate(cloud, DemoLive(org_admin, sample_id("org", LEARNERS_AT[0]), cloud, stack))
            learner = log_in(api_url, log_ins.learner, PASSWORD)
            print("A learner at Alderquay Logistics completes a course:\n")
            _demonstrate(cloud, DemoCertificate(learner))
        print(welcome(str(cloud.endpoint), api_url, log_ins), flush=True)
        signal.pause()


def _demonstrate(cloud: Cloud, demo: Demo | DemoPeople | DemoTraining | DemoLive | DemoCertificate) -> None:
    """What goes wrong here is told, and Muster stays up to be looked at."""
    try:
        demo.run()
    except (Refused, OSError, RuntimeError) as error:
        print(f"\n  It did not go through: {error}\n{latest_errors(cloud, STAGE)}\n")


def _seeded(cloud: Cloud, stack: Stack) -> LogIns:
    seed = Seed(cloud, stack)
    with application_of(cloud, stack):
        if not seed.is_loaded():
            with _told("Loading sample data, once"):
                seed.load()
    return seed.log_ins()


@contextmanager
def _told(what: str) -> Iterator[None]:
    print(f"{what} ...", end=" ", flush=True)
    started = time.monotonic()
    yield
    print(f"{time.monotonic() - started:.1f} s", flush=True)


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    main()
