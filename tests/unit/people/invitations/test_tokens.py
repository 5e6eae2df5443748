"""The links of invitations: nobody can guess one, and what is kept of it opens nothing."""

import hashlib
import string

import pytest

from chalicelib.people.invitations import tokens
from chalicelib.people.invitations.tokens import Token

ALPHABET = set(string.ascii_letters + string.digits)


def test_a_link_says_which_invitation_it_is_of() -> None:
    token = Token("o", "m", "s")
    assert token.text == "o.m.s"
    assert Token.parse(token.text) == token


@pytest.mark.parametrize("text", ["", "o", "o.m", "o.m.s.t", "o.m.", "o..s", ".m.s", "..", "...."])
def test_what_is_no_link_is_none(text: str) -> None:
    assert Token.parse(text) is None


def test_secrets_are_letters_and_digits_and_too_many_to_guess() -> None:
    made = {tokens.new_secret() for _ in range(500)}
    assert len(made) == 500
    assert {len(secret) for secret in made} == {33}
    # Of 16,500 letters one of the 62 is missing once in 10 to the 114th runs.
    assert set("".join(made)) == ALPHABET


def test_a_secret_that_follows_from_a_code_is_the_same_each_time_and_of_no_other() -> None:
    made = {tokens.derived_secret(f"seed {number}", code) for number in range(250) for code in ("a", "b")}
    assert len(made) == 500
    assert {len(secret) for secret in made} == {33}
    assert set("".join(made)) == ALPHABET
    assert tokens.derived_secret("seed", "code") == tokens.derived_secret("seed", "code")
    # Mails that are on their way have these links: a release must not change them.
    assert tokens.derived_secret("seed", "code") == _written_out("seed", "code")
    # What belongs to the one is not what belongs to the other.
    assert tokens.derived_secret("a", "bc") != tokens.derived_secret("ab", "c")


def _written_out(seed: str, code: str) -> str:
    """The number that the hash is, in digits of 62, the lowest first."""
    rest = int(hashlib.sha256(seed.encode() + b"\0" + code.encode()).hexdigest(), 16)
    letters = string.ascii_lowercase + string.ascii_uppercase + string.digits
    return "".join(letters[rest // 62**place % 62] for place in range(33))


def test_of_a_secret_a_hash_is_kept() -> None:
    assert tokens.hash_of("secret") == hashlib.sha256(b"secret").hexdigest()


def test_a_secret_matches_its_own_hash_and_nothing_matches_none() -> None:
    known = tokens.hash_of("secret")
    assert tokens.matches("secret", known) is True
    for secret, known_hash in (("other", known), ("", known), (known, known), ("secret", None), ("", None)):
        assert tokens.matches(secret, known_hash) is False
