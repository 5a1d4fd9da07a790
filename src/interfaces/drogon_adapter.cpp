// The HTTP server port by Drogon. Its application object is one a process and runs once, so this
// adapter allows one start a process. Every request is taken before routing: Drogon's own routes,
// static files and uploads are never reached.
#include <drogon/HttpAppFramework.h>

#include <atomic>
#include <exception>
#include <future>
#include <mutex>
#include <thread>

#include "base/format.hpp"
#include "engine/listen_port.hpp"
#include "interfaces/http.hpp"

namespace millwright::interfaces {

namespace {

using Answer = std::function<void(const drogon::HttpResponsePtr&)>;

/// Guards Drogon's callbacks, which must not be used once its loops have ended.
struct Gate {
  std::mutex mutex;
  bool open = true;
};

drogon::HttpResponsePtr to_drogon(const HttpResponse& response) {
  auto out = drogon::HttpResponse::newHttpResponse();
  out->setStatusCode(static_cast<drogon::HttpStatusCode>(response.status));
  out->setContentTypeString(response.content_type);
  for (const auto& [name, value] : response.headers) out->addHeader(name, value);
  out->setBody(response.body);
  return out;
}

HttpResponse plain(int status, std::string text) {
  return {status, "text/plain; charset=utf-8", std::move(text), {}};
}

/// One request's answer: once, from any thread; when it is dropped unanswered, 500.
class Pending {
 public:
  Pending(std::shared_ptr<Gate> gate, Answer answer)
      : gate_(std::move(gate)), answer_(std::move(answer)) {}
  Pending(Pending&& other) noexcept
      : gate_(std::move(other.gate_)), answer_(std::exchange(other.answer_, nullptr)) {}
  Pending& operator=(Pending&&) = delete;
  Pending(const Pending&) = delete;
  Pending& operator=(const Pending&) = delete;
  ~Pending() { finish(plain(500, "the request was dropped without an answer\n")); }

  void operator()(HttpResponse response) { finish(response); }

 private:
  void finish(const HttpResponse& response) noexcept {
    if (!answer_) return;
    const Answer answer = std::exchange(answer_, nullptr);
    try {
      const std::lock_guard lock(gate_->mutex);
      if (gate_->open) answer(to_drogon(response));
    } catch (const std::exception&) {
      // The connection is gone: nobody is left to be told.
    }
  }
  std::shared_ptr<Gate> gate_;
  Answer answer_;
};

std::optional<Method> method_of(const drogon::HttpRequestPtr& request) {
  switch (request->method()) {
    case drogon::Get:
    case drogon::Head:
      return Method::get;
    case drogon::Post:
      return Method::post;
    case drogon::Put:
      return Method::put;
    case drogon::Delete:
      return Method::remove;
    default:
      return std::nullopt;
  }
}

void take(const drogon::HttpRequestPtr& request, const std::shared_ptr<Gate>& gate, Answer answer,
          const HttpHandler& handler) {
  Pending pending(gate, std::move(answer));
  const auto method = method_of(request);
  if (!method) return pending(plain(405, "this method is not supported\n"));
  HttpRequest out;
  out.method = *method;
  out.path = request->path();
  for (const auto& [name, value] : request->getParameters()) out.query[name] = value;
  for (const auto& [name, value] : request->headers()) out.headers[name] = value;
  // The library takes cookies out of the headers.
  std::string cookies;
  for (const auto& [name, value] : request->cookies())
    cookies.append(cookies.empty() ? "" : "; ").append(name).append("=").append(value);
  if (!cookies.empty()) out.headers["cookie"] = std::move(cookies);
  out.body = std::string(request->body());
  handler(std::move(out), std::move(pending));
}

class DrogonServer final : public HttpServer {
 public:
  DrogonServer(HttpServerOptions options, HttpHandler handler)
      : options_(std::move(options)), gate_(std::make_shared<Gate>()) {
    configure(std::move(handler));
    std::promise<std::uint16_t> ready;
    auto listening = ready.get_future();
    // Beginning advices run before the listening sockets take connections; what is queued behind
    // them, first on the main and then on the I/O loop, runs after.
    drogon::app().registerBeginningAdvice([&ready] {
      drogon::app().getLoop()->queueInLoop([&ready] {
        const auto port = drogon::app().getListeners().front().toPort();
        drogon::app().getIOLoop(0)->queueInLoop([&ready, port] { ready.set_value(port); });
      });
    });
    thread_ = std::jthread([] { drogon::app().run(); });
    port_ = listening.get();
  }
  ~DrogonServer() override {
    {
      const std::lock_guard lock(gate_->mutex);
      gate_->open = false;
    }
    drogon::app().quit();
  }
  std::uint16_t port() const override { return port_; }
  std::string url() const override {
    const bool six = options_.host.contains(':');
    const std::string host = options_.host == "0.0.0.0" ? "127.0.0.1" : options_.host;
    return fmt::format("http://{}{}{}:{}", six ? "[" : "", host, six ? "]" : "", port_);
  }

 private:
  void configure(HttpHandler handler) {
    // Its lines would go to standard output, those above warnings whatever the level: what is
    // wrong with a request is in its answer, what is wrong with the port was found before.
    trantor::Logger::setLogLevel(trantor::Logger::kFatal);
    trantor::Logger::setOutputFunction([](const char*, std::uint64_t) {}, [] {});
    auto& app = drogon::app();
    app.setLogLevel(trantor::Logger::kFatal);
    app.addListener(options_.host, options_.port);
    app.setThreadNum(1);
    app.disableSigtermHandling();
    app.enableServerHeader(false);
    app.setMaxConnectionNum(options_.connections_max);
    app.setClientMaxBodySize(options_.body_bytes_max);
    // Bodies stay in memory, and the 257 directories that Drogon makes for uploads are not made.
    app.setClientMaxMemoryBodySize(options_.body_bytes_max);
    app.setUploadPath("/dev/null/none");
    app.registerPreRoutingAdvice(
        [gate = gate_, handler = std::move(handler)](
            const drogon::HttpRequestPtr& request, drogon::AdviceCallback&& answer,
            drogon::AdviceChainCallback&&) { take(request, gate, std::move(answer), handler); });
  }

  HttpServerOptions options_;
  std::shared_ptr<Gate> gate_;
  std::uint16_t port_ = 0;
  std::jthread thread_;
};

}  // namespace

Result<std::unique_ptr<HttpServer>> start_http_server(HttpServerOptions options,
                                                      HttpHandler handler) {
  static std::atomic<bool> started = false;
  auto port = engine::probe_listen_port(options.host, options.port);
  if (!port) return pass(std::move(port), "starting the HTTP server");
  if (started.exchange(true)) {
    return fail(Code::conflict, "this process has started an HTTP server before");
  }
  try {
    return std::make_unique<DrogonServer>(std::move(options), std::move(handler));
  } catch (const std::exception& problem) {
    return fail(Code::internal, fmt::format("the HTTP server did not start: {}", problem.what()));
  }
}

}  // namespace millwright::interfaces
