"""How the parts of Clinic Reports are: the operations page of administrators, and flask health."""
