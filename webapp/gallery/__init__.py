"""A page for developers: each shape of chart with ordinary and with odd figures, wide and narrow."""
