"""files in stores"""

import os

import sqlalchemy as sa
from alembic import op

revision = '0002'
down_revision = '0001'
branch_labels = None
depends_on = None

OLD_TIERS = "tier IN ('stored', 'made', 'made again', 'made again, not put back')"
TIERS = "tier IN ('spool', 'signed URL', 'client', 'folder', 'old folder', 'made', 'made again')"
OUTCOMES = (
    "outcome IN ('served', 'missing', 'corrupt', 'other bytes', 'failed', 'refused', 'no bucket', 'busy', 'failing', "
    "'unreachable', 'slow', 'altered', 'full', 'resting')"
)
FORMATS = "format IN ('pdf', 'excel', 'csv', 'json')"


def upgrade() -> None:
    with op.batch_alter_table('files', schema=None) as batch_op:
        batch_op.add_column(sa.Column('first_sha256', sa.String(length=64), nullable=True))
        batch_op.add_column(sa.Column('crc32c', sa.String(length=8), nullable=True))
        batch_op.add_column(sa.Column('store', sa.String(length=10), nullable=True))
        batch_op.create_check_constraint(op.f('ck_files_store'), "store IN ('local', 'google', 's3')")
        batch_op.create_index(batch_op.f('ix_files_store'), ['store'], unique=False)
        batch_op.create_index(batch_op.f('ix_files_storage_key'), ['storage_key'], unique=False)
    # Until now there was one store, which the settings named.
    store = 'google' if os.environ.get('STORAGE_BUCKET') else 'local'
    op.execute(sa.text("UPDATE files SET store = :store").bindparams(store=store))

    stored = 'client' if store == 'google' else 'folder'
    _change_tiers(TIERS, {'stored': stored, 'made again, not put back': 'made again'})

    op.create_table('download_tries',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('report_id', sa.String(length=32), nullable=False),
    sa.Column('format', sa.String(length=10), nullable=False),
    sa.Column('tier', sa.String(length=30), nullable=False),
    sa.Column('outcome', sa.String(length=20), nullable=False),
    sa.Column('milliseconds', sa.Integer(), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.CheckConstraint(FORMATS, name=op.f('ck_download_tries_format')),
    sa.CheckConstraint(TIERS, name=op.f('ck_download_tries_tier')),
    sa.CheckConstraint(OUTCOMES, name=op.f('ck_download_tries_outcome')),
    sa.ForeignKeyConstraint(['report_id'], ['reports.id'], name=op.f('fk_download_tries_report_id_reports'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_download_tries'))
    )
    with op.batch_alter_table('download_tries', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_download_tries_at'), ['at'], unique=False)
        batch_op.create_index(batch_op.f('ix_download_tries_report_id'), ['report_id'], unique=False)

    op.create_table('file_makings',
    sa.Column('id', sa.String(length=32), nullable=False),
    sa.Column('report_id', sa.String(length=32), nullable=False),
    sa.Column('format', sa.String(length=10), nullable=False),
    sa.Column('why', sa.String(length=20), nullable=False),
    sa.Column('status', sa.String(length=10), nullable=False),
    sa.Column('asked_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('not_before', sa.DateTime(timezone=True), nullable=False),
    sa.Column('enqueued_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('claim_token', sa.String(length=32), nullable=True),
    sa.Column('lease_until', sa.DateTime(timezone=True), nullable=True),
    sa.Column('tries', sa.Integer(), nullable=False),
    sa.Column('takeovers', sa.Integer(), nullable=False),
    sa.Column('failure', sa.Text(), nullable=True),
    sa.CheckConstraint(FORMATS, name=op.f('ck_file_makings_format')),
    sa.CheckConstraint("status IN ('queued', 'running', 'failed')", name=op.f('ck_file_makings_status')),
    sa.CheckConstraint("why IN ('first', 'missing', 'corrupt', 'store broken')", name=op.f('ck_file_makings_why')),
    sa.CheckConstraint("(status = 'running') = (claim_token IS NOT NULL)", name=op.f('ck_file_makings_claim')),
    sa.CheckConstraint("(status = 'running') = (lease_until IS NOT NULL)", name=op.f('ck_file_makings_lease')),
    sa.CheckConstraint("(status = 'failed') = (failure IS NOT NULL)", name=op.f('ck_file_makings_failure')),
    sa.ForeignKeyConstraint(['report_id'], ['reports.id'], name=op.f('fk_file_makings_report_id_reports'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_file_makings')),
    sa.UniqueConstraint('report_id', 'format', name=op.f('uq_file_makings_report_id_format'))
    )
    with op.batch_alter_table('file_makings', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_file_makings_status_not_before'), ['status', 'not_before'], unique=False)


def downgrade() -> None:
    op.drop_table('file_makings')
    op.drop_table('download_tries')
    as_before = {'signed URL': 'stored', 'client': 'stored', 'folder': 'stored', 'old folder': 'stored', 'spool': 'stored'}
    _change_tiers(OLD_TIERS, as_before)
    with op.batch_alter_table('files', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_files_storage_key'))
        batch_op.drop_index(batch_op.f('ix_files_store'))
        batch_op.drop_constraint(op.f('ck_files_store'), type_='check')
        batch_op.drop_column('store')
        batch_op.drop_column('crc32c')
        batch_op.drop_column('first_sha256')


def _change_tiers(new: str, renamed: dict[str, str]) -> None:
    with op.batch_alter_table('downloads', schema=None) as batch_op:
        batch_op.drop_constraint(op.f('ck_downloads_tier'), type_='check')
    for before, after in renamed.items():
        op.execute(sa.text("UPDATE downloads SET tier = :after WHERE tier = :before").bindparams(before=before, after=after))
    with op.batch_alter_table('downloads', schema=None) as batch_op:
        batch_op.create_check_constraint(op.f('ck_downloads_tier'), new)
