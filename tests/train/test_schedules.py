"""The prior's way down."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gnnjax.train import RSchedule


def test_published_steps():
    schedule = RSchedule()
    steps = [schedule(epoch) for epoch in (0, 9, 10, 19, 20, 30, 39, 40, 99)]
    assert steps == pytest.approx([0.9, 0.9, 0.8, 0.8, 0.7, 0.6, 0.6, 0.5, 0.5])


@pytest.mark.parametrize(
    ("final", "interval", "first"),
    [(0.5, 10, 40), (0.5, 5, 20), (0.7, 10, 20), (0.7, 30, 60), (0.7, 60, 120)],
)
def test_when_published_settings_come_to_rest(final, interval, first):
    schedule = RSchedule(final=final, interval=interval)
    assert [epoch for epoch in range(200) if schedule.is_final(epoch)] == list(range(first, 200))


def test_equal_ends_keep_r():
    schedule = RSchedule(init=0.6, final=0.6)
    assert {schedule(epoch) for epoch in range(50)} == {0.6}
    assert schedule.is_final(0)


def test_without_decay_r_never_rests():
    assert not RSchedule(decay=0.0).is_final(1000)


@given(ends=st.tuples(st.floats(0.01, 1), st.floats(0.01, 1)), decay=st.floats(0, 1), interval=st.integers(1, 20))
def test_falls_from_init_and_stays_above_final(ends, decay, interval):
    final, init = sorted(ends)
    values = [RSchedule(init, final, decay, interval)(epoch) for epoch in range(60)]
    assert values[0] == init
    assert values == sorted(values, reverse=True)
    assert min(values) >= final


@pytest.mark.parametrize("ends", [{"init": 0.4}, {"final": 0.0}, {"init": 1.1}, {"init": 0.9, "final": 0.95}])
def test_ends_out_of_range(ends):
    with pytest.raises(ValueError, match=r"r must fall within \(0, 1\], got init="):
        RSchedule(**ends)


@pytest.mark.parametrize("option", [{"decay": -0.1}, {"interval": 0}])
def test_steps_out_of_range(option):
    ((name, value),) = option.items()
    with pytest.raises(ValueError, match=f"{name}={value}"):
        RSchedule(**option)
