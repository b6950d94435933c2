"""Opening a run's folder: the same run continues, any other is refused."""

import json
import re

import pytest

from gnnjax.errors import RunError
from gnnjax.train import run_folder
from gnnjax.train.run_folder import open_run_folder, read_json, versions, write_json

SETTINGS = {"seed": 0, "model": {"hidden_size": 64, "sizes": (1, 2)}}


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "runs" / "one"


def test_records_settings_and_versions(folder):
    assert open_run_folder(folder, SETTINGS) == folder
    record = json.loads((folder / "run.json").read_text())
    assert record["settings"] == {"seed": 0, "model": {"hidden_size": 64, "sizes": [1, 2]}}
    assert record["versions"] == versions()
    assert {"python", "jax", "flax", "gnnjax", "device"} <= record["versions"].keys()


def test_the_same_settings_open_it_again(folder):
    open_run_folder(folder, SETTINGS)
    (folder / "result").write_text("kept")
    assert open_run_folder(str(folder), SETTINGS) == folder
    assert (folder / "result").read_text() == "kept"


@pytest.mark.parametrize(
    ("settings", "difference"),
    [
        (SETTINGS | {"seed": 1}, "seed: 0 there, 1 asked for"),
        (
            {"seed": 0, "model": {"hidden_size": 32, "sizes": (1, 2)}},
            "model.hidden_size: 64 there, 32 asked for",
        ),
        (
            {"seed": 0, "model": {"hidden_size": 64, "sizes": (1, 3)}},
            "model.sizes: [1, 2] there, [1, 3] asked for",
        ),
        (SETTINGS | {"new": "x"}, "new: None there, 'x' asked for"),
        ({"seed": 0, "model": "gin"}, "asked for"),
    ],
)
def test_other_settings_are_refused(folder, settings, difference):
    open_run_folder(folder, SETTINGS)
    before = (folder / "run.json").read_text()
    with pytest.raises(RunError, match=re.escape(difference)):
        open_run_folder(folder, settings)
    assert (folder / "run.json").read_text() == before


def test_all_differences_are_named_and_nothing_else(folder):
    open_run_folder(folder, {"a": 1, "b": 2, "c": 3})
    with pytest.raises(RunError) as error:
        open_run_folder(folder, {"a": 1, "b": 5, "c": 6})
    message = str(error.value)
    assert "b: 2 there, 5 asked for" in message
    assert "c: 3 there, 6 asked for" in message
    assert "a:" not in message
    assert "--overwrite" in message


def test_overwrite_deletes_the_earlier_run(folder):
    open_run_folder(folder, SETTINGS)
    (folder / "result").write_text("old")
    open_run_folder(folder, {"seed": 1}, overwrite=True)
    assert [path.name for path in folder.iterdir()] == ["run.json"]
    assert read_json(folder / "run.json")["settings"] == {"seed": 1}


@pytest.mark.parametrize("overwrite", [False, True])
def test_a_folder_of_something_else_is_left_alone(folder, overwrite):
    folder.mkdir(parents=True)
    (folder / "thesis.tex").write_text("precious")
    with pytest.raises(RunError, match="is not empty and holds no run"):
        open_run_folder(folder, SETTINGS, overwrite=overwrite)
    assert [path.name for path in folder.iterdir()] == ["thesis.tex"]


def test_a_file_is_no_folder(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(RunError, match="file is a file"):
        open_run_folder(tmp_path / "file", SETTINGS)


def test_an_empty_folder_will_do(folder):
    folder.mkdir(parents=True)
    open_run_folder(folder, SETTINGS)
    assert (folder / "run.json").exists()


@pytest.mark.parametrize("text", ['{"settings": {"se', "\x00\xff", "[]", '{"other": 1}'])
@pytest.mark.parametrize("overwrite", [False, True])
def test_an_unusable_record_is_refused_and_left_alone(folder, text, overwrite):
    folder.mkdir(parents=True)
    (folder / "run.json").write_text(text)
    with pytest.raises(RunError, match=r"run\.json"):
        open_run_folder(folder, SETTINGS, overwrite=overwrite)
    assert (folder / "run.json").read_text() == text


def test_what_a_killed_write_leaves_behind_does_not_block_the_next_run(folder):
    folder.mkdir(parents=True)
    (folder / ".run.json.0123").write_text('{"setti')
    open_run_folder(folder, SETTINGS)
    assert read_json(folder / "run.json")["settings"]["seed"] == SETTINGS["seed"]


def test_other_versions_are_warned_of(folder, monkeypatch):
    open_run_folder(folder, SETTINGS)
    monkeypatch.setattr(run_folder, "versions", lambda: versions() | {"jax": "99.0"})
    with pytest.warns(UserWarning, match=r"continuing with \{'jax': '99\.0'\}"):
        open_run_folder(folder, SETTINGS)


class TestJson:
    def test_round_trip(self, tmp_path):
        value = {"a": [1, 2.5, None, "ä"], "b": {"c": True}}
        write_json(tmp_path / "file.json", value)
        assert read_json(tmp_path / "file.json") == value

    def test_a_failed_write_changes_nothing(self, tmp_path):
        file = tmp_path / "file.json"
        write_json(file, [1])
        with pytest.raises(TypeError):
            write_json(file, [1, 2, object()])
        assert read_json(file) == [1]
        assert list(tmp_path.iterdir()) == [file]

    def test_missing_file(self, tmp_path):
        with pytest.raises(RunError, match=r"absent\.json is not readable"):
            read_json(tmp_path / "absent.json")
