"""The implicit label of AI-made content: metadata field `AIGC`, as GB 45438-2025 defines it."""

import json
from dataclasses import dataclass

METADATA_KEY = "AIGC"
_IS_AI_CONTENT = "1"


@dataclass(frozen=True, slots=True)
class ContentLabel:
    """`producer` names the service that made the content, `produce_id` is its number of this piece of
    content.
    """

    producer: str
    produce_id: str

    def to_json(self) -> str:
        """The field's value. What only a distributing platform or a signing authority can fill stays empty."""
        return json.dumps(
            {
                "Label": _IS_AI_CONTENT,
                "ContentProducer": self.producer,
                "ProduceID": self.produce_id,
                "ReservedCode1": "",
                "ContentPropagator": "",
                "PropagateID": "",
                "ReservedCode2": "",
            },
            ensure_ascii=False,
            separators=(",", ":"),
        )
