"""Why a review cannot be decided."""

from typing import Annotated

from marketplace.kit.refusals import Refusal


class ReviewClosed(Refusal):
    """Somebody has decided it already, or the member took it back."""

    code = "REVIEW_CLOSED"
    text = "This review is {current}: it was decided before."
    current: Annotated[str, "Where the review stands."]
