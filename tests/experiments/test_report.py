"""Tables of results over seeds, with made-up results."""

from experiments import report


def result(seed, **values):
    return {"seed": seed, "accuracy": 0.5 + 0.25 * seed, "best_epoch": 12, "wall_seconds": 90.0} | values


def test_the_table_shows_each_seed_and_their_mean_in_percent(capsys):
    report.print_table([result(0, peak_bytes=10), result(1, peak_bytes=20)], title="test graphs")
    text = capsys.readouterr().out
    assert "accuracy %" in text
    assert "50.00" in text
    assert "62.50 ± 12.50" in text
    assert "peak" not in text


def test_a_table_that_is_not_on_a_terminal_is_not_cut_to_its_width(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "40")
    values = {"roc_auc": 0.5, "explanation_roc_auc": 0.25, "precision_at_5": 0.75}
    report.print_table([result(0, **values), result(1, **values)], title="test graphs")
    text = capsys.readouterr().out
    assert "explanation ROC-AUC %" in text
    assert "…" not in text


def test_one_seed_has_no_mean(capsys):
    report.print_table([result(0)], title="test graphs")
    assert "mean" not in capsys.readouterr().out


def test_figures_that_a_seed_lacks_or_that_are_undefined_have_no_mean():
    results = [result(0, roc_auc=0.5, precision_at_5=float("nan"), peak_bytes=10), result(1, precision_at_5=0.5)]
    assert set(report.summarize(results)) == {"accuracy", "best_epoch", "wall_seconds"}


def test_the_standard_deviation_is_that_of_the_population():
    summary = report.summarize([result(0, peak_bytes=10), result(1, peak_bytes=30)])
    assert summary["accuracy"] == {"mean": 0.625, "std": 0.125}
    assert summary["peak_bytes"] == {"mean": 20, "std": 10}
