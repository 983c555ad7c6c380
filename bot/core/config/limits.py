"""[limits]: how much people may ask for.

Knows the keys of this section. Does not know who counts.
"""

from typing import Annotated

from pydantic import Field

from huggingtweets.core.config.settings import Count, Section


class LimitsSettings(Section):
    """How much may be asked for."""

    tweets_per_request: Annotated[int, Field(ge=1, le=10)] = 5
    requests_per_minute: Count = 10
    server_requests_per_minute: Count = 60
    total_requests_per_minute: Count = 300
    strikes: Count = 5
    strike_minutes: Annotated[float, Field(gt=0)] = 10.0
    pause_minutes: Annotated[float, Field(gt=0)] = 30.0
    chain: Count = 20
