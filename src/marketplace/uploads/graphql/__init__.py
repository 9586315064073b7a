"""The uploads' part of the graph: types, and reads and writes."""

from marketplace.uploads.graphql.types import UploadedFileType
from marketplace.uploads.graphql.writes import Mutation, Query

__all__ = ["Mutation", "Query", "UploadedFileType"]
