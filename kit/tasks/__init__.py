"""Work that outlives the call which asked for it: a row in a table, a lease, and a message as the wake-up."""
