"""The prior's way down, and the learning rate's."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gnnjax.train import Plateau, RSchedule


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


def torch_learning_rates(metrics, *, patience, factor, threshold):
    """The rate after each epoch, from 1: PyTorch's ReduceLROnPlateau with mode="max", threshold_mode="rel"."""
    rate, best, bad_epochs, rates = 1.0, -math.inf, 0, []
    for metric in metrics:
        if metric > best * (1.0 + threshold):
            best = metric
            bad_epochs = 0
        else:
            bad_epochs += 1
        if bad_epochs > patience:
            rate = rate * factor
            bad_epochs = 0
        rates.append(rate)
    return rates


class TestPlateau:
    @pytest.mark.parametrize(
        ("patience", "metrics", "reductions"),
        [
            (2, [], 0),
            (2, [0.5, 0.5, 0.5], 0),
            (2, [0.5, 0.5, 0.5, 0.5], 1),
            (2, [0.5, 0.4, 0.3, 0.51, 0.4, 0.3], 0),
            (2, [0.5, 0.4, 0.3, 0.2, 0.51, 0.4, 0.3, 0.2], 2),
            (2, [0.5] * 7, 2),
            (2, [0.5] * 10, 3),
            (0, [0.5, 0.6, 0.6, 0.6, 0.7], 2),
            (1, [0.1, 0.2, 0.3, 0.4, 0.5, 0.6], 0),
            (1, [math.nan, 0.5, math.nan, math.nan], 1),
            (1, [math.nan, math.nan, 0.5], 1),
        ],
    )
    def test_reductions_written_out(self, patience, metrics, reductions):
        assert Plateau(patience, factor=0.5).scale(metrics) == 0.5**reductions

    def test_improvement_is_relative_to_the_best_and_must_exceed_the_threshold(self):
        plateau = Plateau(patience=0, factor=0.5, threshold=0.25)
        assert plateau.scale([0.5, 0.625]) == 0.5
        assert plateau.scale([0.5, 0.626]) == 1
        # Small steps up do not add up: each is compared with the best that counted, and that is 0.5.
        assert plateau.scale([0.5, 0.6, 0.62]) == 0.25
        assert plateau.scale([0.5, 0.6, 0.63]) == 0.5

    @given(
        metrics=st.lists(st.floats(0, 1) | st.sampled_from([0.0, 0.5, 0.50005, 0.5001, math.nan]), max_size=40),
        patience=st.integers(0, 5),
        factor=st.sampled_from([0.1, 0.5, 0.9]),
        threshold=st.sampled_from([0.0, 1e-4, 0.1]),
    )
    def test_follows_pytorch_never_rises_and_is_a_power_of_the_factor(self, metrics, patience, factor, threshold):
        plateau = Plateau(patience, factor, threshold)
        scales = [plateau.scale(metrics[: epoch + 1]) for epoch in range(len(metrics))]
        assert scales == torch_learning_rates(metrics, patience=patience, factor=factor, threshold=threshold)
        assert scales == sorted(scales, reverse=True)
        powers = [factor**power for power in range(len(metrics) + 1)]
        assert all(scale == pytest.approx(min(powers, key=lambda power: abs(power - scale))) for scale in scales)
        # At most one reduction in patience + 1 epochs.
        assert all(scale >= factor ** ((epoch + 1) // (patience + 1)) * 0.999 for epoch, scale in enumerate(scales))

    @pytest.mark.parametrize("option", [{"patience": -1}, {"factor": 0.0}, {"factor": 1.0}, {"threshold": -0.1}])
    def test_values_out_of_range(self, option):
        ((name, value),) = option.items()
        with pytest.raises(ValueError, match=f"{name}={value}.*must not be negative, factor within"):
            Plateau(**option)
