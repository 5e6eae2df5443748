"""What a cold start imports, counted: no module is compiled, and nobody pays for what another function needs."""

import json
import zipfile
from dataclasses import dataclass
from pathlib import Path

import pytest

from infra.packaging import ROOT, package
from tests.bench.cold_start import EVENTS, HANDLERS, output_of

# Of Muster's own modules and of libraries: what is imported only where it is used, if at all.
NEVER = {
    "boto3",
    "jinja2",
    "email_validator",
    "charset_normalizer",
    "aws_lambda_powertools",
    "openpyxl",
    "icalendar",
    "fpdf",
    "yaml",
    "chalice.cli",
}
ONLY_API = {
    "chalicelib.aws.identity",
    "chalicelib.tenants.admins.service",
    "chalicelib.tenants.organizations.service",
}
ONLY_MAILER = {
    "chalicelib.aws.mailer",
    "chalicelib.notifications.sender",
    "chalicelib.notifications.send_worker",
    "email.headerregistry",
}
EXPORTS = {"chalicelib.reporting.exports.service", "chalicelib.reporting.exports.sources", "chalicelib.aws.files"}
LAUNCH = {"chalicelib.training.rollouts.launch", "chalicelib.training.rollouts.form"}
INVITE = {"chalicelib.people.invitations.invite", "chalicelib.training.rollouts.preview"}
ROUTES = {"chalicelib.api.rollouts", "chalicelib.web.problems"}
FAN_OUT = {"chalicelib.training.batches.enroll_chunk", "chalicelib.training.batches.seats"}
UNWANTED = {
    "API": NEVER | ONLY_MAILER | EXPORTS,
    "worker": NEVER | ONLY_API | ONLY_MAILER | EXPORTS | LAUNCH | INVITE | ROUTES,
    "mailer": NEVER | ONLY_API | EXPORTS | LAUNCH | FAN_OUT | ROUTES,
}

# Modules compiled at a start, over what the plain package compiles for the same imports: all that come out of it.
MAX_COMPILED = 0.02
# Every route's models are imported; those that have their validator by then, over all.
MAX_BUILT = 0.1

CODE = """
import json, sys
sys.path.insert(0, {folder!r})
compiled = []
def hear(event, args):
    if event == "compile" and str(args[1]).startswith(({folder!r}, "/var/task")) and args[0] is not None:
        compiled.append(str(args[1]))
sys.addaudithook(hear)
import app
{services}
from pydantic import BaseModel
def below(model):
    for one in model.__subclasses__():
        yield one
        yield from below(one)
models = set(below(BaseModel))
packaged = [name for name, one in sys.modules.items() if (getattr(one, "__file__", "") or "").startswith({folder!r})]
num_built = sum(model.__pydantic_complete__ for model in models)
print(json.dumps([compiled, sorted(sys.modules), len(packaged), len(models), num_built]))
"""


@dataclass(frozen=True)
class Start:
    compiled: list[str]
    modules: list[str]
    num_packaged: int
    num_models: int
    num_built: int


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("package")
    with zipfile.ZipFile(package("dev", ROOT / ".muster", for_host=True) / "deployment.zip") as archive:
        archive.extractall(folder)
    return folder


@pytest.mark.parametrize("handler", EVENTS)
def test_a_cold_start_keeps_its_import_budget(unpacked: Path, handler: str) -> None:
    services, _ = EVENTS[handler]
    start = Start(*json.loads(output_of(CODE.format(folder=str(unpacked), services=services), HANDLERS[handler])))

    assert len(start.compiled) <= MAX_COMPILED * start.num_packaged, start.compiled
    assert UNWANTED[handler].isdisjoint(start.modules), UNWANTED[handler].intersection(start.modules)
    assert start.num_built <= MAX_BUILT * start.num_models


def test_modules_that_are_unwanted_somewhere_exist(unpacked: Path) -> None:
    named = {name for names in UNWANTED.values() for name in names if name.startswith("chalicelib.")}
    assert [name for name in sorted(named) if not (unpacked / (name.replace(".", "/") + ".pyc")).exists()] == []
