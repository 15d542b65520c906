"""Laws of ingestion: what counts, and how often. What others rest on comes first."""

from contracts.laws import ingest_batches, ingest_events, ingest_resends
from contracts.laws.law import Law

LAWS: tuple[Law, ...] = (*ingest_batches.LAWS, *ingest_events.LAWS, *ingest_resends.LAWS)
