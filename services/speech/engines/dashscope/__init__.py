"""Alibaba Cloud's DashScope as an engine of every speech and text capability."""
