"""The AWS calls by which people come in. A new call is a new line here, and with it come its faults."""

from tests.faults.kinds import GET, GET_MANY, LOG_IN, QUERY, SECRET, SEND, SES, TRANSACT

CLAIM, ANSWER = [QUERY, GET, TRANSACT], [TRANSACT]
TELL = [QUERY, TRANSACT]

# ------------------------------------------------------------ admins

INVITE = [*CLAIM, GET, *(GET, GET_MANY), *TELL, *(GET, GET_MANY, GET_MANY), SEND, *ANSWER]
# From here on everybody is invited.
INVITED_BY = len(CLAIM) + 3 + len(TELL)
# With as many people in a transaction as there are not: one after the other.
INVITE_IN_PARTS = [*INVITE[:INVITED_BY], GET, GET_MANY, GET_MANY, *TELL, *INVITE[INVITED_BY:]]
RESEND_TWO = [*CLAIM, GET, *(GET, *TELL), *(GET, *TELL), SEND, *ANSWER]
CANCEL = [*CLAIM, *(GET, *TELL), SEND, *ANSWER]

# ------------------------------------------------------------ the mailer, and what SES tells

_CLAIM_MAIL, _READ, _SLOT, _NOTE = [TRANSACT, GET], [GET, GET, TRANSACT], [GET, TRANSACT], [TRANSACT, QUERY]
_BEFORE, _AFTER = [TRANSACT, QUERY, QUERY], [QUERY, TRANSACT, QUERY, TRANSACT, QUERY]

MAIL = [*_BEFORE, *_CLAIM_MAIL, *_READ, *_SLOT, SES, *_NOTE, *_AFTER]

# Which of them take the mail, read what it says, hand it to SES, and note that.
CLAIMED_BY, READ_BY, SENT_BY, NOTED_BY = len(_BEFORE) + 1, len(_BEFORE) + 5, MAIL.index(SES) + 1, MAIL.index(SES) + 2

DELIVERED = [GET, TRANSACT, GET, GET, TRANSACT]

# ------------------------------------------------------------ the invited

_MINE, _LINK = [GET, GET, GET], [GET, GET, GET]
_ACCEPTED = [GET, QUERY, TRANSACT, GET, SEND, SEND]
_LIMIT = [GET, TRANSACT]

ACCEPT = [*_MINE, *_ACCEPTED]
DECLINE = [*_MINE, GET, TRANSACT, GET]
RENEW = [*_LINK, *_LIMIT, TRANSACT, SEND]
LOG_IN_AND_ACCEPT = [*_LINK, *_LIMIT, *_LIMIT, SECRET, LOG_IN, *_ACCEPTED]
