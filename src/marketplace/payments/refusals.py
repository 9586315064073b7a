"""Why payments say no, in words for the person who asked."""

from typing import Annotated

from marketplace.kit.refusals import Refusal


class PayoutsUnsupported(Refusal):
    """Payouts by Stripe do not reach this country."""

    code = "PAYOUTS_UNSUPPORTED"
    text = "Payouts by Stripe do not reach {country}. Other ways to be paid depend on your contract."
    country: Annotated[str, "The country, ISO 3166-1 alpha-2."]


class PaymentsUnavailable(Refusal):
    """The payment service does not answer now; nothing was lost."""

    code = "PAYMENTS_UNAVAILABLE"
    text = "The payment service does not answer right now. Ask again with the same key in a moment."
