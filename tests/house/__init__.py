"""The regulations of the house: about ten lines each over the code's own syntax tree."""
