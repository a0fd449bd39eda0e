"""Lip sync by Alibaba Cloud's VideoRetalk."""
