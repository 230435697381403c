# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Debian's Chromium, driven by its own driver. Nothing is downloaded, and no address but a file is opened."""

from __future__ import annotations

import base64
import contextlib
import importlib.util
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from selenium.webdriver import Chrome, ChromeOptions
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement

BROWSER, DRIVER = "chromium", "chromedriver"
OPTIONS = (
    "--headless=new",
    # Without these it does not start as root, or where /dev/shm is small.
    "--no-sandbox",
    "--disable-dev-shm-usage",
    "--disable-gpu",
    "--hide-scrollbars",
    # No name is looked up.
    "--host-resolver-rules=MAP * ~NOTFOUND",
    "--disable-background-networking",
)
WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


class BrowserUnavailable(Exception):
    """No browser can be had on this machine; the text says why."""


class Browser:
    """A browser with one window."""

    def __init__(self, chrome: Chrome) -> None:
        self.chrome = chrome
        self.look()

    def look(self, *, scheme: str = "light", media: str = "", width: int = 1280, height: int = 1000) -> None:
        """Show pages by this colour scheme and kind of medium, at this size."""
        features = [{"name": "prefers-color-scheme", "value": scheme}]
        self.command("Emulation.setEmulatedMedia", media=media, features=features)
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600}
        self.command("Emulation.setDeviceMetricsOverride", **size)

    def open(self, page: Path) -> None:
        self.chrome.get(page.as_uri())

    def command(self, name: str, **arguments: Any) -> dict[str, Any]:
        """Carry out a command of the DevTools protocol."""
        return dict(self.chrome.execute_cdp_cmd(name, arguments))

    def run(self, script: str, *arguments: Any) -> Any:
        """Run a script in the page; what it returns."""
        return self.chrome.execute_script(script, *arguments)

    def all(self, selector: str) -> list[WebElement]:
        return self.chrome.find_elements(By.CSS_SELECTOR, selector)

    def one(self, selector: str) -> WebElement:
        return self.chrome.find_element(By.CSS_SELECTOR, selector)

    def texts(self, selector: str) -> list[str]:
        """The texts of all that the selector finds, shown or not."""
        return list(self.run("return [...document.querySelectorAll(arguments[0])].map((x) => x.textContent)", selector))

    def complaints(self) -> list[str]:
        """What the console says since this was last asked: errors of scripts, and what a policy forbade."""
        return [entry["message"] for entry in self.chrome.get_log("browser")]  # type: ignore[no-untyped-call]

    def violations(self) -> list[str]:
        """What of the page axe-core finds to be no accessible content."""
        self.command("Runtime.evaluate", expression=f"{_axe()};0")
        self.chrome.set_script_timeout(60)
        found = self.chrome.execute_async_script(
            "const [tags, done] = arguments; axe.run(document, {runOnly: {type: 'tag', values: tags}}).then(done)", WCAG
        )
        assert len(found["passes"]) > 20
        return [f"{each['id']}: {node['html']}" for each in found["violations"] for node in each["nodes"]]

    def picture(self, file: Path, *, height: int) -> None:
        """Save what the window shows."""
        size = self.run("return innerWidth")
        clip = {"x": 0, "y": 0, "width": size, "height": height, "scale": 1}
        shot = self.command("Page.captureScreenshot", format="png", captureBeyondViewport=True, clip=clip)
        file.write_bytes(base64.b64decode(shot["data"]))

    def paper(self) -> bytes:
        """The page as a PDF."""
        return base64.b64decode(self.command("Page.printToPDF", preferCSSPageSize=True)["data"])


def _axe() -> str:
    package = importlib.util.find_spec("axe_playwright_python")
    assert package
    assert package.submodule_search_locations
    return (Path(package.submodule_search_locations[0]) / "axe.min.js").read_text()


@contextlib.contextmanager
def chromium() -> Iterator[Browser]:
    """A browser. Raises BrowserUnavailable."""
    browser, driver = shutil.which(BROWSER), shutil.which(DRIVER)
    if not browser or not driver:
        raise BrowserUnavailable(f"{BROWSER} and {DRIVER} are not installed (Debian: chromium, chromium-driver)")
    options = ChromeOptions()
    options.binary_location = browser
    for option in OPTIONS:
        options.add_argument(option)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    chrome = Chrome(options=options, service=Service(driver))
    try:
        yield Browser(chrome)
    finally:
        chrome.quit()
