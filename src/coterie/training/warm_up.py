"""Kernels compiled while the text is read: neither needs the other, and the first training waits for both.

A kernel's code depends on the layout of its arguments and not on their sizes, so an empty chunk of a corpus
of two words makes what a real one needs, if its arrays are read-only as mapped ones are. Where all sentences
are short a real window may need less than the settings ask for; then one kernel is compiled in vain.
"""

from __future__ import annotations

import contextlib
import threading

from coterie.config import TrainingConfig

__all__ = ["is_compiling", "warm_up"]

_NAME = "coterie-compile"
# Kernels that are stored are loaded by then.
_PATIENCE = 0.5


def warm_up(config: TrainingConfig) -> threading.Thread:
    """Compile in the background what a training of these settings will call; return the thread.

    Nobody need wait for it: who calls a kernel that is being compiled does. Its errors are the training's
    own, which meets them again.
    """
    # A daemon, so that a program that ends with an error does not wait for some seconds of compilation: it
    # waits for the current call of LLVM, see kernels/machine_code.py.
    thread = threading.Thread(target=_compile, args=(config,), name=_NAME, daemon=True)
    thread.start()
    return thread


def is_compiling() -> bool:
    """Tell whether kernels are being compiled that no earlier process has stored.

    It may take half a second to find out, for which a training would wait in any case.
    """
    compilers = [thread for thread in threading.enumerate() if thread.name == _NAME]
    for thread in compilers:
        thread.join(_PATIENCE)
    return any(thread.is_alive() for thread in compilers)


def _compile(config: TrainingConfig) -> None:
    with contextlib.suppress(Exception):
        # Imported here: Numba's import is a part of what is done meanwhile.
        import numpy as np

        from coterie.kernels.compile import JIT_ENABLED
        from coterie.kernels.simd import PANEL_ROWS
        from coterie.sampling.plan import Sentences
        from coterie.training.trainer import Trainer

        if not JIT_ENABLED:
            return
        # One sentence that a window fills, as far as it matters how wide that is.
        length = min(config.window, PANEL_ROWS) + 1
        ids, offsets = np.arange(length, dtype=np.uint32) % 2, np.array([0, length])
        for array in (ids, offsets):
            array.setflags(write=False)
        Trainer(Sentences(ids, offsets), np.bincount(ids), config).compile()
