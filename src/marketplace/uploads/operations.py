"""Doors of uploads: a file is rehearsed, then what is good of it is published, or all of it discarded."""

import asyncio
import hashlib
from dataclasses import dataclass
from uuid import UUID

from marketplace.kit import clock, database
from marketplace.kit.actor import Actor, ActorKind, Scope
from marketplace.kit.operations import Command, operation
from marketplace.kit.refusals import NotAllowed, NotFound
from marketplace.kit.settings import settings
from marketplace.partners.queries import must_be_approved
from marketplace.uploads import codes, headers, offers, queries, rules, steps, tables
from marketplace.uploads.models import Upload, UploadKind, UploadProblem, UploadState
from marketplace.uploads.refusals import (
    FileTooLarge,
    NothingToPublish,
    UploadAlreadyDiscarded,
    UploadAlreadyPublished,
)
from marketplace.uploads.rehearsal import Checked

_ONE_AT_A_TIME = "SELECT pg_advisory_xact_lock(hashtextextended($1, 0))"


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadFile(Command):
    """A file to be rehearsed."""

    filename: str
    content: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishUpload(Command):
    """Bring what is good of a file into the catalogue."""

    upload_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class DiscardUpload(Command):
    """Never publish a file."""

    upload_id: UUID


def _must_be_partner(actor: Actor) -> None:
    if actor.kind is not ActorKind.PARTNER:
        raise NotAllowed("Only partners upload files, with a token of their own.")


@operation(scope=Scope.OFFERS_UPLOAD, returns=Upload)
async def upload_offers(actor: Actor, command: UploadFile) -> Upload:
    """Rehearse a file of offers: nothing reaches the catalogue, and every finding is kept.

    Raises FileTooLarge; whatever is wrong inside the file is no refusal.
    """
    table = await _read(actor, command)
    known = await queries.known_to(actor.id, _skus(table, UploadKind.OFFERS))
    checked = await asyncio.to_thread(offers.check_offers, table, known)
    return await _keep(actor, command, UploadKind.OFFERS, checked)


@operation(scope=Scope.OFFERS_UPLOAD, returns=Upload)
async def upload_codes(actor: Actor, command: UploadFile) -> Upload:
    """Rehearse a file of voucher codes: none can be handed out yet, and only sealed ones are kept.

    Raises FileTooLarge; whatever is wrong inside the file is no refusal.
    """
    table = await _read(actor, command)
    shelf = await queries.shelf_of(actor.id, _skus(table, UploadKind.CODES))
    marks = await asyncio.to_thread(codes.fingerprints, table)
    checked = await asyncio.to_thread(codes.check_codes, table, shelf, await queries.in_vault(actor.id, marks))
    return await _keep(actor, command, UploadKind.CODES, checked)


async def _read(actor: Actor, command: UploadFile) -> tables.Table:
    _must_be_partner(actor)
    limit = settings().max_upload_bytes
    if len(command.content) > limit:
        raise FileTooLarge(size_bytes=len(command.content), limit_bytes=limit)
    return await asyncio.to_thread(tables.read, command.content)


def _skus(table: tables.Table, kind: UploadKind) -> set[str]:
    columns = headers.columns_of(tables.Table(table.header), kind)
    places = [index for index, column in enumerate(columns) if column and column.name == "sku"]
    return {cells[place] for _, cells in table.rows for place in places if place < len(cells)}


async def _keep(actor: Actor, command: UploadFile, kind: UploadKind, checked: Checked) -> Upload:
    name = command.filename.replace("\\", "/").rpartition("/")[2]
    upload = await Upload.create(
        partner_id=actor.id,
        kind=kind.value,
        state=UploadState.CHECKED.value,
        filename=rules.clip(name, 255) or "file",
        sha256=hashlib.sha256(command.content).hexdigest(),
        rows_total=checked.rows_total,
        rows_good=len(checked.good),
        rows_bad=checked.rows_bad,
        uploaded_at=clock.now(),
    )
    await steps.keep(upload.id, checked)
    return upload


async def _mine(actor: Actor, upload_id: UUID) -> Upload:
    """The partner's own file, locked, still to be published or discarded.

    Raises NotFound, UploadAlreadyPublished or UploadAlreadyDiscarded.
    """
    _must_be_partner(actor)
    upload = await queries.uploads_visible_to(actor).select_for_update().get_or_none(id=upload_id)
    if upload is None:
        raise NotFound(what="upload")
    if upload.state == UploadState.PUBLISHED and upload.published_at is not None:
        raise UploadAlreadyPublished(published_since=upload.published_at)
    if upload.state == UploadState.DISCARDED:
        raise UploadAlreadyDiscarded
    return upload


@operation(scope=Scope.OFFERS_UPLOAD, returns=Upload)
async def publish_upload(actor: Actor, command: PublishUpload) -> Upload:
    """Bring every good row into the catalogue, all of them or none; SKUs that are there are updated.

    Raises NotFound, UploadAlreadyPublished, UploadAlreadyDiscarded, PartnerNotApproved, NothingToPublish, and
    CatalogueChanged when a row does not fit any more.
    """
    upload = await _mine(actor, command.upload_id)
    await must_be_approved(upload.partner_id)
    if upload.rows_good == 0:
        raise NothingToPublish(listed=await UploadProblem.filter(upload_id=upload.id).count())
    await database.execute(_ONE_AT_A_TIME, f"uploads of {upload.partner_id}")
    if upload.kind == UploadKind.OFFERS:
        await steps.publish_offers(upload)
    else:
        await steps.publish_codes(upload)
        await steps.forget_rows(upload.id)
    upload.state = UploadState.PUBLISHED.value
    upload.published_at = clock.now()
    await upload.save(update_fields=["state", "published_at"])
    return upload


@operation(scope=Scope.OFFERS_UPLOAD, returns=Upload)
async def discard_upload(actor: Actor, command: DiscardUpload) -> Upload:
    """Give a file up: its rows are forgotten, its problems stay readable.

    Raises NotFound, UploadAlreadyPublished or UploadAlreadyDiscarded.
    """
    upload = await _mine(actor, command.upload_id)
    await steps.forget_rows(upload.id)
    upload.state = UploadState.DISCARDED.value
    await upload.save(update_fields=["state"])
    return upload
