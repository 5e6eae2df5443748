"""Invitations: sent, followed, sent again, withdrawn, accepted, declined (I1, I3 to I6, B6, B7)."""
