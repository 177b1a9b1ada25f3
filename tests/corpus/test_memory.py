"""Memory, measured in programs of their own: peak resident memory counts all that a process ever held.

It is VmHWM; ``ru_maxrss`` of a program begins with what the process held that started it.
"""

import json
import subprocess
import sys
import textwrap

import numpy as np
import pytest

_PROGRAM = """
    import json, re, sys
    from coterie.config import CorpusConfig, VocabularyConfig
    from coterie.corpus import encode

    path, memory_limit, min_count, most = sys.argv[1], *map(int, sys.argv[2:5])
    vocabulary = VocabularyConfig(min_count=min_count, max_vocab_size=most or None)
    whitespace = CorpusConfig(tokenizer="whitespace")
    with encode(path, whitespace, vocabulary, memory_limit=memory_limit) as encoded:
        peak = int(re.search(r"VmHWM:\\s*(\\d+)", open("/proc/self/status").read())[1]) / 1024
        kept = len(encoded.vocabulary)
        figures = {"raw_words": encoded.raw_words, "tokens": encoded.n_tokens, "kept": kept}
    print(json.dumps({"peak": peak, **figures}))
"""


def encoded_figures(path, memory_limit=512 << 20, min_count=1, most=0):
    program = [
        sys.executable,
        "-c",
        textwrap.dedent(_PROGRAM),
        path,
        str(memory_limit),
        str(min_count),
        str(most),
    ]
    return json.loads(subprocess.run(program, capture_output=True, text=True, check=True).stdout)


def write_words(path, distinct, times):
    """Write ``distinct`` words ``times`` over, each time in another order."""
    with path.open("w") as file:
        for i in range(times):
            step = 7919 + 2 * i  # odd: visits every word of a power of two
            for start in range(0, distinct, 1 << 16):
                ids = ((start + j) * step % distinct for j in range(min(1 << 16, distinct - start)))
                file.write("\n".join(f"word{n}" if n % 20 else f"word{n} the" for n in ids) + "\n")


@pytest.mark.slow
def test_memory_does_not_grow_with_the_text(tmp_path):
    distinct = 1 << 20
    once, tenfold = tmp_path / "once.txt", tmp_path / "tenfold.txt"
    write_words(once, distinct, 2)  # so that the whole dictionary is united with new blocks here too
    text = once.read_bytes()
    with tenfold.open("wb") as file:
        for _ in range(10):
            file.write(text)
    first, second = encoded_figures(once), encoded_figures(tenfold)
    assert first["raw_words"] == second["raw_words"] == distinct + 1
    assert second["tokens"] == 10 * first["tokens"]
    assert second["peak"] < 1024, "MiB"
    # Buffers of fixed size (ids that wait for a merge: 64 MiB) fill up in the longer text only.
    assert second["peak"] < first["peak"] + 100, "MiB"


@pytest.mark.slow
@pytest.mark.parametrize(("min_count", "most"), [(3, 0), (1, 1000)])
def test_words_beyond_the_limit_spill(tmp_path, min_count, most):
    distinct = 1 << 21
    path = tmp_path / "many.txt"
    write_words(path, distinct, 2)
    spilled = encoded_figures(path, 50 << 20, min_count, most)
    assert spilled["raw_words"] == distinct + 1
    assert spilled["kept"] == (most or 1)
    assert spilled["peak"] < 500, "MiB; in memory the dictionary alone would take 400"


_PHRASES = """
    import json, re, sys
    from coterie.config import CorpusConfig, PhraseConfig
    from coterie.corpus import encode

    path, memory_limit, passes = sys.argv[1], *map(int, sys.argv[2:4])
    options = {"memory_limit": memory_limit, "on_event": lambda message: None}
    whitespace, config = CorpusConfig(tokenizer="whitespace"), PhraseConfig(phrases=passes)
    with encode(path, whitespace, phrases=config, **options) as encoded:
        peak = int(re.search(r"VmHWM:\\s*(\\d+)", open("/proc/self/status").read())[1]) / 1024
        undercount = encoded.phrases.undercount if passes else 0
    print(json.dumps({"peak": peak, "undercount": undercount}))
"""


@pytest.mark.slow
def test_pairs_of_words_stay_within_the_memory_limit(tmp_path):
    path = tmp_path / "pairs.txt"
    random = np.random.default_rng(2)
    with path.open("w") as file:
        for _ in range(8_000):
            file.write(" ".join(f"w{i}" for i in random.integers(0, 8_000, 1_000)) + "\n")

    def figures(memory_limit, passes):
        program = [sys.executable, "-c", textwrap.dedent(_PHRASES), path, str(memory_limit), str(passes)]
        return json.loads(subprocess.run(program, capture_output=True, text=True, check=True).stdout)

    without, little, plenty = figures(32 << 20, 0), figures(32 << 20, 1), figures(1 << 30, 1)
    assert little["undercount"] > 0 == plenty["undercount"]
    assert little["peak"] < without["peak"] + 32, "MiB"
    assert plenty["peak"] < without["peak"] + 1024, "MiB"
