"""What acts on a society: feeds, schedules, fields and interventions."""
