"""The chart in docs/benchmarks.md: what a learner takes at three sizes of a client, and the busiest keys of 25."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from xml.sax.saxutils import escape

from tests.bench.full_size import Walk
from tests.bench.key_load import MAX_PER_SECOND

_WIDTH, _HEIGHT = 860, 330
_LEFT, _RIGHT, _TOP, _PANEL = 20, 440, 60, 200
_BLUE, _RED, _GREY = "#2b6cb0", "#c53030", "#4a5568"


def drawn(walks: Sequence[Walk], busiest: Mapping[str, float]) -> str:
    """An SVG document."""
    shapes = [
        *_per_learner(walks, "AWS calls per 1,000 learners", _TOP, lambda walk: walk.calls_per_learner * 1000),
        *_per_learner(walks, "write units per learner", _TOP + 130, lambda walk: walk.units_per_learner),
        *_keys(busiest),
    ]
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" font-family="sans-serif">'
    background = f'<rect width="{_WIDTH}" height="{_HEIGHT}" fill="white"/>'
    titles = [
        _text(_LEFT, 28, "One client, launch to last mail made (P12)", size=15),
        _text(_RIGHT, 28, f"Busiest keys, writes a second; at most {MAX_PER_SECOND} (P10)", size=15),
    ]
    return "\n".join([head, background, *titles, *shapes, "</svg>", ""])


def _per_learner(walks: Sequence[Walk], title: str, top: int, value: Callable[[Walk], float]) -> Iterator[str]:
    """A bar for each size, all on one scale."""
    yield _text(_LEFT, top, title)
    most = max(value(walk) for walk in walks)
    for place, walk in enumerate(walks):
        y = top + 12 + place * 26
        yield _text(_LEFT + 62, y + 14, f"{walk.num_learners:,}", anchor="end")
        yield from _bar(_LEFT + 70, y, value(walk) / most * 240, f"{value(walk):.4g}", _BLUE)


def _keys(busiest: Mapping[str, float]) -> Iterator[str]:
    scale = 300 / max(MAX_PER_SECOND, *busiest.values())
    keys = sorted(busiest.items(), key=lambda one: -one[1])[:6]
    for place, (key, most) in enumerate(keys):
        y = _TOP + place * 42
        yield _text(_RIGHT, y, key, size=11)
        yield from _bar(_RIGHT, y + 5, most * scale, f"{most:.0f}", _RED if most > MAX_PER_SECOND else _BLUE)
    x = _RIGHT + MAX_PER_SECOND * scale
    yield f'<line x1="{x:.0f}" x2="{x:.0f}" y1="{_TOP - 12}" y2="{_TOP + 42 * len(keys)}" stroke="{_RED}"/>'


def _bar(x: float, y: float, width: float, label: str, color: str) -> Iterator[str]:
    yield f'<rect x="{x:.0f}" y="{y:.0f}" width="{max(1, width):.0f}" height="18" fill="{color}"/>'
    yield _text(x + width + 6, y + 14, label)


def _text(x: float, y: float, text: str, *, size: int = 13, anchor: str = "start") -> str:
    place = f'x="{x:.0f}" y="{y:.0f}" font-size="{size}" text-anchor="{anchor}" fill="{_GREY}"'
    return f"<text {place}>{escape(text)}</text>"
