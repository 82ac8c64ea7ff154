"""The plumbing of hoverslam: configuration, sampling, execution, store, statistics, gate, report.

One direction: campaign.yaml -> Campaign -> cases -> batches -> landings -> summary -> verdicts.
No equation of motion lives here; those are in `models`.
"""
