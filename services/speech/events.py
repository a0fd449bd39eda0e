"""The events of voices; those of tasks are the kit's."""

from __future__ import annotations

from kit.events.envelope import EventSource, OutboundEvent
from services.speech.domain.voices import ClonedVoice
from voxreel.speech.v1.events_pb2 import VoiceDeleted, VoiceRenewed


class VoiceEvents:
    """Builds the events of voices; whoever calls adds them to the outbox of its transaction."""

    def __init__(self, source: EventSource) -> None:
        self._source = source

    def renewed(self, former: ClonedVoice, voice: ClonedVoice, *, operator_user_id: int) -> OutboundEvent:
        """An administrator gave the voice another sample. It is still its owner's."""
        payload = VoiceRenewed(
            voice_id=former.id,
            user_id=former.user_id,
            operator_user_id=operator_user_id,
            former_sample_file_id=former.sample_file_id,
            sample_file_id=voice.sample_file_id,
            former_target_model=former.target_model,
            target_model=voice.target_model,
        )
        return self._source.event("evt.speech.voice.renewed", payload, user_id=former.user_id)

    def deleted(self, voice: ClonedVoice, *, operator_user_id: int) -> OutboundEvent:
        """An administrator deleted the voice."""
        payload = VoiceDeleted(
            voice_id=voice.id,
            user_id=voice.user_id,
            operator_user_id=operator_user_id,
            prefix=voice.prefix,
            sample_file_id=voice.sample_file_id,
            target_model=voice.target_model,
            is_public=voice.is_public,
        )
        return self._source.event("evt.speech.voice.deleted", payload, user_id=voice.user_id)
