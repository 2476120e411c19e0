"""The sample newsroom: articles written for this project, and a generator of any number of plausible ones."""
