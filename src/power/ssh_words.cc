#include "power/ssh_words.h"

#include <absl/algorithm/container.h>
#include <absl/strings/ascii.h>
#include <absl/strings/match.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_join.h>
#include <absl/strings/str_split.h>

#include <algorithm>

#include "power/limits.h"
#include "text/utf8.h"

namespace power {
namespace {

// What cards of the last twenty years have, and ssh does not offer by itself.
constexpr const char* kOldKeyExchanges[] = {
    "diffie-hellman-group14-sha1", "diffie-hellman-group-exchange-sha1",
    "diffie-hellman-group1-sha1"};
constexpr const char* kOldKeys[] = {"ssh-rsa", "ssh-dss"};
constexpr const char* kOldCiphers[] = {"aes256-cbc", "aes192-cbc", "aes128-cbc",
                                       "3des-cbc"};
constexpr const char* kOldDigests[] = {"hmac-sha1", "hmac-sha1-96", "hmac-md5",
                                       "hmac-md5-96"};

template <size_t N>
void AddOld(absl::string_view option, const char* const (&old)[N],
            const std::vector<std::string>& known,
            std::vector<std::string>& words) {
  std::vector<absl::string_view> names;
  for (const char* name : old) {
    if (absl::c_linear_search(known, name)) names.push_back(name);
  }
  if (names.empty()) return;
  words.push_back("-o");
  words.push_back(absl::StrCat(option, "=+", absl::StrJoin(names, ",")));
}

struct Meaning {
  absl::string_view words;
  FailureClass failure_class;
};
// The first that is in a line is meant; what does not end it stands behind.
constexpr Meaning kMeanings[] = {
    {"Permission denied", FailureClass::kAuth},
    {"Too many authentication failures", FailureClass::kAuth},
    {"No more authentication methods", FailureClass::kAuth},
    {"Host key verification failed", FailureClass::kHostKey},
    {"REMOTE HOST IDENTIFICATION HAS CHANGED", FailureClass::kHostKey},
    {"host key is known for", FailureClass::kHostKey},
    {"has changed and you have requested", FailureClass::kHostKey},
    {"REVOKED HOST KEY", FailureClass::kHostKey},
    {"Could not resolve hostname", FailureClass::kUnreachable},
    {"Connection refused", FailureClass::kUnreachable},
    {"No route to host", FailureClass::kUnreachable},
    {"Network is unreachable", FailureClass::kUnreachable},
    {"Operation timed out", FailureClass::kTimeout},
    {"Connection timed out", FailureClass::kTimeout},
    {" timed out", FailureClass::kTimeout},
    {"no matching ", FailureClass::kUnsupported},
    {"Invalid key length", FailureClass::kUnsupported},
    {"Protocol major versions differ", FailureClass::kUnsupported},
    {"Bad configuration option", FailureClass::kConfig},
    {"bad configuration options", FailureClass::kConfig},
    {"Bad owner or permissions", FailureClass::kConfig},
    {"Received disconnect", FailureClass::kClosed},
    {"Connection closed", FailureClass::kClosed},
    {"Connection reset", FailureClass::kClosed},
    {"onnection closed by remote host", FailureClass::kClosed},
    {"Broken pipe", FailureClass::kClosed},
};

bool Has(absl::string_view text, absl::string_view word) {
  return absl::StrContains(absl::AsciiStrToLower(text), word);
}

// A device that has no session left says so while it hangs up.
bool SaysBusy(absl::string_view line) {
  return Has(line, "too many") || Has(line, "maximum number") ||
         Has(line, "session limit") || Has(line, "in use") ||
         Has(line, "busy") || Has(line, "already logged");
}

bool IsPlain(absl::string_view text) {
  return !text.empty() && text[0] != '-' && absl::c_all_of(text, [](char c) {
    return absl::ascii_isalnum(static_cast<unsigned char>(c)) ||
           absl::StrContains("._-:%[]", c);
  });
}

std::string KeyName(const SshCall& call) {
  const std::string& host = call.host.empty() ? call.address : call.host;
  return call.port == 22 ? host : absl::StrCat("[", host, "]:", call.port);
}

// A file's name among others: in quotes, which no such name may hold.
std::string FileWords(const std::vector<std::string>& files) {
  return absl::StrJoin(files, " ", [](std::string* out, const auto& file) {
    absl::StrAppend(out, "\"", file, "\"");
  });
}

}  // namespace

const char kSshAlgorithmsScript[] =
    "for q in kex key-sig cipher mac; do echo \"# $q\"; \"$0\" -Q $q; done";

SshAlgorithms ParseSshAlgorithms(absl::string_view text) {
  SshAlgorithms all;
  std::vector<std::string>* list = nullptr;
  for (absl::string_view line : absl::StrSplit(text, '\n')) {
    line = absl::StripAsciiWhitespace(line);
    if (line == "# kex") list = &all.key_exchanges;
    if (line == "# key-sig") list = &all.keys;
    if (line == "# cipher") list = &all.ciphers;
    if (line == "# mac") list = &all.digests;
    if (list == nullptr || line.empty() || line[0] == '#') continue;
    list->emplace_back(line);
  }
  return all;
}

std::optional<Failure> CheckSshCall(const SshCall& call) {
  const std::string& host = call.host.empty() ? call.address : call.host;
  if (!IsPlain(host)) {
    return Failure{
        FailureClass::kConfig,
        absl::StrCat("ssh: '", text::Clean(host), "' is not a host's name")};
  }
  const bool is_odd = absl::c_any_of(call.user, [](char c) {
    return static_cast<unsigned char>(c) < ' ' || c == 0x7f;
  });
  if (is_odd || absl::StartsWith(call.user, "-")) {
    return Failure{FailureClass::kConfig,
                   absl::StrCat("ssh: '", text::Clean(call.user),
                                "' is not a name it takes")};
  }
  for (const std::string& file : call.known_hosts) {
    if (!absl::StrContains(file, '"') && !absl::StrContains(file, '\n')) {
      continue;
    }
    return Failure{FailureClass::kConfig,
                   absl::StrCat("ssh: '", text::Clean(file),
                                "' is not a file's name it takes")};
  }
  return std::nullopt;
}

std::vector<std::string> SshCommand(const SshCall& call) {
  std::vector<std::string> words = {call.program, "-tt"};
  const auto set = [&](absl::string_view option, absl::string_view value) {
    words.push_back("-o");
    words.push_back(absl::StrCat(option, "=", value));
  };
  set("EscapeChar", "none");
  set("LogLevel", "DEBUG1");
  set("ControlMaster", "no");
  set("ControlPath", "none");
  set("ClearAllForwardings", "yes");
  set("ForwardAgent", "no");
  set("ForwardX11", "no");
  set("PermitLocalCommand", "no");
  set("RemoteCommand", "none");
  set("UpdateHostKeys", "no");
  set("CheckHostIP", "no");
  set("StrictHostKeyChecking", call.trust_first_use ? "accept-new" : "yes");
  set("UserKnownHostsFile", FileWords(call.known_hosts));
  set("HostKeyAlias", KeyName(call));
  set("BatchMode", "no");
  // A password is tried once: a device counts.
  set("NumberOfPasswordPrompts", "1");
  set("PreferredAuthentications",
      call.has_password ? "keyboard-interactive,password,publickey"
                        : "publickey,keyboard-interactive,password");
  set("ConnectTimeout", absl::StrCat(std::max<int64_t>(
                            1, absl::ToInt64Seconds(absl::Ceil(
                                   call.login_timeout, absl::Seconds(1))))));
  if (!call.address.empty()) set("HostName", call.address);
  if (call.legacy != nullptr) {
    const SshAlgorithms& known = *call.legacy;
    AddOld("KexAlgorithms", kOldKeyExchanges, known.key_exchanges, words);
    AddOld("HostKeyAlgorithms", kOldKeys, known.keys, words);
    AddOld("PubkeyAcceptedAlgorithms", kOldKeys, known.keys, words);
    AddOld("Ciphers", kOldCiphers, known.ciphers, words);
    AddOld("MACs", kOldDigests, known.digests, words);
  }
  words.insert(words.end(), call.more_words.begin(), call.more_words.end());
  words.insert(words.end(), {"-p", absl::StrCat(call.port)});
  if (!call.user.empty()) words.insert(words.end(), {"-l", call.user});
  words.push_back("--");
  words.push_back(call.host.empty() ? call.address : call.host);
  return words;
}

std::optional<Failure> CheckSshPassword(absl::string_view password) {
  if (password.size() > kMaxSshPasswordBytes) {
    return Failure{FailureClass::kConfig,
                   absl::StrCat("ssh takes passwords of at most ",
                                kMaxSshPasswordBytes, " bytes")};
  }
  if (password.find_first_of(absl::string_view("\r\n\0", 3)) != password.npos) {
    return Failure{FailureClass::kConfig,
                   "ssh takes no password with a line end or a NUL in it"};
  }
  return std::nullopt;
}

void SshWords::Feed(absl::string_view bytes) {
  absl::StrAppend(&held_, bytes);
  size_t end;
  while ((end = held_.find('\n')) != held_.npos) {
    Line(absl::StripTrailingAsciiWhitespace(
        absl::string_view(held_).substr(0, end)));
    held_.erase(0, end + 1);
  }
  if (held_.size() > kMaxSshTextBytes) held_.clear();
}

void SshWords::Line(absl::string_view line) {
  if (absl::StartsWith(line, "debug")) {
    const size_t colon = line.find(": ");
    if (colon == line.npos) return;
    const absl::string_view what = line.substr(colon + 2);
    if (phase_ == Phase::kConnecting &&
        (absl::StartsWith(what, "Connection established") ||
         absl::StartsWith(what, "Executing proxy command") ||
         absl::StartsWith(what, "Remote protocol version"))) {
      phase_ = Phase::kLogin;
    }
    if (absl::ConsumePrefix(&line, "debug1: Server host key: ")) {
      host_key_ = text::Clean(line);
    }
    return;
  }
  if (absl::StartsWith(line, "Authenticated to ")) {
    phase_ = Phase::kAuthenticated;
    return;
  }
  if (absl::StartsWith(line, "Warning: Permanently added")) {
    added_ = std::string(line);
    return;
  }
  if (line.empty() || absl::StartsWith(line, "OpenSSH_")) return;
  last_ = text::Clean(line.substr(0, 1024));
  for (const Meaning& meaning : kMeanings) {
    if (!absl::StrContains(line, meaning.words)) continue;
    FailureClass c = meaning.failure_class;
    if (c == FailureClass::kClosed && SaysBusy(line)) c = FailureClass::kBusy;
    // The last word is often only that it was closed.
    const bool is_weak = c == FailureClass::kClosed && why_.has_value();
    if (!is_weak &&
        (!why_.has_value() || why_->failure_class == FailureClass::kClosed)) {
      // The warning of a changed key stands in a frame.
      absl::string_view words = last_;
      while (absl::ConsumePrefix(&words, "@") ||
             absl::ConsumePrefix(&words, " ") ||
             absl::ConsumeSuffix(&words, "@") ||
             absl::ConsumeSuffix(&words, " ")) {
      }
      why_ = Failure{c, std::string(words)};
    }
    return;
  }
}

Failure SshWords::Why() const {
  const std::string where =
      phase_ == Phase::kConnecting ? "connect: " : "login: ";
  if (!why_.has_value()) {
    return {FailureClass::kClosed,
            absl::StrCat(where, last_.empty() ? "ssh ended without a word"
                                              : absl::StrCat("ssh: ", last_))};
  }
  Failure why = *why_;
  why.text = absl::StrCat(where, why.text);
  if (why.failure_class == FailureClass::kHostKey && !host_key_.empty()) {
    absl::StrAppend(&why.text, " (it shows ", host_key_, ")");
  }
  if (why.failure_class == FailureClass::kUnsupported &&
      absl::StrContains(why.text, "no matching ")) {
    absl::StrAppend(&why.text, " (legacy-crypto allows old ones)");
  }
  return why;
}

SshQuestions::Answer SshQuestions::On(absl::string_view question,
                                      bool is_confirm, bool has_secret) {
  using Kind = Answer::Kind;
  const auto fail = [](FailureClass c, std::string text) {
    return Answer{Kind::kRefuse, Failure{c, std::move(text)}};
  };
  const std::string shown = text::Clean(question.substr(0, 200));
  if (is_confirm || Has(question, "(yes/no")) return {Kind::kRefuse};
  const bool is_about_password =
      Has(question, "password") || Has(question, "passphrase");
  if (is_about_password &&
      (Has(question, "new password") || Has(question, "retype") ||
       Has(question, "expired"))) {
    return fail(FailureClass::kAuth,
                absl::StrCat("login: a new password is wanted: '", shown, "'"));
  }
  const bool is_user = Has(question, "user name") ||
                       Has(question, "username") || Has(question, "login:");
  if (!is_about_password && is_user && !gave_user_) {
    gave_user_ = true;
    return {Kind::kUser};
  }
  if (gave_secret_ && (is_about_password || is_user)) {
    return fail(FailureClass::kAuth, "login: the password was refused");
  }
  if (gave_secret_) {
    return fail(FailureClass::kPrompt,
                absl::StrCat("login: asks '", shown, "'"));
  }
  if (!has_secret) {
    return fail(
        FailureClass::kConfig,
        absl::StrCat("login: asks '", shown, "', and there is no secret"));
  }
  gave_secret_ = true;
  return {Kind::kSecret};
}

}  // namespace power
