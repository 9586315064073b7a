"""Settings: secrets made once in development, demanded in production, and never shown."""

import json
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from marketplace.kit.settings import Environment, Settings, SettingsError, development_secrets, load, settings

KEY = Fernet.generate_key().decode()
OLDER_KEY = Fernet.generate_key().decode()
PRODUCTION = {
    "MARKETPLACE_ENVIRONMENT": "production",
    "DATABASE_URL": "postgresql://app:hunter2@db.example/marketplace",
    "MARKETPLACE_SECRET": "s" * 40,
    "MARKETPLACE_CODE_KEYS": f"{KEY}, {OLDER_KEY}",
    "STRIPE_API_KEY": "sk_test_1",
    "STRIPE_WEBHOOK_SECRET": "whsec_1",
}


@pytest.fixture(autouse=True)
def bare(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """An environment without any of our variables, in an empty folder."""
    for name in os.environ:
        if name.startswith(("MARKETPLACE_", "DATABASE_", "STRIPE_")) or name == "PORT":
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


def given(monkeypatch: pytest.MonkeyPatch, variables: dict[str, str]) -> Settings:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    return load()


def test_development_needs_nothing_and_keeps_its_secrets(tmp_path: Path) -> None:
    first, second = load(), load()

    assert first.environment is Environment.DEVELOPMENT
    assert first.database_url is None
    assert first.secret == second.secret
    assert first.code_keys == second.code_keys
    assert len(first.secret.get_secret_value()) >= 32
    path = tmp_path / "var" / "secrets.json"
    assert path.stat().st_mode & 0o777 == 0o600
    assert json.loads(path.read_text())["secret"] == first.secret.get_secret_value()


def test_many_first_starts_at_once_agree_on_the_secrets(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        made = [pool.submit(development_secrets, tmp_path / "var") for _ in range(32)]
    assert len({each.result()["secret"] for each in made}) == 1
    assert [path.name for path in (tmp_path / "var").iterdir()] == ["secrets.json"]


def test_production_reads_all_from_the_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    found = given(monkeypatch, PRODUCTION | {"PORT": "9000", "MARKETPLACE_MAX_PAGE_SIZE": "50"})

    assert found.production
    assert [key.get_secret_value() for key in found.code_keys] == [KEY, OLDER_KEY]
    assert (found.port, found.max_page_size) == (9000, 50)
    assert not (tmp_path / "var").exists()


@pytest.mark.parametrize("name", [name for name in PRODUCTION if name != "MARKETPLACE_ENVIRONMENT"])
@pytest.mark.parametrize("value", [None, ""])
def test_production_does_not_start_without_a_secret(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str, value: str | None
) -> None:
    rest = {key: text for key, text in PRODUCTION.items() if key != name}
    with pytest.raises(SettingsError, match=f"production needs {name}"):
        given(monkeypatch, rest | ({} if value is None else {name: value}))
    assert not (tmp_path / "var").exists()


@pytest.mark.parametrize(
    ("name", "value", "complaint"),
    [
        ("MARKETPLACE_SECRET", "hunter2", "32 characters"),
        ("MARKETPLACE_CODE_KEYS", "hunter2", "Fernet key"),
        ("DATABASE_URL", "mysql://app:hunter2@db.example/marketplace", "not a PostgreSQL URL"),
        ("PORT", "hunter2", "valid integer"),
        ("MARKETPLACE_ENVIRONMENT", "hunter2", "'development' or 'production'"),
    ],
)
def test_a_wrong_value_is_named_and_not_repeated(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, complaint: str
) -> None:
    with pytest.raises(SettingsError, match=complaint) as refused:
        given(monkeypatch, PRODUCTION | {name: value})
    assert "hunter2" not in str(refused.value)


def test_secrets_do_not_show_when_settings_are_printed(monkeypatch: pytest.MonkeyPatch) -> None:
    printed = repr(given(monkeypatch, PRODUCTION))
    for secret in (KEY, OLDER_KEY, "s" * 40, "hunter2", "sk_test_1", "whsec_1"):
        assert secret not in printed


def test_the_socket_url_of_a_private_server_is_accepted(monkeypatch: pytest.MonkeyPatch) -> None:
    url = "postgresql://postgres@/marketplace?host=/tmp/sockets"
    found = given(monkeypatch, {"DATABASE_URL": url})
    assert found.database_url is not None
    assert found.database_url.get_secret_value() == url


def test_settings_are_read_once() -> None:
    settings.cache_clear()
    assert settings() is settings()
    settings.cache_clear()
