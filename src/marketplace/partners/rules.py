"""What a contract makes of a sale. Pure arithmetic, the part an auditor reads."""

from dataclasses import dataclass

from marketplace.kit.money import share_bp


@dataclass(frozen=True, slots=True)
class Shares:
    """How gross is divided, in minor units of the contract's currency: gross = net + commission + vat."""

    gross: int
    commission: int
    vat: int

    @property
    def net(self) -> int:
        """What the partner is owed."""
        return self.gross - self.commission - self.vat


def shares(gross: int, commission_bp: int, vat_bp: int) -> Shares:
    """Commission is a share of gross, VAT a share of the commission; each rounded half-even once.

    The partner gets the rest, so nothing is lost. A commission with VAT never exceeds gross.
    """
    commission = share_bp(gross, commission_bp)
    vat = min(share_bp(commission, vat_bp), gross - commission)
    return Shares(gross, commission, vat)
