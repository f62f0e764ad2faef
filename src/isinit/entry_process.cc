#include "isinit/entry_process.h"

#include <absl/strings/numbers.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_join.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <optional>

#include "base/status.h"
#include "sys/environment.h"
#include "sys/file.h"
#include "sys/process.h"
#include "sys/users.h"
#include "text/simple_command.h"

namespace isinit {
namespace {

constexpr char kShell[] = "/bin/sh";
constexpr char kConsole[] = "/dev/console";
constexpr size_t kMostEnvironmentBytes = 1 << 20;
constexpr int kFirstListen = 3;  // sd_listen_fds(3)
constexpr size_t kUsualVariables = 8;

struct Identity {
  sys::Credentials credentials;
  Variables account;
};

bool IsNumber(const std::string& text, uint32_t* number) {
  return absl::SimpleAtoi(text, number);
}

absl::StatusOr<uint32_t> GroupId(const std::string& group) {
  uint32_t gid;
  if (IsNumber(group, &gid)) return gid;
  return sys::FindGroup(group);
}

// None when it stays what we are. A user in numbers need not have an account:
// then it has no other groups, and, unless group= says so, that of its number.
absl::StatusOr<std::optional<Identity>> IdentityOf(const Surroundings& s) {
  if (s.user.empty() && s.group.empty()) return std::nullopt;
  Identity identity;
  sys::Credentials& credentials = identity.credentials;
  credentials.uid = sys::MyUid();
  uint32_t number = 0;
  const bool numeric = IsNumber(s.user, &number);
  if (!s.user.empty()) {
    const absl::StatusOr<sys::Account> account =
        numeric ? sys::FindAccount(number) : sys::FindAccount(s.user);
    if (account.ok()) {
      credentials.uid = account->uid;
      credentials.gid = account->gid;
      TRY_ASSIGN(credentials.groups, sys::GroupsOf(*account));
      identity.account = {{"HOME", account->home},
                          {"USER", account->name},
                          {"LOGNAME", account->name},
                          {"SHELL", account->shell}};
    } else if (numeric) {
      credentials.uid = credentials.gid = number;
      credentials.groups = {number};
    } else {
      return account.status();
    }
  }
  if (!s.group.empty()) {
    TRY_ASSIGN(credentials.gid, GroupId(s.group));
    std::vector<uint32_t>& groups = credentials.groups;
    if (std::find(groups.begin(), groups.end(), credentials.gid) ==
        groups.end()) {
      groups.push_back(credentials.gid);
    }
  }
  return identity;
}

// Never waits, as a named pipe would have us do.
absl::StatusOr<std::string> ReadPlainFile(const std::string& path) {
  TRY_ASSIGN(const sys::Fd fd, sys::Open(path, O_RDONLY | O_NONBLOCK));
  TRY_ASSIGN(const sys::FileInfo info, sys::Stat(fd.get()));
  if (!info.regular) {
    return absl::InvalidArgumentError(absl::StrCat(path, ": not a file"));
  }
  return sys::ReadFd(fd.get(), kMostEnvironmentBytes);
}

// What a start needs until the program runs.
struct Setting {
  sys::ChildSetup setup;
  sys::SpawnOptions options;
  std::optional<Identity> identity;
  std::vector<std::string> environment;
  std::vector<sys::Fd> secrets;
  int next_descriptor = kFirstListen;
};

// A number that nothing else of it has.
int FreeDescriptor(Setting& setting) {
  const auto taken = [&](int number) {
    for (const auto& given : setting.setup.descriptors) {
      if (given.as == number) return true;
    }
    return false;
  };
  while (taken(setting.next_descriptor)) setting.next_descriptor++;
  return setting.next_descriptor++;
}

void GiveListeners(const ProcessGifts& gifts, Setting& setting,
                   Variables& own) {
  if (gifts.listen.empty()) return;
  int as = kFirstListen;
  for (const auto& [fd, name] : gifts.listen) {
    setting.setup.descriptors.push_back({fd, as++});
  }
  own.emplace_back("LISTEN_FDS", absl::StrCat(gifts.listen.size()));
  own.emplace_back(
      "LISTEN_FDNAMES",
      absl::StrJoin(gifts.listen, ":", [](std::string* out, const auto& pair) {
        absl::StrAppend(out, pair.second);
      }));
  // Twelve bytes, into which the child writes.
  own.emplace_back("LISTEN_PID", "0__________");
}

absl::Status GiveReady(const Entry& entry, const ProcessGifts& gifts,
                       Setting& setting) {
  if (gifts.ready < 0) return absl::OkStatus();
  const int number = entry.attributes.ready.number;
  for (const auto& given : setting.setup.descriptors) {
    if (given.as == number) {
      return absl::InvalidArgumentError(
          absl::StrCat("ready=fd:", number, ": is one of its sockets"));
    }
  }
  if (number == 1 || number == 2) {
    // In place of what it prints there, as s6 allows it.
    (number == 1 ? setting.options.out : setting.options.err) = gifts.ready;
    return absl::OkStatus();
  }
  if (number < kFirstListen) {
    return absl::InvalidArgumentError(
        absl::StrCat("ready=fd:", number, ": is its standard input"));
  }
  setting.setup.descriptors.push_back({gifts.ready, number});
  return absl::OkStatus();
}

absl::Status GiveSecrets(const Surroundings& s, Setting& setting,
                         Variables& own) {
  for (const auto& [name, path] : s.secrets) {
    absl::StatusOr<sys::Fd> fd = sys::Open(path, O_RDONLY | O_NONBLOCK);
    if (!fd.ok())
      return base::Context(fd.status(), absl::StrCat("secret ", name));
    const int as = FreeDescriptor(setting);
    setting.setup.descriptors.push_back({fd->get(), as});
    setting.secrets.push_back(*std::move(fd));
    own.emplace_back(name, absl::StrCat(as));
  }
  return absl::OkStatus();
}

void Limit(const Surroundings& s, const sys::ChildSetup::Limit& descriptors,
           Setting& setting) {
  bool told = false;
  for (const NamedLimit& limit : s.limits) {
    setting.setup.limits.push_back({limit.resource, limit.soft, limit.hard});
    told = told || limit.resource == RLIMIT_NOFILE;
  }
  if (!told) setting.setup.limits.push_back(descriptors);
  setting.setup.umask = s.umask;
  setting.setup.out_of_memory = s.out_of_memory;
  setting.setup.no_new_privileges = s.no_new_privileges;
  setting.options.nice = s.nice;
  if (!s.capabilities) return;
  setting.setup.capabilities = 0;
  for (int capability : *s.capabilities) {
    *setting.setup.capabilities |= uint64_t{1} << capability;
  }
}

bool IsUtf8(absl::Span<const std::string> environment) {
  sys::Environment values;
  for (absl::string_view name : {"LC_ALL", "LC_CTYPE", "LANG"}) {
    const absl::string_view value = ValueOf(environment, name);
    if (!value.empty()) values.Set(name, value);
  }
  return values.IsUtf8();
}

}  // namespace

std::vector<std::string> ArgumentsOf(absl::string_view command, bool utf8,
                                     absl::FunctionRef<bool()> shell) {
  if (auto words = text::SimpleCommand(command, utf8)) {
    return *std::move(words);
  }
  if (!shell()) {
    if (auto words = text::SimpleCommand(command, utf8, true)) {
      return *std::move(words);
    }
  }
  return {kShell, "-c", std::string(command)};
}

absl::StatusOr<uint32_t> UserOf(const Surroundings& surroundings) {
  uint32_t number;
  if (surroundings.user.empty()) return sys::MyUid();
  if (IsNumber(surroundings.user, &number)) return number;
  TRY_ASSIGN(const sys::Account account, sys::FindAccount(surroundings.user));
  return account.uid;
}

EntryProcesses::EntryProcesses(std::string socket)
    : socket_(std::move(socket)), ours_(sys::Environment::Ours().entries()) {
  rlimit limit = {1024, 1024};
  getrlimit(RLIMIT_NOFILE, &limit);
  descriptors_ = {RLIMIT_NOFILE, limit.rlim_cur, limit.rlim_max};
}

void EntryProcesses::LowerDescriptorLimit() const {
  const rlimit limit = {descriptors_.soft, descriptors_.hard};
  setrlimit(RLIMIT_NOFILE, &limit);
}

absl::StatusOr<int> EntryProcesses::Start(const Entry& entry,
                                          absl::string_view level,
                                          const ProcessGifts& gifts) const {
  return Spawn(entry, entry.command, level, gifts, true);
}

absl::StatusOr<int> EntryProcesses::StartCommand(
    const Entry& entry, absl::string_view command, absl::string_view level,
    const ProcessGifts& gifts) const {
  return Spawn(entry, command, level, gifts, false);
}

absl::StatusOr<int> EntryProcesses::Spawn(const Entry& entry,
                                          absl::string_view command,
                                          absl::string_view level,
                                          const ProcessGifts& gifts,
                                          bool main) const {
  const Surroundings& s = entry.attributes.surroundings;
  Setting setting;
  EnvironmentParts parts;
  parts.ours = ours_;
  TRY_ASSIGN(setting.identity, IdentityOf(s));
  if (setting.identity) {
    parts.account = setting.identity->account;
    setting.options.credentials = &setting.identity->credentials;
  }
  if (!s.environment_file.empty()) {
    TRY_ASSIGN(const std::string text, ReadPlainFile(s.environment_file));
    absl::StatusOr<Variables> file = ReadEnvironmentFile(text);
    if (!file.ok()) return base::Context(file.status(), s.environment_file);
    parts.file = *std::move(file);
  }
  parts.own.reserve(kUsualVariables);
  parts.own.emplace_back("ISINIT_GROUP", entry.group);
  parts.own.emplace_back("ISINIT_TAG", entry.tag);
  parts.own.emplace_back("ISINIT_LEVEL", std::string(level));
  parts.own.emplace_back("ISINIT_SOCKET", socket_);
  parts.own.insert(parts.own.end(), gifts.variables.begin(),
                   gifts.variables.end());
  setting.options.in = gifts.in;
  setting.options.out = gifts.out;
  setting.options.err = gifts.err;
  if (main) {
    GiveListeners(gifts, setting, parts.own);
    TRY(GiveReady(entry, gifts, setting));
    setting.setup.terminal = s.terminal;
    // Who is to press Enter sits somewhere.
    if (entry.mode == Mode::kAskFirst && s.terminal.empty()) {
      setting.setup.terminal = kConsole;
    }
  }
  if (!gifts.notify_socket.empty()) {
    parts.own.emplace_back("NOTIFY_SOCKET", gifts.notify_socket);
  }
  TRY(GiveSecrets(s, setting, parts.own));
  Limit(s, descriptors_, setting);
  setting.environment = MakeEnvironment(s, parts);
  for (std::string& variable : setting.environment) {
    constexpr absl::string_view kPid = "LISTEN_PID=";
    if (main && !gifts.listen.empty() && variable.starts_with(kPid.data())) {
      setting.setup.pid_digits = variable.data() + kPid.size();
    }
  }
  setting.setup.cgroup = gifts.cgroup;
  setting.setup.spare = spare_.numbers();
  setting.options.setup = &setting.setup;
  setting.options.environment = &setting.environment;
  setting.options.folder = s.folder;
  setting.options.own_session = true;
  setting.options.path = std::string(ValueOf(setting.environment, "PATH"));
  std::vector<std::string> argv =
      ArgumentsOf(command, IsUtf8(setting.environment),
                  [] { return access(kShell, X_OK) == 0; });
  if (main && entry.mode == Mode::kAskFirst) {
    // A command of ours asks, and becomes the entry's: isinit(8).
    argv.insert(argv.begin(), {"isinit", "ask", "--"});
    setting.options.program = sys::OwnExecutable();
  }
  return sys::Child::SpawnForReaper(argv, setting.options);
}

}  // namespace isinit
