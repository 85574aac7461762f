"""The clinics' own records: brought in from other systems, or invented for the demo."""
