"""The AWS calls of invitations, in order. The fault tests break each of them in every way."""

from tests.faults.kinds import DELETE, GET, GET_MANY, LOG_IN, PUT, QUERY, SECRET, SEND, SES, TRANSACT, UPDATE

CLAIM, ANSWER = [QUERY, GET, PUT], [UPDATE]
AUDIT = [QUERY, TRANSACT]

# ------------------------------------------------------------ admins

INVITE = [*CLAIM, GET, *(GET, GET_MANY), *AUDIT, *(GET, GET_MANY, GET_MANY), SEND, *ANSWER]
# After so many calls everybody is invited.
INVITED_BY = len(CLAIM) + 3 + len(AUDIT)
# With one person per transaction.
INVITE_IN_PARTS = [*INVITE[:INVITED_BY], GET, GET_MANY, GET_MANY, *AUDIT, *INVITE[INVITED_BY:]]
RESEND_TWO = [*CLAIM, GET, *(GET, *AUDIT), *(GET, *AUDIT), SEND, *ANSWER]
CANCEL = [*CLAIM, *(GET, *AUDIT), SEND, *ANSWER]

# ------------------------------------------------------------ the mailer, and SES's delivery events

_CLAIM_MAIL, _READ, _SLOT, _NOTE = [UPDATE], [GET_MANY, UPDATE], [UPDATE], [UPDATE, DELETE]
_BEFORE, _AFTER = [PUT, QUERY, QUERY], [DELETE, QUERY, DELETE, QUERY]

MAIL = [*_BEFORE, *_CLAIM_MAIL, *_READ, *_SLOT, SES, *_NOTE, *_AFTER]

# After so many calls the mail is claimed, its content read, handed to SES, and recorded as sent.
CLAIMED_BY, READ_BY, SENT_BY, NOTED_BY = len(_BEFORE) + 1, len(_BEFORE) + 3, MAIL.index(SES) + 1, MAIL.index(SES) + 2

# An event is recorded; then the invitation is pending, or its address blocked.
NEWS = {"Delivery": [UPDATE, UPDATE], "Bounce": [UPDATE, GET, PUT], "Complaint": [UPDATE, UPDATE, GET, PUT]}

# ------------------------------------------------------------ the invited

_MINE, _LINK = [GET_MANY, GET], [GET_MANY, GET]
_ACCEPTED = [QUERY, TRANSACT, SEND, SEND]
_LIMIT = [UPDATE]

ACCEPT = [*_MINE, *_ACCEPTED]
# With the allow list, and the move in the audit trail.
_AT = ACCEPT.index(TRANSACT)
MOVE_AND_ACCEPT = [*ACCEPT[:_AT], GET, QUERY, *ACCEPT[_AT:]]
DECLINE = [*_MINE, TRANSACT]
RENEW = [GET, *_LINK, *_LIMIT, *_LIMIT, TRANSACT, SEND]
LOG_IN_AND_ACCEPT = [*_LINK, *_LIMIT, *_LIMIT, SECRET, LOG_IN, *_LIMIT, *_LIMIT, *_ACCEPTED]
