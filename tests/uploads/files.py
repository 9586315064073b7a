"""Files of partners for tests, and the shelf they are checked against."""

from typing import Any
from uuid import UUID

from marketplace.catalog.models import Category
from marketplace.partners.models import Brand, Partner
from tests.builders import a_brand, a_market, a_partner
from tests.client import Caller, as_partner

HEADER = "sku,kind,category,title_en,delivery,country,currency,price"
COFFEE = "COFFEE-10,VOUCHER,dining,Coffee for 10,CODE,NL,EUR,10.00"
SHOWN = """... on UploadedFile { id kind state filename rowsTotal rowsGood rowsBad publishedAt
  findings { nodes { line column value code message suggestion } totalCount }
  preview { line sku itemSku country change kind title codeMask stock
            price { amount currency } maxPrice { amount } } }"""


async def a_shop(**facts: Any) -> tuple[Caller, Brand]:
    """A partner's token and its one brand, with two markets and a few categories to sell in."""
    await a_market()
    await a_market("JP", "JPY", ("ja",))
    for code in ("dining", "fashion", "travel", "charity"):
        await Category.create(code=code, names={"en": code.title()})
    partner: Partner = await a_partner(**facts)
    return as_partner(partner.id), await a_brand(partner, name="Kaffe", slug="kaffe")


def csv_of(*lines: str, header: str = HEADER) -> bytes:
    """A file with a header and these lines."""
    return "\n".join((header, *lines)).encode()


async def upload(shop: Caller, content: bytes, *, name: str = "offers.csv", **fields: object) -> dict[str, Any]:
    """Rehearse a file of offers."""
    return await shop.send("uploadOffers", SHOWN, (name, content), **fields)


async def upload_codes(shop: Caller, content: bytes, **fields: object) -> dict[str, Any]:
    """Rehearse a file of codes."""
    return await shop.send("uploadCodes", SHOWN, ("codes.csv", content), **fields)


async def publish(shop: Caller, file: dict[str, Any] | str, **fields: object) -> dict[str, Any]:
    """Publish a rehearsed file."""
    key = file if isinstance(file, str) else file["id"]
    return await shop.do("publishUpload", SHOWN, uploadId=key, **fields)


def findings(file: dict[str, Any]) -> list[tuple[int, str, str]]:
    """The line, column and code of each problem."""
    return [(found["line"], found["column"], found["code"]) for found in file["findings"]["nodes"]]


def only(file: dict[str, Any]) -> dict[str, Any]:
    """The one problem of a file."""
    (found,) = file["findings"]["nodes"]
    return found


def key_of(text: str) -> UUID:
    """The UUID inside a global id."""
    return UUID(hex=text.rpartition("_")[2])
