// httppower's lines.
#include <absl/strings/match.h>
#include <absl/strings/str_cat.h>

#include "power/helper.h"
#include "text/utf8.h"

namespace power {
namespace {

class HttpHelper : public Helper {
 public:
  explicit HttpHelper(const HelperCommand& command)
      : Helper("httppower"),
        url_(command.url),
        header_(command.header),
        keeps_cookies_(command.cookies) {}

 private:
  void Run(const std::vector<std::string>& words) override {
    const std::string& command = words[0];
    const std::string first = words.size() > 1 ? words[1] : "";
    if (command == "quit") {
      Quit();
    } else if (command == "auth") {
      if (first.empty()) return Say("Usage: auth user:passwd");
      credentials_ = std::make_shared<const keys::Secret>(first);
    } else if (command == "seturl") {
      if (first.empty()) return Say("Usage: seturl http://...");
      url_ = first;
    } else if (command == "setheader") {
      header_ = first;
    } else if (command == "cookies") {
      Cookies(first);
    } else if (command == "get") {
      const std::string url = UrlOf(first);
      if (url.empty()) return Say("Nothing to get!");
      Send(HttpCall::Method::kGet, url, "");
    } else if (command == "post" || command == "put") {
      Upload(command, words);
    } else {
      Say("type \"help\" for a list of commands");
    }
  }

  void Cookies(absl::string_view word) {
    if (absl::EqualsIgnoreCase(word, "enable")) {
      keeps_cookies_ = true;
    } else if (absl::EqualsIgnoreCase(word, "disable")) {
      keeps_cookies_ = false;
    } else {
      Say("Usage: cookies <enable|disable>");
    }
  }

  // Of one word that is the data, of two the first is the page.
  void Upload(const std::string& command,
              const std::vector<std::string>& words) {
    const bool has_page = words.size() > 2;
    const std::string url = has_page ? UrlOf(words[1]) : url_;
    if (words.size() < 2 || url.empty()) {
      return Say(absl::StrCat("Nothing to ", command, "!"));
    }
    Send(command == "put" ? HttpCall::Method::kPut : HttpCall::Method::kPost,
         url, words[has_page ? 2 : 1]);
  }

  std::string UrlOf(const std::string& page) const {
    if (page.empty()) return url_;
    return url_.empty() ? page : absl::StrCat(url_, "/", page);
  }

  void Send(HttpCall::Method method, std::string url, std::string body) {
    Call("", HttpCall{.method = method,
                      .url = std::move(url),
                      .body = std::move(body),
                      .header = header_,
                      .keeps_cookies = keeps_cookies_,
                      .credentials = credentials_});
  }

  void Heard(const HelperCall&, const HelperAnswer& answer) override {
    if (answer.failure) {
      return Say(absl::StrCat("Error: ", text::Clean(answer.failure->text)));
    }
    Print(answer.body);
  }

  std::string url_, header_;
  bool keeps_cookies_;
  std::shared_ptr<const keys::Secret> credentials_;
};

}  // namespace

std::unique_ptr<Helper> MakeHttpHelper(const HelperCommand& command) {
  return std::make_unique<HttpHelper>(command);
}

}  // namespace power
