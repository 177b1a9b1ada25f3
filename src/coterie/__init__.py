"""Static embeddings by Skip-gram with negative sampling: train, explore, keep."""

__version__ = "0.1.0"
