"""The base of all pydantic models. Their validators are built at first use.

A function imports the schemas of all routes and uses a few; building all of them took a tenth of its cold start.
"""

from pydantic import BaseModel as _BaseModel
from pydantic import ConfigDict


class BaseModel(_BaseModel):
    model_config = ConfigDict(defer_build=True)
