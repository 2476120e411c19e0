"""Measured speed and size: ratios within one run where they can be, with the machine, the date and the commit."""
