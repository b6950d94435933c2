"""The examples in the package's docstrings: they run, and every public function and class has one."""

import doctest
import importlib
import inspect
import pkgutil
import types

import pytest

import gnnjax

MODULES = [module.name for module in pkgutil.walk_packages(gnnjax.__path__, "gnnjax.")]
PACKAGES = [gnnjax.__name__] + [f"gnnjax.{module.name}" for module in pkgutil.iter_modules(gnnjax.__path__)]


def public_names(package: str) -> list[tuple[str, str]]:
    """(public name, where it is defined) of each function and class that a package exports."""
    module = importlib.import_module(package)
    found = []
    for name in getattr(module, "__all__", ()):
        value = getattr(module, name)
        if isinstance(value, type) or inspect.isroutine(inspect.unwrap(value)):
            found.append((f"{package}.{name}", f"{value.__module__}.{value.__qualname__}"))
    return found


def examples(module: types.ModuleType) -> set[str]:
    return {found.name for found in doctest.DocTestFinder().find(module) if found.examples}


@pytest.mark.parametrize("name", MODULES)
def test_examples_run(name):
    found = doctest.testmod(importlib.import_module(name), optionflags=doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS)
    assert not found.failed


@pytest.mark.parametrize("package", PACKAGES)
def test_public_names_have_examples(package):
    public = public_names(package)
    modules = {importlib.import_module(place.rpartition(".")[0]) for _, place in public}
    shown = set().union(*(examples(module) for module in modules))
    missing = [name for name, place in public if not any(at == place or at.startswith(place + ".") for at in shown)]
    assert not missing, missing
