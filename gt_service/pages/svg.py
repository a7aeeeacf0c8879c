"""SVG elements as escaped text. No style attributes: the policy forbids them, so shapes carry a `class` that pages.css
colours (and dark mode recolours).
"""

from __future__ import annotations

from markupsafe import Markup, escape


def element(tag: str, *children: str | Markup, **attributes: str | float | None) -> Markup:
    """One element. `class_`, `text_anchor` become `class`, `text-anchor`; an attribute that is None is left out."""
    written = "".join(
        f' {name.rstrip("_").replace("_", "-")}="{escape(_text(value))}"'
        for name, value in attributes.items()
        if value is not None
    )
    inside = Markup("").join(escape(child) for child in children)
    return Markup(f"<{tag}{written}>{inside}</{tag}>")  # noqa: S704 (every value is escaped above)


def shape(tag: str, title: str = "", **attributes: str | float | None) -> Markup:
    """One element with what a pointer that rests on it is told."""
    return element(tag, *([element("title", title)] if title else []), **attributes)


def _text(value: str | float) -> str:
    return value if isinstance(value, str) else f"{round(value, 2):g}"


def picture(
    *children: Markup, width: float, height: float, title: str, class_: str = "chart", fit: str = "xMidYMid meet"
) -> Markup:
    """A whole drawing, read out by screen readers as `title`. fit: into room of another shape.

    The label beside the element `title` is for readers that pass over what is not displayed, as it is in WebKit.
    """
    return element(
        "svg",
        element("title", title),
        *children,
        viewBox=f"0 0 {_text(width)} {_text(height)}",
        role="img",
        aria_label=title,
        class_=class_,
        preserveAspectRatio=fit,
    )
