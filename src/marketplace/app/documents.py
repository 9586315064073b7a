"""Known documents: parsed, held to the caps and validated once, then kept in bounded memory."""

import asyncio
import re
from collections import OrderedDict
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from http import HTTPStatus
from itertools import islice

import strawberry
from graphql import (
    DocumentNode,
    FieldNode,
    GraphQLError,
    NoSchemaIntrospectionCustomRule,
    OperationDefinitionNode,
    OperationType,
    ValidationRule,
    parse,
    specified_rules,
    validate,
)
from strawberry.schema.validation_rules.maybe_null import MaybeNullValidationRule
from strawberry.schema.validation_rules.one_of import OneOfInputValidationRule

from marketplace.app.costs import Cost, costs
from marketplace.app.errors import HttpRefusal, RequestErrors, coded, request_error
from marketplace.app.limits import Caps, measure, must_not_exceed

MAX_ERRORS = 20
SHORT_TOKENS = 200
MOST_WAITING = 20
_TOKEN = re.compile(r'''"""|"(?:[^"\\\n]|\\.)*"|#[^\n]*|\.\.\.|-?\w[\w.+-]*|[!$&()\[\]{}:=@|]''')


@dataclass(frozen=True, slots=True)
class KnownDocument:
    """A valid document within the caps: operations and costs by name, and the variables that are page sizes."""

    document: DocumentNode
    operations: Mapping[str | None, OperationDefinitionNode]
    page_variables: frozenset[str]
    tokens: int
    costs: Mapping[str | None, Cost]

    def operation(self, name: str | None) -> OperationDefinitionNode:
        """The operation to execute; raises RequestErrors unless the name leaves exactly one."""
        if name is None and len(self.operations) == 1:
            return next(iter(self.operations.values()))
        if name is None:
            raise request_error(
                f"The document has {len(self.operations)} operations: say which with `operationName`.",
                "OPERATION_NOT_CHOSEN",
            )
        if name not in self.operations:
            raise request_error("The document has no operation of that name.", "OPERATION_NOT_FOUND")
        return self.operations[name]


class NoServiceRule(ValidationRule):
    """Refuses federation's `_service`, which tells the schema as introspection does."""

    def enter_field(self, node: FieldNode, *_: object) -> None:
        """Look at one field."""
        if node.name.value == "_service":
            self.report_error(GraphQLError("The schema is not told here.", node))


class Documents:
    """A least-recently-used store of valid documents, bounded by their tokens.

    Invalid documents are never kept, so nobody can push the good ones out with nonsense for
    free; very long ones are not kept either.
    """

    def __init__(
        self,
        schema: strawberry.Schema,
        caps: Caps,
        *,
        introspection: bool = True,
        suggestions: bool = True,
        max_tokens: int = 200_000,
    ) -> None:
        self._schema = schema._schema  # pyright: ignore[reportPrivateUsage]  # strawberry has no public way
        self._caps = caps
        self._rules = (*specified_rules, MaybeNullValidationRule, OneOfInputValidationRule)
        if not introspection:
            self._rules = (*self._rules, NoSchemaIntrospectionCustomRule, NoServiceRule)
        self._suggestions = suggestions
        self._max_tokens = max_tokens
        self._kept: OrderedDict[str, KnownDocument] = OrderedDict()
        self._kept_tokens = 0
        self._reader = ThreadPoolExecutor(max_workers=1, thread_name_prefix="documents")
        self._waiting = 0

    def known(self, source: str) -> KnownDocument | None:
        """The document of this text, if it is kept."""
        known = self._kept.get(source)
        if known is not None:
            self._kept.move_to_end(source)
        return known

    def get(self, source: str) -> KnownDocument:
        """The document of this text; raises RequestErrors if it cannot be parsed, is too much or invalid."""
        return self.known(source) or self._keep(source, self._prepare(source))

    async def learn(self, source: str) -> KnownDocument:
        """As `get`, for a text that is not known, without keeping others waiting while a long one is read.

        Long ones are read one at a time beside the event loop. Raises HttpRefusal (503) when too many wait.
        """
        if estimated_tokens(source, SHORT_TOKENS) <= SHORT_TOKENS:
            return self.get(source)
        if self._waiting >= MOST_WAITING:
            raise HttpRefusal(
                HTTPStatus.SERVICE_UNAVAILABLE,
                "BUSY",
                "Too many documents that we have not seen before wait to be read. Ask again in a moment.",
                {"Retry-After": "1"},
            )
        self._waiting += 1
        try:
            prepared = await asyncio.get_running_loop().run_in_executor(self._reader, self._prepare, source)
        finally:
            self._waiting -= 1
        return self._keep(source, prepared)

    def _prepare(self, source: str) -> KnownDocument:
        document = self._parse(source)
        page_variables = measure(document, self._caps)
        errors = validate(
            self._schema,
            document,
            self._rules,
            max_errors=MAX_ERRORS,
            hide_suggestions=not self._suggestions,
        )
        if errors:
            raise RequestErrors(coded(errors, "GRAPHQL_VALIDATION_FAILED"))
        operations = {
            each.name.value if each.name else None: each
            for each in document.definitions
            if isinstance(each, OperationDefinitionNode)
        }
        if not operations:
            raise request_error("The document has no operation.", "OPERATION_NOT_FOUND")
        return KnownDocument(
            document, operations, page_variables, _count_tokens(document), costs(self._schema, document)
        )

    def _parse(self, source: str) -> DocumentNode:
        must_not_exceed("source_characters", len(source), self._caps.source_characters)
        must_not_exceed("tokens", estimated_tokens(source, self._caps.tokens), self._caps.tokens)
        try:
            return parse(
                source,
                allow_empty_selection_sets=False,
                max_lexical_tokens=self._caps.tokens,
                max_comments=self._caps.comments,
            )
        except GraphQLError as error:
            too_many = f"more than {self._caps.tokens} tokens" in error.message
            code = "LIMIT_EXCEEDED" if too_many else "GRAPHQL_PARSE_FAILED"
            raise RequestErrors(coded([error], code)) from error

    def _keep(self, source: str, known: KnownDocument) -> KnownDocument:
        if len(source) > self._caps.tokens * 10 or source in self._kept:
            return known
        self._kept[source] = known
        self._kept_tokens += known.tokens
        while self._kept_tokens > self._max_tokens:
            _, dropped = self._kept.popitem(last=False)
            self._kept_tokens -= dropped.tokens
        return known


def estimated_tokens(source: str, most: int) -> int:
    """How many lexical tokens a text has, about, up to one more than `most`: without reading it as GraphQL."""
    tokens = (found for found in _TOKEN.finditer(source) if found[0][0] != "#")
    return sum(1 for _ in islice(tokens, most + 1))


def is_query(operation: OperationDefinitionNode) -> bool:
    """Whether executing the operation only reads."""
    return operation.operation is OperationType.QUERY


def _count_tokens(document: DocumentNode) -> int:
    token = document.loc.start_token if document.loc else None
    count = 0
    while token is not None:
        count += 1
        token = token.next
    return count
