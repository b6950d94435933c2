"""Checks of shapes and types at run time, and one profile for all property tests."""

import os

import pytest
from hypothesis import settings
from jaxtyping import config, install_import_hook

# Before anything imports gnnjax.
install_import_hook(
    ["gnnjax.ops", "gnnjax.nn", "gnnjax.models", "gnnjax.train.losses", "gnnjax.explain.metrics"],
    "beartype.beartype",
)

settings.register_profile("gnnjax", max_examples=25, deadline=None, derandomize="CI" in os.environ)
settings.load_profile("gnnjax")


@pytest.fixture
def without_shape_checks():
    """Calls as users make them, who meet the library's own errors and not those of the checks above."""
    config.update("jaxtyping_disable", True)
    yield
    config.update("jaxtyping_disable", False)
