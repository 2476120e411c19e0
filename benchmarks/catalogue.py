"""The benchmarks, in the order of their page."""

from benchmarks import (
    audit_verify,
    code_mail,
    content_fresh,
    content_memory,
    content_million,
    content_read,
    draft_and_publish,
    index_build,
    media_renditions,
    media_serving,
    publish_latency,
    related_quality,
    schedule_lateness,
    search_load,
    search_quality,
    sqlite_concurrency,
    start_and_size,
)
from benchmarks.report import Benchmark

BENCHMARKS: tuple[Benchmark, ...] = (
    publish_latency,
    schedule_lateness,
    code_mail,
    content_read,
    content_fresh,
    content_million,
    content_memory,
    draft_and_publish,
    media_renditions,
    media_serving,
    index_build,
    search_load,
    search_quality,
    related_quality,
    start_and_size,
    sqlite_concurrency,
    audit_verify,
)
