"""The learning-rate range test: trainings of a few steps, and what their losses show."""
