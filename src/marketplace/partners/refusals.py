"""Why the partners' room says no."""

from datetime import date
from typing import Annotated

from marketplace.kit.refusals import Refusal
from marketplace.partners.models import PartnerStatus


class PartnerNameTaken(Refusal):
    """Another partner goes by this name already."""

    code = "PARTNER_NAME_TAKEN"
    text = "There is already a partner called {slug}."
    slug: Annotated[str, "The name as it stands in addresses."]


class RegistryIdTaken(Refusal):
    """Another charity has this registry identifier."""

    code = "REGISTRY_ID_TAKEN"
    text = "The registry identifier {taken} belongs to another charity."
    taken: Annotated[str, "The identifier that was given."]


class BrandNameTaken(Refusal):
    """Another brand goes by this name already."""

    code = "BRAND_NAME_TAKEN"
    text = "There is already a brand called {slug}."
    slug: Annotated[str, "The name as it stands in addresses."]


class PartnerStatusUnchanged(Refusal):
    """The partner already stands where it was to be moved to."""

    code = "PARTNER_STATUS_UNCHANGED"
    text = "This partner is already {status}."
    status: Annotated[PartnerStatus, "Where the partner stands."]


class PartnerHasNoContract(Refusal):
    """A partner is approved only when it is agreed how it is paid."""

    code = "PARTNER_HAS_NO_CONTRACT"
    text = "This partner has no contract yet. Agree one before approving it."


class PartnerNotApproved(Refusal):
    """Only approved partners may publish."""

    code = "PARTNER_NOT_APPROVED"
    text = "The partner is {status}; publishing waits until the marketplace has approved it."
    status: Annotated[PartnerStatus, "Where the partner stands: PENDING or SUSPENDED."]


class ContractsOverlap(Refusal):
    """Another contract of this partner begins in the time that was asked for."""

    code = "CONTRACTS_OVERLAP"
    text = "Another contract is in force from {valid_from}. Let this one end by then."
    valid_from: Annotated[date, "The first day of the contract that stands in the way."]


class ContractTermsUsed(Refusal):
    """Sales of those days are on the books under the terms of their time."""

    code = "CONTRACT_TERMS_USED"
    text = "Sales until {used_until} are on the books under earlier terms. Let the contract begin after that day."
    used_until: Annotated[date, "The last day whose terms can no longer change."]
