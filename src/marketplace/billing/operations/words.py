"""What people write into billing's doors."""

from marketplace.kit.refusals import InvalidInput

WORDS_LENGTH = 300


def must_be_words(path: str, text: str, longest: int = WORDS_LENGTH) -> str:
    """The text without space around it; raises InvalidInput for none, too much, or what cannot be printed."""
    text = text.strip()
    if not (0 < len(text) <= longest and text.isprintable()):
        raise InvalidInput.at(path, "Give 1 to {most} printable characters.", most=longest)
    return text
