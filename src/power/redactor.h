// Takes a secret out of what a device prints before anybody sees it: devices
// echo passwords, in pieces as the network cuts them. Pure.
#pragma once

#include <absl/strings/string_view.h>

#include <string>

#include "keys/secret.h"

namespace power {

// `text` with *** in place of the secret, which may be null.
std::string Redacted(absl::string_view text, const keys::Secret* secret);

// The same for a stream. What may be the beginning of the secret is held back
// until more has come.
class Redactor {
 public:
  explicit Redactor(const keys::Secret* secret) : secret_(secret) {}
  Redactor(const Redactor&) = delete;
  Redactor& operator=(const Redactor&) = delete;
  ~Redactor() { keys::Wipe(held_); }

  std::string Feed(absl::string_view bytes);
  std::string Flush();

 private:
  const keys::Secret* secret_;  // borrowed
  std::string held_;
};

// The last things a device printed, for people: printable bytes only, without
// colours and with one blank for each run of white space.
class RecentText {
 public:
  explicit RecentText(const keys::Secret* secret) : secret_(secret) {}
  RecentText(const RecentText&) = delete;
  RecentText& operator=(const RecentText&) = delete;
  ~RecentText();

  void Append(absl::string_view bytes);
  // At most kRecentBytes, without the secret.
  std::string Text() const;

 private:
  const keys::Secret* secret_;  // borrowed
  std::string bytes_;
};

}  // namespace power
