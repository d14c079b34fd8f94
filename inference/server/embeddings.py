"""POST /v1/embeddings."""

from __future__ import annotations

import base64

import numpy as np
from aiohttp import web
from numpy.typing import NDArray

from .body import read_as
from .context import CONTEXT
from .errors import invalid
from .wire import EmbeddingsBody

embedding_routes = web.RouteTableDef()


@embedding_routes.post("/v1/embeddings")
async def embed(request: web.Request) -> web.Response:
    """Embed one text or several; the answer leaves out the usage, which the encoder does not say."""
    body = await read_as(request, EmbeddingsBody)
    service = request.app[CONTEXT].service
    await service.encoder_ready()
    if body.dimensions not in (None, service.n_dimensions):
        message = f"dimensions: the encoder has {service.n_dimensions}, which cannot be changed"
        raise invalid(message, param="dimensions")
    vectors = await service.embed(body.input)
    encoded = _as_base64(vectors) if body.encoding_format == "base64" else vectors.tolist()
    data = [
        {"object": "embedding", "index": index, "embedding": vector}
        for index, vector in enumerate(encoded)
    ]
    return web.json_response({"object": "list", "model": service.encoder_name, "data": data})


def _as_base64(vectors: NDArray[np.float32]) -> list[str]:
    """Each row as little-endian 32-bit floats."""
    return [base64.b64encode(row.astype("<f4").tobytes()).decode() for row in vectors]
