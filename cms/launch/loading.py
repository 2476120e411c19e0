"""What is loaded once, before anything is forked, so that the processes share its memory and start at once (ADR 15)."""

import gc
import importlib
import os
import shutil
import socket
from pathlib import Path

from cms.settings import Settings

APPLICATION = "cms.app"
METRICS_VARIABLE = "PROMETHEUS_MULTIPROC_DIR"


def load_application(settings: Settings) -> None:
    """Import the application. No connection is opened: each process makes its own.

    By its name and not at the head of this module, because the metrics' library reads its variable when it is imported.
    """
    os.environ[METRICS_VARIABLE] = str(_empty_folder_for_metrics(settings))
    importlib.import_module(APPLICATION)


def share_what_is_loaded() -> None:
    """Leave alone what was made so far, which never becomes garbage: its pages stay shared with what is forked."""
    gc.collect()
    gc.freeze()


def _empty_folder_for_metrics(settings: Settings) -> Path:
    # By host and port: API servers on several machines or in several containers may share a home.
    folder = settings.home.absolute() / "metrics" / f"{socket.gethostname()}-{settings.port}"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(mode=0o700, parents=True)
    return folder
