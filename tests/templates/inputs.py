"""Sample input for public task templates: one `task.input` with every name that they use, and the files behind it."""

from __future__ import annotations

import io
import wave
from typing import Any

from tests.browser.elements.tasks import Site

_TEXT = "Ada Lovelace wrote the first program for Charles Babbage's engine, in London, in 1843."
_SERIES = '[{"date": "2024-01-01", "value": 1}, {"date": "2024-01-02", "value": 3}, {"date": "2024-01-03", "value": 2}]'


def sample_input(site: Site, template: str) -> dict[str, Any]:
    """What a pre-annotation function would give."""
    picture = site.put_picture()
    media = {
        "<audio": site.put(_silence(), kind="audio/wav", name=".wav"),
        "<video": site.put(b"", kind="video/mp4", name=".mp4"),
        "<iframe": site.put("<!doctype html><title>A page</title><p>A page to classify", name=".html"),
    }
    address = next((media[tag] for tag in media if tag in template), picture)
    is_file = "taskObject | grant" in " ".join(template.split()) or "<iframe" in template
    rows = [
        {"row": 1, "originalText": "eins", "translation": "one", "patientname": "A. L.", "totalchol": "170", "a1c": "5",
         "biometricdate": "1843-01-01"},
    ]  # fmt: skip
    return {
        "taskObject": address if is_file else _SERIES if "d3js" in template or "d3.v6" in template else _TEXT,
        "highlightParts": '["program"]',
        "labels": ["good", "bad", "neither"],
        "translationPairs": rows,
        "Pairs": rows,
        "modelResponses": ["First answer.", "Second answer."],
        "responses": ["First answer.", "Second answer.", "Third answer."],
        "translation": {"language": "English", "text": "One"},
        "original": {"language": "German", "text": "Eins"},
        **{item: {"image": picture, "title": item} for item in ("item1", "item2")},
        **dict.fromkeys(("image", "image1", "image2", "image3", "image4"), picture),
        **dict.fromkeys(("audioFile1", "audioFile2"), media["<audio"]),
        "surveyLink": "https://survey.example/1",
        "pngString": "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==",
        **{name: f"{name}: {_TEXT}" for name in (
            "source", "searchText", "response", "topic", "prompt", "utterance", "title", "textEnd", "textBeginning",
            "text", "text1", "text2", "modelResponse", "intent", "conversation", "context", "company",
        )},
    }  # fmt: skip


def _silence() -> bytes:
    file = io.BytesIO()
    with wave.open(file, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(1)
        sound.setframerate(8000)
        sound.writeframes(b"\x80" * 800)
    return file.getvalue()
