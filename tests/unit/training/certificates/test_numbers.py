"""Numbers of certificates: a slip of the pen is noticed."""

import math

from chalicelib.training.certificates.numbers import _LETTERS, new_number, shown, understood


def test_a_number_has_more_than_80_random_bits_and_reads_well() -> None:
    number = new_number()
    assert len(shown(number).replace("-", "")) == 18
    assert 17 * math.log2(len(_LETTERS)) > 80
    assert set("01ILO").isdisjoint(_LETTERS)
    assert len({new_number() for _ in range(1000)}) == 1000


def test_what_is_typed_is_understood() -> None:
    number = new_number()
    for typed in (number, number.lower(), shown(number), shown(number).lower()):
        assert understood(typed) == number


def test_every_single_slip_is_noticed() -> None:
    number = new_number()
    for place, letter in enumerate(number):
        for other in _LETTERS:
            slip = number[:place] + other + number[place + 1 :]
            assert (understood(slip) is None) == (other != letter)


def test_two_letters_that_changed_places_are_noticed() -> None:
    for _ in range(20):
        number = new_number()
        for place in range(17):
            first, second = number[place], number[place + 1]
            swapped = number[:place] + second + first + number[place + 2 :]
            assert (understood(swapped) is None) == (first != second)


def test_what_is_no_number_is_none() -> None:
    for text in ("", "A", "A" * 17, "A" * 19, "0" * 18, "\u0410" * 18):
        assert understood(text) is None
