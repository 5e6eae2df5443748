"""A guess at the encoding of a text, by the names in it."""

import re
from collections.abc import Iterator

from chalicelib.people.uploads.spreadsheet.encoding_names import LABELS, encoding_named

# What is guessed among: no Unicode encoding, which shows, and nothing that is hardly written any more.
_GUESSED = [name for name in LABELS if not name.startswith("utf-") and name not in ("cp1258", "euc_jp")]

# So much of what is not ASCII is looked at.
_SAMPLE = 8_000

# The letters beside ASCII of the languages that a code page was made for. It has many others, so that a name in the
# wrong one shows by letters that do not go together.
_WESTERN = ("äöüß", "àâæçéèêëîïôœùûüÿ\u2019", "áéíñóúü", "àáâãçéêíóôõú", "äåæöøé", "àèéìíòóù", "éëïóöü")
_LANGUAGES = {
    **dict.fromkeys(("cp1252", "mac-roman", "cp850"), _WESTERN),
    **dict.fromkeys(
        ("cp1250", "cp852", "iso8859-2"),
        ("ąćęłńóśźż", "áčďéěíňóřšťúůýž", "áäčďéíĺľňóôŕšťúýž", "áéíóöőúüű", "ăâîşţ", "ćčđšž", "äöüß"),
    ),
    "cp1254": ("çğıİöşüâî",),
    "cp1257": ("āčēģīķļņšūž", "ąčęėįšųūž", "äõöüšž"),
}
# Of scripts with thousands of letters, by the first byte of each, those that names are written in.
_COMMON = {
    "gb18030": range(0xB0, 0xD8),
    "cp949": range(0xB0, 0xC9),
    "cp950": range(0xA4, 0xC7),
    "cp932": range(0x82, 0x99),
}
# Where two scripts share their bytes, the one is right in which names can be spoken.
_VOWELS = {
    **dict.fromkeys(("cp1251", "koi8-r", "cp866"), frozenset("аеёиоуыэюяіїє")),
    "cp1253": frozenset("αεηιουωάέήίόύώϊϋ"),
}
_FEWEST_VOWELS = 0.2
# What stands between and around words in any of them, and says nothing.
_BETWEEN = frozenset("\u201c\u201d\u201e\u2018\u2019\u201a\u2013\u2014\u2026\u2022\u20ac\u00ab\u00bb\u00a0\u00b0\u00a7")
_OUTER = "".join(_BETWEEN) + "\"'"
# What the library says, beside a full score for letters.
_SENSIBLE = 0.25
_LEAST = 0.5
# So many syllables in a row are Korean by no chance: half of the common Chinese letters have other bytes.
_MANY_SYLLABLES = 6


def likely_encodings(content: bytes) -> Iterator[str]:
    """The encodings that the file may be in, the likeliest first.

    The library knows which of them make sense. Lists of names are too short for it to tell cousins apart, so the
    letters count, too, that names have.
    """
    # Slow to import, and needed by few files.
    from charset_normalizer import from_bytes

    sample = _sample(content)
    matches = from_bytes(sample, cp_isolation=_GUESSED, enable_fallback=False)
    sensible = {encoding_named(name) for match in matches for name in match.could_be_from_charset}
    scores = {name: _score(sample, name) + (_SENSIBLE if name in sensible else 0) for name in _GUESSED}
    # Of equals the first in the list.
    yield from sorted((name for name in _GUESSED if scores[name] >= _LEAST), key=lambda name: -scores[name])
    # No names at all, but signs such as a half.
    yield _GUESSED[0]


def _sample(content: bytes) -> bytes:
    """The cells that are not ASCII, each once: in the others nothing tells."""
    cells = dict.fromkeys(cell for cell in re.split(rb"[,;\t\r\n\"]+", content[:1_000_000]) if not cell.isascii())
    return b"\n".join(cells)[:_SAMPLE]


def _score(sample: bytes, encoding: str) -> float:
    """How much the words look like names in this encoding, by their letters."""
    words = [word for word in re.split(r"[\s\-.()/]+", sample.decode(encoding, "replace")) if not word.isascii()]
    letters = [character for word in words for character in _letters_of(word)]
    if not letters:
        return 1 if words else 0
    score = sum(_score_of_word(word, encoding) for word in words) / len(words)
    if encoding == "cp949":
        return score + (0.1 if len(letters) >= _MANY_SYLLABLES else 0)
    shares = [sum(_is_in(letter, alphabet) for letter in letters) for alphabet in _LANGUAGES.get(encoding, ())]
    # All of one language is better than of several.
    return score + 0.1 * (max(shares) / len(letters) if shares else 0.9)


def _letters_of(word: str) -> list[str]:
    return [character for character in word if not character.isascii() and character not in _BETWEEN]


def _score_of_word(word: str, encoding: str) -> float:
    letters = _letters_of(word)
    if not letters:
        return 1
    alphabets = _LANGUAGES.get(encoding)
    if alphabets is not None:
        num_right = sum(any(_is_in(letter, alphabet) for alphabet in alphabets) for letter in letters)
    elif any(character.isascii() and character.isalpha() for character in word):
        # Of another script, and with Latin letters within one word.
        return 0
    else:
        num_right = sum(_is_common(letter, encoding) for letter in letters)
    score = num_right / len(letters)
    vowels = _VOWELS.get(encoding)
    if vowels is not None and sum(letter.lower() in vowels for letter in letters) < _FEWEST_VOWELS * len(letters):
        score *= 0.6
    # Names begin with a capital letter, where there are such, and go on with small ones.
    word = word.strip(_OUTER)
    body = word[1:]
    is_like_name = not word[:1].islower() and (body == body.lower() or body == body.upper())
    return score if is_like_name else 0.6 * score


def _is_in(letter: str, alphabet: str) -> bool:
    return letter in alphabet or letter.lower() in alphabet


def _is_common(letter: str, encoding: str) -> bool:
    common = _COMMON.get(encoding)
    if common is not None:
        return len(raw := letter.encode(encoding, "replace")) == 2 and raw[0] in common
    # Vowel signs belong to letters.
    return ("_" + letter).isidentifier()
