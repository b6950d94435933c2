"""Downloads arrive complete and unchanged, or leave nothing and say what to do."""

import hashlib
import re
import stat

import pytest

from data_prep.download import fetch, fetch_and_read
from gnnjax.errors import DataError

BODY = b"numbers" * 1000
CHECKSUM = hashlib.sha256(BODY).hexdigest()


def files(folder):
    return [path for path in folder.rglob("*") if path.is_file()]


class TestFetch:
    @pytest.mark.parametrize("sha256", [None, CHECKSUM])
    def test_is_kept_and_not_fetched_again(self, server, tmp_path, sha256, capsys):
        server.body = BODY
        path = tmp_path / "raw" / "numbers.bin"
        for _ in range(2):
            assert fetch(f"{server.url}/numbers", path, sha256=sha256) == path
            assert path.read_bytes() == BODY
        assert server.requests == 1
        assert files(tmp_path) == [path]
        assert capsys.readouterr().out == f"downloading {server.url}/numbers\n"

    def test_others_may_read_the_file(self, server, tmp_path):
        server.body = BODY
        (tmp_path / "plain").write_bytes(b"")
        path = fetch(server.url, tmp_path / "fetched", sha256=None)
        assert stat.S_IMODE(path.stat().st_mode) == stat.S_IMODE((tmp_path / "plain").stat().st_mode)

    @pytest.mark.parametrize(("status", "missing"), [(404, 0), (500, 0), (200, 10)])
    def test_failure_leaves_nothing(self, server, tmp_path, status, missing):
        server.status, server.body, server.missing = status, BODY, missing
        path = tmp_path / "raw" / "numbers.bin"
        message = rf"{re.escape(str(path))}: the download failed \(.*; fetch {server.url}/x by hand and put it there"
        with pytest.raises(DataError, match=message):
            fetch(f"{server.url}/x", path, sha256=CHECKSUM)
        assert files(tmp_path) == []
        server.status, server.missing = 200, 0
        assert fetch(f"{server.url}/x", path, sha256=CHECKSUM).read_bytes() == BODY

    def test_wrong_checksum_leaves_nothing(self, server, tmp_path):
        server.body = b"<html>Sign in to the network</html>"
        found = hashlib.sha256(server.body).hexdigest()
        message = (
            rf"numbers\.bin: {server.url} sent another file .*expected SHA-256 {CHECKSUM}, found {found}; .*by hand"
        )
        with pytest.raises(DataError, match=message):
            fetch(server.url, tmp_path / "numbers.bin", sha256=CHECKSUM)
        assert files(tmp_path) == []

    def test_a_wrong_file_that_is_there_is_left_to_its_owner(self, server, tmp_path):
        path = tmp_path / "numbers.bin"
        path.write_bytes(BODY[:100])
        found = hashlib.sha256(BODY[:100]).hexdigest()
        with pytest.raises(DataError, match=rf"numbers\.bin: .*expected SHA-256 {CHECKSUM}, found {found}; delete it"):
            fetch(server.url, path, sha256=CHECKSUM)
        assert path.read_bytes() == BODY[:100]
        assert server.requests == 0

    def test_offline(self, monkeypatch, tmp_path):
        monkeypatch.setenv("NO_PROXY", "127.0.0.1")
        with pytest.raises(DataError, match=r"the download failed .* by hand"):
            fetch("http://127.0.0.1:9/x", tmp_path / "x", sha256=None)
        assert files(tmp_path) == []


class TestFetchAndRead:
    @staticmethod
    def read(path):
        if path.read_bytes() != BODY:
            raise DataError(f"{path}: is not it")
        return "content"

    def test_unreadable_download_is_removed(self, server, tmp_path):
        path = tmp_path / "numbers.bin"
        server.body = BODY[:-1]
        with pytest.raises(DataError, match=r"numbers\.bin: is not it; the download was removed"):
            fetch_and_read(server.url, path, self.read)
        assert files(tmp_path) == []
        server.body = BODY
        assert fetch_and_read(server.url, path, self.read) == "content"
        assert files(tmp_path) == [path]

    def test_unreadable_file_that_was_there_stays(self, server, tmp_path):
        path = tmp_path / "numbers.bin"
        path.write_bytes(b"mine")
        with pytest.raises(DataError, match=r"is not it$"):
            fetch_and_read(server.url, path, self.read)
        assert path.read_bytes() == b"mine"
        assert server.requests == 0
