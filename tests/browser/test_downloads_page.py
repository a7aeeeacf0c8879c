"""The downloads of a campaign's labels in Chromium, on the deployed stack: asked for, made, and fetched."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path

import httpx
import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

from gt_cli.stack import LocalStack
from gt_service.records.names import Places
from gt_service.store import Store
from tests.browser.conftest import Open
from tests.browser.pages import PATIENCE, complaints, sign_in
from tests.factories import box_label

pytestmark = pytest.mark.integration
COCO = "//tr[th='coco']//a"


@pytest.mark.parametrize("width", [1280, 390])
def test_a_download_is_made_when_asked_for_and_fits_the_window(
    width: int, open_browser: Open, stack: LocalStack, store: Store, screenshots: Path
) -> None:
    """Whoever asked for their labels would wait before a page that never shows them."""
    source = f"s3://inbox/birds/images/{width}.jpg"  # other labels each time: what was made before holds no more
    line = {"source-ref": source, **box_label([(1, 2, 30, 40)], job="j", human=True)}
    labels = Places(stack.outputs["ResultsBucket"], "birds").labels
    stack.session.client("s3").put_object(Bucket=labels.bucket, Key=labels.key, Body=json.dumps(line).encode() + b"\n")
    browser = open_browser(width=width)
    sign_in(browser, stack, "campaigns/birds/exports")
    browser.get_log("browser")
    browser.get(f"{stack.api_url}/campaigns/birds/exports")
    assert browser.find_element(By.XPATH, COCO).text == "Make it"
    browser.find_element(By.XPATH, COCO).click()
    WebDriverWait(browser, PATIENCE).until(
        lambda page: any(link.text == "Download" for link in page.find_elements(By.XPATH, COCO))
    )
    browser.save_screenshot(str(screenshots / f"downloads-{width}.png"))
    assert browser.execute_script("return document.documentElement.scrollWidth") <= width
    address = str(browser.find_element(By.XPATH, COCO).get_attribute("href"))
    with zipfile.ZipFile(io.BytesIO(httpx.get(address, timeout=PATIENCE).content)) as made:
        (name,) = made.namelist()
        assert len(json.loads(made.read(name))["annotations"]) == 1
    assert complaints(browser) == []
