"""What botocore's own documentation of the API says: what the tables of task types and regions are held to."""

import gzip
import html
import json
import re
from functools import cache
from pathlib import Path

import botocore


@cache
def documentation(shape: str) -> str:
    """What botocore's service model says of a shape: its own text and that of its members, as plain text."""
    (path,) = Path(botocore.__file__).parent.glob("data/sagemaker/*/service-2.json.gz")
    found = json.loads(gzip.decompress(path.read_bytes()))["shapes"][shape]
    whole = [found.get("documentation", ""), *(m.get("documentation", "") for m in found.get("members", {}).values())]
    return html.unescape(re.sub(r"<[^>]+>", " ", " ".join(whole)))
