"""Certificates as PDF: right in every script, for eyes, for programs that read them, and for archives."""

import base64
import io
import json
import os
from pathlib import Path
from typing import Any

import pypdf
import pypdfium2
import pytest
import segno
from PIL import Image, ImageChops, ImageStat

from chalicelib.training.certificates.pdf.typeset import NoGlyph, pdf_of, typeset
from tests.unit.training.certificates.pdf_reading import lines_of

# Looked at by people who read these scripts, or against the letters' charts. MUSTER_PICTURES=1 takes it anew.
SHEET = Path(__file__).parent / "scripts.png"

NAMES = {
    "Latin": "Zoë Müller-Lüdenscheidt",
    "Vietnamese": "Nguyễn Thị Ánh",
    "Greek": "Ελένη Παπαδοπούλου",
    "Cyrillic": "Дмитрий Іванович",
    "Arabic": "محمد عبد الله",
    "Hebrew": "דוד כהן",
    "Devanagari": "प्रिया शर्मा",
    "Bengali": "মৌসুমী চট্টোপাধ্যায়",
    "Thai": "กนกวรรณ ใจดี",
    "Khmer": "សុខា ចាន់",
    "Tamil": "தமிழ்ச்செல்வி",
    "Telugu": "తెలుగు రెడ్డి",
    "Georgian": "გიორგი ბერიძე",
    "Armenian": "Հայկ Սարգսյան",
    "Ethiopic": "አበበ በቂላ",
    "Chinese": "王小明",
    "Japanese": "山田 ひかり",
    "Korean": "김민수",
}

# Where reading follows the glyphs, which are drawn from left to right: a reader has to turn them around.
_DRAWN_BACKWARDS = {"Hebrew"}
# pdfium turns around what is told it in the order of reading.
_TURNED_AROUND_BY_PDFIUM = {"Arabic"}


def facts(**more: Any) -> dict[str, Any]:
    number = "E47A64-E8PXMK-NERR4M"
    return {
        "heading": "Certificate of completion", "awarded_to": "Awarded to", "has_completed": "for completing",
        "holder": "Ann Lee", "title": "Spotting Phishing", "organization": "Acme Industries",
        "completed_on": "Completed on 4 January 2027", "valid_until": None, "issued_at": "2027-01-04T10:00:00Z",
        "number": number, "number_is": "Number", "check_at": "Whether this certificate is genuine:",
        "check_url": f"https://muster.example/dev/certificates/{number}", "qr_alt": "QR code", **more,
    }  # fmt: skip


def _pictured(pdf: bytes, scale: float = 1.0) -> Image.Image:
    picture = pypdfium2.PdfDocument(pdf)[0].render(scale=scale).to_pil()
    return picture.convert("L")


def _value(picture: Image.Image, x: float, y: float) -> int:
    value = picture.getpixel((int(x), int(y)))
    assert isinstance(value, int)
    return value


def _read_by_pdfium(pdf: bytes) -> list[str]:
    text = str(pypdfium2.PdfDocument(pdf)[0].get_textpage().get_text_range())
    return [line.strip() for line in text.splitlines()]


@pytest.mark.parametrize("script", sorted(NAMES.keys() - _DRAWN_BACKWARDS))
def test_what_is_printed_is_read_as_it_was_written(script: str) -> None:
    name = NAMES[script]
    lines = lines_of(pdf_of(facts(holder=name, title=f"1 {name} 2", organization=f"{name} & Co.")))
    assert [line.replace(" ", "") for line in lines if name.replace(" ", "") in line.replace(" ", "")] == [
        f"{name}&Co.".replace(" ", ""), name.replace(" ", ""), f"1{name}2".replace(" ", ""),
    ]  # fmt: skip


@pytest.mark.parametrize("script", sorted(NAMES.keys() - _TURNED_AROUND_BY_PDFIUM))
def test_browsers_read_the_name_too(script: str) -> None:
    assert NAMES[script] in _read_by_pdfium(pdf_of(facts(holder=NAMES[script])))


def test_names_look_as_on_the_sheet_that_people_looked_at() -> None:
    lines = [_pictured(pdf_of(facts(holder=name))).crop((90, 165, 752, 240)) for name in NAMES.values()]
    width, height = lines[0].size
    sheet = Image.new("L", (2 * width, -(-len(lines) // 2) * height), 255)
    for index, line in enumerate(lines):
        sheet.paste(line, ((index % 2) * width, (index // 2) * height))
    if os.environ.get("MUSTER_PICTURES"):
        sheet.save(SHEET, optimize=True)
    seen = Image.open(SHEET).convert("L")
    assert seen.size == sheet.size
    for index, script in enumerate(NAMES):
        box = ((index % 2) * width, (index // 2) * height, (index % 2 + 1) * width, (index // 2 + 1) * height)
        # Shades at the edges may differ from one release of the drawing library to the next; letters may not.
        assert ImageStat.Stat(ImageChops.difference(seen.crop(box), sheet.crop(box))).mean[0] < 0.5, script
        assert ImageStat.Stat(seen.crop(box)).mean[0] < 252, f"{script}: nothing is drawn"


def test_the_qr_code_leads_to_the_check_page() -> None:
    picture, scale = _pictured(pdf_of(facts()), 4.0), 4.0
    point = 72 / 25.4 * scale
    # 27 mm in the corner of the margins, with a border of two modules.
    left, top = (297 - 28 - 27) * point, (210 - 20 - 27) * point
    wanted = [list(row) for row in segno.make(facts()["check_url"], error="m", micro=False).matrix]
    module = 27 * point / (len(wanted) + 4)
    drawn = [
        [_value(picture, left + (x + 2.5) * module, top + (y + 2.5) * module) < 128 for x in range(len(wanted))]
        for y in range(len(wanted))
    ]
    assert drawn == [[bool(dark) for dark in row] for row in wanted]


@pytest.mark.parametrize("text", ["\u16a0\u16a2", "Ann \u16a0", "\U0001f9d9\u200d\U0001f3fb \U00013000", "\ue000"])
@pytest.mark.parametrize("field", ["holder", "title", "organization"])
def test_a_character_without_a_glyph_is_refused(text: str, field: str) -> None:
    with pytest.raises(NoGlyph):
        pdf_of(facts(**{field: text}))
    assert typeset(facts(**{field: text})) == {"code": "no_glyph"}


@pytest.mark.parametrize("text", ["#panic()", "*bold* _x_ $1$", "[ ( { \\ < @a", "// c /* d", "= H", '" + "'])
def test_nothing_that_people_are_called_is_markup(text: str) -> None:
    made = pdf_of(facts(holder=text, title=text, organization=text))
    assert len(pypdf.PdfReader(io.BytesIO(made)).pages) == 1
    assert text.replace(" ", "") in "".join(lines_of(made)).replace(" ", "")


@pytest.mark.parametrize("letters", ["W", "Wide ", "क्षि ", "王"])
def test_the_longest_texts_fit_on_one_page(letters: str) -> None:
    long = (letters * 200)[:200]
    words = " ".join(long[start : start + 20] for start in range(0, 200, 20)) if letters == "W" else long
    made = pdf_of(facts(holder=words, title=words, organization=words[:120], valid_until="Counts until 1 May 2030"))
    assert len(pypdf.PdfReader(io.BytesIO(made)).pages) == 1
    # No text reaches the number and the QR code, nor the border.
    picture = _pictured(made)
    assert picture.crop((60, 446, 780, 460)).getextrema()[0] > 200
    assert picture.crop((40, 60, 70, 400)).getextrema()[0] > 200


def test_it_is_tagged_for_screen_readers_and_archives() -> None:
    reader = pypdf.PdfReader(io.BytesIO(pdf_of(facts())))
    root = reader.trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"]
    assert root["/Lang"] == "en"
    said = reader.metadata
    assert said is not None
    assert (said.title, said.author) == ("Certificate of completion: Spotting Phishing, Ann Lee", "Acme Industries")
    described = root["/Metadata"].get_object().get_data().decode()
    assert "<pdfaid:part>2</pdfaid:part>" in described
    assert "<pdfaid:conformance>A</pdfaid:conformance>" in described
    assert "<pdfuaid:part>1</pdfuaid:part>" in described


def test_the_same_certificate_gives_the_same_file() -> None:
    """In one process and in the answer of the function, which is JSON."""
    first = pdf_of(facts(holder=NAMES["Khmer"]))
    answer = json.loads(json.dumps(typeset(facts(holder=NAMES["Khmer"]))))
    assert base64.b64decode(answer["pdf"]) == first
