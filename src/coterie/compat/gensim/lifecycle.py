"""What gensim's objects keep of their own history, and how they tell it."""

from __future__ import annotations

import logging
import platform
import sys
from datetime import UTC, datetime
from typing import Any

__all__ = ["LOGGER", "Lifecycle"]

LOGGER = logging.getLogger("coterie.compat.gensim")
"""Where everything is told that gensim tells: INFO for progress, WARNING for what matters."""


class Lifecycle:
    """A list of events in ``lifecycle_events``, each told to the log."""

    lifecycle_events: list[dict[str, Any]] | None

    def add_lifecycle_event(
        self, event_name: str, log_level: int | None = logging.INFO, **event: Any
    ) -> None:
        """Append an event, and log it unless ``log_level`` is ``None`` or False.

        Parameters
        ----------
        event_name
            What happened.
        log_level
            The level of the log.
        **event
            JSON-ready details.
        """
        import coterie

        if log_level:
            LOGGER.log(log_level, "%s lifecycle event %s: %s", type(self).__name__, event_name, event)
        if getattr(self, "lifecycle_events", None) is None:
            self.lifecycle_events = []
        assert self.lifecycle_events is not None
        self.lifecycle_events.append(
            {
                **event,
                "datetime": datetime.now(UTC).isoformat(timespec="seconds"),
                "coterie": coterie.__version__,
                "python": sys.version.split()[0],
                "platform": platform.platform(),
                "event": event_name,
            }
        )
