from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser

from tests.browser.chromium import Missing, chromium
from tests.browser.looks import Reader
from tests.browser.site import Site, serving
from tests.browser.visits import App
from tests.browser.world import lively

Readers = Callable[..., Reader]


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    try:
        with chromium() as opened:
            yield opened
    except Missing as error:
        pytest.skip(str(error))


@pytest.fixture(scope="package")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The three apps of a lively community."""
    with serving(lively, tmp_path_factory.mktemp("world")) as served:
        yield served


@pytest.fixture(scope="package")
def readers(browser: Browser, site: Site) -> Iterator[Readers]:
    """`readers(app, language)`: somebody who reads that app; the same one each time."""
    known: dict[tuple[App, str], Reader] = {}

    def reader(app: App, language: str = "en-GB") -> Reader:
        if (app, language) not in known:
            known[app, language] = Reader(browser, site.origins[app], site.login(app), language)
        return known[app, language]

    yield reader
    for each in known.values():
        each.close()
