"""Messages to send, written in the transaction of the state they tell about."""

from __future__ import annotations

import json

from sqlalchemy import Connection, Table, insert

from kit.events.envelope import OutboundEvent

# Key in `Connection.info` by which the database knows that a commit has something to relay.
EVENTS_ADDED = "events_added"


class Outbox:
    """The outbox of one transaction."""

    def __init__(self, connection: Connection, table: Table) -> None:
        self._connection = connection
        self._table = table

    def add(self, event: OutboundEvent) -> None:
        """Sends the event if, and only if, the transaction commits."""
        self._connection.execute(
            insert(self._table),
            {
                "id": event.id,
                "subject": event.subject,
                "type": event.type,
                "payload": event.body,
                "headers": json.dumps(dict(event.headers)),
                "create_time": event.create_time,
                "attempts": 0,
            },
        )
        self._connection.info[EVENTS_ADDED] = True
