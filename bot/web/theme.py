"""The shop's accent colour, made readable: /theme.css gives it to every page as custom properties."""

import colorsys
import re

from sanic import HTTPResponse, Request
from sanic.response import text

from bot.web.api import Api

LIGHT, DARK = (1.0, 1.0, 1.0), (0.075, 0.086, 0.098)  # the surfaces text stands on
FALLBACK = "#0b5d4f"
LEAST = 4.6  # WCAG asks 4.5:1

Colour = tuple[float, float, float]


def _parse(accent: str) -> Colour:
    found = re.fullmatch(r"#?([0-9a-fA-F]{6})", accent.strip()) or re.fullmatch(r"#(.{6})", FALLBACK)
    digits = found.group(1) if found else "0b5d4f"
    return (int(digits[0:2], 16) / 255, int(digits[2:4], 16) / 255, int(digits[4:6], 16) / 255)


def _hex(colour: Colour) -> str:
    return "#" + "".join(f"{round(part * 255):02x}" for part in colour)


def _luminance(colour: Colour) -> float:
    parts = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in colour]
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]


def _mix(one: Colour, other: Colour, share: float) -> Colour:
    red, green, blue = (a * share + b * (1 - share) for a, b in zip(one, other, strict=True))
    return (red, green, blue)


def contrast(one: Colour, other: Colour) -> float:
    """Contrast of two colours after WCAG 2: 1 to 21."""
    high, low = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def readable(accent: Colour, surface: Colour) -> Colour:
    """The accent, lighter or darker until text of it can be read on `surface`."""
    hue, light, saturation = colorsys.rgb_to_hls(*accent)
    step = -0.02 if _luminance(surface) > 0.5 else 0.02
    colour = accent
    while contrast(colour, surface) < LEAST and 0 <= light + step <= 1:
        light += step
        colour = colorsys.hls_to_rgb(hue, light, saturation)
    return colour


def css(accent: str) -> str:
    """The style sheet for an accent `#rrggbb`; another text gives the default colour.

    `--accent` fills, `--on-accent` is text on it, `--accent-ink` is accent-coloured text on the page,
    `--accent-soft` and `--accent-line` are its tints.
    """
    colour = _parse(accent)
    fill_dark = readable(colour, (0.12, 0.12, 0.12)) if contrast(colour, DARK) < 3 else colour

    def on(fill: Colour) -> str:
        return "#ffffff" if contrast(fill, LIGHT) >= contrast(fill, (0, 0, 0)) else "#000000"

    def block(fill: Colour, surface: Colour) -> str:
        soft, line = _mix(fill, surface, 0.12), _mix(fill, surface, 0.4)
        ink = readable(colour, soft)  # readable on the tint, so on the plain surface too
        return (
            f"--accent:{_hex(fill)};--on-accent:{on(fill)};--accent-ink:{_hex(ink)};"
            f"--accent-soft:{_hex(soft)};--accent-line:{_hex(line)};"
        )

    light, dark = block(colour, LIGHT), block(fill_dark, DARK)
    return (
        f":root{{{light}}}\n@media (prefers-color-scheme:dark){{:root{{{dark}}}}}\n"
        f':root[data-theme="light"]{{{light}}}\n:root[data-theme="dark"]{{{dark}}}\n'
    )


def routes(api: Api) -> None:
    """Register the theme."""

    @api.route("GET", "/theme.css", guard="none", returns="CSS custom properties of the shop's accent")
    async def theme(request: Request) -> HTTPResponse:
        """The shop's accent colour for every page."""
        return text(
            css(request.app.ctx.services.profile.accent),
            headers={"Cache-Control": "max-age=300"},
            content_type="text/css; charset=utf-8",
        )
