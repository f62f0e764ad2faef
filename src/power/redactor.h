// Takes secrets out of what a device prints before anybody sees it: devices
// echo passwords, in pieces as the network cuts them. Pure.
#pragma once

#include <absl/strings/string_view.h>

#include <string>
#include <vector>

#include "keys/secret.h"

namespace power {

// What nobody shall see: an account's secret and the passwords that stand in a
// device file. Borrowed; each may be null. Words of one or two letters are only
// hidden where they are sent: too much else would go with them.
struct Hidden {
  Hidden(const keys::Secret* its_secret,
         const std::vector<std::string>* its_words = nullptr)
      : secret(its_secret), words(its_words) {}
  const keys::Secret* secret = nullptr;
  const std::vector<std::string>* words = nullptr;
};

// `text` with *** in place of them.
std::string Redacted(absl::string_view text, const Hidden& hidden);
// The same of all that was sent at once.
std::string RedactedSend(absl::string_view text, const Hidden& hidden);

// The same for a stream. What may be the beginning of a secret is held back
// until more has come.
class Redactor {
 public:
  explicit Redactor(const Hidden& hidden) : hidden_(hidden) {}
  Redactor(const Redactor&) = delete;
  Redactor& operator=(const Redactor&) = delete;
  ~Redactor() { keys::Wipe(held_); }

  std::string Feed(absl::string_view bytes);
  std::string Flush();

 private:
  const Hidden hidden_;
  std::string held_;
};

// The last things a device printed, for people: printable bytes only, without
// colours and with one blank for each run of white space.
class RecentText {
 public:
  explicit RecentText(const Hidden& hidden) : hidden_(hidden) {}
  RecentText(const RecentText&) = delete;
  RecentText& operator=(const RecentText&) = delete;
  ~RecentText();

  void Append(absl::string_view bytes);
  // At most kRecentBytes, without the secret.
  std::string Text() const;

 private:
  const Hidden hidden_;
  std::string bytes_;
};

}  // namespace power
