"""column copies"""

import sqlalchemy as sa
from alembic import op

revision = '0005'
down_revision = '0004'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('column_copies',
    sa.Column('clinic_id', sa.Integer(), nullable=False),
    sa.Column('name', sa.String(length=20), nullable=False),
    sa.Column('revision', sa.Integer(), nullable=False),
    sa.Column('definition', sa.String(length=64), nullable=False),
    sa.Column('texts', sa.Text(), nullable=False),
    sa.Column('sizes', sa.Text(), nullable=False),
    sa.ForeignKeyConstraint(['clinic_id'], ['clinics.id'], name=op.f('fk_column_copies_clinic_id_clinics'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('clinic_id', 'name', name=op.f('pk_column_copies'))
    )
    op.create_table('column_parts',
    sa.Column('clinic_id', sa.Integer(), nullable=False),
    sa.Column('name', sa.String(length=20), nullable=False),
    sa.Column('month', sa.Date(), nullable=False),
    sa.Column('column', sa.String(length=20), nullable=False),
    sa.Column('numbers', sa.LargeBinary(), nullable=False),
    sa.ForeignKeyConstraint(['clinic_id'], ['clinics.id'], name=op.f('fk_column_parts_clinic_id_clinics'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('clinic_id', 'name', 'month', 'column', name=op.f('pk_column_parts'))
    )
    if op.get_bind().dialect.name == 'postgresql':
        # Numbers hardly compress, and to decompress them takes longer than to read them.
        op.execute('ALTER TABLE column_parts ALTER COLUMN numbers SET STORAGE EXTERNAL')


def downgrade() -> None:
    op.drop_table('column_parts')
    op.drop_table('column_copies')
