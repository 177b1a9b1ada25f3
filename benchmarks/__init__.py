"""What the documents say about speed and quality, measured: run from a checkout, never installed."""
