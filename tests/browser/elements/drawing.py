"""A person's hands on an element that draws: pointer and keys at places of the image."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.actions.action_builder import ActionBuilder
from selenium.webdriver.common.actions.interaction import POINTER_TOUCH
from selenium.webdriver.common.actions.pointer_input import PointerInput

from tests.browser.elements.tasks import TaskPage

Place = tuple[float, float]
# Elements redraw with the next frame: two of them later, what is on screen is what was done.
SETTLED = "const done = arguments[arguments.length - 1]; requestAnimationFrame(() => requestAnimationFrame(done))"


@dataclass
class Drawing:
    """Places are pixels of the image; where they are on screen is told by `canvas.upper-canvas`, as for templates."""

    page: TaskPage
    tag: str

    def element(self, script: str, *arguments: Any) -> Any:
        """A script with the element as `element`."""
        return self.page.run(f"const element = document.querySelector('{self.tag}'); {script}", *arguments)

    @property
    def value(self) -> Any:
        return json.loads(self.text)

    @property
    def text(self) -> str:
        """The value as it would be sent."""
        return str(self.element("return JSON.stringify(element.value)"))

    def area(self) -> dict[str, float]:
        """The image on screen: left, top, width, height in CSS pixels, its natural size, and the window's."""
        found: dict[str, float] = self.element(
            "const {left, top, width, height} = element.shadowRoot.querySelector('canvas.upper-canvas')"
            ".getBoundingClientRect(); const image = element.shadowRoot.querySelector('img');"
            "return {left, top, width, height, across: image.naturalWidth, down: image.naturalHeight,"
            "right: innerWidth, bottom: innerHeight}"
        )
        return found

    def screen(self, x: float, y: float) -> tuple[int, int]:
        """Where a pixel of the image is on screen; for places out of the window, the nearest in it."""
        return self._on_screen([(x, y)])[0]

    def _on_screen(self, places: Sequence[Place]) -> list[tuple[int, int]]:
        area = self.area()
        return [
            (
                min(max(round(area["left"] + x * area["width"] / area["across"]), 0), int(area["right"]) - 1),
                min(max(round(area["top"] + y * area["height"] / area["down"]), 0), int(area["bottom"]) - 1),
            )
            for x, y in places
        ]

    def pixel(self, x: float, y: float) -> tuple[int, int]:
        """The whole pixel of the image at a place of the screen."""
        area = self.area()
        return (
            round((x - area["left"]) * area["across"] / area["width"]),
            round((y - area["top"]) * area["down"] / area["height"]),
        )

    def settle(self) -> None:
        with self.page.inside() as browser:
            browser.execute_async_script(SETTLED)

    def drag(self, *places: Place, holding: str = "") -> None:
        """Presses at the first place, moves over the others, lets go at the last; a key is held all the while."""
        self.drag_screen(*self._on_screen(places), holding=holding)

    def drag_screen(self, *places: tuple[int, int], button: int = 0, holding: str = "") -> None:
        with self.page.inside() as browser:
            if holding:
                ActionChains(browser, duration=0).key_down(holding).perform()
            actions = ActionBuilder(browser, duration=10)
            actions.pointer_action.move_to_location(*places[0])
            actions.pointer_action.pointer_down(button=button)
            for place in places[1:]:
                actions.pointer_action.move_to_location(*place)
            actions.pointer_action.pointer_up(button=button)
            actions.perform()
            if holding:
                ActionChains(browser, duration=0).key_up(holding).perform()
        self.settle()

    def click(self, *places: Place) -> None:
        where = self._on_screen(places)
        with self.page.inside() as browser:
            actions = ActionBuilder(browser, duration=10)
            for place in where:
                actions.pointer_action.move_to_location(*place)
                actions.pointer_action.pointer_down()
                actions.pointer_action.pointer_up()
            actions.perform()
        self.settle()

    def wheel(self, x: int, y: int, delta: int) -> None:
        """Turns the wheel at a place of the screen; negative: zooms in."""
        with self.page.inside() as browser:
            chain = ActionChains(browser, duration=10)
            chain.w3c_actions.pointer_action.move_to_location(x, y)
            chain.w3c_actions.wheel_action.scroll(x=x, y=y, delta_x=0, delta_y=delta, duration=0)
            chain.w3c_actions.perform()
        self.settle()

    def keys(self, *keys: str, holding: Sequence[str] = ()) -> None:
        """Presses keys one after another, the held ones all the while."""
        with self.page.inside() as browser:
            chain = ActionChains(browser, duration=0)
            for key in holding:
                chain.key_down(key)
            for key in keys:
                chain.send_keys(key)
            for key in holding:
                chain.key_up(key)
            chain.perform()
        self.settle()

    def touch(self, *fingers: Sequence[tuple[int, int]]) -> None:
        """One way of screen places per finger; all fingers go down, move step by step, and up together."""
        with self.page.inside() as browser:
            actions = ActionBuilder(browser, duration=20)
            actions.devices = []
            for number, way in enumerate(fingers):
                finger = PointerInput(POINTER_TOUCH, f"finger {number}")
                finger.create_pointer_move(duration=0, x=way[0][0], y=way[0][1])
                finger.create_pointer_down(button=0)
                for x, y in way[1:]:
                    finger.create_pointer_move(duration=20, x=x, y=y)
                finger.create_pointer_up(0)
                actions.devices.append(finger)
            actions.perform()
        self.settle()

    def shape(self, number: int) -> dict[str, Any]:
        """What assistive technology is told of a shape, and whether it is selected."""
        found: dict[str, Any] = self.element(
            "const shape = element.shadowRoot.querySelectorAll('.shape')[arguments[0]];"
            "return {name: shape.getAttribute('aria-label'), selected: shape.getAttribute('aria-selected') === 'true'}",
            number,
        )
        return found
