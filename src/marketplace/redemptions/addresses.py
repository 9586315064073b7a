"""What a postal address must say for a parcel to arrive: a small rule for each country.

Forms of postal codes follow the Universal Postal Union's addressing systems
(https://www.upu.int/en/postal-solutions/programmes-services/addressing-solutions). A country that is not
listed takes any postal code, or none.
"""

import re
from dataclasses import dataclass
from typing import Final

from marketplace.kit.refusals import Problem

MAX_LINE_LENGTH: Final = 120
FIVE_DIGITS: Final = r"\d{5}"
FOUR_DIGITS: Final = r"\d{4}"
SIX_DIGITS: Final = r"\d{6}"


def _alike(countries: str, form: str) -> dict[str, str]:
    return dict.fromkeys(countries.split(), form)


POSTAL_CODES: Final[dict[str, str]] = {
    **_alike("DE ES FR IT FI EE HR TH TR MX MY UA ID SA MA EG KR", FIVE_DIGITS),
    **_alike("AT BE BG CH DK HU LU LV NO SI AU NZ ZA PH TN", FOUR_DIGITS),
    **_alike("CN IN RO SG RU KZ VN CO", SIX_DIGITS),
    **_alike("SE GR CZ SK", r"\d{3} ?\d{2}"),
    "NL": r"[1-9]\d{3} ?[A-Z]{2}",
    "GB": r"[A-Z]{1,2}\d[A-Z\d]? ?\d[A-Z]{2}",
    "US": r"\d{5}(-\d{4})?",
    "CA": r"[A-Z]\d[A-Z] ?\d[A-Z]\d",
    "BR": r"\d{5}-?\d{3}",
    "JP": r"\d{3}-?\d{4}",
    "PL": r"\d{2}-\d{3}",
    "PT": r"\d{4}-\d{3}",
    "IL": r"\d{7}",
    "CL": r"\d{7}",
    "LT": r"(LT-)?\d{5}",
    "IS": r"\d{3}",
    "TW": r"\d{3}(\d{2,3})?",
}
NEED_REGION: Final = frozenset({"US", "CA", "AU", "BR", "IN", "MX", "CN"})


@dataclass(frozen=True, slots=True)
class Address:
    """Where a parcel goes. `region` is a state or province; `country` ISO 3166-1 alpha-2."""

    name: str
    line1: str
    city: str
    country: str
    line2: str = ""
    postal_code: str = ""
    region: str = ""

    def tidy(self) -> "Address":
        """The same with spaces trimmed, and country and postal code in capitals."""
        return Address(
            name=self.name.strip(),
            line1=self.line1.strip(),
            city=self.city.strip(),
            country=self.country.strip().upper(),
            line2=self.line2.strip(),
            postal_code=self.postal_code.strip().upper(),
            region=self.region.strip(),
        )


LINES: Final = (
    ("name", "name"),
    ("line1", "line1"),
    ("line2", "line2"),
    ("city", "city"),
    ("postal_code", "postalCode"),
    ("region", "region"),
)


def address_problems(address: Address, country: str) -> list[Problem]:
    """Everything for which a parcel of this country could not be sent to a tidy address."""
    problems = [
        Problem(f"address.{path}", "Write up to {most} characters in one line.", {"most": MAX_LINE_LENGTH})
        for name, path in LINES
        if len(getattr(address, name)) > MAX_LINE_LENGTH or not (getattr(address, name) or " ").isprintable()
    ]
    problems += [
        Problem(f"address.{name}", "This is needed.")
        for name in ("name", "line1", "city")
        if not getattr(address, name)
    ]
    if address.country != country:
        problems.append(Problem("address.country", "This is sent within {country} only.", {"country": country}))
    form = POSTAL_CODES.get(country)
    if form is not None and re.fullmatch(form, address.postal_code, re.ASCII) is None:
        problems.append(
            Problem("address.postalCode", "This is not a postal code of {country}.", {"country": country})
        )
    if country in NEED_REGION and not address.region:
        problems.append(
            Problem("address.region", "An address in {country} needs its state or province.", {"country": country})
        )
    return problems
