"""Why a mail was not sent is said in words: every code that a builder gives has its sentence (issue 10, 14)."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from chalicelib.notifications import explanations
from chalicelib.notifications.states import MailState
from chalicelib.people.invitations.states import OPEN
from chalicelib.people.members.states import MemberStatus
from chalicelib.training.sessions.states import ParticipantStatus

SOURCES = Path(explanations.__file__).parents[1]
# What `is_{...}` may say: whoever is open still gets the invitation.
STATUSES = {f"is_{status}" for status in {*ParticipantStatus, *(set(MemberStatus) - OPEN)}}


def _given() -> Iterator[str]:
    for path in SOURCES.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Suppressed":
                for argument in node.args:
                    if isinstance(argument, ast.Constant):
                        yield str(argument.value)


CODES = sorted({*_given(), *STATUSES})


def test_the_walk_finds_the_codes_of_every_room() -> None:
    assert {"replaced", "other_due_date", "told_by_earlier_mail", "removed_meanwhile", "joined_already"} <= set(CODES)


@pytest.mark.parametrize("code", CODES)
def test_every_reason_is_said_in_words(code: str) -> None:
    by_state = explanations.explain(MailState.SUPPRESSED)
    explanation = explanations.explain(MailState.SUPPRESSED, code)
    assert explanation != by_state
    assert explanation.sentence.startswith("Not sent: ")
    assert "invit" not in explanation.next_step or code not in {"is_confirmed", "is_attended", "is_absent"}
