"""Sixty invented members of three programs: names that nobody was asked for, addresses at example.org."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from random import Random

from marketplace.app.demo.data import slug_of
from marketplace.app.demo.programs import TIERS


@dataclass(frozen=True, slots=True)
class MemberSeed:
    """One member; `reference` is the program's own name for them and the `sub` of their tokens."""

    program: str
    reference: str
    given_name: str
    family_name: str
    email: str
    country: str
    languages: tuple[str, ...]
    tier: str
    opening_points: int

    @property
    def name(self) -> str:
        return f"{self.given_name} {self.family_name}"


_PEOPLE: dict[str, dict[tuple[str, tuple[str, ...]], str]] = {
    "NORTH": {
        (
            "SE",
            ("sv", "en"),
        ): "Astrid Lindqvist, Elin Bergström, Oskar Nyström, Maja Sandberg, Viktor Hallgren, "
        "Saga Ekdahl, Nils Åkerlund, Freja Wikander",
        (
            "NO",
            ("nb", "en"),
        ): "Ingrid Solheim, Magnus Haugland, Sigrid Nesbakken, Eirik Fjeldstad, Tiril Moen",
        ("FI", ("fi", "sv", "en")): "Aino Korpela, Eero Salmivaara, Helmi Rantanen",
        ("DK", ("da", "nb", "en")): "Karla Vestergaard, Emil Thorup",
        ("NL", ("nl", "en")): "Sanne Verhoeven, Daan Kuipers, Fleur Wijnand",
    },
    "KOPI": {
        (
            "MY",
            ("ms", "en"),
        ): "Nurul Aisyah, Ahmad Firdaus, Siti Khadijah, Lim Wei Jie, Priya Raman, Tan Mei Ling, "
        "Hafiz Rahman, Kavita Nair, Zulkifli Osman, Chong Jia Hui",
        ("SG", ("en", "ms")): "Ong Kai Xin, Farah Iskandar, Daniel Seah, Goh Shu Min",
        ("ID", ("id", "ms", "en")): "Dewi Kusumawati, Budi Santoso, Putri Maharani",
    },
    "ATLAS": {
        ("US", ("en",)): "Grace Whitfield, Marcus Ellery, Olivia Brandt, Tyler Okafor, Hannah Pruitt",
        ("GB", ("en",)): "Imogen Hartley, Callum Reid, Zara Siddiqui, Rhys Pritchard",
        ("DE", ("de", "en")): "Johanna Kessler, Lukas Brenner, Miriam Vogt, Tobias Renner",
        (
            "KZ",
            ("ru", "kk", "en"),
        ): "Алия Серикова, Тимур Ахметов, Ольга Ковалёва, Данияр Жумабек, Айгерим Нурланова",
        ("AE", ("en", "ru")): "Layla Haddad, Sergei Morozov",
        ("FR", ("fr", "en")): "Camille Rousselet, Théo Marchand",
    },
}
"""Country and languages, then names; the first of each program is the one the demo speaks for."""
_LATIN = {
    "Алия Серикова": "aliya-serikova", "Тимур Ахметов": "timur-akhmetov", "Ольга Ковалёва": "olga-kovaleva",
    "Данияр Жумабек": "daniyar-zhumabek", "Айгерим Нурланова": "aigerim-nurlanova",
}  # fmt: skip
_OPENING = {"blue": (500, 4000), "silver": (3000, 9000), "gold": (8000, 20_000), "platinum": (15_000, 40_000),
            "diamond": (30_000, 90_000)}  # fmt: skip
_SCALE = {"NORTH": 1, "KOPI": 3, "ATLAS": 1}


@cache
def members() -> tuple[MemberSeed, ...]:
    """Every member, program by program; each program has members in every tier."""
    return tuple(member for program in _PEOPLE for member in _members_of(program))


def _members_of(program: str) -> Iterator[MemberSeed]:
    dice = Random(f"members:{program}")  # noqa: S311 (invented people, not a secret)
    number = 0
    tiers = [code for code, _, _ in TIERS]
    for (country, languages), names in _PEOPLE[program].items():
        for name in names.split(", "):
            given, family = name.rsplit(" ", 1)
            tier = "gold" if number == 0 else tiers[number % len(tiers)]
            low, high = _OPENING[tier]
            mailbox = _LATIN.get(name) or slug_of(name)
            number += 1
            yield MemberSeed(
                program,
                f"{program.lower()}-{number:04d}",
                given,
                family,
                f"{mailbox.replace('-', '.')}@example.org",
                country,
                languages,
                tier,
                dice.randint(low, high) * _SCALE[program] // 50 * 50,
            )
