"""Every kind of message and mail has tests that break its AWS calls; routes have theirs in tests/faults/routes.

Whoever adds a kind says here where its plan is, or why it needs none.
"""

import ast
from pathlib import Path

import pytest

from chalicelib import worker
from chalicelib.mailer import BUILDER_BY_KIND

_HERE = Path(__file__).parent

_BATCHES, _SESSIONS = "training/batches", "training/sessions/test_live_trainings.py"

# Messages of the jobs queue, by their names.
MESSAGES = {
    "advance": f"{_BATCHES}/test_reconcile.py",
    "chunk": f"{_BATCHES}/test_chunk.py",
    "launch": f"{_BATCHES}/test_sweep.py",
    "join": "training/auto_enrollment/test_auto_enrollment.py",
    "join_many": "training/auto_enrollment/test_auto_enrollment.py",
    "join_group": "training/auto_enrollment/test_auto_enrollment.py",
    "archive": "training/progress/test_archive.py",
    "close_client": "people/members/test_close_client.py",
    "move_dates": "training/bulk_changes/test_dates.py",
    "anchor_audit": "tenants/audit/test_anchors.py",
    "export": "reporting/exports/test_exports.py",
    "report": "reporting/reports/test_reports.py",
    "collect_evidence": "reporting/evidence/test_evidence.py",
    "preview": "training/rollouts/test_preview.py",
    "mail_row": "training/course_mails/test_row_mails.py",
    "import": "people/uploads/test_uploads.py",
    "import_chunk": "people/uploads/test_uploads.py",
    "bulk_action": "people/bulk_actions/test_bulk_actions.py",
    "search": "people/search/test_search.py",
    "wave": "people/invitations/test_invites.py",
    "change": "training/bulk_changes/test_undo.py",
    "change_chunk": "training/bulk_changes/test_undo.py",
    "enroll_people": _SESSIONS,
    "enroll_people_chunk": _SESSIONS,
    "show_enrolled": _SESSIONS,
    "tell_people": _SESSIONS,
    "tell_session": _SESSIONS,
    "remind_session": _SESSIONS,
    "fill_places": _SESSIONS,
    "make_certificate": "training/certificates/test_certificates.py",
    "end_sessions": "people/accounts/test_end_sessions.py",
    "make_badge": "training/certificates/test_badges.py",
    "revoke_badge": "training/certificates/test_badges.py",
    "erase_member": "reporting/personal_data/test_erasing.py",
    "erase_account": "reporting/personal_data/test_erasing.py",
}

# Those of them whose dead letter somebody handles.
DEAD_LETTERS = {
    "advance": f"{_BATCHES}/test_dead_letters.py",
    "chunk": f"{_BATCHES}/test_dead_letters.py",
    "launch": f"{_BATCHES}/test_dead_letters.py",
    "join": "training/auto_enrollment/test_auto_enrollment.py",
    "join_many": "training/auto_enrollment/test_auto_enrollment.py",
    "export": "reporting/exports/test_exports.py",
    "report": "reporting/reports/test_reports.py",
    "collect_evidence": "reporting/evidence/test_dead_letters.py",
    "preview": "training/rollouts/test_preview.py",
    "import_chunk": "people/uploads/test_uploads.py",
    "change_chunk": "training/bulk_changes/test_undo.py",
    "enroll_people_chunk": "training/sessions/test_dead_letters.py",
    "make_certificate": "training/certificates/test_certificates.py",
}

# Mails whose text is made with a write: of a link or of a code only the hash is kept.
MAILS = {
    "invitation": "people/invitations/test_invite_mail.py",
    "invitation_again": "people/invitations/test_invite_mail.py",
    "join_code": "people/join_page/test_joining.py",
    "email_code": "notifications/test_account_mails.py",
    "email_changed": "notifications/test_account_mails.py",
    "admin_appointed": "notifications/test_mail.py",
}

# Their text is made by reads only. A read that breaks there ends as it does for `admin_appointed`: the mail is tried
# again.
MAILS_BY_READS = {
    "invitation_cancelled", "welcome", "enrolled", "reminder", "due_in_7_days", "due_tomorrow", "overdue",
    "part_failed", "training_invited", "training_changed", "training_waiting", "training_cancelled",
    "training_tomorrow", "training_soon",
}  # fmt: skip


def test_every_kind_of_message_has_a_plan() -> None:
    assert set(MESSAGES) == {kind.name for kind in worker._KINDS}


def test_every_dead_letter_that_is_handled_has_a_plan() -> None:
    assert set(DEAD_LETTERS) == {kind.name for kind in worker._KINDS if kind.on_dead_letter is not None}


def test_every_kind_of_mail_has_a_plan_or_is_made_by_reads() -> None:
    assert not MAILS_BY_READS & MAILS.keys()
    assert {*MAILS, *MAILS_BY_READS} == {str(kind) for kind in BUILDER_BY_KIND}


@pytest.mark.parametrize("file", sorted({*MESSAGES.values(), *DEAD_LETTERS.values(), *MAILS.values()}))
def test_a_plan_breaks_calls_that_it_lists(file: str) -> None:
    """A test that is run with every fault, and one that compares the calls."""
    tests = [node for node in ast.parse((_HERE / file).read_text()).body if isinstance(node, ast.FunctionDef)]
    tests = [test for test in tests if test.name.startswith("test_")]
    assert any("fault" in {argument.arg for argument in test.args.args} for test in tests)
    assert any("calls" in ast.unparse(test) and "watched()" in ast.unparse(test) for test in tests)
