"""HTTP: the caller's own live trainings."""

from chalicelib.training.sessions import my_trainings
from chalicelib.training.sessions.my_schemas import MyTraining, MyTrainingPage
from chalicelib.web.paging import PageQuery, Pager
from chalicelib.web.routing import Call, Empty, Routes

routes = Routes("Own account", __name__)

_TRAINING = "/me/trainings/{participation_id}"


@routes.add("GET", "/me/trainings", summary="My live trainings", answer=MyTrainingPage, query=PageQuery)
def list_my_trainings(call: Call[Empty, PageQuery]) -> MyTrainingPage:
    """To come and past, in every organization, from the moment on from which I may know."""
    return my_trainings.page(call.account_id, Pager.of(call), call.now)


@routes.add("POST", _TRAINING + "/confirm", summary="Say that I am coming", answer=MyTraining)
def confirm_my_training(call: Call[Empty, Empty]) -> MyTraining:
    return my_trainings.confirm(call.account_id, call.params["participation_id"], call.now)


@routes.add("POST", _TRAINING + "/decline", summary="Say that I am not coming", answer=MyTraining)
def decline_my_training(call: Call[Empty, Empty]) -> MyTraining:
    """The place goes to the first in line."""
    return my_trainings.decline(call.account_id, call.params["participation_id"], call.now)


@routes.add("POST", _TRAINING + "/tentative", summary="Say that I may be coming", answer=MyTraining)
def maybe_my_training(call: Call[Empty, Empty]) -> MyTraining:
    """The place stays mine; the organizer sees that I am not sure."""
    return my_trainings.tentative(call.account_id, call.params["participation_id"], call.now)
