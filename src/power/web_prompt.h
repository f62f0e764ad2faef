// A web client behind a prompt, for models that are dialogues (device(5)): the
// commands and answers of powerman's httppower. Pure.
//
//   auth USER:PASSWORD       credentials, shown when they are asked for
//   seturl URL               where `get` and the like begin
//   setheader [HEADER]       one more header; none without a word
//   cookies enable|disable
//   get [PATH]
//   post [PATH] DATA         one word is DATA
//   put [PATH] DATA
//   help, quit
//
// What comes is printed as it is; an answer of 400 and above, and what goes
// wrong, as a line "Error: ...". Then comes the prompt.
#pragma once

#include <absl/time/time.h>

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "power/web_link.h"

namespace power {

struct WebUrl {
  bool is_tls = false;
  std::string host = {};
  int port = 80;
  std::string path = {};  // without a '/' at its end
  // nullopt for what is no http:// or https:// address.
  static std::optional<WebUrl> Parse(absl::string_view text);
};

// A call as curl makes it for powerman's helpers. `header`: one more, as
// "Name: value"; "" for none.
WebAsk HelperAsk(absl::string_view method, std::string target,
                 absl::string_view header, absl::string_view body);

struct WebPromptOptions {
  std::optional<WebUrl> url = {};
  // Whether seturl may name another server. Where it goes, url() says.
  bool may_move = true;
  bool begins_basic = false;  // shows credentials without being asked, as Basic
  // Used for https; its server name is that of the URL.
  net::TlsOptions tls = {};
  absl::Duration connect_timeout = absl::Seconds(5);
  absl::Duration limit = absl::Seconds(20);  // of each call
  std::string header = {};
  bool has_cookies = false;
};

class WebPrompt {
 public:
  WebPrompt(WebPromptOptions options, RandomBytes random);
  ~WebPrompt();

  void Start();
  // What is typed, in any pieces. A line that is longer than
  // kMaxPromptLineBytes ends it.
  void Type(absl::string_view bytes, absl::Time now);

  void Connected(absl::Time now);
  void ConnectFailed(const Failure& failure, absl::Time now);
  void Receive(absl::string_view bytes, absl::Time now);
  void Closed(absl::Time now);
  void Wake(absl::Time now);

  std::string TakePrinted() { return std::exchange(printed_, {}); }
  std::vector<WebEffect> TakeEffects();
  absl::Time wake_at() const;
  bool has_quit() const { return has_quit_; }
  // Why the server could not be asked, or that it has refused the credentials.
  // httppower prints that and goes on; this has quit then: no script would find
  // what it expects.
  const std::optional<Failure>& failure() const { return failure_; }
  // Where WebConnect goes.
  const std::optional<WebUrl>& url() const { return options_.url; }

 private:
  void Look(absl::Time now);
  void Command(absl::string_view line, absl::Time now);
  void SetAccount(absl::string_view pair);
  void SetUrl(absl::string_view text);
  void SetCookies(absl::string_view word);
  void Call(absl::string_view method, absl::string_view rest, absl::Time now);
  void OnReply(const WebReply& reply);
  void KeepCookies(const net::HttpAnswer& answer);
  void MakeLink();
  void Print(absl::string_view text) {
    printed_.append(text.data(), text.size());
  }

  WebPromptOptions options_;
  const RandomBytes random_;
  WebAccount account_;
  std::unique_ptr<WebLink> link_;
  std::vector<WebEffect> effects_;  // of links that are gone
  std::string typed_, printed_;
  std::map<std::string, std::string> cookies_;
  bool has_quit_ = false;
  std::optional<Failure> failure_;
};

}  // namespace power
