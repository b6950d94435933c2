"""Items made ahead by a thread."""

import threading

import pytest

from gnnjax.data import prefetch


@pytest.mark.parametrize("count", [0, 1, 5])
@pytest.mark.parametrize("ahead", [1, 3])
def test_the_same_items_in_order(count, ahead):
    assert list(prefetch(iter(range(count)), ahead)) == list(range(count))


def test_made_ahead_by_another_thread_and_no_further():
    made, third = [], threading.Event()

    def make():
        for item in range(10):
            made.append((item, threading.get_ident()))
            if item == 2:
                third.set()
            yield item

    items = prefetch(make(), ahead=2)
    assert next(items) == 0
    assert third.wait(timeout=30)
    items.close()
    assert [item for item, _ in made] == [0, 1, 2]
    assert threading.get_ident() not in {thread for _, thread in made}


def test_an_error_is_raised_in_its_place():
    def make():
        yield 1
        raise OSError("no disk")

    items = prefetch(make())
    assert next(items) == 1
    with pytest.raises(OSError, match="no disk"):
        next(items)
