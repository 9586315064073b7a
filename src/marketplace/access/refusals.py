"""Why access says no."""

from typing import Annotated

from marketplace.kit.refusals import Refusal


class ScopeNotGrantable(Refusal):
    """A key can only hold scopes that its owner, and whoever issues it, may hold."""

    code = "SCOPE_NOT_GRANTABLE"
    text = "This key cannot hold {scopes}."
    scopes: Annotated[str, "The scopes that cannot be granted, with commas between."]


class SecretAlreadyShown(Refusal):
    """The key was issued by an earlier request with the same idempotency key; its secret is not kept."""

    code = "SECRET_ALREADY_SHOWN"
    text = "The secret of the key {key_id} was shown once and is not kept. Revoke the key and issue another."
    key_id: Annotated[str, "The public part of the key that was issued."]
