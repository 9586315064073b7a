"""The receiver in the guides runs, believes what we sign and nothing else."""

import re
from pathlib import Path
from typing import Any

import pytest

from marketplace.kit import clock
from marketplace.webhooks import rules

GUIDES = Path(__file__).parents[2] / "docs" / "guides"


@pytest.mark.parametrize("guide", ["partner", "program"])
def test_the_receiver_of_the_guide_verifies(guide: str, capsys: pytest.CaptureFixture[str]) -> None:
    (code,) = re.findall(r"```python\n(.*?)```", (GUIDES / f"{guide}.md").read_text(), re.DOTALL)
    names: dict[str, Any] = {}
    exec(code, names)
    secret, now = rules.new_secret(), clock.now()
    body = '{"type": "webhook.test", "timestamp": "2026-01-01T00:00:00Z", "data": {}}'
    headers = {
        "webhook-id": "evt_1",
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": rules.signatures([rules.new_secret(), secret], "evt_1", now, body),
    }
    assert names["receive"](secret, headers, body.encode()) == 204
    assert names["receive"](secret, headers, body.replace("test", "best").encode()) == 401
    assert names["receive"](rules.new_secret(), headers, body.encode()) == 401
    assert "evt_1 webhook.test" in capsys.readouterr().out
