"""Where webhooks may go, and that each type is told."""

import pytest

from marketplace.app.telling import TOLD
from marketplace.webhooks import rules
from marketplace.webhooks.models import EventType


@pytest.mark.parametrize("url", ["ftp://x.example", "https://", "https://a:b@x.example", "nonsense", "http://x"])
def test_a_url_in_production_is_https_and_sound(url: str) -> None:
    assert rules.url_problem(url, plain_http=False) is not None
    assert rules.url_problem("https://x.example/hooks", plain_http=False) is None


def test_an_address_is_public_or_it_is_not_spoken_to() -> None:
    for address in ("10.0.0.1", "169.254.169.254", "::1", "fd00::1", "::ffff:127.0.0.1", "100.64.0.1", "0.0.0.0"):
        assert not rules.is_public([address]), address
    assert not rules.is_public(["93.184.216.34", "127.0.0.1"])
    assert rules.is_public(["93.184.216.34", "2606:2800:220:1:248:1893:25c8:1946"])


def test_each_type_is_told_by_a_line() -> None:
    assert {line.type for line in TOLD.values()} | {EventType.WEBHOOK_TEST} == set(EventType)
