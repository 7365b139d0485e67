import shutil
from pathlib import Path

import pytest
from nacl.pwhash import argon2id

from tests.cli.people import Person


@pytest.fixture(autouse=True)
def _no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """What this machine's user has set up is none of a test's business."""
    for name in ("MOOTHALL_HOME", "MOOTHALL_PASSPHRASE_FILE"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(scope="session")
def elm_street(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home in which Ana has founded a community; to be copied."""
    ana = Person("Ana", tmp_path_factory.mktemp("elm-street") / "ana")
    ana.found()
    return ana.folder


@pytest.fixture
def ana(elm_street: Path, tmp_path: Path) -> Person:
    """Ana has founded a community."""
    shutil.copytree(elm_street, tmp_path / "ana")
    return Person("Ana", tmp_path / "ana")


@pytest.fixture
def quick_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    """Stretch passphrases as little as Argon2id lets us."""
    monkeypatch.setattr("node.keystore.OPERATIONS", argon2id.OPSLIMIT_MIN)
    monkeypatch.setattr("node.keystore.MEMORY", argon2id.MEMLIMIT_MIN)
