"""The lines of the training curves."""

import numpy as np

from gnnjax.plot import training_curves


class TestTrainingCurves:
    metrics = ("prediction_loss", "information_loss", "accuracy", "explanation_roc_auc")

    def history(self, parts, metrics=metrics):
        return [
            {"epoch": epoch, "r": 0.5} | {part: {name: epoch + len(part) for name in metrics} for part in parts}
            for epoch in range(3)
        ]

    def test_a_panel_for_each_metric_and_a_line_for_each_part(self):
        figure = training_curves(self.history(["train", "valid", "test"]))
        assert [axes.get_title() for axes in figure.axes] == [
            "prediction loss",
            "information loss",
            "accuracy",
            "explanation ROC-AUC",
        ]
        for axes in figure.axes:
            assert [line.get_label() for line in axes.get_lines()] == ["train", "valid", "test"]
            for line in axes.get_lines():
                np.testing.assert_array_equal(line.get_xdata(), [0, 1, 2])
                np.testing.assert_array_equal(line.get_ydata(), np.arange(3) + len(line.get_label()))

    def test_the_chosen_epoch_is_marked(self):
        figure = training_curves(self.history(["train", "valid"]), best_epoch=1)
        for axes in figure.axes:
            *_, marker = axes.get_lines()
            assert marker.get_label() == "chosen epoch"
            assert list(marker.get_xdata()) == [1, 1]

    def test_without_signal_edges_there_is_no_such_panel(self):
        figure = training_curves(self.history(["train", "valid"], self.metrics[:3]))
        assert len(figure.axes) == 3
        assert [text.get_text() for text in figure.axes[-1].get_legend().get_texts()] == ["train", "valid"]

    def test_one_metric_alone(self):
        assert len(training_curves(self.history(["train", "valid"], self.metrics[:1])).axes) == 1

    def test_a_part_of_some_epochs_is_drawn_as_points(self):
        history = self.history(["train", "valid"])
        history[1]["test"] = dict.fromkeys(self.metrics, 7)
        for axes in training_curves(history).axes:
            *_, test = axes.get_lines()
            assert (test.get_label(), test.get_linestyle(), test.get_marker()) == ("test", "None", ".")
            assert (list(test.get_xdata()), list(test.get_ydata())) == ([1], [7])
