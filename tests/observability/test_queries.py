"""What operators look at asks for what processes really export: alerts, dashboard, the scaler, the runbook."""

from __future__ import annotations

import json
import re
import subprocess
import urllib.request
from collections import defaultdict
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
import yaml
from prometheus_client.parser import text_string_to_metric_families

from cli.stack.names import APPS
from kit.concurrency import run_in_thread
from kit.observability.instruments import Definition, Kind
from tests.k8s.rendering import MANIFESTS, ROOT, kubectl
from tests.observability.installation import Installation, installation
from tests.observability.promql import NotUnderstood, Selector, read
from tests.stack.client import paying_client
from tools.metrics_doc import definitions
