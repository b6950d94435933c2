"""Checks of shapes and types at run time, one profile for all property tests, and the published files."""

import os
from pathlib import Path

import jax
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


@pytest.fixture(scope="session", autouse=True)
def _shared_compilation_cache(tmp_path_factory):
    """The processes of the tests, and those that tests start, compile a long program once for all of them."""
    folder = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        folder = folder.parent
    cache = str(folder / "compiled")
    jax.config.update("jax_compilation_cache_dir", cache)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("JAX_COMPILATION_CACHE_DIR", cache)
        yield


@pytest.fixture
def without_shape_checks():
    """Calls as users make them, who meet the library's own errors and not those of the checks above."""
    config.update("jaxtyping_disable", True)
    yield
    config.update("jaxtyping_disable", False)


@pytest.fixture(scope="session")
def raw_data() -> Path:
    """The folder of the published files, where there is one."""
    if "GNNJAX_RAW_DATA" not in os.environ:
        pytest.skip("GNNJAX_RAW_DATA does not name a folder with the published datasets")
    return Path(os.environ["GNNJAX_RAW_DATA"])
