"""Writes of uploads in bulk, inside a transaction that somebody else opened."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson

from marketplace.catalog.codes import SealedCode, load_sealed
from marketplace.catalog.models import Delivery, OfferKind, StockMode
from marketplace.catalog.publishing import ItemDraft, OfferDraft, expect_many, upsert_offers
from marketplace.kit import clock, database
from marketplace.kit.ids import new_id
from marketplace.uploads import queries
from marketplace.uploads.models import Upload
from marketplace.uploads.offers import ItemKey, Known, KnownOffer, OfferKey
from marketplace.uploads.refusals import CatalogueChanged
from marketplace.uploads.rehearsal import Checked
from marketplace.uploads.rules import Finding, enough

Data = dict[str, Any]
_ROWS = """
INSERT INTO upload_row (id, upload_id, line, data)
SELECT id, $1, line, data::jsonb FROM unnest($2::uuid[], $3::int[], $4::text[]) AS good (id, line, data)"""
_PROBLEMS = """
INSERT INTO upload_problem (id, upload_id, line, "column", value, code, message, suggestion, advice, facts)
SELECT id, $1, line, place, value, code, message, suggestion, advice, facts::jsonb
FROM unnest($2::uuid[], $3::int[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[],
        $10::text[]) AS bad (id, line, place, value, code, message, suggestion, advice, facts)"""
MANY = 2 * queries.BATCH
_TIMES = ("published_from", "published_until", "starts_at", "ends_at")


async def keep(upload_id: UUID, checked: Checked) -> None:
    """Keep what a rehearsal found: good rows, and the first findings in the order of the file."""
    if checked.good:
        lines, texts = zip(*checked.good, strict=True)
        await database.execute(_ROWS, upload_id, [new_id() for _ in lines], lines, texts)
    findings: list[Finding] = enough(sorted(checked.findings, key=lambda found: found.line))
    if findings:
        columns = [
            [getattr(found, name) for found in findings]
            for name in ("line", "column", "value", "code", "message", "suggestion", "advice")
        ]
        facts = [orjson.dumps(found.facts).decode() for found in findings]
        await database.execute(_PROBLEMS, upload_id, [new_id() for _ in findings], *columns, facts)


async def forget_rows(upload_id: UUID) -> None:
    """Drop the good rows of a file: they are not needed any more, and sealed codes stand in one place only."""
    await database.execute("DELETE FROM upload_row WHERE upload_id = $1", upload_id)


async def publish_offers(upload: Upload) -> None:
    """Bring the good rows of a file of offers into the catalogue; raises CatalogueChanged."""
    source = f"upload:{upload.id.hex}"
    if upload.rows_good >= MANY:
        await expect_many()
    async for rows in queries.batches_of(upload.id):
        known = await queries.known_to(upload.partner_id, {data["sku"] for _, data in rows})
        await upsert_offers(_drafts(rows, known, source))


def _drafts(rows: list[tuple[int, Data]], known: Known, source: str) -> list[OfferDraft]:
    """The offers of these rows, each with all of its items; raises CatalogueChanged."""
    offers: dict[OfferKey, Data] = {}
    items: dict[OfferKey, list[ItemDraft]] = {}
    for line, data in rows:
        key = (UUID(data["brand"]), data["sku"])
        item = ItemDraft(**_with_times(data["item"]))
        _must_still_fit(line, known, data["offer"]["kind"], (*key, item.sku, item.country), item.coded)
        offers.setdefault(key, data["offer"])
        items.setdefault(key, []).append(item)
    return [_offer(key, offer, items[key], source, known.offers.get(key)) for key, offer in offers.items()]


def _must_still_fit(line: int, known: Known, kind: str, key: ItemKey, coded: bool) -> None:
    """The rehearsal's promises, asked again: somebody may have published in between."""
    before = known.offers.get(key[:2])
    mode = known.items.get(key)
    if (
        key[0] not in known.brands.values()
        or (before is not None and before.kind != kind)
        or (mode is not None and (mode is StockMode.CODES) != coded)
        or known.markets.get(key[3]) is None
    ):
        raise CatalogueChanged(line=line)


def _with_times(data: Data) -> Data:
    for name in _TIMES:
        if name in data:
            data[name] = datetime.fromisoformat(data[name])
    return data


def _offer(
    key: OfferKey, data: Data, items: Sequence[ItemDraft], source: str, before: KnownOffer | None
) -> OfferDraft:
    facts: Data = _with_times(data)
    facts["kind"] = OfferKind(data["kind"])
    if "delivery" in facts:
        facts["delivery"] = Delivery(facts["delivery"])
    return OfferDraft(
        brand_id=key[0],
        sku=key[1],
        items=items,
        source=source,
        popularity=before.popularity if before else 0,
        source_updated_at=clock.now(),
        **facts,
    )


async def publish_codes(upload: Upload) -> None:
    """Put the sealed codes of a file into the vault; raises CatalogueChanged when one has come in since."""
    rows = await queries.rows_of(upload.id)
    loaded = await queries.in_vault(upload.partner_id, [data["fingerprint"] for _, data in rows])
    for line, data in rows:
        if data["fingerprint"] in loaded:
            raise CatalogueChanged(line=line)
    codes = [
        SealedCode(
            item_id=UUID(data["item"]),
            ciphertext=data["ciphertext"],
            fingerprint=data["fingerprint"],
            expires_at=datetime.fromisoformat(data["expires_at"]) if "expires_at" in data else None,
        )
        for _, data in rows
    ]
    left_out = await load_sealed(codes)
    assert not left_out, "fingerprints were asked for in this transaction, and twins are no good rows"
