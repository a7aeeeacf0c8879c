"""On what onnxruntime computes: the processor, or a GPU where one is wanted and the installed onnxruntime has it."""

from __future__ import annotations

from collections.abc import Sequence

from gt_service.errors import InvalidInput

CPU = "CPUExecutionProvider"
KNOWN = {
    "cpu": CPU,
    "cuda": "CUDAExecutionProvider",
    "tensorrt": "TensorrtExecutionProvider",
    "coreml": "CoreMLExecutionProvider",
    "directml": "DmlExecutionProvider",
    "openvino": "OpenVINOExecutionProvider",
    "rocm": "MIGraphXExecutionProvider",
}


def chosen(wanted: Sequence[str], available: Sequence[str], *, field: str = "--onnx-providers") -> tuple[str, ...]:
    """onnxruntime's names of what is wanted, in this order, the processor at the end for what others cannot do.

    wanted: short names (`cuda`) or onnxruntime's own. Errors: `InvalidInput` for one that is unknown, or that this
    machine's onnxruntime was not built for: work that is to be on a GPU must not crawl unseen on the processor.
    """
    names = []
    for one in wanted:
        name = KNOWN.get(one.strip().lower(), one.strip())
        if name not in KNOWN.values():
            raise InvalidInput(
                f"{one!r} is no provider of onnxruntime", remedy=f"Name some of {', '.join(KNOWN)}.", field=field
            )
        if name not in available:
            raise InvalidInput(
                f"the installed onnxruntime has no {name}; it has {', '.join(available)}",
                remedy="Install the onnxruntime of that device (for CUDA: onnxruntime-gpu), or leave the option out.",
                field=field,
            )
        names.append(name)
    return tuple(dict.fromkeys([*names, CPU]))
