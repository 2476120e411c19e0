"""The benchmarks, in the order of their page."""

from benchmarks import (
    audit_verify,
    code_mail,
    content_read,
    draft_and_publish,
    index_build,
    publish_latency,
    schedule_lateness,
    sqlite_concurrency,
    start_and_size,
)
from benchmarks.report import Benchmark

BENCHMARKS: tuple[Benchmark, ...] = (
    publish_latency,
    schedule_lateness,
    code_mail,
    content_read,
    draft_and_publish,
    index_build,
    start_and_size,
    sqlite_concurrency,
    audit_verify,
)
