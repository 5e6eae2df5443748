"""The base of everything that pydantic checks or writes: its validator is built when it is first used.

A function imports the models of all routes and needs a handful; building all took a tenth of its cold start.
"""

from pydantic import BaseModel as _BaseModel
from pydantic import ConfigDict


class BaseModel(_BaseModel):
    model_config = ConfigDict(defer_build=True)
