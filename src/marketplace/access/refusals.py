"""Why access says no."""

from typing import Annotated

from marketplace.kit.refusals import Refusal


class ScopeNotGrantable(Refusal):
    """A key can only hold scopes that its owner, and whoever issues it, may hold."""

    code = "SCOPE_NOT_GRANTABLE"
    text = "This key cannot hold {scopes}."
    scopes: Annotated[str, "The scopes that cannot be granted, with commas between."]


class ApiKeyEnded(Refusal):
    """The key was revoked, has expired or was replaced before: there is nothing to go on from."""

    code = "API_KEY_ENDED"
    text = "The key {key_id} was ended or replaced before. Issue another."
    key_id: Annotated[str, "The public part of the key."]


class SecondPersonNeeded(Refusal):
    """This is more than one person does alone, and the one who said it first cannot be the second."""

    code = "SECOND_PERSON_NEEDED"
    text = "You have said this already. It takes a second person."


class SecretAlreadyShown(Refusal):
    """The key was issued by an earlier request with the same idempotency key; its secret is not kept."""

    code = "SECRET_ALREADY_SHOWN"
    text = "The secret of the key {key_id} was shown once and is not kept. Revoke the key and issue another."
    key_id: Annotated[str, "The public part of the key that was issued."]
