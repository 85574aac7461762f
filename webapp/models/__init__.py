"""The tables, one file per noun."""

from webapp.models.alert import Alert
from webapp.models.audit_entry import AuditEntry, AuditHead
from webapp.models.campaign import Campaign, CampaignContact
from webapp.models.clinic import Clinic
from webapp.models.columns import ColumnCopy, ColumnPart
from webapp.models.diagnosis import Diagnosis
from webapp.models.download import Download, DownloadTry
from webapp.models.feedback import Feedback
from webapp.models.file import File
from webapp.models.file_making import FileMaking
from webapp.models.frozen_part import FrozenPart
from webapp.models.known_figures import KnownFigures
from webapp.models.measurement import Measurement
from webapp.models.patient import Patient
from webapp.models.person import Person, SignInAttempt, SignInSession
from webapp.models.provider import Provider
from webapp.models.report import Report
from webapp.models.retention import Keeping, LegalHold, RetentionRule, UnwantedObject
from webapp.models.treatment import Treatment
from webapp.models.upload import RememberedLayout, Upload
from webapp.models.visit import Visit

__all__ = [
    "Alert",
    "AuditEntry",
    "AuditHead",
    "Campaign",
    "CampaignContact",
    "Clinic",
    "ColumnCopy",
    "ColumnPart",
    "Diagnosis",
    "Download",
    "DownloadTry",
    "Feedback",
    "File",
    "FileMaking",
    "FrozenPart",
    "Keeping",
    "KnownFigures",
    "LegalHold",
    "Measurement",
    "Patient",
    "Person",
    "Provider",
    "RememberedLayout",
    "Report",
    "RetentionRule",
    "SignInAttempt",
    "SignInSession",
    "Treatment",
    "UnwantedObject",
    "Upload",
    "Visit",
]
