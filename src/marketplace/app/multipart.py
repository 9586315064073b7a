"""Uploads by the GraphQL multipart request specification.

https://github.com/jaydenseric/graphql-multipart-request-spec . A form with `operations` (the
request, with null where a file belongs), `map` (which file goes where) and the files. Anything
that does not fit is a 400 that names it.
"""

from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any, cast

import orjson
from starlette.datastructures import FormData, Headers, UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser

from marketplace.app.errors import bad_request
from marketplace.app.limits import Caps, depth_of_json


@asynccontextmanager
async def operations(headers: Headers, chunks: AsyncIterator[bytes], caps: Caps) -> AsyncGenerator[dict[str, Any]]:
    """The `operations` object with its files in place; the files are closed when the context ends."""
    parser = MultiPartParser(
        headers,
        cast("Any", chunks),
        max_files=caps.upload_files,
        max_fields=2,
        max_part_size=caps.body_bytes,
    )
    try:
        form = await parser.parse()
    except MultiPartException as error:
        raise bad_request(f"The form cannot be read: {error.message}") from error
    except UnicodeError as error:
        raise bad_request("The form cannot be read: a name in it is not text.") from error
    try:
        request = _json_object(form, "operations")
        if not depth_of_json(request, caps.json_depth):
            raise bad_request(f"`operations` is nested deeper than {caps.json_depth} levels.")
        _place_files(request, _paths_by_file(form), form)
        yield request
    finally:
        await form.close()


def _json_object(form: FormData, name: str) -> dict[str, Any]:
    text = form.get(name)
    if not isinstance(text, str):
        raise bad_request(f"The form needs a field `{name}`.")
    if "\\u0000" in text:
        raise bad_request(f"`{name}` has a NUL character, which no text here can hold.")
    try:
        value = cast("object", orjson.loads(text))
    except (orjson.JSONDecodeError, UnicodeError) as error:
        raise bad_request(f"`{name}` is not JSON.") from error
    if not isinstance(value, dict):
        raise bad_request(f"`{name}` must be a JSON object.")
    return cast("dict[str, Any]", value)


def _paths_by_file(form: FormData) -> Mapping[str, list[str]]:
    """The `map`: for each file's field name the places it goes to, each place named once."""
    paths = _json_object(form, "map")
    seen: set[str] = set()
    for name, places in paths.items():
        if not isinstance(places, list):
            raise bad_request("`map` must give a list of paths for each file.")
        for place in cast("list[object]", places):
            if not isinstance(place, str):
                raise bad_request("A path in `map` must be a string.")
            if place in seen:
                raise bad_request("`map` names one path twice.")
            seen.add(place)
        if not isinstance(form.get(name), UploadFile):
            raise bad_request("`map` names a file that is not in the form.")
    return cast("dict[str, list[str]]", paths)


def _place_files(request: dict[str, Any], paths: Mapping[str, list[str]], form: FormData) -> None:
    uploads = {name for name, value in form.multi_items() if isinstance(value, UploadFile)}
    if uploads - paths.keys():
        raise bad_request("The form has a file that `map` does not name.")
    if len(uploads) != sum(isinstance(value, UploadFile) for _, value in form.multi_items()):
        raise bad_request("Two files of the form share one name.")
    for name, places in paths.items():
        for place in places:
            _place(request, place, form[name])


def _place(request: dict[str, Any], path: str, file: object) -> None:
    """Put the file where the path points to; the path starts at `variables` and ends at a null."""
    first, *keys = path.split(".")
    holder: Any = request.get(first)
    if first != "variables" or not keys:
        raise bad_request("A path in `map` must start with `variables.`.")
    for key in keys[:-1]:
        holder = _step(holder, key)
    last = keys[-1]
    if _step(holder, last) is not None:
        raise bad_request("A path in `map` must point to a null in `operations`.")
    holder[int(last) if isinstance(holder, list) else last] = file


def _step(holder: object, key: str) -> object:
    if isinstance(holder, dict) and key in holder:
        return cast("dict[str, object]", holder)[key]
    if isinstance(holder, list) and key.isascii() and key.isdecimal() and len(key) < 6:
        items = cast("list[object]", holder)
        if int(key) < len(items):
            return items[int(key)]
    raise bad_request("A path in `map` points nowhere in `operations`.")
