// The small HTTP face of `serve`: `/health` and `/metrics`.
#pragma once

#include "app/service.h"
#include "net/http_server.h"
#include "runtime/metrics.h"

namespace streaky::app {

/// `GET /health`: 200 `{"status":"healthy",…}`, or 503 while the database refuses the work.
/// `GET /metrics`: Prometheus text. Anything else is 404 `{"error":"Not found"}`.
class StatusPage {
 public:
  StatusPage(const Service& service, runtime::Metrics& metrics)
      : service_(service), metrics_(metrics) {}

  runtime::Task<net::ServerResponse> answer(net::ServerRequest request);

 private:
  const Service& service_;     // borrowed
  runtime::Metrics& metrics_;  // borrowed
};

}  // namespace streaky::app
