"""The dashboard: seven pages in a browser, on top of the library's public names.

``sociophysics dashboard`` serves it. Pages: ``stories``, ``feed_lab``, ``tipping_points``,
``trials``, ``calibrate``, ``roll_calls`` and ``runs``; what they share lies beside them, one idea
per module.
"""
