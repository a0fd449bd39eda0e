"""What descriptions of an emotion are read as."""

from __future__ import annotations

import pytest

from services.speech.emotion.lexicon import emotion_of_text
from services.speech.emotion.vector import Emotion, is_emotion_vector


def _told(text: str) -> dict[str, float]:
    return {
        emotion.value: strength for emotion, strength in zip(Emotion, emotion_of_text(text), strict=True) if strength
    }


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("充满活力和热情，语气欢快", {"happy": 1.0}),
        ("开心", {"happy": 0.7}),
        ("非常愤怒地质问", {"angry": 1.0}),
        ("有点难过，不开心", {"sad": 0.35}),
        ("声音颤抖，带着恐惧", {"afraid": 0.7}),
        ("不屑一顾的语气", {"disgusted": 0.7}),
        ("情绪低落而疲惫", {"melancholic": 0.7}),
        ("大吃一惊", {"surprised": 0.7}),
        ("平静温柔地讲述", {"calm": 0.7}),
        ("不要害怕", {}),
        ("没有一丝悲伤", {}),
        ("非常不满", {"angry": 1.0}),
        ("高兴但有点紧张", {"happy": 0.7, "afraid": 0.35}),
        ("Very happy and excited", {"happy": 1.0}),
        ("not angry but slightly sad", {"sad": 0.35}),
        ("SURPRISED!", {"surprised": 0.7}),
        ("calm, a little melancholic", {"calm": 0.7, "melancholic": 0.35}),
        ("unhappy", {"sad": 0.7}),
        ("像在念说明书", {}),
        ("", {}),
    ],
)
def test_descriptions(text: str, told: dict[str, float]) -> None:
    assert _told(text) == told


def test_every_description_is_a_valid_vector() -> None:
    assert is_emotion_vector(emotion_of_text("非常" * 100 + "怒喜哀惧厌愁惊平静" + " very happy" * 40))
