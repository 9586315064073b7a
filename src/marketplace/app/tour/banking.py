"""Opening an account to be paid to, and finishing it on Stripe's own page, as a person's browser would."""

import httpx

from marketplace.app.tour.cast import Cast
from marketplace.app.tour.client import Client, Json, wait_for
from marketplace.app.tour.stage import Stage

_ACCOUNT = "{ payoutAccount { payoutsEnabled requirements notPayableReason } }"
_LINK = "... on PayoutOnboardingLink { url account { id notPayableReason } }"


def onboarded(stage: Stage, cast: Cast, payee: Client, country: str) -> None:
    """Ask for a link, finish Stripe's form, and wait until Stripe says that money can be sent."""
    back = f"{cast.http.base_url}/"
    wish = {"country": country, "returnUrl": back, "refreshUrl": f"{back}graphiql"}
    bad = payee.do("createPayoutOnboardingLink", **(wish | {"returnUrl": "nowhere"}))
    stage.does(payee, "asks for a link that leads back to nowhere", bad, "InvalidInput")
    link = payee.do("createPayoutOnboardingLink", _LINK, **wish)
    stage.does(payee, f"asks for an onboarding link in {country}", link, "PayoutOnboardingLink", "works once")
    stage.equal(payee, "has not finished yet", link["account"]["notPayableReason"], "ONBOARDING_INCOMPLETE")
    with httpx.Client(timeout=30) as browser:
        page = browser.get(link["url"])
        stage.holds(payee, "opens Stripe's page", page.is_success and "<form" in page.text, page.status_code)
        done = browser.post(link["url"], data={"outcome": "complete"})
        stage.equal(
            payee, "agrees and submits: led back", (done.status_code, done.headers["location"]), (303, back)
        )
        used = browser.get(link["url"])
        again = used.headers.get("location")
        stage.equal(payee, "opens the used link: led to where a new one is asked for", again, f"{back}graphiql")
    ready = wait_for(lambda: _account(payee), lambda account: account["payoutsEnabled"])
    stage.equal(payee, "can be paid once Stripe says so", ready["notPayableReason"], None)


def _account(payee: Client) -> Json:
    return payee.ask(_ACCOUNT)["payoutAccount"]
