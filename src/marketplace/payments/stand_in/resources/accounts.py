"""Connected accounts and the links that onboard them.

docs.stripe.com/api/accounts, docs.stripe.com/connect/account-capabilities,
docs.stripe.com/connect/handling-api-verification, docs.stripe.com/api/account_links.
"""

import secrets
from typing import Any, cast

from marketplace.payments.stand_in.call import Call, Endpoint
from marketplace.payments.stand_in.errors import Json, StripeRefusal, invalid
from marketplace.payments.stand_in.regions import COUNTRIES, default_currency
from marketplace.payments.stand_in.resources.listing import page
from marketplace.payments.stand_in.store import PLATFORM
from marketplace.payments.stand_in.webhooks import emit

LINK_LIFE_S = 300
HOSTED_NEEDS = ["business_profile.url", "external_account", "individual.verification", "tos_acceptance.date"]
KEPT = ("business_profile", "business_type", "company", "email", "individual", "settings", "tos_acceptance")


def create(call: Call) -> Json:
    """docs.stripe.com/api/accounts/create; the country is fixed for good."""
    country = str(call.param("country", call.options.country)).upper()
    if country not in COUNTRIES:
        raise invalid(f"Country '{country}' is not supported.", code="country_unsupported", param="country")
    kind = call.param("type") or ("none" if call.param("controller") else "standard")
    if kind not in {"custom", "express", "standard", "none"}:
        raise invalid("Invalid type: must be one of custom, express, or standard", param="type")
    if kind == "custom" and not call.param("capabilities"):
        raise invalid("You must request at least one capability for this account.", param="capabilities")
    account = call.store.new(
        "account", "acct", PLATFORM, type=kind, country=country, capabilities={}, charges_enabled=False,
        payouts_enabled=False, details_submitted=False, metadata={}, requirements={}, email=None,
        business_profile=None, business_type=None, controller=call.param("controller") or {},
        default_currency=str(call.param("default_currency", default_currency(country))).lower(),
        external_accounts={"object": "list", "data": [], "has_more": False,
                           "url": "/v1/accounts/external_accounts"},
        settings={"payouts": {"schedule": {"interval": "daily", "delay_days": 2}}}, tos_acceptance={},
        future_requirements={},
    )  # fmt: skip
    return _store(call, _given(call, account), event=False)


def update(call: Call) -> Json:
    """docs.stripe.com/api/accounts/update; states `account.updated` when anything changed."""
    return _store(call, _given(call, _own(call, call.path["id"])), event=True)


def retrieve(call: Call) -> Json:
    return _own(call, call.path["id"])


def list_all(call: Call) -> Json:
    return page(call, "account", "/v1/accounts", account=PLATFORM, equal={})


def delete(call: Call) -> Json:
    """docs.stripe.com/api/accounts/delete: test accounts can always be deleted."""
    account = _own(call, call.path["id"])
    call.store.execute("DELETE FROM objects WHERE id = ?", account["id"])
    return {"id": account["id"], "object": "account", "deleted": True}


def create_link(call: Call) -> Json:
    """docs.stripe.com/api/account_links/create: single use, and it expires after minutes."""
    account = call.store.get("account", str(call.param("account")), param="account")
    if call.param("type") != "account_onboarding":
        raise invalid("You cannot create `account_update` type Account Links for this account.", param="type")
    for param in ("refresh_url", "return_url"):
        if not str(call.param(param, "")).startswith(("https://", "http://")):
            raise invalid("Not a valid URL", code="url_invalid", param=param)
    token = secrets.token_urlsafe(12)
    now = call.store.now()
    call.store.new(
        "stand_in_link", "link", PLATFORM, account_id=account["id"], token=token,
        expires_at=now + LINK_LIFE_S, refresh_url=call.param("refresh_url"),
        return_url=call.param("return_url"), used=False,
    )  # fmt: skip
    url = f"{call.base_url}/setup/e/{account['id']}/{token}"
    return {"object": "account_link", "created": now, "expires_at": now + LINK_LIFE_S, "url": url}


def onboard(call: Call, id: str, bank: str | None = None) -> Json:
    """What the hosted form does when the account holder finishes it."""
    account = call.store.get("account", id)
    account["stand_in_done"] = list(HOSTED_NEEDS)
    account["details_submitted"] = True
    account |= {"stand_in_asked": [], "stand_in_deadline": None}
    account["stand_in_bank"] = bank
    account["external_accounts"]["data"] = [_bank_account(account)]
    return _store(call, account, event=True)


def require(call: Call, id: str, names: list[str], deadline: int | None) -> Json:
    """Stripe asks an account holder for more: at once, or (with a deadline) without closing anything before it.

    docs.stripe.com/connect/handling-api-verification: `currently_due` by `current_deadline`, `past_due` after it.
    """
    account = call.store.get("account", id)
    account |= {"stand_in_asked": names, "stand_in_deadline": deadline}
    return _store(call, account, event=True)


def restrict(call: Call, id: str, reason: str | None) -> Json:
    """Stripe disables (or, without a reason, enables again) an account.

    docs.stripe.com/connect/handling-api-verification: `requirements.disabled_reason`.
    """
    account = call.store.get("account", id)
    account["stand_in_disabled"] = reason
    return _store(call, account, event=True)


def _own(call: Call, id: str) -> Json:
    account = call.store.find("account", id)
    if account is None:
        raise StripeRefusal(
            403,
            f"The provided key does not have access to account '{id}' (or that account does not exist). "
            "Application access may have been revoked.",
            code="account_invalid",
        )
    return account


def _given(call: Call, account: Json) -> Json:
    for name, state in cast("Json", call.param("capabilities", {})).items():
        if state.get("requested"):
            account["capabilities"].setdefault(name, "inactive")
    for name in KEPT:
        value: Any = call.param(name)
        if value is not None:
            account[name] = {**(account[name] or {}), **value} if isinstance(value, dict) else value
    account["metadata"] = call.metadata(account["metadata"])
    if call.param("external_account"):
        account["external_accounts"]["data"] = [_bank_account(account)]
    return account


def _store(call: Call, account: Json, *, event: bool) -> Json:
    """Work out requirements, capabilities and payouts from what has been provided, and save."""
    asked: list[str] = account.get("stand_in_asked") or []
    deadline: int | None = account.get("stand_in_deadline")
    due = _missing(account)
    late = due + (asked if deadline is None or deadline <= call.store.now() else [])
    disabled = account.get("stand_in_disabled")
    reason = disabled or ("requirements.past_due" if late else None)
    account["requirements"] = {
        "currently_due": [*due, *asked], "eventually_due": [*due, *asked], "past_due": late,
        "pending_verification": [],
        "disabled_reason": reason, "errors": [], "alternatives": [], "current_deadline": deadline,
    }  # fmt: skip
    for name in account["capabilities"]:
        account["capabilities"][name] = "inactive" if reason else "active"
    account["payouts_enabled"] = reason is None and bool(account["capabilities"])
    account["charges_enabled"] = account["capabilities"].get("card_payments") == "active"
    call.store.save(account)
    if event:
        emit(call, "account.updated", account, account=account["id"])
    return account


def _missing(account: Json) -> list[str]:
    """docs.stripe.com/connect/required-verification-information, in short."""
    if account.get("stand_in_done"):
        return []
    profile = cast("Json", account["business_profile"] or {})
    terms = cast("Json", account["tos_acceptance"])
    there = {
        "business_profile.url": bool(profile.get("url")),
        "external_account": bool(account["external_accounts"]["data"]),
        "individual.verification": bool(account.get("individual") or account.get("company")),
        "tos_acceptance.date": bool(terms.get("date")),
    }
    return [name for name in HOSTED_NEEDS if not there[name]]


def _bank_account(account: Json) -> Json:
    return {
        "id": f"ba_{account['id'][5:]}", "object": "bank_account", "account": account["id"],
        "country": account["country"], "currency": account["default_currency"], "last4": "3000",
        "fingerprint": account.get("stand_in_bank") or account["id"],
        "bank_name": "STRIPE TEST BANK", "default_for_currency": True, "status": "new",
    }  # fmt: skip


ENDPOINTS = [
    Endpoint("POST", "/v1/accounts", "AccountCreateParams", create),
    Endpoint("GET", "/v1/accounts", "AccountListParams", list_all),
    Endpoint("GET", "/v1/accounts/{id}", "AccountRetrieveParams", retrieve),
    Endpoint("POST", "/v1/accounts/{id}", "AccountUpdateParams", update),
    Endpoint("DELETE", "/v1/accounts/{id}", "AccountDeleteParams", delete),
    Endpoint("POST", "/v1/account_links", "AccountLinkCreateParams", create_link),
]
