"""The partner uploads a file with mistakes, sees what is wrong in which cell, and publishes a good one."""

from marketplace.app.tour import files
from marketplace.app.tour.cast import Cast
from marketplace.app.tour.client import Client, Json
from marketplace.app.tour.stage import Stage

TITLE = "Offers and codes by file"
ROWS = 17
"""How many things winter.csv puts on the shelf."""
SHOWN = """... on UploadedFile { id state rowsTotal rowsGood rowsBad
  findings(first: 50) { nodes { line column value code message suggestion } }
  preview(first: 20) { line sku country kind title change codeMask price { amount currency } } }"""
_SHELF = """{ partner { brands(first: 5) { nodes { offers(first: 20) { nodes {
  id sku kind items { id sku country } } } } } } }"""


def play(stage: Stage, cast: Cast) -> None:
    """Afterwards the tour's own offers are in the catalogue with their codes, and `cast.items` knows them."""
    _rehearsed(stage, cast.partner)
    _published(stage, cast)
    _coded(stage, cast)
    brands = cast.partner.ask(_SHELF)["partner"]["brands"]["nodes"]
    for offer in (offer for brand in brands for offer in brand["offers"]["nodes"]):
        for item in offer["items"]:
            cast.items[f"{item['sku']}/{item['country']}"] = item | {"offer": offer["id"], "kind": offer["kind"]}
    stage.equal(cast.partner, "reads its shelf: items in two markets", len(cast.items), ROWS)


def _rehearsed(stage: Stage, partner: Client) -> None:
    content, mistakes = files.with_mistakes()
    file = partner.send("uploadOffers", SHOWN, "autumn.csv", content)
    said = f"{file['rowsGood']} of {file['rowsTotal']} rows are good"
    stage.does(
        partner, "uploads autumn.csv, with mistakes", file, "UploadedFile", said, state="CHECKED", rowsGood=1
    )
    found = file["findings"]["nodes"]
    stage.equal(partner, "is told of every mistake", {each["code"] for each in found}, mistakes)
    _show_findings(stage, "autumn.csv: what is wrong", found)
    given_up = partner.do("discardUpload", "... on UploadedFile { state }", uploadId=file["id"])
    stage.does(partner, "gives the file up", given_up, "UploadedFile", state="DISCARDED")
    late = partner.do("publishUpload", uploadId=file["id"])
    stage.does(partner, "publishes it all the same", late, "UploadAlreadyDiscarded")


def _show_findings(stage: Stage, title: str, found: list[Json]) -> None:
    columns = ("line", "column", "value", "problem", "suggestion")
    rows = [(each["line"], each["column"], each["value"], each["message"], each["suggestion"]) for each in found]
    stage.show(title, columns, rows)


def _published(stage: Stage, cast: Cast) -> None:
    partner, operator = cast.partner, cast.operator
    file = partner.send("uploadOffers", SHOWN, "winter.csv", files.offers(cast.run))
    stage.does(partner, "uploads winter.csv", file, "UploadedFile", rowsBad=0, rowsGood=ROWS)
    rows = [
        (each["line"], each["kind"], each["sku"], each["country"], each["title"],
         f"{each['price']['amount']} {each['price']['currency']}", each["change"])
        for each in file["preview"]
    ]  # fmt: skip
    stage.show(
        "winter.csv: as it would be published", ("line", "kind", "SKU", "market", "title", "price", ""), rows
    )
    whole = files.generic_code("ALLA", cast.run)
    stage.holds(partner, "and the code for all is not shown in it", whole not in str(file), "sealed")
    suspended = operator.do("suspendPartner", "... on Partner { status }", partnerId=cast.partner_id)
    stage.does(operator, "suspends the partner for a moment", suspended, "Partner", status="SUSPENDED")
    refused = partner.do("publishUpload", uploadId=file["id"])
    stage.does(partner, "publishes while suspended", refused, "PartnerNotApproved")
    operator.do("approvePartner", partnerId=cast.partner_id)
    done = partner.do("publishUpload", SHOWN, uploadId=file["id"])
    stage.does(partner, "publishes once let back in", done, "UploadedFile", state="PUBLISHED", rowsGood=ROWS)
    twice = partner.do("publishUpload", uploadId=file["id"])
    stage.does(partner, "publishes it twice", twice, "UploadAlreadyPublished")


def _coded(stage: Stage, cast: Cast) -> None:
    partner = cast.partner
    content, good = files.codes(cast.run)
    file = partner.send("uploadCodes", SHOWN, "codes.csv", content)
    stage.does(partner, "uploads codes.csv, one code twice", file, "UploadedFile", rowsGood=good, rowsBad=3)
    found = file["findings"]["nodes"]
    _show_findings(stage, "codes.csv: what is wrong (codes are masked)", found)
    codes = {each["code"] for each in found}
    stage.equal(partner, "is told what is wrong", codes, {"DUPLICATE_CODE", "UNKNOWN_SKU", "NOT_CODED"})
    done = partner.do("publishUpload", SHOWN, uploadId=file["id"])
    stage.does(partner, "loads the good ones into the vault", done, "UploadedFile", state="PUBLISHED")
    again = partner.send("uploadCodes", SHOWN, "codes.csv", content)
    loaded = {each["code"] for each in again["findings"]["nodes"]}
    stage.holds(
        partner, "uploads the same codes again: all are known", "CODE_IN_VAULT" in loaded, ", ".join(loaded)
    )
    stage.equal(partner, "so none is good", again["rowsGood"], 0)
    whole = f"FIKA-{cast.run}".upper()
    stage.holds(partner, "and no answer shows a whole code", whole not in str(file) + str(again), "masked")
