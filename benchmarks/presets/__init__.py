"""What the presets cost and give beside the default settings: ``python -m benchmarks.presets``."""
