"""The metrics of the kit: those that every process has, and those that come with what a process is made of.

Names, kinds and labels are stable: dashboards and alerts of operators stand on them. What a service counts of its own
is defined in its `metrics.py`; `docs/metrics.md` is made from all of them.
"""

from __future__ import annotations

from typing import Final

from kit.observability.instruments import CALL_BUCKETS, TASK_BUCKETS, Definition, Kind, Label

_EVERYWHERE: Final = "every process"
_SERVICES: Final = "services"
_READERS: Final = "services that read events, where they do background work"
_TASKS: Final = "speech, video"
_WORKERS: Final = "speech, video, where tasks are done"

_CHECK: Final = Label("check", "the health checks of the process, as on `/readyz`")
_METHOD: Final = Label("method", "`/package.Service/Method` of the contracts")
_CODE: Final = Label("code", "the names of gRPC's 17 status codes")
_OPERATION: Final = Label("operation", "`read`, `write`, and `list` for pages and reports")
_CONSUMER: Final = Label("consumer", "durable names of the readers, `service--purpose`")
_KIND: Final = Label("kind", "`TTS`, `ASR`, `VIDEO`, `CHROMA_KEY`, `VOICE_CLONE`, `LLM`")
_LANE: Final = Label("lane", "queues of the service, `all` where it has one")

READY: Final = Definition(
    "voxreel_ready",
    Kind.GAUGE,
    "1 while the process says that it can do its part, as on `/readyz`, else 0.",
    _EVERYWHERE,
    (Label("role", "`serve`, `worker`"),),
)
FAILING_CHECKS: Final = Definition(
    "voxreel_failing_checks",
    Kind.GAUGE,
    "1 for a health check that failed when it last ran, 0 for one that passed.",
    _EVERYWHERE,
    (_CHECK,),
)
LOOP_LAG: Final = Definition(
    "voxreel_loop_lag_seconds",
    Kind.GAUGE,
    "The longest delay of the event loop in the last ten seconds.",
    _EVERYWHERE,
)
LOOP_LAG_MEDIAN: Final = Definition(
    "voxreel_loop_lag_median_seconds",
    Kind.GAUGE,
    "The median delay of the event loop in the last ten seconds.",
    _EVERYWHERE,
)
RPC_CALLS: Final = Definition(
    "voxreel_rpc_calls_total", Kind.COUNTER, "RPCs that were served.", _SERVICES, (_METHOD, _CODE)
)
RPC_SECONDS: Final = Definition(
    "voxreel_rpc_call_seconds", Kind.HISTOGRAM, "Time an RPC took to be served.", _SERVICES, (_METHOD,), CALL_BUCKETS
)
DATABASE_FAILURES: Final = Definition(
    "voxreel_database_failures_total",
    Kind.COUNTER,
    "Work on the database that failed for another cause than what it found there.",
    _SERVICES,
    (
        _OPERATION,
        Label(
            "cause",
            "`unavailable` (gone, locked or full), `constraint` (refused by the schema: mostly two that wanted "
            "the same thing), `queue_full`, `error` (anything else: a bug)",
        ),
    ),
)
DATABASE_WAITING: Final = Definition(
    "voxreel_database_waiting_jobs",
    Kind.GAUGE,
    "Work that waits for a connection. 10,000 is the most; then requests are refused.",
    _SERVICES,
    (Label("operation", "`read`, `write`"),),
)
OUTBOX_LAG: Final = Definition(
    "voxreel_outbox_lag_seconds",
    Kind.GAUGE,
    "Age of the oldest event that the broker does not have yet; 0 when it has all.",
    _SERVICES,
)
OUTBOX_MESSAGES: Final = Definition(
    "voxreel_outbox_messages_total",
    Kind.COUNTER,
    "Attempts to hand an event or a wake-up of a worker to the broker.",
    _SERVICES,
    (Label("outcome", "`sent`, `failed` (it is tried again)"),),
)
CONSUMER_EVENTS: Final = Definition(
    "voxreel_consumer_events_total",
    Kind.COUNTER,
    "Deliveries of events, by what came of them.",
    _READERS,
    (_CONSUMER, Label("outcome", "`applied`, `failed` (it comes again), `buried` (given up, now a dead letter)")),
)
CONSUMER_LAG: Final = Definition(
    "voxreel_consumer_lag_seconds",
    Kind.GAUGE,
    "Age of the oldest event read last, when it was read; 0 when nothing waited.",
    _READERS,
    (_CONSUMER,),
)
CONSUMER_PENDING: Final = Definition(
    "voxreel_consumer_pending_events",
    Kind.GAUGE,
    "Events that the broker has and the reader has not applied, of all replicas; asked every 15 seconds.",
    _READERS,
    (_CONSUMER,),
)
DEAD_LETTERS: Final = Definition(
    "voxreel_dead_letters",
    Kind.GAUGE,
    "Events that the reader has given up and nobody has looked after, of all replicas; asked every 15 seconds.",
    _READERS,
    (_CONSUMER,),
)
TASKS: Final = Definition(
    "voxreel_tasks",
    Kind.GAUGE,
    "Tasks that have not ended, those of all replicas; counted every five seconds.",
    _TASKS,
    (_KIND, Label("state", "`new` (not paid yet), `queued`, `running`")),
)
TASK_AGE: Final = Definition(
    "voxreel_task_oldest_queued_seconds",
    Kind.GAUGE,
    "How long the task that has waited longest has been in the queue; 0 when it is empty.",
    _TASKS,
    (_KIND,),
)
TASK_WAIT: Final = Definition(
    "voxreel_task_wait_seconds",
    Kind.HISTOGRAM,
    "Time from the queue to the start of a task's first attempt.",
    _WORKERS,
    (_KIND,),
    TASK_BUCKETS,
)
TASK_RUN: Final = Definition(
    "voxreel_task_run_seconds", Kind.HISTOGRAM, "Time an attempt at a task took.", _WORKERS, (_KIND,), TASK_BUCKETS
)
TASK_ATTEMPTS: Final = Definition(
    "voxreel_task_attempts_total",
    Kind.COUNTER,
    "Attempts at tasks, by what came of them.",
    _WORKERS,
    (
        _KIND,
        Label(
            "outcome",
            "`succeeded`, `failed` (the task has ended), `retried` (it is in the queue again), `postponed` (others "
            "come first), `put_back` (the process stopped), `lost` (cancelled, or taken over by another worker)",
        ),
    ),
)
ENGINE_FAILURES: Final = Definition(
    "voxreel_engine_failures_total",
    Kind.COUNTER,
    "Attempts at tasks that ended since the engine or something else it needs did not do its part.",
    _WORKERS,
    (_KIND, Label("cause", "`broke` (another attempt may help), `gave_up` (it would not)")),
)
ENGINE_AVAILABLE: Final = Definition(
    "voxreel_engine_available",
    Kind.GAUGE,
    "1 for a selected engine that can work, 0 for one that lacks something.",
    _TASKS,
    (Label("capability", "what the service can do"), Label("engine", "the engines of the build")),
)
WORKER_PLACES: Final = Definition(
    "voxreel_worker_places", Kind.GAUGE, "Tasks that the process can do at a time.", _WORKERS, (_LANE,)
)
WORKER_RUNNING: Final = Definition(
    "voxreel_worker_running_tasks", Kind.GAUGE, "Tasks that the process has taken from the queue.", _WORKERS, (_LANE,)
)

_PROCESS: Final = (
    ("process_resident_memory_bytes", Kind.GAUGE, "Memory in use, without that of the engines' own processes."),
    ("process_virtual_memory_bytes", Kind.GAUGE, "Address space."),
    ("process_cpu_seconds_total", Kind.COUNTER, "Processor time."),
    ("process_start_time_seconds", Kind.GAUGE, "When the process started, in seconds since 1970."),
    ("process_open_fds", Kind.GAUGE, "Open files and connections."),
    ("process_max_fds", Kind.GAUGE, "How many of them there may be."),
)
METRICS: Final = (
    READY,
    FAILING_CHECKS,
    LOOP_LAG,
    LOOP_LAG_MEDIAN,
    *(Definition(name, kind, meaning, f"{_EVERYWHERE} (Linux)") for name, kind, meaning in _PROCESS),
    RPC_CALLS,
    RPC_SECONDS,
    DATABASE_FAILURES,
    DATABASE_WAITING,
    OUTBOX_LAG,
    OUTBOX_MESSAGES,
    CONSUMER_EVENTS,
    CONSUMER_LAG,
    CONSUMER_PENDING,
    DEAD_LETTERS,
    TASKS,
    TASK_AGE,
    TASK_WAIT,
    TASK_RUN,
    TASK_ATTEMPTS,
    ENGINE_FAILURES,
    ENGINE_AVAILABLE,
    WORKER_PLACES,
    WORKER_RUNNING,
)
