"""The dashboard: four pages in a browser, on top of the library's public names.

``sociophysics dashboard`` serves it. Pages: ``feed_lab``, ``tipping_points``, ``roll_calls`` and
``runs``; what they share lies beside them, one idea per module.
"""
