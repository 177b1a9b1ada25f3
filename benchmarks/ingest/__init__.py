"""How fast text becomes an encoded corpus: ``python -m benchmarks.ingest``."""
