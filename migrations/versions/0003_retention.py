"""retention"""

import os
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa
from alembic import op

revision = '0003'
down_revision = '0002'
branch_labels = None
depends_on = None

IN_SCOPE = "scope = COALESCE(CAST(clinic_id AS VARCHAR), '*') || '/' || COALESCE(template, '*')"


def upgrade() -> None:
    # Never in a batch: SQLite would make the table anew, and delete its children by cascade.
    op.add_column('reports', sa.Column('expires_at', sa.DateTime(timezone=True), nullable=True))
    op.add_column('reports', sa.Column('expires_by', sa.String(length=200), nullable=True))
    op.create_index(op.f('ix_reports_status_expires_at'), 'reports', ['status', 'expires_at'], unique=False)
    _give_ready_reports_their_time()

    op.create_table('retention_rules',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('scope', sa.String(length=60), nullable=False),
    sa.Column('clinic_id', sa.Integer(), nullable=True),
    sa.Column('template', sa.String(length=40), nullable=True),
    sa.Column('days', sa.Integer(), nullable=False),
    sa.Column('changed_at', sa.DateTime(timezone=True), nullable=False),
    sa.CheckConstraint('days BETWEEN 1 AND 3650', name=op.f('ck_retention_rules_days')),
    sa.CheckConstraint(IN_SCOPE, name=op.f('ck_retention_rules_scope')),
    sa.ForeignKeyConstraint(['clinic_id'], ['clinics.id'], name=op.f('fk_retention_rules_clinic_id_clinics'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_retention_rules')),
    sa.UniqueConstraint('scope', name=op.f('uq_retention_rules_scope'))
    )
    op.create_index(op.f('ix_retention_rules_clinic_id'), 'retention_rules', ['clinic_id'], unique=False)

    op.create_table('keepings',
    sa.Column('report_id', sa.String(length=32), nullable=False),
    sa.Column('reason', sa.Text(), nullable=False),
    sa.Column('until', sa.DateTime(timezone=True), nullable=True),
    sa.Column('person_id', sa.Integer(), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.CheckConstraint("reason <> ''", name=op.f('ck_keepings_reason')),
    sa.ForeignKeyConstraint(['person_id'], ['people.id'], name=op.f('fk_keepings_person_id_people')),
    sa.ForeignKeyConstraint(['report_id'], ['reports.id'], name=op.f('fk_keepings_report_id_reports'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('report_id', name=op.f('pk_keepings'))
    )
    op.create_index(op.f('ix_keepings_person_id'), 'keepings', ['person_id'], unique=False)
    op.create_index(op.f('ix_keepings_until'), 'keepings', ['until'], unique=False)

    op.create_table('legal_holds',
    sa.Column('report_id', sa.String(length=32), nullable=False),
    sa.Column('reason', sa.Text(), nullable=False),
    sa.Column('person_id', sa.Integer(), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.CheckConstraint("reason <> ''", name=op.f('ck_legal_holds_reason')),
    sa.ForeignKeyConstraint(['person_id'], ['people.id'], name=op.f('fk_legal_holds_person_id_people')),
    sa.ForeignKeyConstraint(['report_id'], ['reports.id'], name=op.f('fk_legal_holds_report_id_reports'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('report_id', name=op.f('pk_legal_holds'))
    )
    op.create_index(op.f('ix_legal_holds_person_id'), 'legal_holds', ['person_id'], unique=False)

    op.create_table('unwanted_objects',
    sa.Column('store', sa.String(length=10), nullable=False),
    sa.Column('key', sa.String(length=200), nullable=False),
    sa.Column('since', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('store', 'key', name=op.f('pk_unwanted_objects'))
    )
    op.create_index(op.f('ix_unwanted_objects_since'), 'unwanted_objects', ['since'], unique=False)


def downgrade() -> None:
    op.drop_table('unwanted_objects')
    op.drop_table('legal_holds')
    op.drop_table('keepings')
    op.drop_table('retention_rules')
    op.drop_index(op.f('ix_reports_status_expires_at'), 'reports')
    op.drop_column('reports', 'expires_by')
    op.drop_column('reports', 'expires_at')


def _give_ready_reports_their_time() -> None:
    """Reports that are ready now expire by the default, and no sooner than people can be warned."""
    days = int(os.environ.get('RETENTION_DAYS') or 30)
    reports = sa.table(
        'reports',
        sa.column('id', sa.String),
        sa.column('status', sa.String),
        sa.column('finished_at', sa.DateTime(timezone=True)),
        sa.column('expires_at', sa.DateTime(timezone=True)),
        sa.column('expires_by', sa.String),
    )
    connection = op.get_bind()
    # SQLite keeps UTC without saying so.
    zone = None if connection.dialect.name == 'sqlite' else UTC
    soonest = datetime.now(UTC).replace(tzinfo=zone) + timedelta(days=3)
    told = f"{days} day{'' if days == 1 else 's'}, the default"
    ready = sa.select(reports.c.id, reports.c.finished_at).where(reports.c.status == 'ready')
    changes = [
        {'of_id': row.id, 'at': max(row.finished_at + timedelta(days=days), soonest)} for row in connection.execute(ready)
    ]
    if changes:
        change = reports.update().where(reports.c.id == sa.bindparam('of_id'))
        connection.execute(change.values(expires_at=sa.bindparam('at'), expires_by=told), changes)
