"""On what features and models are computed."""

from __future__ import annotations

import pytest

from gt_engine.autolabel.providers import chosen
from gt_service.errors import InvalidInput

BUILT_FOR_CUDA = ("TensorrtExecutionProvider", "CUDAExecutionProvider", "CPUExecutionProvider")


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        (["cpu"], ("CPUExecutionProvider",)),
        (["cuda"], ("CUDAExecutionProvider", "CPUExecutionProvider")),
        ([" CUDA", "cpu "], ("CUDAExecutionProvider", "CPUExecutionProvider")),
        (["tensorrt", "CUDAExecutionProvider"], BUILT_FOR_CUDA),
    ],
)
def test_what_is_wanted_comes_first_and_the_processor_last(wanted: list[str], expected: tuple[str, ...]) -> None:
    assert chosen(wanted, BUILT_FOR_CUDA) == expected


def test_a_gpu_that_is_not_there_is_an_error_and_no_slow_day() -> None:
    with pytest.raises(InvalidInput, match="has no CUDAExecutionProvider"):
        chosen(["cuda"], ("CPUExecutionProvider",))
    with pytest.raises(InvalidInput, match="no provider"):
        chosen(["abacus"], BUILT_FOR_CUDA)
