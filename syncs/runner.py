"""One sync, start to finish: the only place where an outcome is decided."""


def run(sync_request):
    raise NotImplementedError
