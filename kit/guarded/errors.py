"""What can go wrong with a worker, apart from what the job itself raises on purpose."""


class WorkerError(Exception):
    """Base of these errors. Another attempt at the same job may succeed."""


class WorkerBroke(WorkerError):
    """The worker died, or the job raised what it does not promise to raise. The text is for the log."""


class WorkerTimedOut(WorkerError):
    """The job did not end within its time limit and was stopped."""


class WorkersBusy(WorkerError):
    """Too many jobs already wait."""
