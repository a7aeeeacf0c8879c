"""Workers' pages: Liquid with Ground Truth's filters, within limits, and the crowd elements that come with the engine.

The portal's frame, RenderUiTemplate and the preview of the command line all use what is here, so that what an owner
looks at is what a worker gets. A template is whoever's wrote it: it may run long, grow large or name files, and none
of that may hurt the engine.

Filters: developer guide, "Creating custom labeling workflows", sms-custom-templates-step2.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import wraps
from typing import Any, ClassVar

from liquid import BoundTemplate, Environment, Markup, RenderContext, Undefined
from liquid.exceptions import LiquidError, ResourceLimitError, TemplateNotFoundError, UnknownFilterError

from gt_engine.portal.assets import ELEMENTS_SCRIPT
from gt_service.errors import AccessDenied, InvalidInput

MAX_CHARACTERS = 128_000
"""Of a template, as RenderUiTemplate has it; pictures written into it (`data:` addresses) do not count."""
MAX_SECONDS = 2.0
"""Of a processor's time."""
MAX_FILTERED = 50_000
"""Characters of a text, or items of a list, that a filter takes; the filters that bring the object take any."""
MAX_OUTPUT_BYTES = 8 * 1024 * 1024

Grant = Callable[[str], str]


@dataclass(frozen=True)
class TemplateProblem:
    """What is wrong with a template.

    code: LiquidSyntax, UnknownFilter, UndefinedVariable, NotJson, NotGranted, ResourceLimit or LiquidError; they never
    change.
    line: of the template, from 1; None where no line can be named.
    """

    code: str
    message: str
    line: int | None = None

    def __str__(self) -> str:
        return self.message if self.line is None else f"line {self.line}: {self.message}"


class BrokenTemplate(InvalidInput):
    """The template cannot be rendered."""

    code: ClassVar[str] = "broken_template"

    def __init__(self, problem: TemplateProblem) -> None:
        super().__init__(str(problem), remedy="Correct the template.", field="template")
        self.problem = problem


@dataclass(frozen=True)
class Rendered:
    """A page, and the places where the template names what the task has not: they stay empty."""

    html: str
    problems: tuple[TemplateProblem, ...] = ()


def render(template: str, task_input: Mapping[str, Any], *, grant: Grant = str) -> Rendered:
    """The page of one task.

    task_input: what the template knows as `task.input`.
    grant: makes an S3 address one that a browser can open (`grant_read_access`).

    Errors: `BrokenTemplate`.
    """
    if len(_PICTURE.sub("", template)) > MAX_CHARACTERS:
        raise BrokenTemplate(
            TemplateProblem("ResourceLimit", f"the template has more than {MAX_CHARACTERS:,} characters")
        )
    problems: dict[int, TemplateProblem] = {}
    environment = _environment(grant, problems)
    try:
        html = environment.from_string(template).render(task={"input": task_input})
    except LiquidError as error:
        raise BrokenTemplate(_problem(error)) from None
    except (ArithmeticError, ValueError) as error:  # numbers that are none, or have too many digits
        raise BrokenTemplate(TemplateProblem("LiquidError", str(error))) from None
    except (AccessDenied, InvalidInput) as error:
        raise BrokenTemplate(TemplateProblem("NotGranted", f"grant_read_access: {error.message}")) from None
    except RecursionError:
        raise BrokenTemplate(TemplateProblem("ResourceLimit", "the template is nested too deep")) from None
    return Rendered(html, tuple(dict.fromkeys(problems.values())))


def mistakes(template: str, *, known: tuple[str, ...]) -> Iterator[str]:
    """What can be told from the template alone, in words: filters and variables that there are not.

    known: beginnings of the variables that the page gets. Errors: `BrokenTemplate` for Liquid that cannot be read.
    """
    environment = _environment(str, {})
    try:
        analysis = environment.from_string(template).analyze()
    except LiquidError as error:
        raise BrokenTemplate(_problem(error)) from None
    for name in sorted(set(analysis.filters) - set(environment.filters)):
        yield f"there is no filter {name!r}"
    for variable in variables(template):
        if not variable.startswith(known):
            yield f"{variable} is not known to the page; it gets {', '.join(known)}"


def variables(template: str) -> list[str]:
    """The variables that a template takes from outside, each once."""
    analysis = _environment(str, {}).from_string(template).analyze()
    return list(dict.fromkeys(str(variable) for uses in analysis.globals.values() for variable in uses))


def with_elements(html: str, origin: str) -> str:
    """The page as a whole document, with the engine's crowd elements in the place of AWS's, whichever host it names.

    origin: of the engine, as `https://host`; the frame's own origin is opaque, so that addresses must be whole.
    """
    script = f'{_EARLY_ERRORS}<script type="module" crossorigin="anonymous" src="{origin}{ELEMENTS_SCRIPT}">'
    page = _STYLE.sub(lambda tag: "" if _loads(tag.group(), _STYLES) else tag.group(), html)
    page = _SCRIPT.sub(lambda tag: script if _loads(tag.group(), _SCRIPTS) else tag.group(), page)
    return page if _DOCTYPE.match(page) else _HEAD + page


def _loads(tag: str, names: frozenset[str]) -> bool:
    """Whether a tag's address is one of these files, on whichever host: isolated regions have buckets of their own."""
    addresses = (address.partition("?")[0].rstrip("/") for address in _ADDRESS.findall(tag))
    return any(address.rpartition("/")[2].lower() in names for address in addresses)


_HEAD = (
    '<!doctype html>\n<meta charset="utf-8">\n<meta name="viewport" content="width=device-width, initial-scale=1">\n'
)
# Each pattern goes over a page once, whatever stands in it: atomic groups, and no run that another may take back.
_DOCTYPE = re.compile(r"\s*(?:(?><!--.*?-->)\s*)*<!doctype", re.IGNORECASE | re.DOTALL)
_SCRIPT = re.compile(r"<script\b[^<>]*>", re.IGNORECASE)
_STYLE = re.compile(r"<link\b[^<>]*>", re.IGNORECASE)
_ADDRESS = re.compile(r"""\b(?:src|href)\s*=\s*["']?([^"'\s>]*)""", re.IGNORECASE)
_SCRIPTS = frozenset({"crowd-html-elements.js", "crowd-html-elements-v2.js"})
_STYLES = frozenset({"crowd-html-elements.css", "crowd-html-elements-v2.css", "gen-ai-components.css"})
# The template's own scripts run before the elements, which are a module, can listen: frame.js takes these over.
_EARLY_ERRORS = (
    "<script>window.crowdErrors = [];"
    " addEventListener('error', (event) => window.crowdErrors?.push(event.message));"
    " addEventListener('securitypolicyviolation',"
    " (event) => window.crowdErrors?.push(`not loaded: ${event.blockedURI}`))</script>"
)
_PICTURE = re.compile(r"data:image/[a-z+.-]+;base64,[A-Za-z0-9+/=]+")


class _Watched(RenderContext):
    """Every node asks, before it is rendered, which tags are disabled: there the clock is looked at."""

    __slots__ = ()

    @property
    def disabled_tags(self) -> list[str]:
        self.env.guard.check_time()  # type: ignore[attr-defined]
        return []

    @disabled_tags.setter
    def disabled_tags(self, _: list[str]) -> None:
        """Only a page that includes others disables any."""


class _Page(BoundTemplate):
    context_class = _Watched


class _Limited(Environment):
    template_class = _Page
    block_nesting_limit = 30
    context_depth_limit = 30
    loop_iteration_limit = 100_000
    local_namespace_limit = 1_000_000
    output_stream_limit = MAX_OUTPUT_BYTES

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.guard = _Guard()


def _environment(grant: Grant, problems: dict[int, TemplateProblem]) -> Environment:
    """Liquid with the filters that Ground Truth adds, for one page. It has no loader: a page includes no files."""
    environment = _Limited(autoescape=True, undefined=_recording(problems))
    for name, filter_ in list(environment.filters.items()):
        if name not in {"escape", "escape_once"}:
            environment.filters[name] = environment.guard.guarded(name, filter_)
    environment.filters["to_json"] = _to_json
    environment.filters["grant_read_access"] = lambda value: grant(str(value))
    environment.filters["skip_autoescape"] = lambda value: Markup(str(value))
    return environment


def _recording(problems: dict[int, TemplateProblem]) -> type[Undefined]:
    """Variables that there are not: empty on the page as in Ground Truth, and told where they should have been seen.

    problems: by their place in the template, where each is told once.
    """

    class Recorded(Undefined):
        __slots__ = ()

        def __str__(self) -> str:
            place = self.token.start_index if self.token else -1
            if place not in problems:
                line = _line(LiquidError("", token=self.token))
                words = f"{self._whole_name()} is not defined"
                problems[place] = TemplateProblem("UndefinedVariable", words, line)
            return ""

        def _whole_name(self) -> str:
            written = self.token.source[self.token.start_index :] if self.token else ""
            path = re.match(r"[\w.\-\[\]\"']+", written)
            return path.group() if path else str(self.name)

    return Recorded


def _to_json(value: object) -> str:
    if isinstance(value, Undefined):
        str(value)
        return "null"
    try:
        return json.dumps(value)
    except (TypeError, ValueError) as error:
        raise _NotJson(f"to_json: {error}", token=None) from None


class _NotJson(LiquidError):
    """`to_json` of a value that JSON has no form for."""


@dataclass
class _Guard:
    """Keeps a little template from making much work: Liquid's own limits look at results only."""

    ends: float = field(default_factory=lambda: time.thread_time() + MAX_SECONDS)

    def check_time(self) -> None:
        if time.thread_time() > self.ends:
            raise ResourceLimitError(f"the page takes longer than {MAX_SECONDS:g} s", token=None)

    def guarded(self, name: str, filter_: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(filter_)
        def limited(*values: Any, **named: Any) -> Any:
            self.check_time()
            if any(isinstance(value, str | list | tuple) and len(value) > MAX_FILTERED for value in values):
                raise ResourceLimitError(f"{name}: more than {MAX_FILTERED:,} characters or items", token=None)
            if _size(name, values) > MAX_OUTPUT_BYTES:
                raise ResourceLimitError(f"{name} makes too long a text", token=None)
            return filter_(*values, **named)

        return limited


def _size(name: str, values: tuple[Any, ...]) -> int:
    """About how long the text gets that a filter makes, for the two filters that multiply."""
    if name == "join" and len(values) == 2 and isinstance(values[0], list | tuple):
        return len(values[0]) * len(str(values[1]))
    if name == "replace" and len(values) == 3:
        text, old, new = (str(value) for value in values)
        return len(text) + (text.count(old) + 1) * len(new)
    return 0


def _problem(error: LiquidError) -> TemplateProblem:
    code = "LiquidError"
    if isinstance(error, _NotJson):
        code = "NotJson"
    elif isinstance(error, UnknownFilterError):
        code = "UnknownFilter"
    elif isinstance(error, ResourceLimitError):
        code = "ResourceLimit"
    elif type(error).__name__ in {"LiquidSyntaxError", "BlockNestingError", "TranslationSyntaxError"}:
        code = "LiquidSyntax"
    elif isinstance(error, TemplateNotFoundError):
        return TemplateProblem(code, "a page cannot include other files", _line(error))
    return TemplateProblem(code, str(error.message), _line(error))


def _line(error: LiquidError) -> int | None:
    try:
        context = error.context()
    except ValueError:
        return error.token.source.count("\n") + 1 if error.token else None
    return context[0] if context else None
