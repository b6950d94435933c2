"""Writers killed at random moments; run as a script, because it forks before JAX has threads.

Each check forks a process that writes again and again, kills it at a random moment and looks at what is there, so often
that kills hit every stage; at the end one more write must leave nothing but the file.
"""

import http.server
import os
import random
import signal
import sys
import threading
import time
import warnings
from collections.abc import Callable
from pathlib import Path

from tqdm import tqdm

from data_prep.download import fetch
from data_prep.processed import make_processed
from gnnjax import atomic
from gnnjax.data import generate_ba2motifs, load, save

KILLS = 50
CONTENT = random.Random(0).randbytes(3_000_000)


def check(path: Path, write: Callable[[], None], is_whole: Callable[[], bool]) -> None:
    """Kills `write`, over and over again, at random moments."""
    rng = random.Random(1)
    begin = time.perf_counter()
    write()
    usual = time.perf_counter() - begin
    for _ in range(KILLS):
        child = os.fork()
        if child == 0:
            while True:
                write()
        time.sleep(rng.uniform(0, 1.5 * usual))
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        assert not path.exists() or is_whole(), f"{path} is not whole"
    write()
    assert is_whole()
    assert [each.name for each in path.parent.iterdir()] == [path.name], list(path.parent.iterdir())
    print(path.name)


class Server(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Length", str(len(CONTENT)))
        self.end_headers()
        try:
            for start in range(0, len(CONTENT), 100_000):
                self.wfile.write(CONTENT[start : start + 100_000])
        except OSError:
            pass  # The client was killed.

    def log_message(self, format, *args):
        pass


def main(folder: Path) -> None:
    warnings.simplefilter("ignore")
    os.environ["NO_PROXY"] = "127.0.0.1"
    # Its own lock is shared with forked processes, one of which may be killed while it holds it.
    tqdm.set_lock(threading.RLock())
    atomic._SECONDS_TO_LOCK = -1
    dataset = generate_ba2motifs(num_graphs=60)
    saved, prepared, fetched = folder / "save" / "data.npz", folder / "prepare" / "data.npz", folder / "fetch" / "raw"

    def same(path):
        return load(path).fingerprint() == dataset.fingerprint()

    def prepare():
        make_processed(prepared, lambda: dataset, force=True)

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Server)
    threading.Thread(target=server.serve_forever, daemon=True).start()

    def download():
        fetched.unlink(missing_ok=True)
        fetch(f"http://127.0.0.1:{server.server_port}/raw", fetched, sha256=None)

    sys.stdout.flush()
    check(saved, lambda: save(dataset, saved), lambda: same(saved))
    check(prepared, prepare, lambda: same(prepared))
    check(fetched, download, lambda: fetched.read_bytes() == CONTENT)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
