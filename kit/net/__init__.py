"""Fetching what strangers point at: nothing but public addresses, bounded in time and bytes."""
