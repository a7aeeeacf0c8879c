"""gt-service on AWS Lambda: the triggers are blueprints in chalicelib; this file only puts them together."""

from chalice.app import Chalice

from chalicelib import (
    access,
    api,  # noqa: F401 - its routes, as those of label_routes, are registered by being imported
    handlers,
    label_routes,  # noqa: F401
    metrics,
    notifications,
    pages,
    routing,
    sign_in,
)

app = Chalice(app_name="gt-service", configure_logs=False)
app.register_blueprint(handlers.blueprint)
app.register_blueprint(access.blueprint)
app.register_blueprint(routing.blueprint)
app.register_blueprint(sign_in.blueprint)
app.register_blueprint(notifications.blueprint)
app.register_middleware(metrics.measured, "all")
app.register_middleware(pages.serve, "http")
