"""What one document may ask for, measured on its syntax before anything is validated or executed.

Fragments count each time they are spread, so a small document cannot unfold into a large one;
each is measured once, so measuring is linear in the document. The caps are generous for
applications and tight for attacks; a refusal names the cap, what was asked and what is allowed.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    IntValueNode,
    OperationDefinitionNode,
    SelectionSetNode,
    ValueNode,
    VariableNode,
)

from marketplace.app.errors import RequestErrors, request_error

PAGE_ARGUMENTS = frozenset({"first", "last"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Caps:
    """The most that one request may ask for."""

    body_bytes: int = 1_000_000
    upload_bytes: int = 10_000_000
    upload_files: int = 10
    body_timeout_s: float = 30
    json_depth: int = 32
    source_characters: int = 100_000
    tokens: int = 3_000
    comments: int = 1_000
    brackets: int = 60
    nesting: int = 40
    depth: int = 20
    fields: int = 3_000
    fields_in_one_set: int = 300
    root_fields: int = 30
    aliases: int = 100
    directives: int = 100
    directives_in_one_place: int = 5
    page_size: int = 100
    cost: int | None = None
    operation_timeout_s: float | None = None


@dataclass(frozen=True, slots=True)
class Size:
    """What a selection set amounts to once its fragments are unfolded."""

    depth: int = 0
    nesting: int = 0
    fields: int = 0
    top_fields: int = 0
    widest: int = 0
    aliases: int = 0
    directives: int = 0

    def beside(self, other: "Size") -> "Size":
        """Both in one selection set."""
        top_fields = self.top_fields + other.top_fields
        return Size(
            depth=max(self.depth, other.depth),
            nesting=max(self.nesting, other.nesting),
            fields=self.fields + other.fields,
            top_fields=top_fields,
            widest=max(self.widest, other.widest, top_fields),
            aliases=self.aliases + other.aliases,
            directives=self.directives + other.directives,
        )


def exceeded(limit: str, asked: int, allowed: int) -> RequestErrors:
    """The refusal of a document over a cap: which one, and by how much."""
    words = limit.replace("_", " ")
    return request_error(
        f"This operation is over the cap on {words}: {asked} asked, {allowed} allowed.",
        "LIMIT_EXCEEDED",
        limit=limit,
        asked=asked,
        allowed=allowed,
    )


@dataclass(slots=True)
class Meter:
    """Measures one document; holds each fragment's size once it is known."""

    caps: Caps
    fragments: Mapping[str, FragmentDefinitionNode]
    page_variables: set[str] = field(default_factory=set[str])
    _known: dict[str, Size] = field(default_factory=dict[str, Size])

    def measure(self, selection_set: SelectionSetNode | None, level: int = 1) -> Size:
        """The size of a selection set; raises RequestErrors as soon as the nesting is over its cap."""
        if selection_set is None:
            return Size()
        if level > self.caps.nesting:
            raise exceeded("nesting", level, self.caps.nesting)
        total = Size()
        for selection in selection_set.selections:
            here = len(selection.directives or ())
            must_not_exceed("directives_in_one_place", here, self.caps.directives_in_one_place)
            directives = Size(directives=here)
            if isinstance(selection, FieldNode):
                total = total.beside(self._field(selection, level))
            elif isinstance(selection, InlineFragmentNode):
                total = total.beside(self._nested(selection.selection_set, level))
            elif isinstance(selection, FragmentSpreadNode):
                total = total.beside(self._fragment(selection.name.value, level))
            total = total.beside(directives)
        return total

    def _field(self, node: FieldNode, level: int) -> Size:
        for argument in node.arguments or ():
            if argument.name.value in PAGE_ARGUMENTS:
                self._page_size(argument.value)
        below = self.measure(node.selection_set, level + 1)
        return Size(
            depth=below.depth + 1,
            nesting=below.nesting + 1,
            fields=below.fields + 1,
            top_fields=1,
            widest=below.widest,
            aliases=below.aliases + (node.alias is not None),
            directives=below.directives,
        )

    def _nested(self, selection_set: SelectionSetNode, level: int) -> Size:
        inside = self.measure(selection_set, level + 1)
        return Size(
            inside.depth,
            inside.nesting + 1,
            inside.fields,
            inside.top_fields,
            inside.widest,
            inside.aliases,
            inside.directives,
        )

    def _fragment(self, name: str, level: int) -> Size:
        if name not in self._known:
            self._known[name] = Size()  # a cycle ends here; validation refuses it by name
            definition = self.fragments.get(name)
            if definition is not None:
                self._known[name] = self._nested(definition.selection_set, level)
        return self._known[name]

    def _page_size(self, value: ValueNode | None) -> None:
        if isinstance(value, VariableNode):
            self.page_variables.add(value.name.value)
        elif isinstance(value, IntValueNode) and len(value.value) < 20:
            must_not_exceed("page_size", int(value.value), self.caps.page_size)


def must_not_exceed(limit: str, asked: int, allowed: int) -> None:
    """Raise RequestErrors naming the cap when more is asked than allowed."""
    if asked > allowed:
        raise exceeded(limit, asked, allowed)


def measure(document: DocumentNode, caps: Caps) -> frozenset[str]:
    """Hold every operation of the document to the caps; raises RequestErrors naming the first one broken.

    Returns the names of the variables that are used as page sizes: their values are only
    known with each request, see `must_page_modestly`.
    """
    _look_at_tokens(document, caps)
    fragments = {
        each.name.value: each for each in document.definitions if isinstance(each, FragmentDefinitionNode)
    }
    meter = Meter(caps, fragments)
    operations = [each for each in document.definitions if isinstance(each, OperationDefinitionNode)]
    for operation in operations:
        size = meter.measure(operation.selection_set).beside(Size(directives=len(operation.directives or ())))
        _hold(size, caps)
    for name in fragments:  # also those nobody spreads: validation walks them too
        _hold(meter.measure(fragments[name].selection_set), caps)
    _defaults_must_page_modestly(operations, meter.page_variables, caps)
    return frozenset(meter.page_variables)


def _hold(size: Size, caps: Caps) -> None:
    must_not_exceed("depth", size.depth, caps.depth)
    must_not_exceed("nesting", size.nesting, caps.nesting)
    must_not_exceed("aliases", size.aliases, caps.aliases)
    must_not_exceed("directives", size.directives, caps.directives)
    must_not_exceed("root_fields", size.top_fields, caps.root_fields)
    must_not_exceed("fields_in_one_set", size.widest, caps.fields_in_one_set)
    must_not_exceed("fields", size.fields, caps.fields)


def _look_at_tokens(document: DocumentNode, caps: Caps) -> None:
    if document.loc is None:
        return
    token = document.loc.start_token
    open_brackets = deepest = 0
    while token.next is not None:
        token = token.next
        if token.kind.value in "{[(":
            open_brackets += 1
            deepest = max(deepest, open_brackets)
        elif token.kind.value in "}])":
            open_brackets -= 1
        elif token.value and "\0" in token.value:
            raise request_error("The document has a NUL character, which no text here can hold.", "BAD_USER_INPUT")
    must_not_exceed("brackets", deepest, caps.brackets)


def _defaults_must_page_modestly(
    operations: Iterable[OperationDefinitionNode], page_variables: set[str], caps: Caps
) -> None:
    for operation in operations:
        for definition in operation.variable_definitions or ():
            default = definition.default_value
            if definition.variable.name.value in page_variables and isinstance(default, IntValueNode):
                must_not_exceed("page_size", int(default.value[:20]), caps.page_size)


def must_page_modestly(names: frozenset[str], variables: Mapping[str, object], caps: Caps) -> None:
    """Hold the page sizes that came as variables to the cap; raises RequestErrors."""
    for name in names:
        value = variables.get(name)
        if isinstance(value, int):
            must_not_exceed("page_size", value, caps.page_size)


def depth_of_json(value: object, allowed: int) -> bool:
    """Whether a decoded JSON value is nested no deeper than allowed; does not recurse."""
    level: list[object] = [value]
    for _ in range(allowed + 1):
        level = [inner for outer in level for inner in _children(outer)]
        if not level:
            return True
    return False


def _children(value: object) -> Iterable[object]:
    if isinstance(value, dict):
        return value.values()  # pyright: ignore[reportUnknownVariableType]  # orjson decodes only JSON values
    if isinstance(value, list):
        return value  # pyright: ignore[reportUnknownVariableType]
    return ()
