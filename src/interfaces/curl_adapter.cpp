// The HTTP client port by libcurl.
#include <curl/curl.h>

#include <memory>
#include <string>

#include "base/format.hpp"
#include "interfaces/http.hpp"

namespace millwright::interfaces {

namespace {

struct Received {
  std::string body;
  std::size_t bytes_max = 0;
  bool too_large = false;
};

std::size_t receive(char* bytes, std::size_t size, std::size_t count, void* to) noexcept {
  auto* received = static_cast<Received*>(to);
  if (size * count > received->bytes_max - received->body.size()) {
    received->too_large = true;
    return 0;
  }
  received->body.append(bytes, size * count);
  return size * count;
}

long milliseconds(Duration duration) {
  return static_cast<long>(duration.count() / 1000);
}

class CurlClient final : public HttpClient {
 public:
  CurlClient() : curl_(curl_easy_init(), curl_easy_cleanup) {}

  Result<HttpResponse> call(const HttpCall& call) override {
    if (!curl_) return fail(Code::internal, "libcurl did not start");
    CURL* curl = curl_.get();
    curl_easy_reset(curl);
    Received received;
    received.bytes_max = call.body_bytes_max;
    char message[CURL_ERROR_SIZE] = "";
    const std::string type = "Content-Type: " + call.content_type;
    std::unique_ptr<curl_slist, void (*)(curl_slist*)> headers(nullptr, curl_slist_free_all);
    curl_easy_setopt(curl, CURLOPT_URL, call.url.c_str());
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(curl, CURLOPT_NOPROXY, "localhost,127.0.0.1,::1");
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, message);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, receive);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, &received);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, milliseconds(call.timeout));
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, milliseconds(call.connect_timeout));
    if (call.method != Method::get) {
      headers.reset(curl_slist_append(nullptr, type.c_str()));
      curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE,
                       static_cast<curl_off_t>(call.body.size()));
      curl_easy_setopt(curl, CURLOPT_POSTFIELDS, call.body.c_str());
      curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, std::string(name_of(call.method)).c_str());
    }
    for (const auto& [name, value] : call.headers) {
      const std::string line = name + ": " + value;
      curl_slist* const longer = curl_slist_append(headers.get(), line.c_str());
      if (headers == nullptr) headers.reset(longer);
    }
    if (headers) curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers.get());
    const CURLcode done = curl_easy_perform(curl);
    if (done != CURLE_OK) return failure(call, done, message, received.too_large);
    return answer(std::move(received.body));
  }

 private:
  Result<HttpResponse> answer(std::string body) const {
    HttpResponse response;
    long status = 0;
    const char* type = nullptr;
    curl_easy_getinfo(curl_.get(), CURLINFO_RESPONSE_CODE, &status);
    curl_easy_getinfo(curl_.get(), CURLINFO_CONTENT_TYPE, &type);
    response.status = static_cast<int>(status);
    response.content_type = type == nullptr ? "" : type;
    response.body = std::move(body);
    return response;
  }
  static std::unexpected<Error> failure(const HttpCall& call, CURLcode code, const char* message,
                                        bool too_large) {
    const std::string why = *message != '\0' ? message : curl_easy_strerror(code);
    if (too_large) {
      return fail(
          Code::exhausted,
          fmt::format("the answer of {} is larger than {} bytes", call.url, call.body_bytes_max),
          "ask for less, or in parts");
    }
    switch (code) {
      case CURLE_OPERATION_TIMEDOUT:
        return fail(Code::timeout, fmt::format("{}: {}", call.url, why));
      case CURLE_URL_MALFORMAT:
      case CURLE_UNSUPPORTED_PROTOCOL:
        return fail(Code::invalid_input, fmt::format("'{}' is not an address: {}", call.url, why),
                    "give it as http://127.0.0.1:8080");
      default:
        return fail(Code::unavailable, fmt::format("{}: {}", call.url, why));
    }
  }

  std::unique_ptr<CURL, void (*)(CURL*)> curl_;
};

}  // namespace

std::unique_ptr<HttpClient> make_http_client() {
  return std::make_unique<CurlClient>();
}

}  // namespace millwright::interfaces
