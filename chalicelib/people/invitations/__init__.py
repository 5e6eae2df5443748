"""Invitations: invite, resend, cancel, accept, decline (I1, I3 to I6, B6, B7)."""
