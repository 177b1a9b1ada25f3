"""A model's report: one self-contained HTML page with its settings, its training, scores and checks."""

from __future__ import annotations

from coterie.evaluation.report.page import model_report

__all__ = ["model_report"]
