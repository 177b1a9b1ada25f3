"""Static embeddings by Skip-gram with negative sampling: train, explore, keep.

>>> import coterie
>>> verses = ["the ship left her sail in the sea", "silver and gold are in the house of the king"] * 200
>>> model = coterie.train(verses, vector_size=16, epochs=5, workers=1)
>>> len(model.vectors.most_similar("ship", topn=2))
2
"""

from coterie.api import learn_phrases, load, load_model, resume, train
from coterie.errors import (
    ConfigError,
    CorpusError,
    CoterieError,
    FormatError,
    MissingFileError,
    ResourceError,
    TrainingError,
    TrainingInterrupted,
    WordNotFoundError,
)
from coterie.model import Model
from coterie.phrases import Phrase, PhraseModel
from coterie.training.callbacks import Callback, Training
from coterie.training.progress import Progress
from coterie.vectors import WordVectors
from coterie.version import VERSION

__all__ = [
    "Callback",
    "ConfigError",
    "CorpusError",
    "CoterieError",
    "FormatError",
    "MissingFileError",
    "Model",
    "Phrase",
    "PhraseModel",
    "Progress",
    "ResourceError",
    "Training",
    "TrainingError",
    "TrainingInterrupted",
    "WordNotFoundError",
    "WordVectors",
    "__version__",
    "learn_phrases",
    "load",
    "load_model",
    "resume",
    "train",
]

__version__ = VERSION
