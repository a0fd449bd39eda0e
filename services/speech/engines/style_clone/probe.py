"""What every candidate says, so that the encoder compares voices and not sentences."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.signal import resample_poly

from services.speech.dsp.silence import trim_edges
from services.speech.engines.kokoro.acoustic import SAMPLE_RATE as SPOKEN_RATE
from services.speech.engines.kokoro.acoustic import AcousticModel
from services.speech.engines.style_clone.mel import SAMPLE_RATE as HEARD_RATE

# 你好，很高兴认识你。今天的天气真不错，我们一起去公园走走吧。 About five seconds; longer ones find no better voices.
PHONEMES = (
    "ni↓xau↓, xə↓n kau→ɕi↘ŋ ɻə↘nʂɨ↗ ni↓. ʨi→ntʰjɛ→n tɤ tʰjɛ→nʨʰi↘ ꭧə→npu↘ʦʰwo↘, "
    "wo↓mən i↘ʨʰi↓ ʨʰy↘ kʊ→ŋɥɛ↗n ʦou↓ʦou↓ pa."
)


def speak(model: AcousticModel, pack: NDArray[np.float32]) -> NDArray[np.float32]:
    """The probe in the voice of a pack, mono at 16 kHz, without silence around it."""
    audio = model.speak(PHONEMES, pack).samples
    divisor = int(np.gcd(SPOKEN_RATE, HEARD_RATE))
    heard = resample_poly(audio, HEARD_RATE // divisor, SPOKEN_RATE // divisor)
    return trim_edges(np.asarray(heard, dtype=np.float32), HEARD_RATE)
