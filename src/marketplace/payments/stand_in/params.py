"""Which parameters a request may carry: exactly those of the SDK's own typed parameters.

`stripe.params.*` is generated from Stripe's OpenAPI description, so a parameter that it does not
know is one that Stripe refuses (docs.stripe.com/error-codes#parameter-unknown). The same types say
what is required and what is a number (docs.stripe.com/error-codes#parameter-missing,
#parameter-invalid-integer).
"""

import importlib
import typing
from functools import cache
from typing import Any, Generic, TypeVar

import typing_extensions
from pydantic import ConfigDict, GetCoreSchemaHandler, TypeAdapter, ValidationError
from pydantic_core import CoreSchema, ErrorDetails, core_schema
from stripe import RequestOptions

from marketplace.payments.stand_in.errors import Json, StripeRefusal, invalid, missing, unknown_parameter

T = TypeVar("T")


class _AnyObject(Generic[T]):
    """Stands for the SDK's UntypedStripeObject, which exists for type checkers only."""

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.dict_schema(core_schema.str_schema(), core_schema.str_schema())


@cache
def adapter(name: str) -> TypeAdapter[Json]:
    """The validator of one `stripe.params` type, for example `TransferCreateParams`."""
    declared: Any = getattr(importlib.import_module("stripe.params"), name)
    module = importlib.import_module(declared.__module__)
    for item in vars(module).values():
        if typing_extensions.is_typeddict(item):
            item.__pydantic_config__ = ConfigDict(extra="forbid", defer_build=True)
    names = {**vars(typing), **vars(typing_extensions), **vars(module)}
    names |= {"StripeContext": str, "UntypedStripeObject": _AnyObject}
    validator: TypeAdapter[Json] = TypeAdapter(declared)
    validator.rebuild(force=True, _types_namespace=names)
    return validator


def checked(name: str, params: Json) -> Json:
    """The parameters with their types, or the StripeRefusal that Stripe would answer."""
    for param in params:
        if param in RequestOptions.__annotations__:
            raise unknown_parameter(param)
    try:
        return adapter(name).validate_python(params)
    except ValidationError as failed:
        raise _refusal(failed.errors()[0]) from failed


def nothing(params: Json) -> Json:
    """For endpoints without parameters."""
    for param in params:
        raise unknown_parameter(param)
    return params


def _refusal(error: ErrorDetails) -> StripeRefusal:
    head, *tail = (str(part) for part in error["loc"] if not str(part).endswith("Params"))
    param = head + "".join(f"[{part}]" for part in tail)
    match error["type"]:
        case "missing":
            return missing(param)
        case "extra_forbidden":
            return unknown_parameter(param)
        case "int_parsing" | "int_type" | "int_from_float":
            return invalid(f"Invalid integer: {error['input']}", code="parameter_invalid_integer", param=param)
        case _:
            return invalid(f"Invalid {param}: {error['msg']}", param=param)
