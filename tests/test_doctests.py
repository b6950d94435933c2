"""The examples in the package's docstrings."""

import doctest
import importlib
import pkgutil

import pytest

import gnnjax

MODULES = [module.name for module in pkgutil.walk_packages(gnnjax.__path__, "gnnjax.")]


@pytest.mark.parametrize("name", MODULES)
def test_examples_run(name):
    found = doctest.testmod(importlib.import_module(name), optionflags=doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS)
    assert not found.failed
