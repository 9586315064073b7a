"""Where Connect works, and between which countries a transfer may go.

stripe.com/global lists the countries; docs.stripe.com/connect/cross-border-payouts says that
transfers go within one country, or among the United States, Canada, the United Kingdom, the EEA and
Switzerland.
"""

EEA = frozenset(
    {"AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU", "IE", "IS"}
    | {"IT", "LI", "LT", "LU", "LV", "MT", "NL", "NO", "PL", "PT", "RO", "SE", "SI", "SK"}
)
TOGETHER = EEA | {"CH", "GB", "US", "CA", "GI"}
COUNTRIES = TOGETHER | frozenset(["AE", "AU", "BR", "HK", "IN", "JP", "MX", "MY", "NZ", "SG", "TH"])
CURRENCIES = {
    "AE": "aed", "AU": "aud", "BG": "bgn", "BR": "brl", "CA": "cad", "CH": "chf", "CZ": "czk", "DK": "dkk",
    "GB": "gbp", "GI": "gbp", "HK": "hkd", "HU": "huf", "IN": "inr", "IS": "eur", "JP": "jpy", "LI": "chf",
    "MX": "mxn", "MY": "myr", "NO": "nok", "NZ": "nzd", "PL": "pln", "RO": "ron", "SE": "sek", "SG": "sgd",
    "TH": "thb", "US": "usd",
}  # fmt: skip


def default_currency(country: str) -> str:
    return CURRENCIES.get(country, "eur")


def may_transfer(sender: str, receiver: str) -> bool:
    return sender == receiver or {sender, receiver} <= TOGETHER
