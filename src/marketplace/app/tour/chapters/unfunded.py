"""A program that has not paid in: its members' points are promises that it cannot keep yet."""

from marketplace.app.tour import lending
from marketplace.app.tour.cast import Cast
from marketplace.app.tour.shopping import REDEMPTION, redeem, wallet
from marketplace.app.tour.stage import Stage

TITLE = "A program funds first"


def play(stage: Stage, cast: Cast) -> None:
    """Afterwards a new program has paid in, spent all of it, and lives on credit; a partner gives its points."""
    operator, code = cast.operator, f"T{cast.run}".upper()
    terms = {
        "code": code, "name": f"Tourists {cast.run}", "pointName": "steps", "homeCurrency": "SEK",
        "pointValue": "0.10", "timezone": "Europe/Stockholm", "countries": ["SE"],
        "issuer": cast.issuer.issuer(code), "audience": cast.audience,
    }  # fmt: skip
    bad = operator.do("createProgram", **(terms | {"homeCurrency": "XXX", "pointValue": "0"}))
    stage.does(operator, "opens a program whose points are worth nothing", bad, "InvalidInput")
    made = operator.do("createProgram", "... on Program { id code funding { available { amount } } }", **terms)
    stage.does(operator, f"opens the program {code}", made, "Program", code=code)
    stage.does(operator, "opens it again", operator.do("createProgram", **terms), "ProgramCodeTaken")
    key = operator.do("issueApiKey", "... on IssuedApiKey { secret }", name="server", owner=made["id"])
    server = cast.client(f"Tourists {cast.run}", key["secret"])
    maja = cast.person("Maja", code, f"tour-{cast.run}-maja")
    maja.id = server.do(
        "enrolMember", "... on Member { id }", reference=maja.reference, subject=maja.reference, country="SE",
        languages=["sv"],
    )["id"]  # fmt: skip
    server.do("awardPoints", memberId=maja.id, reference="welcome", points=1_000, reason="Welcome")
    refused = redeem(cast, maja, "KAFFE-50/SE")
    stage.does(maja.phone, "takes a coffee that her program cannot pay", refused, "ProgramUnfunded")
    stage.equal(maja.phone, "has her points", wallet(maja), (1_000, 0))
    top_up = server.do(
        "topUpProgram", "... on TopUp { id }", method="BANK_TRANSFER", reference="first",
        amount={"amount": "50", "currency": "SEK"},
    )  # fmt: skip
    operator.do("confirmTopUp", topUpId=top_up["id"], evidence=f"camt.053 entry {code}")
    taken = redeem(cast, maja, "KAFFE-50/SE")
    stage.does(maja.phone, "takes it once 50 SEK are there", taken, "Redemption", state="FULFILLED", points=500)
    again = maja.phone.do("redeemOffer", REDEMPTION, itemId=cast.items["KAFFE-50/SE"]["id"], expectedPoints=500)
    stage.does(maja.phone, "takes another: not a krona is left", again, "ProgramUnfunded")
    lending.on_credit(stage, cast, server, maja, made["id"])
    lending.warned(stage, server)
    lending.bought(stage, cast, server, made["id"])
    lending.given(stage, cast, maja, made["id"])
