"""Build `data/brands.json` from the npm package name-suggestion-index. For maintainers only.

    npm pack name-suggestion-index && tar xzf name-suggestion-index-*.tgz
    python -m marketplace.app.demo.build_brands PATH_TO_UNPACKED_NSI_PACKAGE

The selection is deterministic: the same package gives the same file. A brand's rank is how often
OpenStreetMap carries its name (the package's own counts) times how many countries it is in.
"""

import json
import math
import re
import sys
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from marketplace.app.demo.brand_picks import (
    AT_LEAST,
    AT_LEAST_AT_HOME,
    CATEGORY_OF_TAG,
    HOME,
    MUST_HAVE,
    QUOTA,
    UNWANTED,
)

DATA = Path(__file__).parent / "data"
WORLD = "001"

_PARENTHESES = re.compile(r"\s*\(.*?\)\s*$")
_LATIN = re.compile(r"^[\x20-\x7E\u00A0-\u024F\u2019\u2013]+$")
_COUNTRY_OF = {"FX": "FR"}
"""Metropolitan France has a code of its own in location sets."""
_SLUG = re.compile(r"[^a-z0-9]+")


@dataclass
class Candidate:
    """One brand, gathered over all its entries in the package (they share a Wikidata id)."""

    wikidata: str
    name: str
    category: str
    include: set[str] = field(default_factory=lambda: set[str]())
    exclude: set[str] = field(default_factory=lambda: set[str]())
    seen: int = 0
    website: str | None = None

    @property
    def worldwide(self) -> bool:
        return WORLD in self.include

    @property
    def rank(self) -> float:
        """Fame: mapped places, weighted by how many countries share them."""
        countries = 60 if self.worldwide else len(self.include)
        return math.log1p(self.seen) * (1 + math.log(countries))

    def row(self, slug: str) -> dict[str, Any]:
        row: dict[str, Any] = {"slug": slug, "name": self.name, "category": self.category}
        row["fame"] = round(self.rank)
        row["wikidata"] = self.wikidata
        if self.website:
            row["website"] = self.website
        row["countries"] = [WORLD] if self.worldwide else sorted(self.include)
        if self.worldwide and self.exclude:
            row["except"] = sorted(self.exclude)
        return row


@dataclass(frozen=True)
class Entry:
    """One entry of the package, its tag and how many places OpenStreetMap has under its name."""

    seen: int
    tag: str
    entry: dict[str, Any]


def read(path: Path) -> dict[str, Any]:
    return json.loads(path.read_text("utf-8"))


def latin_name(entry: dict[str, Any]) -> str | None:
    """The name a reader of Latin script knows, or None."""
    tags = entry["tags"]
    for name in (tags.get("brand:en"), entry["displayName"], tags.get("name:en")):
        plain = _PARENTHESES.sub("", name or "").strip()
        if plain and _LATIN.match(plain) and len(plain) <= 40:
            return plain
    return None


def countries_of(codes: Iterable[Any]) -> set[str]:
    """ISO 3166-1 alpha-2 codes of a location set; sub-regions count as their country."""
    found: set[str] = set()
    for code in codes:
        if not isinstance(code, str):
            continue  # a circle around a point
        if code == WORLD:
            found.add(WORLD)
        elif re.fullmatch(r"[a-z]{2}(-.+)?", code):
            found.add(_COUNTRY_OF.get(code[:2].upper(), code[:2].upper()))
    return found


def entries(package: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    index = read(package / "dist/json/nsi.json")["nsi"]
    for path in sorted(index):
        if path.startswith("brands/"):
            for entry in index[path]["items"]:
                yield path.removeprefix("brands/"), entry


def gather(package: Path) -> list[Candidate]:
    """Every usable brand of the package, entries with one Wikidata id joined, the best known first."""
    counts: dict[str, int] = read(package / "dist/json/filtered/brands_keep.json")["keep"]
    wikidata = read(package / "dist/wikidata/wikidata.json")["wikidata"]
    gone: set[str] = set(read(package / "dist/wikidata/dissolved.json")["dissolved"])
    by_id: dict[str, list[Entry]] = defaultdict(list)
    for tag, entry in entries(package):
        qid = entry["tags"].get("brand:wikidata")
        if tag in CATEGORY_OF_TAG and qid and entry["id"] not in gone:
            by_id[qid].append(Entry(counts.get(f"{tag}|{entry['displayName']}", 0), tag, entry))
    found = [joined(qid, rows, website_of(wikidata.get(qid, {}))) for qid, rows in by_id.items()]
    usable = [brand for brand in found if brand is not None and brand.include]
    return sorted(usable, key=lambda brand: (-brand.rank, brand.wikidata))


def joined(qid: str, rows: list[Entry], website: str | None) -> Candidate | None:
    """One brand of all its entries; named and filed as its most mapped Latin one."""
    rows.sort(key=lambda row: (-row.seen, row.tag, row.entry["id"]))
    best = next((row for row in rows if latin_name(row.entry)), None)
    name = latin_name(best.entry) if best else None
    if best is None or name is None or name in UNWANTED:
        return None
    brand = Candidate(qid, name, CATEGORY_OF_TAG[best.tag], website=website)
    for row in rows:
        brand.seen += row.seen
        brand.include |= countries_of(row.entry["locationSet"].get("include", []))
    brand.exclude = countries_of(best.entry["locationSet"].get("exclude", [])) - brand.include
    return brand


def website_of(facts: dict[str, Any]) -> str | None:
    """The official website of Wikidata, if it is an ordinary https address."""
    candidates = [facts.get("identities", {}).get("website"), *facts.get("officialWebsites", [])]
    for site in candidates:
        if isinstance(site, str) and re.fullmatch(r"https?://[A-Za-z0-9.-]+/?[A-Za-z0-9./_-]*", site):
            return site.replace("http://", "https://", 1)
    return None


def choose(candidates: list[Candidate], markets: list[str]) -> list[Candidate]:
    """The best of each category, then the best of each country that has too few of its own."""
    chosen: dict[str, Candidate] = {}
    for must in sorted(MUST_HAVE):
        named = [brand for brand in candidates if brand.wikidata == must]
        if not named:
            raise SystemExit(f"{must} is not in this version of the package")
        chosen[must] = named[0]
    for category, quota in QUOTA.items():
        best = [brand for brand in candidates if brand.category == category]
        for brand in best[:quota]:
            chosen.setdefault(brand.wikidata, brand)
    for country in markets:
        local = [brand for brand in candidates if country in brand.include and not brand.worldwide]
        wanted = AT_LEAST_AT_HOME if country in HOME else AT_LEAST
        have = sum(1 for brand in local if brand.wikidata in chosen)
        for brand in local:
            if have >= wanted:
                break
            if brand.wikidata not in chosen and brand.website and brand.seen:
                chosen[brand.wikidata] = brand
                have += 1
    return sorted(chosen.values(), key=lambda brand: (brand.name.casefold(), brand.wikidata))


def slugs(brands: list[Candidate]) -> Iterator[tuple[str, Candidate]]:
    """A readable slug each; the second of two equal ones carries its Wikidata id."""
    taken: set[str] = set()
    for brand in brands:
        slug = _SLUG.sub("-", _ascii(brand.name).lower()).strip("-")
        if not slug or slug in taken:
            slug = f"{slug}-{brand.wikidata.lower()}".strip("-")
        taken.add(slug)
        yield slug, brand


def _ascii(name: str) -> str:
    plain = name.replace("ß", "ss").replace("ø", "o").replace("Ø", "O").replace("æ", "ae").replace("'", "")
    return unicodedata.normalize("NFKD", plain).encode("ascii", "ignore").decode()


def main(package: Path) -> None:
    """Write data/brands.json, one brand a line."""
    markets = [row["country"] for row in read(DATA / "markets.json")["markets"]]
    brands = choose(gather(package), markets)
    lines = [json.dumps(brand.row(slug), ensure_ascii=False) for slug, brand in slugs(brands)]
    version = read(package / "package.json")["version"]
    head = json.dumps({"package": "name-suggestion-index", "version": version, "licence": "BSD-3-Clause"})
    text = '{"source": ' + head + ',\n"brands": [\n' + ",\n".join(lines) + "\n]}\n"
    (DATA / "brands.json").write_text(text, "utf-8")
    sys.stdout.write(f"{len(brands)} brands, {len(text.encode()) // 1024} KB\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
