from sqlalchemy import MetaData

from kit.db.migrate import run_migrations

run_migrations(MetaData())
