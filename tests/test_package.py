"""What `import gnnjax` brings, and what it does not."""

import json
import subprocess
import sys
from pathlib import Path

import gnnjax

SHOW_MODULES = "import sys, json, gnnjax; print(json.dumps(sorted(sys.modules)))"


def test_import_is_light():
    shown = subprocess.run([sys.executable, "-c", SHOW_MODULES], capture_output=True, text=True, check=True).stdout
    modules = set(json.loads(shown))
    assert {"jax", "flax", "optax", "jraph"} <= modules
    assert not modules & {"torch", "tensorflow", "sklearn", "scipy.stats", "matplotlib", "tensorboardX", "tqdm"}


def test_package_is_typed_and_every_public_name_exists():
    assert (Path(gnnjax.__file__).parent / "py.typed").exists()
    for name in gnnjax.__all__:
        module = getattr(gnnjax, name)
        for public in getattr(module, "__all__", []):
            assert hasattr(module, public), f"{name}.{public}"
