"""templates"""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from alembic import op

revision = '0004'
down_revision = '0003'
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Clinics, people and reports never in a batch: SQLite would make the table anew, and delete its children by cascade.
    op.execute(
        "ALTER TABLE clinics ADD COLUMN suppress_below INTEGER DEFAULT '0' NOT NULL "
        "CONSTRAINT ck_clinics_suppress_below CHECK (suppress_below IN (0, 5, 10))"
    )
    op.add_column('clinics', sa.Column('logo', sa.LargeBinary(), nullable=True))
    op.add_column('clinics', sa.Column('revision', sa.Integer(), server_default='0', nullable=False))
    op.add_column('people', sa.Column('usual_choices', sa.String(length=200), server_default='{}', nullable=False))
    op.add_column('reports', sa.Column('wants_fresh', sa.Boolean(), server_default=sa.text('false'), nullable=False))

    op.create_index('ix_visits_figures', 'visits', ['clinic_id', 'local_day', 'status', 'kind', 'local_hour', 'patient_id', 'provider_id'], unique=False)
    op.create_index('ix_visits_by_patient', 'visits', ['clinic_id', 'patient_id', 'local_day', 'status', 'kind'], unique=False)
    op.create_index(op.f('ix_visits_patient_id'), 'visits', ['patient_id'], unique=False)
    op.drop_index(op.f('ix_visits_clinic_id_local_day'), table_name='visits')
    op.drop_index(op.f('ix_visits_patient_id_local_day'), table_name='visits')

    op.create_index('ix_treatments_figures', 'treatments', ['clinic_id', 'performed_on', 'kind', 'outcome', 'diagnosis_id', 'patient_id'], unique=False)
    op.create_index('ix_treatments_follow_ups', 'treatments', ['clinic_id', 'follow_up_due_on', 'follow_up_done_on', 'kind', 'patient_id'], unique=False)
    op.drop_index(op.f('ix_treatments_clinic_id_performed_on'), table_name='treatments')
    op.drop_index(op.f('ix_treatments_clinic_id_follow_up_due_on'), table_name='treatments')
    op.create_index('ix_treatments_by_name', 'treatments', ['clinic_id', 'kind', 'code_system', 'code', 'name', 'performed_on', 'patient_id', 'visit_id'], unique=False, postgresql_where=sa.text('false'))
    op.create_index('ix_diagnoses_by_name', 'diagnoses', ['clinic_id', 'code_system', 'code', 'name', 'verification_status', 'recorded_on', 'patient_id', 'visit_id'], unique=False, postgresql_where=sa.text('false'))
    op.create_index('ix_diagnoses_figures', 'diagnoses', ['clinic_id', 'recorded_on', 'verification_status', 'patient_id', 'visit_id'], unique=False)
    op.drop_index(op.f('ix_diagnoses_clinic_id_recorded_on'), table_name='diagnoses')
    op.create_index('ix_measurements_figures', 'measurements', ['clinic_id', 'loinc', 'local_day', 'patient_id', 'visit_id', 'unit', 'value'], unique=False)
    op.drop_index(op.f('ix_measurements_clinic_id_loinc_local_day'), table_name='measurements')

    op.create_table('known_figures',
    sa.Column('key', sa.String(length=64), nullable=False),
    sa.Column('clinic_id', sa.Integer(), nullable=False),
    sa.Column('figures_sha256', sa.String(length=64), nullable=False),
    sa.Column('as_of', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['clinic_id'], ['clinics.id'], name=op.f('fk_known_figures_clinic_id_clinics'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['figures_sha256'], ['frozen_parts.sha256'], name=op.f('fk_known_figures_figures_sha256_frozen_parts'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('key', name=op.f('pk_known_figures'))
    )
    op.create_index(op.f('ix_known_figures_as_of'), 'known_figures', ['as_of'], unique=False)
    op.create_index(op.f('ix_known_figures_clinic_id'), 'known_figures', ['clinic_id'], unique=False)
    op.create_index(op.f('ix_known_figures_figures_sha256'), 'known_figures', ['figures_sha256'], unique=False)

    of_feedback = "SELECT feedback.id, submitted_at, timezone FROM feedback JOIN clinics ON clinics.id = clinic_id"
    of_contacts = (
        "SELECT campaign_contacts.id, contacted_at, timezone FROM campaign_contacts "
        "JOIN campaigns ON campaigns.id = campaign_id JOIN clinics ON clinics.id = clinic_id"
    )
    _add_local_day('feedback', 'submitted_at', of_feedback)
    _add_local_day('campaign_contacts', 'contacted_at', of_contacts)
    with op.batch_alter_table('feedback', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_feedback_clinic_id_submitted_at'))
        batch_op.create_index(batch_op.f('ix_feedback_clinic_id_local_day'), ['clinic_id', 'local_day'], unique=False)


def _add_local_day(table: str, moment: str, rows: str) -> None:
    op.add_column(table, sa.Column('local_day', sa.Date(), nullable=True))
    connection = op.get_bind()
    typed = sa.text(rows).columns(sa.Column('id', sa.Integer()), sa.Column(moment, sa.DateTime(timezone=True)), sa.Column('timezone', sa.String()))
    days = []
    for row_id, at, zone in connection.execute(typed):
        aware: datetime = at if at.tzinfo else at.replace(tzinfo=UTC)
        days.append({'row_id': row_id, 'day': aware.astimezone(ZoneInfo(zone)).date()})
    if days:
        of = sa.table(table, sa.column('id', sa.Integer()), sa.column('local_day', sa.Date()))
        connection.execute(sa.update(of).where(of.c.id == sa.bindparam('row_id')).values(local_day=sa.bindparam('day')), days)
    with op.batch_alter_table(table, schema=None) as batch_op:
        batch_op.alter_column('local_day', existing_type=sa.Date(), nullable=False)


def downgrade() -> None:
    with op.batch_alter_table('feedback', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_feedback_clinic_id_local_day'))
        batch_op.drop_column('local_day')
        batch_op.create_index(batch_op.f('ix_feedback_clinic_id_submitted_at'), ['clinic_id', 'submitted_at'], unique=False)
    with op.batch_alter_table('campaign_contacts', schema=None) as batch_op:
        batch_op.drop_column('local_day')
    op.drop_table('known_figures')
    op.create_index(op.f('ix_measurements_clinic_id_loinc_local_day'), 'measurements', ['clinic_id', 'loinc', 'local_day'], unique=False)
    op.drop_index('ix_measurements_figures', table_name='measurements')
    op.create_index(op.f('ix_diagnoses_clinic_id_recorded_on'), 'diagnoses', ['clinic_id', 'recorded_on'], unique=False)
    op.drop_index('ix_diagnoses_figures', table_name='diagnoses')
    op.drop_index('ix_diagnoses_by_name', table_name='diagnoses')
    op.drop_index('ix_treatments_by_name', table_name='treatments')
    op.create_index(op.f('ix_treatments_clinic_id_follow_up_due_on'), 'treatments', ['clinic_id', 'follow_up_due_on'], unique=False)
    op.create_index(op.f('ix_treatments_clinic_id_performed_on'), 'treatments', ['clinic_id', 'performed_on'], unique=False)
    op.drop_index('ix_treatments_follow_ups', table_name='treatments')
    op.drop_index('ix_treatments_figures', table_name='treatments')
    op.create_index(op.f('ix_visits_clinic_id_local_day'), 'visits', ['clinic_id', 'local_day'], unique=False)
    op.create_index(op.f('ix_visits_patient_id_local_day'), 'visits', ['patient_id', 'local_day'], unique=False)
    op.drop_index(op.f('ix_visits_patient_id'), table_name='visits')
    op.drop_index('ix_visits_by_patient', table_name='visits')
    op.drop_index('ix_visits_figures', table_name='visits')
    op.drop_column('reports', 'wants_fresh')
    op.drop_column('people', 'usual_choices')
    op.drop_column('clinics', 'revision')
    op.drop_column('clinics', 'logo')
    if op.get_bind().dialect.name == 'postgresql':
        op.drop_constraint(op.f('ck_clinics_suppress_below'), 'clinics', type_='check')
    op.drop_column('clinics', 'suppress_below')
