"""The one picture: bars of requests per second, their length by the logarithm."""

import math
from collections.abc import Mapping
from html import escape

# The bars of a case, in this order; a colour each, told apart in grey too.
COLOURS = {
    "shop behind nginx": "#0a7d55",
    "shop": "#37b24d",
    "plain Django": "#e8590c",
    "SQL": "#868e96",
}
ROW, GAP, LEFT, WIDTH, RIGHT = 16, 14, 8, 620, 90
SLOWEST = 10
FONT = 'font-family="sans-serif" font-size="12"'


def plot_make(cases: Mapping[str, Mapping[str, float]]) -> str:
    """Return an SVG; `cases` tell the requests per second of each bar."""
    fastest = max(rate for bars in cases.values() for rate in bars.values())
    scale = WIDTH / math.log10(fastest / SLOWEST)
    parts, y = [_legend()], 40
    for name, bars in cases.items():
        parts.append(_text(LEFT, y + ROW - 5, name))
        y += ROW
        for who, colour in COLOURS.items():
            if who in bars:
                length = max(1, scale * math.log10(bars[who] / SLOWEST))
                parts.append(_bar(y, length, colour, f"{bars[who]:,.0f}"))
                y += ROW
        y += GAP
    size = f'width="{LEFT + WIDTH + RIGHT}" height="{y}"'
    body = "\n".join(parts)
    return f'<svg xmlns="http://www.w3.org/2000/svg" {size} {FONT}>\n{body}\n</svg>\n'


def _legend() -> str:
    parts, x = [], LEFT
    for who, colour in COLOURS.items():
        parts.append(f'<rect x="{x}" y="10" width="12" height="12" fill="{colour}"/>')
        parts.append(_text(x + 18, 21, who))
        x += 40 + 8 * len(who)
    parts.append(_text(x, 21, "requests per second, logarithmic"))
    return "\n".join(parts)


def _bar(y: int, length: float, colour: str, label: str) -> str:
    shape = f'x="{LEFT}" y="{y}" width="{length:.1f}" height="{ROW - 3}"'
    number = _text(round(LEFT + length + 6), y + ROW - 5, label)
    return f'<rect {shape} fill="{colour}"/>{number}'


def _text(x: int, y: int, text: str) -> str:
    return f'<text x="{x}" y="{y}" fill="#495057">{escape(text)}</text>'
