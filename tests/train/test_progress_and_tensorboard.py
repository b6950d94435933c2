"""What those who watch a run get to see."""

import struct

import numpy as np
import pytest
from matplotlib.figure import Figure
from tensorboardX.proto.event_pb2 import Event, SessionLog

from gnnjax.train import Callback, Evaluation
from gnnjax.train.progress import ProgressBar
from gnnjax.train.tensorboard import TensorBoard

METRICS = {"loss": 0.5, "accuracy": 0.75, "roc_auc": 0.625}


def evaluation(edge_labels, attention=True):
    return Evaluation(
        losses={"loss": 0.5},
        logits=np.zeros((1, 1), np.float32),
        labels=np.zeros((1, 1), np.float32),
        edge_attention=np.array([0.1, 0.2, 0.7, 0.9], np.float32) if attention else None,
        edge_labels=None if edge_labels is None else np.array(edge_labels, np.uint8),
        n_edge=np.array([4]),
    )


def run(callback: Callback, *, first_epoch=0, epochs=2, steps=3, edge_labels=(0, 0, 1, 1), attention=True, more=None):
    """Calls as `train.fit` makes them."""
    metrics = METRICS if edge_labels is None else METRICS | {"explanation_roc_auc": 0.875}
    metrics = metrics | (more or {})
    evaluations = {part: evaluation(edge_labels, attention) for part in ("train", "valid")}
    callback.on_start(first_epoch, epochs, steps)
    for epoch in range(first_epoch, epochs):
        for step in range(steps):
            callback.on_step(step + 1)
        entry = {
            "epoch": epoch,
            "r": 0.9 - epoch / 10,
            "learning_rate": 1e-3,
            "train": metrics,
            "valid": metrics,
        }
        callback.on_epoch(entry, evaluations)
    callback.on_end()


class TestProgressBar:
    def test_shows_steps_and_the_newest_metrics(self, capsys):
        run(ProgressBar("seed 0"))
        last = capsys.readouterr().err.rstrip().splitlines()[-1]
        for text in ("seed 0: 100%", "6/6", "epoch=2/2", "loss=0.500", "acc=0.750", "explanation=0.875"):
            assert text in last

    def test_without_signal_edges_there_is_nothing_of_the_explanation(self, capsys):
        run(ProgressBar(), edge_labels=None)
        shown = capsys.readouterr().err
        assert "acc=0.750" in shown
        assert "explanation" not in shown

    def test_shows_the_metric_that_selects(self, capsys):
        run(ProgressBar(metric="roc_auc"))
        shown = capsys.readouterr().err
        assert "auc=0.625" in shown
        assert "acc" not in shown

    def test_a_resumed_run_starts_where_it_left_off(self, capsys):
        run(ProgressBar(), first_epoch=1)
        shown = capsys.readouterr().err
        assert "3/6" in shown
        assert "6/6" in shown

    def test_a_finished_run_shows_nothing(self, capsys):
        run(ProgressBar(), first_epoch=2)
        assert capsys.readouterr().err == ""


def read_events(folder) -> list[Event]:
    """The records of all event files: length, its checksum, data, its checksum."""
    events = []
    for path in sorted(folder.iterdir()):
        data, offset = path.read_bytes(), 0
        while offset < len(data):
            (length,) = struct.unpack_from("<Q", data, offset)
            events.append(Event.FromString(data[offset + 12 : offset + 12 + length]))
            offset += 12 + length + 4
    return events


def scalars(events):
    return {
        (value.tag, event.step): value.simple_value
        for event in events
        for value in event.summary.value
        if value.HasField("simple_value")
    }


def histograms(events):
    return {
        (value.tag, event.step): value.histo
        for event in events
        for value in event.summary.value
        if value.HasField("histo")
    }


class TestTensorBoard:
    def test_scalars(self, tmp_path):
        run(TensorBoard(tmp_path))
        expected = {("r", 0): 0.9, ("r", 1): 0.8}
        for epoch in (0, 1):
            expected["learning_rate", epoch] = 1e-3
            for part in ("train", "valid"):
                expected[f"{part}/loss", epoch] = 0.5
                expected[f"{part}/accuracy", epoch] = 0.75
                expected[f"{part}/roc_auc", epoch] = 0.625
                expected[f"{part}/explanation_roc_auc", epoch] = 0.875
        assert scalars(read_events(tmp_path)) == pytest.approx(expected)

    def test_histograms_of_signal_and_background(self, tmp_path):
        run(TensorBoard(tmp_path))
        found = histograms(read_events(tmp_path))
        names = [f"{part}/attention_{kind}" for part in ("train", "valid") for kind in ("signal", "background")]
        assert found.keys() == {(name, epoch) for name in names for epoch in (0, 1)}
        signal, background = found["valid/attention_signal", 1], found["valid/attention_background", 1]
        assert (signal.num, background.num) == (2, 2)
        assert (signal.sum, background.sum) == pytest.approx((1.6, 0.3))

    def test_one_histogram_where_signal_edges_are_unknown(self, tmp_path):
        run(TensorBoard(tmp_path), epochs=1, edge_labels=None)
        found = histograms(read_events(tmp_path))
        assert found.keys() == {("train/attention", 0), ("valid/attention", 0)}
        assert found["train/attention", 0].num == 4

    def test_no_histogram_of_no_edges(self, tmp_path):
        run(TensorBoard(tmp_path), epochs=1, edge_labels=(0, 0, 0, 0))
        found = histograms(read_events(tmp_path))
        assert found.keys() == {("train/attention_background", 0), ("valid/attention_background", 0)}

    def test_a_plain_classifier_has_no_histogram(self, tmp_path):
        run(TensorBoard(tmp_path), epochs=1, attention=False)
        events = read_events(tmp_path)
        assert not histograms(events)
        assert ("valid/accuracy", 0) in scalars(events)

    def test_undefined_metrics_are_left_out(self, tmp_path):
        run(TensorBoard(tmp_path), epochs=1, more={"roc_auc": float("nan")})
        tags = {tag for tag, _ in scalars(read_events(tmp_path))}
        assert "valid/accuracy" in tags
        assert "valid/roc_auc" not in tags

    def test_figures_may_follow_the_run(self, tmp_path):
        board = TensorBoard(tmp_path)
        run(board, epochs=1)
        figure = Figure(figsize=(1, 1), dpi=20)
        figure.subplots().plot([0, 1])
        board.add_figures({"graph 3": figure, "graph 5": figure}, 7)
        images = {
            (value.tag, event.step): (value.image.height, value.image.width)
            for event in read_events(tmp_path)
            for value in event.summary.value
            if value.HasField("image")
        }
        assert images == {("graph_3", 7): (20, 20), ("graph_5", 7): (20, 20)}

    def test_a_resumed_run_takes_back_what_follows_the_checkpoint(self, tmp_path):
        run(TensorBoard(tmp_path), epochs=2)
        before = scalars(read_events(tmp_path))
        run(TensorBoard(tmp_path), first_epoch=1, epochs=3)
        events = read_events(tmp_path)
        starts = [event.step for event in events if event.session_log.status == SessionLog.START]
        assert sorted(starts) == [0, 1]
        steps = {step for tag, step in scalars(events) if tag == "r"}
        assert steps == {0, 1, 2}
        assert scalars(events).items() >= before.items()

    def test_a_finished_run_writes_nothing(self, tmp_path):
        run(TensorBoard(tmp_path), first_epoch=2, epochs=2)
        assert not list(tmp_path.iterdir())
