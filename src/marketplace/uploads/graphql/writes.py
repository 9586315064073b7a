"""Listing, uploading, publishing and giving up files."""

from typing import Annotated, Any
from uuid import UUID

import strawberry
from starlette.datastructures import UploadFile
from strawberry.file_uploads import Upload

from marketplace.kit import ids, paging
from marketplace.kit.actor import ActorKind, Scope
from marketplace.kit.graphql import Connection, Info, WriteInput, actor_of, actor_with, mutation
from marketplace.kit.refusals import InvalidInput, NotFound
from marketplace.partners.refusals import PartnerNotApproved
from marketplace.uploads import operations, queries
from marketplace.uploads.graphql.types import After, First, UploadedFileType
from marketplace.uploads.models import UploadKind, UploadState
from marketplace.uploads.refusals import (
    CatalogueChanged,
    FileTooLarge,
    NothingToPublish,
    UploadAlreadyDiscarded,
    UploadAlreadyPublished,
)


async def _command(key: str, file: Any) -> operations.UploadFile:
    """The file's name and bytes; raises InvalidInput for what is no file of a multipart request."""
    if not isinstance(file, UploadFile):
        raise InvalidInput.at("file", "Send the file by the GraphQL multipart request specification.")
    return operations.UploadFile(idempotency_key=key, filename=file.filename or "", content=await file.read())


@strawberry.input(description="A file of offers, CSV or XLSX.")
class UploadOffersInput(WriteInput):
    file: Upload = strawberry.field(description="The file, by the GraphQL multipart request specification.")


@strawberry.input(description="A file of voucher codes, CSV or XLSX.")
class UploadCodesInput(WriteInput):
    file: Upload = strawberry.field(description="The file, by the GraphQL multipart request specification.")


def _key_of(id: str) -> UUID:
    try:
        return ids.parse("upload", id)
    except ids.BadId:
        raise NotFound(what="upload") from None


@strawberry.input(description="Which file to publish.")
class PublishUploadInput(WriteInput):
    upload_id: strawberry.ID = strawberry.field(description="The file's global id.")

    def command(self) -> operations.PublishUpload:
        return operations.PublishUpload(idempotency_key=self.idempotency_key, upload_id=_key_of(self.upload_id))


@strawberry.input(description="Which file to give up.")
class DiscardUploadInput(WriteInput):
    upload_id: strawberry.ID = strawberry.field(description="The file's global id.")

    def command(self) -> operations.DiscardUpload:
        return operations.DiscardUpload(idempotency_key=self.idempotency_key, upload_id=_key_of(self.upload_id))


@strawberry.type
class Query:
    @strawberry.field(description="Your files, newest first; those of every partner for operators.")
    async def uploads(
        self,
        info: Info,
        kind: Annotated[UploadKind | None, strawberry.argument(description="Only of this kind.")] = None,
        state: Annotated[UploadState | None, strawberry.argument(description="Only in this state.")] = None,
        first: First = None,
        after: After = None,
    ) -> Connection[UploadedFileType]:
        is_operator = actor_of(info).kind is ActorKind.OPERATOR
        actor = actor_with(info, Scope.CATALOG_MANAGE if is_operator else Scope.OFFERS_UPLOAD)
        query = queries.uploads_visible_to(actor)
        query = query.filter(kind=kind.value) if kind else query
        query = query.filter(state=state.value) if state else query
        page = await paging.page_of(query, first=first, after=after)
        return Connection[UploadedFileType].of(page, UploadedFileType.of, query.count)


@strawberry.type
class Mutation:
    @mutation(
        gives=UploadedFileType,
        refuses=[FileTooLarge],
        description="Rehearse a file of offers: every problem is told, nothing is published.",
    )
    async def upload_offers(self, info: Info, input: UploadOffersInput) -> UploadedFileType:
        command = await _command(input.idempotency_key, input.file)
        return UploadedFileType.of(await operations.upload_offers(actor_of(info), command))

    @mutation(
        gives=UploadedFileType,
        refuses=[FileTooLarge],
        description="Rehearse a file of voucher codes: every problem is told, nothing is published.",
    )
    async def upload_codes(self, info: Info, input: UploadCodesInput) -> UploadedFileType:
        command = await _command(input.idempotency_key, input.file)
        return UploadedFileType.of(await operations.upload_codes(actor_of(info), command))

    @mutation(
        gives=UploadedFileType,
        refuses=[
            NotFound,
            PartnerNotApproved,
            UploadAlreadyPublished,
            UploadAlreadyDiscarded,
            NothingToPublish,
            CatalogueChanged,
        ],
        description="Bring every good row of a file into the catalogue, all of them or none.",
    )
    async def publish_upload(self, info: Info, input: PublishUploadInput) -> UploadedFileType:
        return UploadedFileType.of(await operations.publish_upload(actor_of(info), input.command()))

    @mutation(
        gives=UploadedFileType,
        refuses=[NotFound, UploadAlreadyPublished, UploadAlreadyDiscarded],
        description="Give a file up: nothing of it will be published.",
    )
    async def discard_upload(self, info: Info, input: DiscardUploadInput) -> UploadedFileType:
        return UploadedFileType.of(await operations.discard_upload(actor_of(info), input.command()))
