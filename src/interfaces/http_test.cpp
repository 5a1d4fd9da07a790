// The HTTP server and client adapters against each other over loopback. The server's library runs
// once a process, so every case is asked of one server.
#include "interfaces/http.hpp"

#include <gtest/gtest.h>

#include <future>
#include <thread>

namespace millwright::interfaces {
namespace {

class HttpRoundTrip : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    testing::internal::CaptureStdout();
    auto started = start_http_server(
        {.port = 0, .body_bytes_max = 100'000}, [](HttpRequest request, Responder respond) {
          if (request.path == "/drop") return;
          if (request.path == "/later") {
            held() = std::move(respond);
            arrived().set_value();
            return;
          }
          HttpResponse answer;
          answer.status = request.path == "/teapot" ? 418 : 200;
          answer.content_type = "text/plain";
          answer.headers["X-Seen"] = "yes";
          if (request.path == "/cookies") {
            const auto cookies = request.headers.find("cookie");
            answer.body = cookies == request.headers.end() ? "none" : cookies->second;
            return respond(std::move(answer));
          }
          answer.body = std::string(name_of(request.method)) + " " + request.path;
          if (request.path == "/packed") {
            answer.headers["Content-Encoding"] = "gzip";
            answer.body = packed();
            return respond(std::move(answer));
          }
          for (const auto& [name, value] : request.query) answer.body += "|" + name + "=" + value;
          const auto type = request.headers.find("content-type");
          if (type != request.headers.end()) answer.body += "|" + type->second;
          answer.body += "|" + request.body;
          respond(std::move(answer));
        });
    ASSERT_TRUE(started) << started.error().text();
    server() = std::move(*started);
    EXPECT_EQ(testing::internal::GetCapturedStdout(), "");  // the library keeps quiet
  }
  static void TearDownTestSuite() { server().reset(); }

  static std::unique_ptr<HttpServer>& server() {
    static std::unique_ptr<HttpServer> instance;
    return instance;
  }
  static Responder& held() {
    static Responder instance;
    return instance;
  }
  /// Long, and easily made shorter: only the header says that it is packed already.
  static std::string packed() { return std::string(20'000, 'x'); }
  static std::promise<void>& arrived() {
    static std::promise<void> instance;
    return instance;
  }
  Result<HttpResponse> call(Method method, const std::string& path, std::string body = {}) {
    HttpCall request;
    request.method = method;
    request.url = server()->url() + path;
    request.body = std::move(body);
    return make_http_client()->call(request);
  }
};

TEST_F(HttpRoundTrip, ChoosesAPortAndSaysIt) {
  EXPECT_NE(server()->port(), 0);
  EXPECT_EQ(server()->url(), "http://127.0.0.1:" + std::to_string(server()->port()));
}

TEST_F(HttpRoundTrip, CarriesMethodPathQueryHeadersAndBody) {
  auto answer = call(Method::get, "/a/b?x=" + percent_encode("site-a/*?&=ü") + "&y=1");
  ASSERT_TRUE(answer) << answer.error().text();
  EXPECT_EQ(answer->body, "GET /a/b|x=site-a/*?&=ü|y=1|");
  EXPECT_EQ(answer->content_type, "text/plain");
  answer = call(Method::post, "/p", "{\"a\":1}");
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->body, "POST /p|application/json|{\"a\":1}");
  answer = call(Method::remove, "/p");
  ASSERT_TRUE(answer);
  EXPECT_TRUE(answer->body.starts_with("DELETE /p"));
}

TEST_F(HttpRoundTrip, CarriesCookiesAsAHeader) {
  HttpCall request;
  request.url = server()->url() + "/cookies";
  auto answer = make_http_client()->call(request);
  ASSERT_TRUE(answer) << answer.error().text();
  EXPECT_EQ(answer->body, "none");
  request.headers["Cookie"] = "mw_session=e_IpLuQh-gU; theme=dark";
  answer = make_http_client()->call(request);
  ASSERT_TRUE(answer);
  EXPECT_TRUE(answer->body == "mw_session=e_IpLuQh-gU; theme=dark" ||
              answer->body == "theme=dark; mw_session=e_IpLuQh-gU")
      << answer->body;
}

TEST_F(HttpRoundTrip, AnyStatusIsAnAnswer) {
  const auto answer = call(Method::get, "/teapot");
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 418);
}

TEST_F(HttpRoundTrip, WhatIsPackedIsNotPackedOnceMore) {
  HttpCall request;
  request.url = server()->url() + "/packed";
  request.headers["Accept-Encoding"] = "gzip";
  const auto answer = make_http_client()->call(request);
  ASSERT_TRUE(answer) << answer.error().text();
  EXPECT_EQ(answer->body, packed());
}

TEST_F(HttpRoundTrip, ADroppedRequestIsAnswered) {
  const auto answer = call(Method::get, "/drop");
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 500);
}

TEST_F(HttpRoundTrip, NeverServesFilesOfTheWorkingDirectory) {
  const auto answer = call(Method::get, "/CMakeCache.txt");
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->body, "GET /CMakeCache.txt|");
}

TEST_F(HttpRoundTrip, AnswersFromAnotherThread) {
  auto asked = std::async(std::launch::async, [&] { return call(Method::get, "/later"); });
  arrived().get_future().wait();
  std::thread([] { held()({200, "text/plain", "late", {}}); }).join();
  const auto answer = asked.get();
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->body, "late");
}

TEST_F(HttpRoundTrip, RefusesABodyBeyondItsBound) {
  const auto answer = call(Method::post, "/big", std::string(200'000, 'x'));
  EXPECT_TRUE(!answer || answer->status == 413);
}

TEST_F(HttpRoundTrip, BoundsTheAnswer) {
  HttpCall request;
  request.url = server()->url() + "/long";
  request.body_bytes_max = 4;
  const auto answer = make_http_client()->call(request);
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code(), Code::exhausted);
}

TEST_F(HttpRoundTrip, APortInUseIsAnError) {
  const auto again = start_http_server({.port = server()->port()}, [](HttpRequest, Responder) {});
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().code(), Code::already_exists);
  EXPECT_NE(again.error().remedy(), "");
  const auto name = start_http_server({.host = "localhost"}, [](HttpRequest, Responder) {});
  ASSERT_FALSE(name);
  EXPECT_EQ(name.error().code(), Code::invalid_input);
}

TEST_F(HttpRoundTrip, NobodyThere) {
  HttpCall request;
  request.url = "http://127.0.0.1:1/";
  const auto answer = make_http_client()->call(request);
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code(), Code::unavailable);
  request.url = "file:///etc/passwd";
  EXPECT_EQ(make_http_client()->call(request).error().code(), Code::invalid_input);
}

}  // namespace
}  // namespace millwright::interfaces
