"""Many ES modules as one, made when the engine starts.

A task's frame has an opaque origin, and browsers keep no cache for such: every task would load every module again
(measured in Chromium 156: 65 requests a task, however long the files may be kept). One file is one request. The modules
themselves stay as they are and run unlinked too.

Each module becomes a function that gives what it exports, run once, after those that it imports: what the language
does, for modules without cycles and without exports that change later. Forms that the elements do not use are refused.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

_STRING = r"""["'](\.{1,2}/[^"']+)["']"""
_IMPORT = re.compile(rf"^import\s+(?:(\w+)\s+from\s+|(\{{[^}}]*\}})\s+from\s+)?{_STRING};", re.MULTILINE)
_RE_EXPORT = re.compile(rf"^export\s+(\{{[^}}]*\}})\s+from\s+{_STRING};", re.MULTILINE)
_DECLARATION = re.compile(r"^export\s+((?:async\s+)?(?:function\*?|class|const)\s+(\w+))", re.MULTILINE)
_NAMES = re.compile(r"^export\s+(\{[^}]*\});", re.MULTILINE)
_DEFAULT = re.compile(r"\bexport default (\w+);\s*$")
_UNKNOWN = re.compile(r"^(?:import|export)\b.*", re.MULTILINE)


class CannotLink(Exception):
    """A module of a form that is not known here, or one that is missing."""


@dataclass
class _Linked:
    """The modules so far, each behind those that it imports."""

    root: Path
    names: dict[Path, str] = field(default_factory=dict)  # module → the constant with its exports
    open: list[Path] = field(default_factory=list)  # those whose imports are being read
    parts: list[str] = field(default_factory=list)

    def add(self, path: Path) -> str:
        """The constant with the module's exports."""
        if path in self.names:
            return self.names[path]
        if path in self.open or not path.is_file():
            raise CannotLink(f"{path.name}: {'imports itself by a detour' if path in self.open else 'is not there'}")
        self.open.append(path)
        module = _Module(self, path)
        text = module.rewritten()
        self.open.pop()
        name = self.names[path] = f"module{len(self.names)}"
        exports = ", ".join(module.exports)
        where = path.relative_to(self.root).as_posix()
        self.parts.append(f"// {where}\nconst {name} = (() => {{\n{text}\nreturn {{ {exports} }};\n}})();\n")
        return name


@dataclass
class _Module:
    linked: _Linked
    path: Path
    imports: list[str] = field(default_factory=list)
    exports: list[str] = field(default_factory=list)

    def rewritten(self) -> str:
        """The module's text without imports and exports; what it exports is kept."""
        text = self.path.read_text("utf-8")
        for pattern, replace in (
            (_IMPORT, self._import),
            (_RE_EXPORT, self._re_export),
            (_DECLARATION, self._declaration),
            (_NAMES, self._names),
            (_DEFAULT, self._default),
        ):
            text = pattern.sub(replace, text)
        if unknown := _UNKNOWN.search(text):
            raise CannotLink(f"{self.path.name}: {unknown.group()}")
        return "\n".join([*self.imports, text])  # imports come first wherever they are written

    def _imported(self, source: str) -> str:
        return self.linked.add((self.path.parent / source).resolve())

    def _import(self, match: re.Match[str]) -> str:
        default, named, source = match.groups()
        name = self._imported(source)
        if default:
            self.imports.append(f"const {default} = {name}.default;")
        elif named:
            self.imports.append(f"const {_pattern(named)} = {name};")
        return ""

    def _re_export(self, match: re.Match[str]) -> str:
        name = self._imported(match[2])
        self.exports += [f"{new}: {name}.{old}" for old, new in _split(match[1])]
        return ""

    def _names(self, match: re.Match[str]) -> str:
        self.exports += [f"{new}: {old}" for old, new in _split(match[1])]
        return ""

    def _declaration(self, match: re.Match[str]) -> str:
        self.exports.append(match[2])
        return match[1]

    def _default(self, match: re.Match[str]) -> str:
        self.exports.append(f"default: {match[1]}")
        return ""


def link(entry: Path) -> str:
    """The module `entry` and all that it imports, as the text of one module. Errors: `CannotLink`."""
    linked = _Linked(entry.parent.resolve())
    linked.add(entry.resolve())
    return "\n".join(linked.parts)


def _split(names: str) -> list[tuple[str, str]]:
    """`{a, b as c}` → [(a, a), (b, c)]."""
    parts = (part.split(" as ") for part in names.strip("{} \n").split(",") if part.strip())
    return [(part[0].strip(), part[-1].strip()) for part in parts]


def _pattern(names: str) -> str:
    """`{a, b as c}` → `{ a, b: c }`."""
    return "{ " + ", ".join(old if old == new else f"{old}: {new}" for old, new in _split(names)) + " }"
