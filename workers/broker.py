"""How relay and workers use the broker through Celery. The relay needs no more than this; tasks come in `app.py`.

The broker carries bells, not work: a task holds numbers of deliveries and nothing else, and whatever Celery or the
broker loses is sent again by the relay. So there are no results, no retries of Celery's own, and no remote control.
"""

from typing import Any

from celery import Celery
from kombu import Queue

from cms.events.subscriptions import QUEUES, SUBSCRIPTIONS
from cms.settings import Settings

LONGEST_LIMIT_SECONDS = max(subscription.time_limit_seconds for subscription in SUBSCRIPTIONS)
OPTIONS: dict[str, Any] = {
    "accept_content": ["json"],
    "task_serializer": "json",
    "task_ignore_result": True,
    "task_acks_late": True,
    "task_reject_on_worker_lost": True,
    "task_publish_retry": False,
    "task_create_missing_queues": False,
    "task_queues": [Queue(name) for name in QUEUES],
    "worker_consumer": "workers.refusing:CarefulConsumer",
    "worker_prefetch_multiplier": 1,
    "worker_enable_remote_control": False,
    "worker_hijack_root_logger": False,
    "worker_redirect_stdouts": False,
    # With it a worker was seen to end itself when the broker goes away.
    "worker_cancel_long_running_tasks_on_connection_loss": False,
    "broker_connection_max_retries": None,
    "broker_connection_retry_on_startup": True,
    "broker_transport_options": {
        # A task that waits longer than this for its acknowledgement is given to another worker. The relay sends again
        # much sooner; this must only be longer than the longest task.
        "visibility_timeout": 2 * LONGEST_LIMIT_SECONDS + 60,
        "unacked_restore_interval": 5,
        "unacked_restore_throttle": 1,
        "health_check_interval": 10,
        "socket_timeout": 10,
        "socket_connect_timeout": 2,
        "socket_keepalive": True,
        "global_keyprefix": "copydesk:",
    },
}


def sending_app(settings: Settings) -> Celery:
    """An application without tasks: it sends them by their names."""
    app = Celery("copydesk", broker=settings.queue_url, set_as_current=False)
    app.conf.update(OPTIONS)
    return app
