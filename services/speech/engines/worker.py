"""The code that runs inside a synthesis worker process: one engine instance, made at its first use."""

import signal
from functools import cache

from services.speech.engines.base import (
    BlockingSynthesizer,
    SynthesisRequest,
    SynthesizedAudio,
    SynthesizerFactory,
)
from services.speech.engines.process_guard import die_with_parent

_factories: list[SynthesizerFactory] = []


def initialize(factory: SynthesizerFactory) -> None:
    """Prepares this process. The model is not loaded here: an error in an initializer would end every worker
    the pool starts, whereas one raised by a job reaches the caller with its type.
    """
    die_with_parent()
    # The pool's own handler would run only after the current inference call; nothing here needs an orderly
    # end.
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    _factories.append(factory)


def warm_up() -> None:
    _synthesizer()


def synthesize(request: SynthesisRequest) -> SynthesizedAudio:
    return _synthesizer().synthesize(request)


@cache
def _synthesizer() -> BlockingSynthesizer:
    return _factories[-1]()
