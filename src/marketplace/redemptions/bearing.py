"""Whether an old redemption's figures still say who bore its tier discount. Pure: the part an auditor reads."""

from collections.abc import Mapping
from typing import Any

from marketplace.storefront.bearers import part_of_partner
from marketplace.storefront.rules import home_price


def wrongly_borne(row: Mapping[str, Any]) -> str | None:
    """What is wrong with a redemption's part of the partner; None when all is as it was agreed.

    Of each unit the price in the home currency, rounded up, is the charge and the partner's part; that part is its
    share of the discount, rounded down; the program's funding paid, and the partner was owed of, the charge alone.
    """
    units = row["quantity"]
    price = home_price(row["price_minor"] // units, row["currency"], row["home_currency"], row["fx_rate"])
    part = part_of_partner(row["discount_minor"] // units, row["partner_share_bp"])
    bore = row["partner_discount_minor"]
    if bore != part * units:
        return f"the partner bore {bore} of {row['discount_minor']}, agreed were {part * units}"
    if row["home_minor"] != (price - part) * units:
        return f"{row['home_minor']} was charged for a price of {price * units} less {part * units}"
    if row["accrued"] is not None and row["accrued"] != row["home_minor"]:
        return f"{row['accrued']} was accrued, {row['home_minor']} charged"
    return None
