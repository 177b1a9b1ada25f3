"""What is called while a model trains."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from coterie.errors import ConfigError

__all__ = ["CallbackAny2Vec", "checked_callbacks"]


class CallbackAny2Vec:
    """Called at the beginning and end of a training and of each epoch; a subclass overrides what it wants.

    With callbacks the epochs are trained one after another, so that no thread is still at work when one is
    called; without them threads go on from one epoch into the next.
    """

    def on_epoch_begin(self, model: Any) -> None:
        """Do nothing; called before each epoch."""

    def on_epoch_end(self, model: Any) -> None:
        """Do nothing; called after each epoch."""

    def on_train_begin(self, model: Any) -> None:
        """Do nothing; called before the first epoch."""

    def on_train_end(self, model: Any) -> None:
        """Do nothing; called after the last epoch."""


def checked_callbacks(callbacks: Iterable[Any]) -> list[Any]:
    """Return the callbacks as a list, if they have all four methods (gensim's own do)."""
    listed = list(callbacks)
    for callback in listed:
        for name in ("on_train_begin", "on_epoch_begin", "on_epoch_end", "on_train_end"):
            if not callable(getattr(callback, name, None)):
                raise ConfigError(
                    f"callbacks holds {callback!r}, which has no method {name}; see CallbackAny2Vec."
                )
    return listed
