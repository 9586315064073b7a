"""Why payments say no, in words for the person who asked."""

from datetime import date
from typing import Annotated

from marketplace.kit.money import Money
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


class StripeTransactionExplained(Refusal):
    """It is known already what this balance transaction was."""

    code = "STRIPE_TRANSACTION_EXPLAINED"
    text = "What this balance transaction was is known since {explained_on}."
    explained_on: Annotated[date, "The day on which that was said, or found."]


class NotThatStripeJournal(Refusal):
    """The journal does not say what this balance transaction was."""

    code = "NOT_THAT_STRIPE_JOURNAL"
    text = "A journal has to move just {left} at Stripe, and explain nothing else yet. Look at the proposed match."
    left: Annotated[Money, "What no journal says of it yet."]


class StripeDayClosed(Refusal):
    """The day is closed."""

    code = "STRIPE_DAY_CLOSED"
    text = "Our balance at Stripe is closed up to {closed_until} already."
    closed_until: Annotated[date, "The last day that is closed."]


class StripeDayUnknown(Refusal):
    """Stripe has not told all of this day yet."""

    code = "STRIPE_DAY_UNKNOWN"
    text = "Stripe has not told all of this day yet. Days are in UTC, and its balance is read every ten minutes."
    told_until: Annotated[date | None, "The last day of which all is known; null before anything was read."]


class StripeDayUnexplained(Refusal):
    """There are balance transactions that nobody has explained."""

    code = "STRIPE_DAY_UNEXPLAINED"
    text = "{unexplained} balance transactions up to this day are not explained: see the list of exceptions."
    unexplained: Annotated[int, "How many."]


class StripeDayNotEqual(Refusal):
    """The books and Stripe say different things."""

    code = "STRIPE_DAY_NOT_EQUAL"
    text = "The books say {ours}, Stripe says {theirs}. What the books have and Stripe lacks is in the exceptions."
    ours: Annotated[Money, "What the books say stood there, with what one side has on another day."]
    theirs: Annotated[Money, "What Stripe's balance transactions come to."]
