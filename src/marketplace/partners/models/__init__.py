"""Tables of partners, brands, contracts and accruals."""

from marketplace.partners.models.accruals import CHARGES, Accrual, AccrualKind
from marketplace.partners.models.contracts import (
    Contract,
    ContractRate,
    ContractTier,
    Schedule,
    VatRule,
    VolumePeriod,
)
from marketplace.partners.models.counterparties import Brand, Partner, PartnerKind, PartnerStatus

__all__ = [
    "CHARGES",
    "Accrual",
    "AccrualKind",
    "Brand",
    "Contract",
    "ContractRate",
    "ContractTier",
    "Partner",
    "PartnerKind",
    "PartnerStatus",
    "Schedule",
    "VatRule",
    "VolumePeriod",
]
