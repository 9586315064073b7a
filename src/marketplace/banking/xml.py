"""Reading a bank's XML strictly: no document type, no entities, and every element knows its line."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any, cast
from xml.sax import ContentHandler, SAXParseException

from defusedxml import DefusedXmlException
from defusedxml import sax as safe

from marketplace.kit.messages import noted
from marketplace.kit.refusals import InvalidInput, Problem

FIELD = "file"
DEEPEST = 40
MOST_ELEMENTS = 2_000_000


def malformed(line: int, element: str, template: str, /, **facts: object) -> InvalidInput:
    """A refusal that names the line and the element; the template may use {line} and {element}."""
    return InvalidInput(problems=[Problem(FIELD, template, {"line": str(line), "element": element, **facts})])


@dataclass(slots=True)
class Element:
    """One element by its local name: its text, its children, and the line it begins on."""

    name: str
    line: int
    space: str = ""
    attributes: dict[str, str] = field(default_factory=dict[str, str])
    text: str = ""
    children: list["Element"] = field(default_factory=list["Element"])

    def all(self, path: str) -> Iterator["Element"]:
        """Every element below by a path such as `Refs/EndToEndId`."""
        name, _, rest = path.partition("/")
        for child in self.children:
            if child.name == name:
                yield from child.all(rest) if rest else (child,)

    def find(self, path: str) -> "Element | None":
        """The first element of a path, or None."""
        return next(self.all(path), None)

    def said(self, *paths: str) -> str | None:
        """The text at the first of these paths that has one."""
        for path in paths:
            found = self.find(path)
            if found is not None and found.text:
                return found.text
        return None

    def wrong(self, template: str, /, **facts: object) -> InvalidInput:
        """A refusal of this element; the template may use {line}, {element}, and {text} that stands in it."""
        return malformed(self.line, self.name, template, text=self.text[:40], **facts)

    def needed(self, path: str) -> "Element":
        """The first element of a path; raises InvalidInput when it is missing."""
        found = self.find(path)
        if found is None:
            raise malformed(self.line, f"{self.name}/{path}", noted("Line {line}: {element} is missing."))
        return found


class _Builder(ContentHandler):
    """Builds the tree, no deeper and no larger than a bank's file ever is."""

    def __init__(self) -> None:
        super().__init__()
        self.root: Element | None = None
        self._open: list[Element] = []
        self._texts: list[list[str]] = []
        self._locator: Any = None
        self._count = 0

    def setDocumentLocator(self, locator: Any) -> None:  # noqa: N802 (SAX's name)
        self._locator = locator

    def startElementNS(self, name: Any, qname: Any, attrs: Any) -> None:  # noqa: N802 (SAX's name)
        self._count += 1
        line = int(self._locator.getLineNumber())
        space, local = cast(tuple[str | None, str], name)
        if len(self._open) == DEEPEST or self._count > MOST_ELEMENTS:
            raise malformed(
                line, local, noted("Line {line}, {element}: this is deeper or larger than a bank's file.")
            )
        plain = {str(key[1]): str(value) for key, value in attrs.items()}
        made = Element(local, line, space or "", plain)
        if self._open:
            self._open[-1].children.append(made)
        else:
            self.root = made
        self._open.append(made)
        self._texts.append([])

    def characters(self, content: str) -> None:
        if self._texts:
            self._texts[-1].append(content)

    def endElementNS(self, name: Any, qname: Any) -> None:  # noqa: N802 (SAX's name)
        self._open.pop().text = "".join(self._texts.pop()).strip()


def read(content: bytes) -> Element:
    """The root of a document; raises InvalidInput that says where it is broken, or what is not allowed in it."""
    builder = _Builder()
    parser: Any = safe.make_parser()
    parser.forbid_dtd = True
    parser.setFeature("http://xml.org/sax/features/namespaces", True)
    parser.setContentHandler(builder)
    try:
        parser.parse(BytesIO(content))
    except SAXParseException as broken:
        line, why = int(broken.getLineNumber() or 0), broken.getMessage()
        raise malformed(line, "", noted("Line {line}: this is not well-formed XML ({why})."), why=why) from None
    except DefusedXmlException:
        raise malformed(1, "", noted("A document type or an entity is not allowed in a bank's file.")) from None
    except (UnicodeError, LookupError, ValueError):
        raise malformed(1, "", noted("The file is in an encoding that cannot be read. Send UTF-8.")) from None
    if builder.root is None:
        raise malformed(1, "", noted("The file is empty."))
    return builder.root
