"""Being paid, as members and partners see it."""

from collections.abc import Mapping
from datetime import UTC, datetime
from urllib.parse import urlsplit
from uuid import UUID

import strawberry

from marketplace.kit import ids
from marketplace.kit.actor import Scope
from marketplace.kit.graphql import (
    CountryCode,
    Info,
    Node,
    WriteInput,
    actor_of,
    actor_with,
    describe_enum,
    mutation,
    node_loader,
)
from marketplace.kit.messages import say
from marketplace.kit.refusals import InvalidInput, Problem
from marketplace.payments import onboarding, operations, queries, rules
from marketplace.payments.answers import Busy, Refused, Unknown
from marketplace.payments.models import ConnectedAccount
from marketplace.payments.refusals import PaymentsUnavailable, PayoutsUnsupported

PREFIX = "payoutAccount"
MAX_URL = 2000

describe_enum(
    rules.NotPayable,
    "Why money cannot be sent to a payout account now.",
    name="NotPayableReason",
    NO_ACCOUNT="There is no account yet: ask for an onboarding link.",
    ONBOARDING_INCOMPLETE="Stripe still needs something from you: ask for an onboarding link and finish it.",
    ACCOUNT_DISABLED="Stripe has disabled the account; its dashboard says why.",
)


@strawberry.type(description="Where money for you goes: an account at Stripe that you finish yourself.")
class PayoutAccount(Node):
    country: CountryCode = strawberry.field(description="The country it was opened for.")
    payouts_enabled: bool = strawberry.field(description="Whether money can be sent to it now.")
    requirements: list[str] = strawberry.field(description="What Stripe still needs from you, in Stripe's words.")
    not_payable_reason: rules.NotPayable | None = strawberry.field(
        description="Why money cannot be sent to it; null when it can."
    )
    disabled_reason: str | None = strawberry.field(description="Why Stripe disabled it, in Stripe's words.")
    past_due: list[str] = strawberry.field(
        description="Which of them are overdue, in Stripe's words: the account is closed because of them."
    )
    deadline: datetime | None = strawberry.field(
        description="Until when Stripe needs them before it closes the account; null when no day is set."
    )
    updated_at: datetime = strawberry.field(description="When this last changed.")

    @strawberry.field(
        description="What Stripe still needs from you, in your words and language. An onboarding link asks for it."
    )
    def requirements_in_words(self, info: Info) -> list[str]:
        texts = dict.fromkeys(rules.in_words(requirement) for requirement in self.requirements)
        return [say(text, {}, info.context.languages) for text in texts]

    @classmethod
    def of(cls, account: ConnectedAccount) -> "PayoutAccount":
        return cls(
            id=strawberry.ID(ids.public(PREFIX, account.id)),
            country=CountryCode(account.country),
            payouts_enabled=account.payouts_enabled,
            requirements=account.requirements,
            not_payable_reason=rules.why_not_payable(account),
            disabled_reason=account.disabled_reason,
            past_due=account.past_due,
            deadline=account.deadline,
            updated_at=account.updated_at,
        )


@strawberry.type(
    description="A page of Stripe's where you finish your payout account. It works once, for minutes."
)
class PayoutOnboardingLink:
    url: str = strawberry.field(description="Send the person there at once; do not store it.")
    expires_at: datetime = strawberry.field(description="When it stops working.")
    account: PayoutAccount = strawberry.field(description="The account it finishes.")


@strawberry.input(description="Where you are, and where Stripe's page leads back to.")
class CreatePayoutOnboardingLinkInput(WriteInput):
    country: CountryCode = strawberry.field(description="Where you live or are established.")
    return_url: str = strawberry.field(description="Where the page leads when it is left, finished or not.")
    refresh_url: str = strawberry.field(description="Where the page leads when the link no longer works.")

    def command(self) -> operations.CreatePayoutOnboardingLink:
        """The command; raises InvalidInput for every field that cannot be used."""
        problems = [
            Problem(path, "Give a whole http or https address of at most 2,000 characters.")
            for path, url in (("returnUrl", self.return_url), ("refreshUrl", self.refresh_url))
            if not _is_address(url)
        ]
        if not (len(self.country) == 2 and self.country.isalpha() and self.country.isupper()):
            problems.append(Problem("country", "Give a country of ISO 3166-1 alpha-2, such as `NL`."))
        if problems:
            raise InvalidInput(problems=problems)
        return operations.CreatePayoutOnboardingLink(idempotency_key=self.idempotency_key, country=self.country)


def _is_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme in {"http", "https"} and bool(parts.hostname) and len(url) <= MAX_URL


@strawberry.type
class AccountQuery:
    @strawberry.field(description="Your payout account; null before the first onboarding link.")
    async def payout_account(self, info: Info) -> PayoutAccount | None:
        actor = actor_with(info, Scope.PAYOUT_ACCOUNT, *operations.PAYEES)
        account = await queries.account_of(operations.PAYEES[actor.kind], actor.id)
        return PayoutAccount.of(account) if account else None


@strawberry.type
class AccountMutation:
    @mutation(
        gives=PayoutOnboardingLink,
        refuses=[PayoutsUnsupported, PaymentsUnavailable],
        description="A fresh link to the page where you finish the account that you are paid to.",
    )
    async def create_payout_onboarding_link(
        self, info: Info, input: CreatePayoutOnboardingLinkInput
    ) -> PayoutOnboardingLink:
        opened = await operations.create_payout_onboarding_link(actor_of(info), input.command())
        try:
            account = await onboarding.make(opened.id)
            link = await onboarding.link(account, return_url=input.return_url, refresh_url=input.refresh_url)
        except Refused as refusal:
            raise PayoutsUnsupported(country=opened.country) from refusal
        except (Busy, Unknown) as lost:
            raise PaymentsUnavailable from lost
        return PayoutOnboardingLink(
            url=link.url,
            expires_at=datetime.fromtimestamp(link.expires_at, UTC),
            account=PayoutAccount.of(account),
        )


@node_loader(PREFIX)
async def load_payout_accounts(info: Info, account_ids: list[UUID]) -> Mapping[UUID, PayoutAccount]:
    """The actor's own account, when it is among these."""
    actor = info.context.actor
    if actor is None or not actor.may(Scope.PAYOUT_ACCOUNT) or actor.kind not in operations.PAYEES:
        return {}
    account = await queries.account_of(operations.PAYEES[actor.kind], actor.id)
    return {account.id: PayoutAccount.of(account)} if account and account.id in account_ids else {}
