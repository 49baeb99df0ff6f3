"""Shows the last orders, with Django: `BAYEUX_URL=http://127.0.0.1:8080/cometd python django_app.py runserver`."""

import atexit
import json
import os
import sys
from collections import deque
from functools import cache
from threading import Lock
from typing import Any

from django.conf import settings
from django.core.management import execute_from_command_line
from django.core.wsgi import get_wsgi_application
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import path

from pybayeux import Client

orders: deque[Any] = deque(maxlen=100)
lock = Lock()


def bayeux() -> Client:
    """The client of this process, which the first request starts: after a server has forked its workers."""
    with lock:
        return client_of(os.getpid())


@cache
def client_of(process: int) -> Client:
    new = Client(os.environ["BAYEUX_URL"])
    new.start(timeout=30)
    new.subscribe("/orders", lambda event: orders.append(event.data))
    atexit.register(new.close)
    return new


def show_or_create(request: HttpRequest) -> HttpResponse:
    if request.method != "POST":
        bayeux()
        return JsonResponse(list(orders), safe=False)
    reply = bayeux().publish("/orders", json.loads(request.body), timeout=5)
    return JsonResponse({"published": reply.successful}, status=201)


def ready(request: HttpRequest) -> HttpResponse:
    health = bayeux().health
    return HttpResponse(str(health), status=200 if health.ready else 503)


urlpatterns = [path("orders", show_or_create), path("ready", ready)]
settings.configure(ROOT_URLCONF=__name__, ALLOWED_HOSTS=["127.0.0.1"])
application = get_wsgi_application()

if __name__ == "__main__":
    execute_from_command_line(sys.argv)
