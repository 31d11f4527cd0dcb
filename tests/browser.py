"""A real Chromium without a window, told what to do over its own pipe (Chrome DevTools Protocol)."""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

_SECONDS = 60.0
# Chromium reads orders from descriptor 3 and answers on descriptor 4.
_ON_3_AND_4 = """
import fcntl, os, sys
orders, answers = (fcntl.fcntl(int(one), fcntl.F_DUPFD, 10) for one in sys.argv[1:3])
os.dup2(orders, 3), os.dup2(answers, 4)
os.execvp(sys.argv[3], sys.argv[3:])
"""


class Browser:
    """One page of a browser, as a person uses it: goes to addresses, fills in forms, presses buttons, follows links.

    folder : of its profile and downloads
    """

    def __init__(self, folder: Path, *, width: int = 1200, height: int = 900) -> None:
        chromium = shutil.which("chromium")
        assert chromium, "Chromium is installed by `make test`"
        theirs_in, self._out = os.pipe()
        self._in, theirs_out = os.pipe()
        command = [
            chromium, "--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking",
            "--disable-component-update", "--disable-sync", "--no-first-run", f"--user-data-dir={folder / 'profile'}",
            f"--window-size={width},{height}", "--remote-debugging-pipe", "about:blank",
        ]  # fmt: skip
        pipe = theirs_in, theirs_out
        self._process = subprocess.Popen(
            [sys.executable, "-c", _ON_3_AND_4, *map(str, pipe), *command], pass_fds=pipe, stderr=subprocess.DEVNULL
        )
        os.close(theirs_in)
        os.close(theirs_out)
        self._number, self._unread, self._session = 0, b"", ""
        self.folder = folder
        try:
            self._attach()
        except (AssertionError, OSError):
            self.__exit__()
            raise

    def __enter__(self) -> Browser:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.wait(timeout=_SECONDS)
        os.close(self._out)
        os.close(self._in)

    # What a person does

    def go(self, url: str) -> None:
        """Open an address."""
        self._leaving(lambda: self.order("Page.navigate", url=url))

    def fill(self, form: str, fields: Mapping[str, str]) -> None:
        """Type into fields, choose in lists and tick boxes of the form that a CSS selector finds."""
        self.run(_FILL, form, dict(fields))

    def attach(self, field: str, file: Path) -> None:
        """Choose a file in a field."""
        document = self.order("DOM.getDocument")["root"]["nodeId"]
        node = self.order("DOM.querySelector", nodeId=document, selector=field)["nodeId"]
        self.order("DOM.setFileInputFiles", nodeId=node, files=[str(file)])

    def press(self, selector: str, words: str = "") -> None:
        """Press the first button or link of a selector that has such words, and wait for the page that follows."""
        self._leaving(lambda: self.run(_PRESS, selector, words))

    # What a person sees

    @property
    def text(self) -> str:
        """The words on the page."""
        return str(self.run("() => document.body.innerText"))

    @property
    def path(self) -> str:
        """Where it is."""
        return str(self.run("() => location.pathname"))

    def arrives(self, path: str) -> bool:
        """Whether it gets to a path in time, as where a page looks again by itself."""
        until = time.monotonic() + _SECONDS
        while time.monotonic() < until:
            try:
                if self.run("path => location.pathname === path && document.readyState === 'complete'", path):
                    return True
            except AssertionError:
                pass  # Between two pages there is none to ask.
            time.sleep(0.05)
        return False

    def picture(self, file: Path, *, width: int = 1200, height: int = 900, whole: bool = False) -> None:
        """Take a picture of the page."""
        self.order("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)
        shot = self.order("Page.captureScreenshot", format="png", captureBeyondViewport=whole)
        file.write_bytes(base64.b64decode(shot["data"]))

    # The protocol

    def run(self, function: str, *arguments: Any) -> Any:
        """What a function of JavaScript gives, run from outside the page; AssertionError where it fails."""
        call = f"({function})(...{json.dumps(arguments)})"
        answer = self.order("Runtime.evaluate", expression=call, returnByValue=True, userGesture=True)
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]["exception"].get("description")
        return answer["result"].get("value")

    def order(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Send an order, and its answer."""
        self._number += 1
        message = {"id": self._number, "method": method, "params": parameters}
        message |= {"sessionId": self._session} if self._session else {}
        os.write(self._out, json.dumps(message).encode() + b"\0")
        while (answer := self._read()).get("id") != self._number:
            pass
        assert "error" not in answer, (method, answer["error"])
        found: dict[str, Any] = answer["result"]
        return found

    def _attach(self) -> None:
        targets = self.order("Target.getTargets")["targetInfos"]
        page = next(one for one in targets if one["type"] == "page")
        attached = self.order("Target.attachToTarget", targetId=page["targetId"], flatten=True)
        self._session = attached["sessionId"]
        self.order("Page.enable")

    def _leaving(self, act: Any) -> None:
        """Do what leaves the page, and wait until another one is there."""
        self.run("() => { window.left = true }")
        act()
        until = time.monotonic() + _SECONDS
        while time.monotonic() < until:
            try:
                if self.run("() => !window.left && document.readyState === 'complete'"):
                    return
            except AssertionError:
                pass  # Between two pages there is none to ask.
            time.sleep(0.02)
        raise TimeoutError(self.path)

    def _read(self) -> dict[str, Any]:
        while b"\0" not in self._unread:
            piece = os.read(self._in, 1 << 20)
            assert piece, "the browser ended"
            self._unread += piece
        message, _, self._unread = self._unread.partition(b"\0")
        found: dict[str, Any] = json.loads(message)
        return found


_FILL = """(form, fields) => {
  const found = document.querySelector(form);
  for (const [name, value] of Object.entries(fields)) {
    const field = found.elements[name];
    if (!field) throw new Error(`no field ${name} in ${form}`);
    if (field.type === 'checkbox') field.checked = value === field.value; else field.value = value;
    if (field.tagName === 'SELECT' && field.value !== value) throw new Error(`${name} offers no ${value}`);
  }
}"""
_PRESS = """(selector, words) => {
  const found = [...document.querySelectorAll(selector)].find(one => one.textContent.includes(words));
  if (!found) throw new Error(`nothing to press: ${selector} ${words}`);
  found.click();
}"""
