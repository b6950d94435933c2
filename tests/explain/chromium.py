"""A headless Chromium that opens pages, clicks and types in them, and tells what they show."""

import contextlib
import itertools
import json
import os
import select
import shutil
import subprocess
import sys
import time
from pathlib import Path

__all__ = ["FLAGS", "Browser", "Page", "find_chromium", "launch"]

FLAGS = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run"]
# By way of higher numbers, for one end may have the number that the other is to get.
_CONNECT = """
import os, sys
for place, end in enumerate(sys.argv[1:3]): os.dup2(int(end), 100 + place)
for place in range(2): os.dup2(100 + place, 3 + place)
os.execv(sys.argv[3], sys.argv[3:])
"""


def find_chromium() -> str | None:
    names = ("chromium", "chromium-browser", "google-chrome")
    return next((found for found in map(shutil.which, names) if found), None)


@contextlib.contextmanager
def launch(profile: Path):
    """A running browser, spoken to in the DevTools protocol through two pipes; `profile` is a folder for its files."""
    executable = find_chromium()
    assert executable
    to_browser, write = os.pipe()
    read, from_browser = os.pipe()

    # A step in between puts the pipes where --remote-debugging-pipe expects them; to fork with a function of our own
    # (preexec_fn) is not safe in a process that has threads.
    process = subprocess.Popen(
        [
            *(sys.executable, "-c", _CONNECT, str(to_browser), str(from_browser)),
            *(executable, *FLAGS, "--remote-debugging-pipe", f"--user-data-dir={profile}", "--window-size=1200,800"),
        ],
        pass_fds=(to_browser, from_browser),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    os.close(to_browser)
    os.close(from_browser)
    browser = Browser(read, write)
    try:
        yield browser
        browser.call("Browser.close")
        process.wait(20)
    finally:
        process.kill()
        process.wait()
        os.close(read)
        os.close(write)


class Browser:
    def __init__(self, read: int, write: int):
        self._read, self._write = read, write
        self._buffer = b""
        self._ids = itertools.count(1)
        self.events = []

    def call(self, method: str, session: str | None = None, timeout: float = 60, **parameters):
        """Sends a command and returns its result; events that come meanwhile are kept in `events`."""
        identifier = next(self._ids)
        message = {"id": identifier, "method": method, "params": parameters}
        if session:
            message["sessionId"] = session
        os.write(self._write, json.dumps(message).encode() + b"\0")
        deadline = time.monotonic() + timeout
        while True:
            answer = self._receive(deadline, method)
            if answer.get("id") != identifier:
                self.events.append(answer)
            elif "error" in answer:
                raise RuntimeError(f"{method}: {answer['error']}")
            else:
                return answer["result"]

    def _receive(self, deadline: float, waiting_for: str) -> dict:
        while b"\0" not in self._buffer:
            if not select.select([self._read], [], [], max(0, deadline - time.monotonic()))[0]:
                raise TimeoutError(f"no answer to {waiting_for}")
            received = os.read(self._read, 1 << 20)
            if not received:
                raise ConnectionError("the browser has ended")
            self._buffer += received
        message, _, self._buffer = self._buffer.partition(b"\0")
        return json.loads(message)

    def open(self, path: Path, fragment: str = "", **media: str) -> "Page":
        """A new page; `media` are features such as `prefers_color_scheme="dark"`."""
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        page = Page(self, target, session)
        for domain in ("Page", "Runtime", "Log", "Network"):
            page.call(f"{domain}.enable")
        features = [{"name": name.replace("_", "-"), "value": value} for name, value in media.items()]
        page.call("Emulation.setEmulatedMedia", features=features)
        page.go(f"{path.as_uri()}#{fragment}")
        return page


class Page:
    def __init__(self, browser: Browser, target: str, session: str):
        self._browser, self._target, self._session = browser, target, session

    def call(self, method: str, **parameters):
        return self._browser.call(method, self._session, **parameters)

    def go(self, url: str) -> None:
        self.call("Page.navigate", url=url)
        self.wait("location.href !== 'about:blank' && document.readyState === 'complete'")

    def close(self) -> None:
        self._browser.call("Target.closeTarget", targetId=self._target)

    def run(self, expression: str):
        """The value of a JavaScript expression, a promise awaited."""
        answer = self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in answer:
            raise RuntimeError(f"{expression}: {answer['exceptionDetails']}")
        return answer["result"].get("value")

    def wait(self, condition: str, timeout: float = 30) -> None:
        """Until a JavaScript expression is true."""
        deadline = time.monotonic() + timeout
        while not self.run(condition):
            if time.monotonic() > deadline:
                raise TimeoutError(condition)
            time.sleep(0.02)

    def texts(self, selector: str) -> list[str]:
        return self.run(f"Array.from(document.querySelectorAll({json.dumps(selector)}), (each) => each.innerText)")

    def attributes(self, selector: str, name: str) -> list[str]:
        selector, name = json.dumps(selector), json.dumps(name)
        return self.run(f"Array.from(document.querySelectorAll({selector}), (each) => each.getAttribute({name}))")

    def mouse(self, kind: str, x: float, y: float, **parameters) -> None:
        self.call("Input.dispatchMouseEvent", type=f"mouse{kind}", x=x, y=y, **parameters)

    def click(self, x: float, y: float) -> None:
        self.mouse("Moved", x, y)
        self.mouse("Pressed", x, y, button="left", buttons=1, clickCount=1)
        self.mouse("Released", x, y, button="left", clickCount=1)

    def press(self, key: str, code: int = 0) -> None:
        """A key by its name and, where it does more than write itself, its Windows code."""
        text = {"text": key} if len(key) == 1 else {"text": "\r"} if key == "Enter" else {}
        parameters = {"key": key, "windowsVirtualKeyCode": code}
        self.call("Input.dispatchKeyEvent", type="keyDown", **parameters, **text)
        self.call("Input.dispatchKeyEvent", type="keyUp", **parameters)

    def events(self, method: str) -> list[dict]:
        """What has been reported under this name, of this page."""
        self.run("0")
        return [
            event["params"]
            for event in self._browser.events
            if event.get("sessionId") == self._session and event.get("method") == method
        ]

    def problems(self) -> list:
        """Exceptions, and warnings and errors in the console."""
        return [
            *self.events("Runtime.exceptionThrown"),
            *(each for each in self.events("Runtime.consoleAPICalled") if each["type"] in ("error", "warning")),
            *(each for each in self.events("Log.entryAdded") if each["entry"]["level"] in ("error", "warning")),
        ]

    def requests(self) -> list[str]:
        """All addresses that the page has asked for."""
        return [event["request"]["url"] for event in self.events("Network.requestWillBeSent")]
