"""The dispersion report: one HTML file that opens offline.

Numbers and verdicts are plain HTML; plots are drawn by Bokeh, whose script travels in the file.
"""

from pipeline.report.write import write_report

__all__ = ["write_report"]
