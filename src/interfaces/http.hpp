// HTTP as the rest of the program sees it: a small server and a small client. Drogon
// (drogon_adapter.cpp) and libcurl (curl_adapter.cpp) stay behind these ports.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "base/result.hpp"
#include "base/time.hpp"

namespace millwright::interfaces {

enum class Method : std::uint8_t { get, post, put, remove };
/// `GET`, `POST`, `PUT`, `DELETE`.
std::string_view name_of(Method method);

struct HttpRequest {
  Method method = Method::get;
  std::string path;                                         ///< decoded, without the query
  std::map<std::string, std::string, std::less<>> query;    ///< decoded parameters
  std::map<std::string, std::string, std::less<>> headers;  ///< names in lower case
  std::string body;
};

struct HttpResponse {
  int status = 200;
  std::string content_type = "application/json";
  std::string body;
  std::map<std::string, std::string> headers;  ///< beside the content type
};

/// Answers one request, once, from any thread. Dropped unanswered: the client gets status 500.
using Responder = std::move_only_function<void(HttpResponse)>;
/// Called on the server's own thread; must not block. Answers now or later.
using HttpHandler = std::function<void(HttpRequest, Responder)>;

struct HttpServerOptions {
  std::string host = "127.0.0.1";         ///< numeric address; `0.0.0.0` exposes it
  std::uint16_t port = 8080;              ///< 0: a free one is chosen
  std::size_t body_bytes_max = 16 << 20;  ///< larger requests are refused
  std::size_t connections_max = 1024;
};

/// A server with a thread of its own. Destroying it stops it: no handler runs after that, and
/// responders that are still held do nothing.
class HttpServer {
 public:
  virtual ~HttpServer() = default;
  virtual std::uint16_t port() const = 0;
  /// `http://127.0.0.1:8080`
  virtual std::string url() const = 0;
};

/// Starts listening; returns when requests are taken. `already_exists`: the port is in use.
/// `conflict`: this process has started a server before (the library's loop runs once a process).
Result<std::unique_ptr<HttpServer>> start_http_server(HttpServerOptions options,
                                                      HttpHandler handler);

struct HttpCall {
  Method method = Method::get;
  std::string url;
  std::string body;
  std::string content_type = "application/json";
  std::map<std::string, std::string> headers = {};  ///< beside the content type
  Duration timeout = std::chrono::seconds(60);      ///< of the whole call
  Duration connect_timeout = std::chrono::seconds(3);
  std::size_t body_bytes_max = std::size_t{1} << 30;  ///< of the answer
};

class HttpClient {
 public:
  virtual ~HttpClient() = default;
  /// Any status is an answer. `unavailable`: nobody answers there; `timeout`: not in time.
  virtual Result<HttpResponse> call(const HttpCall& call) = 0;
};

/// libcurl behind the port; one thread. Takes no proxy from the environment for loopback.
std::unique_ptr<HttpClient> make_http_client();

/// `text` escaped for a query parameter or path segment (RFC 3986, unreserved characters stay).
std::string percent_encode(std::string_view text);

}  // namespace millwright::interfaces
