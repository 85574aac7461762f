"""uploads"""

import sqlalchemy as sa
from alembic import op

revision = '0006'
down_revision = '0005'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('uploads',
    sa.Column('id', sa.String(length=32), nullable=False),
    sa.Column('clinic_id', sa.Integer(), nullable=False),
    sa.Column('person_id', sa.Integer(), nullable=False),
    sa.Column('file_name', sa.String(length=255), nullable=False),
    sa.Column('size', sa.Integer(), nullable=False),
    sa.Column('sha256', sa.String(length=64), nullable=False),
    sa.Column('store', sa.String(length=10), nullable=True),
    sa.Column('storage_key', sa.String(length=200), nullable=True),
    sa.Column('status', sa.String(length=10), nullable=False),
    sa.Column('refusal', sa.Text(), nullable=True),
    sa.Column('received_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('accepted_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('taken_back_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('taken_back_by_id', sa.Integer(), nullable=True),
    sa.Column('workbook', sa.LargeBinary(), nullable=True),
    sa.Column('findings', sa.LargeBinary(), nullable=True),
    sa.Column('answers', sa.Text(), server_default='{}', nullable=False),
    sa.Column('told', sa.Text(), server_default='{}', nullable=False),
    sa.CheckConstraint("status IN ('asking', 'checked', 'refused', 'accepted', 'taken back', 'discarded')", name=op.f('ck_uploads_status')),
    sa.CheckConstraint("store IN ('local', 'google', 's3')", name=op.f('ck_uploads_store')),
    sa.CheckConstraint('size >= 0', name=op.f('ck_uploads_size')),
    sa.CheckConstraint("(status = 'refused') = (refusal IS NOT NULL)", name=op.f('ck_uploads_refusal')),
    sa.CheckConstraint("(status IN ('accepted', 'taken back')) = (accepted_at IS NOT NULL)", name=op.f('ck_uploads_accepted_at')),
    sa.CheckConstraint("(status = 'taken back') = (taken_back_at IS NOT NULL)", name=op.f('ck_uploads_taken_back_at')),
    sa.CheckConstraint("(status = 'taken back') = (taken_back_by_id IS NOT NULL)", name=op.f('ck_uploads_taken_back_by_id')),
    sa.ForeignKeyConstraint(['clinic_id'], ['clinics.id'], name=op.f('fk_uploads_clinic_id_clinics'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['person_id'], ['people.id'], name=op.f('fk_uploads_person_id_people')),
    sa.ForeignKeyConstraint(['taken_back_by_id'], ['people.id'], name=op.f('fk_uploads_taken_back_by_id_people')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_uploads'))
    )
    op.create_index(op.f('ix_uploads_clinic_id_received_at'), 'uploads', ['clinic_id', 'received_at'], unique=False)
    op.create_index(op.f('ix_uploads_clinic_id_sha256'), 'uploads', ['clinic_id', 'sha256'], unique=False)
    op.create_index(op.f('ix_uploads_status_received_at'), 'uploads', ['status', 'received_at'], unique=False)
    op.create_table('remembered_layouts',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('clinic_id', sa.Integer(), nullable=False),
    sa.Column('headers', sa.String(length=64), nullable=False),
    sa.Column('layout', sa.Text(), nullable=False),
    sa.Column('person_id', sa.Integer(), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['clinic_id'], ['clinics.id'], name=op.f('fk_remembered_layouts_clinic_id_clinics'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['person_id'], ['people.id'], name=op.f('fk_remembered_layouts_person_id_people')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_remembered_layouts')),
    sa.UniqueConstraint('clinic_id', 'headers', name=op.f('uq_remembered_layouts_clinic_id_headers'))
    )
    # Columns are added one by one, and no table in a batch: SQLite would make it anew, and delete its children by cascade.
    op.execute(
        "ALTER TABLE clinics ADD COLUMN date_order VARCHAR(3) DEFAULT '' NOT NULL "
        "CONSTRAINT ck_clinics_date_order CHECK (date_order IN ('', 'dmy', 'mdy', 'ymd'))"
    )
    op.add_column('clinics', sa.Column('more_charts', sa.String(length=80), server_default='', nullable=False))
    op.execute(
        "ALTER TABLE patients ADD COLUMN spo2_scale SMALLINT DEFAULT '1' NOT NULL "
        "CONSTRAINT ck_patients_spo2_scale CHECK (spo2_scale IN (1, 2))"
    )
    op.execute(
        "ALTER TABLE measurements ADD COLUMN spo2_scale SMALLINT "
        "CONSTRAINT ck_measurements_spo2_scale CHECK (spo2_scale IN (1, 2))"
    )
    op.execute(
        "ALTER TABLE measurements ADD COLUMN upload_id VARCHAR(32) "
        "CONSTRAINT fk_measurements_upload_id_uploads REFERENCES uploads (id)"
    )
    op.create_index(op.f('ix_measurements_upload_id'), 'measurements', ['upload_id'], unique=False)
    op.execute(
        "ALTER TABLE patients ADD COLUMN upload_id VARCHAR(32) "
        "CONSTRAINT fk_patients_upload_id_uploads REFERENCES uploads (id)"
    )
    op.create_index(op.f('ix_patients_upload_id'), 'patients', ['upload_id'], unique=False)
    op.execute(
        "ALTER TABLE reports ADD COLUMN upload_id VARCHAR(32) "
        "CONSTRAINT fk_reports_upload_id_uploads REFERENCES uploads (id)"
    )
    op.create_index(op.f('ix_reports_upload_id'), 'reports', ['upload_id'], unique=False)


def downgrade() -> None:
    op.drop_index(op.f('ix_reports_upload_id'), table_name='reports')
    op.drop_index(op.f('ix_patients_upload_id'), table_name='patients')
    op.drop_index(op.f('ix_measurements_upload_id'), table_name='measurements')
    for table, column in (('reports', 'upload_id'), ('patients', 'upload_id'), ('measurements', 'upload_id'), ('measurements', 'spo2_scale'), ('patients', 'spo2_scale'), ('clinics', 'more_charts'), ('clinics', 'date_order')):
        op.execute(f'ALTER TABLE {table} DROP COLUMN {column}')
    op.drop_table('remembered_layouts')
    op.drop_table('uploads')
