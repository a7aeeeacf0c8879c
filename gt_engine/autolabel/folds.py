"""Cross-fitting: every content belongs to one fold, for ever, and the member that answers for it never saw that fold.

The fold follows from the content alone. So labeled and unlabeled objects are treated alike, a model that is carried to
the next round or the next job stays honest, and equal pictures never sit on both sides.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

FOLDS = 3
"""Members of a model of boxes; each learns from all but one fold, so from two thirds of the labels."""

CLASS_FOLDS = 8
"""Members of a model of classes: cheap enough for so many, and each learns from seven eighths of the labels."""


def fold_of(content_key: str, folds: int = FOLDS) -> int:
    """The fold of a content."""
    return hashlib.sha256(b"fold:" + content_key.encode()).digest()[0] % folds


def folds_of(content_keys: Sequence[str], folds: int = FOLDS) -> NDArray[np.int64]:
    """The fold of each content [n]."""
    return np.array([fold_of(key, folds) for key in content_keys], np.int64)
