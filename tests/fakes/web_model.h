// Models of web servers: what they hear and what they say, and the bytes of it.
#pragma once

#include <absl/strings/string_view.h>
#include <absl/time/time.h>

#include <map>
#include <optional>
#include <string>

namespace fakes {

struct WebHeard {
  std::string method, target;
  std::map<std::string, std::string> headers;  // names in lower case
  std::string body;
  std::string Header(const std::string& name) const;
};

struct WebSaid {
  int status = 200;
  std::multimap<std::string, std::string> headers = {};
  std::string body = {};
  bool is_chunked = false;
  bool hangs_up = false;   // behind the answer
  bool is_silent = false;  // no answer; with hangs_up: instead of one
  std::string raw = {};    // instead of all that
  absl::Duration delay = absl::ZeroDuration();
};

class WebModel {
 public:
  virtual ~WebModel() = default;
  virtual WebSaid Answer(const WebHeard& heard, absl::Time now) = 0;
  // One that is not HTTP looks at what has come itself.
  virtual bool TakesRaw() const { return false; }
  virtual std::optional<WebSaid> AnswerRaw(std::string&) { return {}; }
};

// The next call, taken off the front of the bytes once it is there.
std::optional<WebHeard> TakeCall(std::string& bytes);
std::string BytesOf(const WebSaid& said);

// user and password of "Authorization: Basic"; "" for none.
std::string BasicPair(const WebHeard& heard);

}  // namespace fakes
