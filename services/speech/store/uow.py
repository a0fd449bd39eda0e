"""The unit of work of the speech service."""

from __future__ import annotations

from sqlalchemy import Connection

from kit.db.uow import UnitOfWork
from kit.events.envelope import EventSource
from kit.tasks.repository import TaskRepository
from services.speech.domain.lanes import lane_of
from services.speech.events import VoiceEvents
from services.speech.store.custom_voices import CustomVoiceRepository
from services.speech.store.dubbings import DubbingRepository
from services.speech.store.emotion_references import EmotionReferenceRepository
from services.speech.store.running_submissions import RunningSubmissionRepository
from services.speech.store.submission_turns import SubmissionTurnRepository
from services.speech.store.tables import EVENT_TABLES, TASKS
from services.speech.store.template_uses import TemplateUseRepository
from services.speech.store.voices import VoiceRepository


class SpeechUnit(UnitOfWork):
    """One transaction on tasks, voices, the history and the outbox."""

    def __init__(self, connection: Connection, events: EventSource) -> None:
        super().__init__(connection, outbox_table=EVENT_TABLES.outbox)
        self.tasks = TaskRepository(connection, TASKS, events, self.outbox, lane_of=lane_of)
        self.voices = VoiceRepository(connection)
        self.voice_events = VoiceEvents(events)
        self.custom_voices = CustomVoiceRepository(connection)
        self.template_uses = TemplateUseRepository(connection)
        self.dubbings = DubbingRepository(connection)
        self.emotion_references = EmotionReferenceRepository(connection)
        self.running = RunningSubmissionRepository(connection)
        self.turns = SubmissionTurnRepository(connection)
