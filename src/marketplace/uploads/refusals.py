"""Why uploads say no. What is wrong inside a file is no refusal: it stands in the upload's problems."""

from datetime import datetime
from typing import Annotated

from marketplace.kit.messages import counted
from marketplace.kit.refusals import Refusal


class FileTooLarge(Refusal):
    """The file is larger than this marketplace takes."""

    code = "FILE_TOO_LARGE"
    text = "The file has {size_bytes} bytes; at most {limit_bytes} are taken. Split it into several."
    size_bytes: Annotated[int, "The size of the file."]
    limit_bytes: Annotated[int, "The largest size that is taken."]


class UploadAlreadyPublished(Refusal):
    """A file is published once; mend and upload it again to change what it said."""

    code = "UPLOAD_ALREADY_PUBLISHED"
    text = "This file was published before. Upload it again to change what it said."
    published_since: Annotated[datetime, "When it was published."]


class UploadAlreadyDiscarded(Refusal):
    """A discarded file never reaches the catalogue."""

    code = "UPLOAD_ALREADY_DISCARDED"
    text = "This file was discarded. Upload it again to publish it."


class NothingToPublish(Refusal):
    """No row of the file is good."""

    code = "NOTHING_TO_PUBLISH"
    text = counted(
        "No row of this file can be published. Mend the {listed} problem found and upload it again.",
        "No row of this file can be published. Mend the {listed} problems found and upload it again.",
    )
    listed: Annotated[int, "How many problems are listed."]


class CatalogueChanged(Refusal):
    """The catalogue is not what it was when the file was checked."""

    code = "CATALOGUE_CHANGED"
    text = "Line {line} no longer fits: the catalogue has changed since. Upload the file again to check it anew."
    line: Annotated[int, "A line that no longer fits."]
