"""What engines learnt of voices: files of their own, and how near they come."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("voices", sa.Column("pack_file_id", sa.String(length=512), nullable=True))
    quality = sa.Column("quality", sa.String(length=16), nullable=False, server_default="approximate")
    op.add_column("voices", quality)
    op.add_column("custom_voices", sa.Column("engine_voice", sa.Text(), nullable=True))
    op.add_column("custom_voices", sa.Column("pack_file_id", sa.String(length=512), nullable=True))


def downgrade() -> None:
    op.drop_column("custom_voices", "pack_file_id")
    op.drop_column("custom_voices", "engine_voice")
    op.drop_column("voices", "quality")
    op.drop_column("voices", "pack_file_id")
