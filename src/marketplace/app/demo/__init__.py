"""The demo world: generated offers of real brands, invented members, and a month of their history."""

DISCLAIMER = (
    "This is a demonstration. Brand and charity names, websites and countries are public facts; every "
    "offer, price, stock level, code, contract, member and payment is generated. No brand or charity "
    "named here has any partnership with this project, endorses it, or knows of it."
)
"""Said on the landing page, by `make demo` and by `make tour`."""
