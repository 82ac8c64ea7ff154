"""The gate: do the runs show what the campaign asks, and has the design change broken any?

`judge` reads a store; `pipeline.gate.flown` flies a campaign as far as its plans ask; `junit` and
`markdown` write the verdicts for a hosted CI and for a pull request.
"""

from pipeline.gate.judge import judge, judge_dataset, judge_results

__all__ = ["judge", "judge_dataset", "judge_results"]
