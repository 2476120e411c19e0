"""/metrics answers what can be said, also when the folder of the counts was tidied away."""

from pathlib import Path

import pytest

from cms.operations.metrics import metrics_text
from cms.platform.clock import now
from cms.platform.db import Database
from cms.settings import Settings
from search_index.reader import Reader


def test_a_missing_folder_of_counts_is_none_counted_and_is_made_again(
    settings: Settings, database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "metrics" / "host-8000"
    monkeypatch.setenv("PROMETHEUS_MULTIPROC_DIR", str(folder))
    text = metrics_text(database, Reader(settings.index_home), now()).decode()
    assert "copydesk_published_articles 0.0" in text
    assert "copydesk_http_requests_total" not in text
    assert folder.is_dir()
