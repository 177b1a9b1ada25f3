"""A process that is killed before each of its calls to the system, one after another: nothing whole is lost.

The random kills of ``make faults`` find what nobody thought of; these leave no moment out.
"""

from __future__ import annotations

import json
import subprocess
import sys
import textwrap

import pytest

# Runs a scenario in a child that dies before its n-th call, for n from 0 until one ends; each time another
# child looks at what is there. Children, since neither may begin with what the other has opened.
HARNESS = """
    import json, os, signal, sys, warnings
    from pathlib import Path
    import numpy as np
    from coterie.config import TrainingConfig
    from coterie.model import Model
    from coterie.objectives.weights import make_weights
    from coterie.training.checkpoint import Checkpoints, TrainingState, latest_checkpoint, remove_finished
    from coterie.vectors import WordVectors

    # What changes something; whatever only looks leaves the same behind. os.open is told as "open".
    CALLS = {"open", "os.mkdir", "os.rename", "os.remove", "os.rmdir", "os.truncate", "ctypes.call_function"}
    place = Path(sys.argv[1])

    def model(n):
        matrix = np.full((40, 8), n, dtype="f4")
        vectors = WordVectors([f"w{i}" for i in range(40)], matrix, np.full(40, n))
        return Model(vectors, matrix, {"n": n}, [{"n": n}])

    def checkpoints(*units):
        weights = make_weights(40, TrainingConfig(vector_size=8))
        with Checkpoints(place / "c", None, None, print) as kept:
            kept.run = 1
            for n in units:
                weights.input_vectors[:] = n
                kept.save(TrainingState(weights, n, n, 512, 1.0), wait=True)
        return kept

    def dying_at(n, work):
        child = os.fork()
        if child == 0:
            left = [n]

            def count(event, arguments):
                if event in CALLS:
                    left[0] -= 1
                    if left[0] < 0:
                        os.kill(os.getpid(), signal.SIGKILL)

            sys.addaudithook(count)
            work()
            left[0] = 10**9
            os._exit(0)
        return os.waitpid(child, 0)[1] == 0

    def told(look):
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            os.write(writing, json.dumps(look()).encode())
            os._exit(0)
        assert os.waitpid(child, 0)[1] == 0, "what is there could not be read"
        os.close(writing)
        with os.fdopen(reading) as file:
            return json.load(file)

    def run(prepare, work, look):
        found, n = [], 0
        while True:
            told(prepare)
            ended = dying_at(n, work)
            found.append(told(look))
            if ended:
                print(json.dumps(found))
                return
            n += 1
"""

SAVE = """
    def prepare():
        model(1).save(place / "m")

    def look():
        seen = Model.load(place / "m")
        arrays = (seen.vectors.matrix, seen.output_vectors, seen.vectors.counts)
        assert all((array == seen.config["n"]).all() for array in arrays)
        assert seen.metrics == [{"n": seen.config["n"]}]
        model(3).save(place / "other")  # sweeps nothing of the first one's
        return seen.config["n"]

    run(prepare, lambda: model(2).save(place / "m"), look)
"""

CHECKPOINT = """
    def prepare():
        import shutil
        shutil.rmtree(place / "c", ignore_errors=True)
        checkpoints(1, 2)

    def look():
        state = latest_checkpoint(place / "c", lambda message: None).state()
        assert (state.weights.input_vectors == state.units).all()
        return state.units

    run(prepare, lambda: checkpoints(3), look)
"""

# As the command line ends a training: the model is saved, and only then its checkpoints go.
END = """
    def prepare():
        import shutil
        shutil.rmtree(place / "c", ignore_errors=True)
        shutil.rmtree(place / "m", ignore_errors=True)
        checkpoints(1, 2)

    def work():
        with Checkpoints(place / "c", None, None, print) as kept:
            kept.finish()
        model(2).save(place / "m")
        remove_finished(place / "c")

    def look():
        if (place / "m").exists():
            return [Model.load(place / "m").config["n"], "model"]
        return [latest_checkpoint(place / "c", lambda message: None).state().units, "checkpoint"]

    run(prepare, work, look)
"""


def outcomes(tmp_path, scenario):
    script = textwrap.dedent(HARNESS) + textwrap.dedent(scenario)
    done = subprocess.run(
        [sys.executable, "-c", script, tmp_path], capture_output=True, text=True, check=False, timeout=240
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.slow
@pytest.mark.parametrize("scenario", [SAVE, CHECKPOINT], ids=["save", "checkpoint"])
def test_killed_at_any_call_the_old_one_is_there_or_the_new_one(tmp_path, scenario):
    found = outcomes(tmp_path, scenario)
    assert len(found) > 10, "so many calls"
    turn = found.index(found[-1])
    assert turn > 3
    assert set(found[:turn]) == {found[0]} != {found[-1]} == set(found[turn:]), "at one moment it changes"


@pytest.mark.slow
def test_killed_at_any_call_of_its_end_a_training_is_a_checkpoint_or_a_model(tmp_path):
    found = outcomes(tmp_path, END)
    assert len(found) > 25
    assert {tuple(kind) for kind in found} == {(2, "checkpoint"), (2, "model")}
    kinds = [kind for _, kind in found]
    assert kinds == sorted(kinds), "first there are checkpoints, then the model"
