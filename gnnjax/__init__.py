"""Interpretable graph learning in pure JAX with sparse message passing."""

from gnnjax import data, errors, explain, graphs, models, nn, ops, train

__version__ = "0.1.0"

__all__ = ["__version__", "data", "errors", "explain", "graphs", "models", "nn", "ops", "train"]
