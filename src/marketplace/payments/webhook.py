"""The door for Stripe's webhooks: the signature is checked, the event kept, and 200 answered at once."""

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from marketplace.payments import inbox
from marketplace.payments.answers import BadSignature
from marketplace.payments.gateway import gateway

MAX_BYTES = 1_000_000


async def stripe_webhook(request: Request) -> Response:
    """POST /webhooks/stripe. 400 for a wrong signature; 200 once the event is kept, also when it was before.

    Anything else makes Stripe deliver it again (docs.stripe.com/webhooks), so what cannot be used is kept
    and answered 200 too.
    """
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > MAX_BYTES:
            return PlainTextResponse("too large", 413)
    try:
        event = gateway().verified(body, request.headers.get("stripe-signature"))
    except BadSignature:
        return PlainTextResponse("wrong signature", 400)
    first = await inbox.keep(event)
    return PlainTextResponse("kept" if first else "kept before")


ROUTES = [Route("/webhooks/stripe", stripe_webhook, methods=["POST"])]
