"""Generated pictures of brands and offers: an SVG each, from a name and a seed. No logo is ever shown.

Pure functions: the same arguments give the same picture, every text is escaped, and a
`<title>` says what it is. Ids carry a part of the seed's digest, so many pictures can stand in one page.
"""

from hashlib import sha256
from html import escape

from marketplace.app.demo.icons import ICONS

_FONT = "font-family=\"'Helvetica Neue',Helvetica,Arial,'Noto Sans',sans-serif\""


def brand_svg(name: str, seed: str) -> str:
    """A square monogram of the brand, 512 by 512."""
    hue, second, turn, _ = _draw(seed)
    own = _own(seed)
    letters = escape(monogram(name))
    size = {1: 260, 2: 210}.get(len(letters), 150)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 512 512" role="img" aria-labelledby="t{own}">'
        f'<title id="t{own}">{escape(name)}</title>'
        f"<defs>{_gradient(own, hue, second, turn)}</defs>"
        f'<rect width="512" height="512" rx="112" fill="url(#g{own})"/>'
        f'<circle cx="{120 + turn % 60}" cy="84" r="236" fill="#fff" opacity=".09"/>'
        f'<circle cx="452" cy="{430 + turn % 50}" r="196" fill="#000" opacity=".10"/>'
        f'<text x="256" y="262" {_FONT} font-size="{size}" font-weight="700" fill="#fff" '
        f'text-anchor="middle" dominant-baseline="central" letter-spacing="-4">{letters}</text>'
        f"</svg>"
    )


def offer_svg(kind: str, title: str, seed: str) -> str:
    """A card of the offer with its kind's icon and title, 800 by 500."""
    hue, second, turn, shift = _draw(seed)
    own, icon = _own(seed), ICONS.get(kind, ICONS["VOUCHER"])
    pen = 'fill="none" stroke="#fff" stroke-linecap="round" stroke-linejoin="round"'
    lines = wrap(title, 26, 3)
    first = 398 - 44 * (len(lines) - 1)
    text = "".join(
        f'<tspan x="56" y="{first + 44 * number}">{escape(line)}</tspan>' for number, line in enumerate(lines)
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 800 500" role="img" aria-labelledby="t{own}">'
        f'<title id="t{own}">{escape(title)}</title>'
        f"<defs>{_gradient(own, hue, second, turn)}</defs>"
        f'<rect width="800" height="500" rx="36" fill="url(#g{own})"/>'
        f"{_waves(shift)}"
        f'<g transform="translate(470 40) scale(11.5)" {pen} stroke-width="1.1" opacity=".32">{icon}</g>'
        f'<g transform="translate(56 52)"><rect width="76" height="76" rx="22" fill="#fff" opacity=".2"/>'
        f'<g transform="translate(14 14) scale(2)" {pen} stroke-width="1.9">{icon}</g></g>'
        f'<text {_FONT} font-size="37" font-weight="700" fill="#fff" letter-spacing="-.5">{text}</text>'
        f'<text x="56" y="446" {_FONT} font-size="18" fill="#fff" opacity=".78">'
        f"Demonstration · not a real offer</text>"
        f"</svg>"
    )


def monogram(name: str) -> str:
    """One to three letters: "The Body Shop" -> "BS", "H&M" -> "H&M", "Starbucks" -> "S"."""
    if len(name) <= 3:
        return name
    words = [word for word in name.replace("&", " ").replace("-", " ").split() if word[0].isalnum()]
    if len(words) > 1 and words[0].casefold() in {"the", "la", "le", "el", "de"}:
        words = words[1:]
    return "".join(word[0] for word in words[:2]).upper() or name[:1].upper()


def wrap(text: str, width: int, most: int) -> list[str]:
    """The text in at most so many lines of about this width, an ellipsis where it was cut."""
    lines = [""]
    for word in text.split():
        if lines[-1] and len(lines[-1]) + 1 + len(word) > width:
            lines.append(word)
        else:
            lines[-1] = f"{lines[-1]} {word}".strip()
    if len(lines) > most:
        lines = [*lines[: most - 1], f"{lines[most - 1][: width - 1].rstrip()}…"]
    return [line if len(line) <= width + 6 else f"{line[: width + 5]}…" for line in lines]


def _draw(seed: str) -> tuple[int, int, int, int]:
    """Hue, second hue, gradient angle and wave shift of a seed."""
    digest = sha256(seed.encode()).digest()
    hue = int.from_bytes(digest[:2]) % 360
    return hue, (hue + 24 + digest[2] % 46) % 360, digest[3] % 90, digest[4] % 120


def _own(seed: str) -> str:
    return sha256(seed.encode()).hexdigest()[:8]


def _gradient(own: str, hue: int, second: int, turn: int) -> str:
    return (
        f'<linearGradient id="g{own}" gradientTransform="rotate({turn} .5 .5)">'
        f'<stop offset="0" stop-color="hsl({hue} 62% {_light(hue)}%)"/>'
        f'<stop offset="1" stop-color="hsl({second} 68% {_light(second) - 13}%)"/></linearGradient>'
    )


def _light(hue: int) -> int:
    """Yellows and greens look lighter than blues: darker there, so white text stays readable."""
    return 33 if 40 <= hue <= 190 else 45


def _waves(shift: int) -> str:
    low, high = 330 + shift // 2, 210 + shift
    return (
        f'<path d="M0 {high}C180 {high - 90} 320 {high + 110} 520 {high + 10}S760 {high - 80} 800 {high - 50}'
        f'V500H0Z" fill="#000" opacity=".08"/>'
        f'<path d="M0 {low}C200 {low + 70} 360 {low - 70} 560 {low}S740 {low + 60} 800 {low + 30}'
        f'V464a36 36 0 0 1-36 36H36a36 36 0 0 1-36-36Z" fill="#000" opacity=".12"/>'
    )
